#include "domain/role.h"

#include <algorithm>

namespace kobling::domain {

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kCaseworker:
      return "caseworker";
    case Role::kKeyOfficer:
      return "key-officer";
    case Role::kRegister:
      return "register";
    case Role::kInsightPortal:
      return "insight-portal";
    case Role::kAuditor:
      return "auditor";
    case Role::kOperator:
      return "operator";
    case Role::kIdentityFeed:
      return "identity-feed";
  }
  return "unknown";
}

std::optional<Role> RoleFromName(std::string_view name) {
  const auto found = std::find_if(kAllRoles.begin(), kAllRoles.end(), [&](Role role) { return NameOf(role) == name; });
  return found == kAllRoles.end() ? std::nullopt : std::optional<Role>(*found);
}

bool RolesConflict(Role a, Role b) {
  if (a == b) {
    return false;
  }
  const auto either = [&](Role role) { return a == role || b == role; };
  if (either(Role::kCaseworker) && either(Role::kKeyOfficer)) {
    return true;
  }
  return either(Role::kOperator) &&
         (either(Role::kRegister) || either(Role::kInsightPortal) || either(Role::kIdentityFeed));
}

}  // namespace kobling::domain
