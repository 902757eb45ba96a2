// Whether PEM texts would work as a server's certificates, before they are used.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kobling::server {

// What a server shows and whom it trusts, as read from TlsFiles.
struct TlsTexts {
  std::string certificate_chain;
  std::string private_key;
  std::string client_ca;
  friend bool operator==(const TlsTexts&, const TlsTexts&) = default;
};

// The certificate is one that a server may use, in force at `now`, each certificate in the chain is issued by the next,
// and the private key belongs to the first. Returns when the first of them expires. Fails with CONFIGURATION naming the
// setting and what is wrong.
absl::StatusOr<absl::Time> CheckServerCertificate(const TlsTexts& texts, absl::Time now);

// Every certificate is one of an authority, and at least one is in force at `now`; two stand together while one
// replaces the other. Returns when the last of them expires. Fails with CONFIGURATION.
absl::StatusOr<absl::Time> CheckClientAuthority(std::string_view client_ca, absl::Time now);

}  // namespace kobling::server
