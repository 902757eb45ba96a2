// The roles of callers, under the names that the server's code uses.
#pragma once

#include "domain/role.h"

namespace kobling::server {

using domain::kAllRoles;
using domain::NameOf;
using domain::Role;
using domain::RoleFromName;
using domain::RolesConflict;
using domain::RoleSet;

}  // namespace kobling::server
