// Who is calling, as proved by the certificate of the connection.
#pragma once

#include "domain/ids.h"
#include "server/access/role.h"

namespace kobling::server {

// Identities compare by id alone: the same id under two roles is one identity.
struct Caller {
  Role role;
  domain::ActorId id;
};

}  // namespace kobling::server
