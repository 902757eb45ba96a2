// What a token says once it is believed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "domain/national_id.h"
#include "server/access/role.h"
#include "server/tokens/organisation_number.h"
#include "server/tokens/token_config.h"

namespace kobling::server {

// Who stands behind a token. Nothing here but `person` is personal, and that cannot be printed.
struct TokenParties {
  // For whom the call is made: HelseID's orgnr_parent, Maskinporten's consumer, the owner of ID-porten's client.
  std::optional<OrganisationNumber> organisation;
  std::optional<OrganisationNumber> child;     // HelseID's orgnr_child: the part of it
  std::optional<OrganisationNumber> supplier;  // who makes the call on its behalf
  std::string delegation_source;  // Maskinporten: where the supplier was given that right; empty without one
  // ID-porten's citizen, or the person who logged in with HelseID on level 4.
  std::optional<domain::NationalId> person;
};

struct VerifiedToken {
  IssuerKind issuer_kind;
  TokenParties parties;
  std::vector<std::string> scopes;  // those of the token's that the configuration names
  RoleSet roles;                    // what they grant
  // Fingerprints of `jti` and `sub`, as crypto/fingerprint.h makes them; nothing where the token has none to tell.
  std::optional<std::string> token_fingerprint;
  std::optional<std::string> subject_fingerprint;
  absl::Time expires;
};

}  // namespace kobling::server
