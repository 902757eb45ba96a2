// Certificates for tests.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace kobling::client {

struct TestCertificate {
  std::string certificate;  // PEM, signed by its own key
  std::string key;          // PEM
};

// A certificate with a fresh key, in force from `begin` to `end`, for the host localhost. Ends the test program if
// OpenSSL fails.
TestCertificate MakeTestCertificate(absl::Time begin, absl::Time end);

}  // namespace kobling::client
