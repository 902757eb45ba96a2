// Calls any method by its name with any bytes, and shows exactly what comes back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/integration/trial_installation.h"

namespace kobling::tests {

// What the server says of a refusal: everything that a caller can see of it.
struct RawAnswer {
  int code = 0;
  std::string text;
  std::string details;  // a serialised google.rpc.Status
  friend bool operator==(const RawAnswer&, const RawAnswer&) = default;
};

// The name of the reason in the details; "OK" for code 0, "" if there is none.
std::string ReasonOf(const RawAnswer& answer);

// For one thread at a time.
class RawCaller {
 public:
  // Without a certificate if `files` has none.
  RawCaller(const std::string& address, const CallerFiles& files);
  ~RawCaller();

  // Sends one message and no more, and waits for the end of the call.
  RawAnswer Call(const std::string& method, const std::string& request);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kobling::tests
