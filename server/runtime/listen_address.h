// Where the server listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kobling::server {

// A host and a port. The host is always named, so that nobody listens on every interface by leaving it out; port 0 lets
// the system choose.
struct ListenAddress {
  // "127.0.0.1:7400", "[::1]:7400" or "kobling.example.org:0". Fails with CONFIGURATION.
  static absl::StatusOr<ListenAddress> Parse(std::string_view text);

  // As Parse takes it, and as gRPC takes it.
  std::string text() const;

  std::string host;  // without brackets
  std::uint16_t port = 0;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

}  // namespace kobling::server
