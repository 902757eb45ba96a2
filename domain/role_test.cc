#include "domain/role.h"

#include "gtest/gtest.h"

namespace kobling::domain {
namespace {

TEST(Role, NamesRoundTripAndUnknownNamesAreNoRole) {
  for (Role role : kAllRoles) {
    EXPECT_EQ(RoleFromName(NameOf(role)), role);
  }
  EXPECT_EQ(RoleFromName("Caseworker"), std::nullopt);
  EXPECT_EQ(RoleFromName(""), std::nullopt);
}

TEST(Role, TheOneWhoWritesTheCaseNeverHandlesItsKeys) {
  EXPECT_TRUE(RolesConflict(Role::kCaseworker, Role::kKeyOfficer));
  EXPECT_TRUE(RolesConflict(Role::kKeyOfficer, Role::kCaseworker));
}

TEST(Role, AnOperatorHoldsNoRoleThatSeesIdentifiers) {
  EXPECT_TRUE(RolesConflict(Role::kOperator, Role::kRegister));
  EXPECT_TRUE(RolesConflict(Role::kInsightPortal, Role::kOperator));
  EXPECT_TRUE(RolesConflict(Role::kOperator, Role::kIdentityFeed));
  EXPECT_FALSE(RolesConflict(Role::kOperator, Role::kAuditor));
  EXPECT_FALSE(RolesConflict(Role::kAuditor, Role::kAuditor));
}

TEST(RoleSet, ContainsExactlyWhatItWasMadeOf) {
  constexpr RoleSet kSet = {Role::kCaseworker, Role::kAuditor};
  for (Role role : kAllRoles) {
    EXPECT_EQ(kSet.contains(role), role == Role::kCaseworker || role == Role::kAuditor);
    EXPECT_TRUE(RoleSet::All().contains(role));
    EXPECT_FALSE(RoleSet().contains(role));
  }
}

}  // namespace
}  // namespace kobling::domain
