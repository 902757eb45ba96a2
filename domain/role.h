// The roles of callers, and which of them one person may not hold together.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace kobling::domain {

enum class Role : std::uint8_t {
  kCaseworker,
  kKeyOfficer,
  kRegister,
  kInsightPortal,
  kAuditor,
  kOperator,
  kIdentityFeed
};

inline constexpr std::array kAllRoles = {Role::kCaseworker, Role::kKeyOfficer, Role::kRegister,    Role::kInsightPortal,
                                         Role::kAuditor,    Role::kOperator,   Role::kIdentityFeed};

// The role's name in certificates, on the command line and in the log, for example "key-officer".
std::string_view NameOf(Role role);
std::optional<Role> RoleFromName(std::string_view name);

// A set of roles.
class RoleSet {
 public:
  constexpr RoleSet() = default;
  constexpr RoleSet(std::initializer_list<Role> roles) {
    for (Role role : roles) {
      bits_ = static_cast<std::uint8_t>(bits_ | Bit(role));
    }
  }
  static constexpr RoleSet All() { return RoleSet(std::uint8_t{0x7f}); }

  constexpr bool contains(Role role) const { return (bits_ & Bit(role)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr RoleSet With(Role role) const { return RoleSet(static_cast<std::uint8_t>(bits_ | Bit(role))); }
  constexpr std::uint8_t bits() const { return bits_; }
  friend constexpr bool operator==(RoleSet, RoleSet) = default;

 private:
  explicit constexpr RoleSet(std::uint8_t bits) : bits_(bits) {}
  static constexpr std::uint8_t Bit(Role role) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role)); }
  std::uint8_t bits_ = 0;
};

// Whether one id may not hold both roles: who writes a case and who handles its keys are two persons, and an operator
// never holds a role that sees identifiers.
bool RolesConflict(Role a, Role b);

}  // namespace kobling::domain
