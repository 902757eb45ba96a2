#include "server/runtime/listen_address.h"

#include <algorithm>
#include <charconv>

#include "domain/error.h"

namespace kobling::server {
namespace {

using domain::DetailKey;

absl::Status Malformed() {
  return domain::MakeError(domain::Reason::kConfiguration,
                           {{DetailKey::kField, "server.listen"},
                            {DetailKey::kExpected, "a host and a port, as kobling.example.org:7400 or [::1]:7400"}});
}

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':';
}

// The address is logged, so it may hold nothing that could be a person's number.
bool IsHost(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), IsHostCharacter) &&
         domain::Scrub(host) == host;
}

}  // namespace

absl::StatusOr<ListenAddress> ListenAddress::Parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Malformed();
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Malformed();
  }
  ListenAddress address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size() || !IsHost(host)) {
    return Malformed();
  }
  address.host = host;
  return address;
}

std::string ListenAddress::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace kobling::server
