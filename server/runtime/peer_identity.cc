#include "server/runtime/peer_identity.h"

#include <grpc/grpc_security_constants.h>

#include <optional>
#include <utility>
#include <vector>

#include "domain/error.h"

namespace kobling::server {
namespace {

constexpr std::string_view kScheme = "spiffe://";

absl::Status Unknown() { return domain::MakeError(domain::Reason::kCallerUnknown); }

}  // namespace

absl::StatusOr<Caller> CallerFromUris(std::span<const std::string> uris, std::string_view trust_domain) {
  if (uris.size() != 1 || trust_domain.empty()) {
    return Unknown();
  }
  std::string_view rest = uris.front();
  for (const std::string_view prefix : {kScheme, trust_domain, std::string_view("/")}) {
    if (!rest.starts_with(prefix)) {
      return Unknown();
    }
    rest.remove_prefix(prefix.size());
  }
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) {
    return Unknown();
  }
  const std::optional<Role> role = RoleFromName(rest.substr(0, slash));
  // An id holds no slash and no percent sign, so that more segments and escapes end here.
  absl::StatusOr<domain::ActorId> id = domain::ActorId::Parse(rest.substr(slash + 1));
  if (!role || !id.ok()) {
    return Unknown();
  }
  return Caller{.role = *role, .id = *std::move(id)};
}

absl::StatusOr<Caller> CallerOf(const grpc::AuthContext& context, std::string_view trust_domain) {
  if (!context.IsPeerAuthenticated()) {
    return Unknown();
  }
  std::vector<std::string> uris;
  for (const grpc::string_ref& uri : context.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    uris.emplace_back(uri.data(), uri.size());
  }
  return CallerFromUris(uris, trust_domain);
}

}  // namespace kobling::server
