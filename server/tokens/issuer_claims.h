// What each issuer says, in claims of its own, of organisations and persons. No client_id is ever read: whoever has a
// client may have it for something else.
#pragma once

#include "absl/status/statusor.h"
#include "domain/national_id.h"
#include "server/tokens/strict_json.h"
#include "server/tokens/token_config.h"
#include "server/tokens/verified_token.h"

namespace kobling::server {

// HelseID: the organisation always, the person if the token has one on level 4, or must have. Fails with TOKEN_REFUSED
// for "orgnr_parent", "orgnr_child", "orgnr_supplier", "security_level" or "pid".
absl::StatusOr<TokenParties> ReadHelseIdClaims(const Json& claims, PersonNeed need,
                                               const domain::NationalIdRules& rules);

// Maskinporten: the consumer always, the supplier and the source of its right if the call is delegated. Fails with
// TOKEN_REFUSED for "consumer", "supplier" or "delegation_source".
absl::StatusOr<TokenParties> ReadMaskinportenClaims(const Json& claims);

// ID-porten: the citizen always, known at least as surely as `minimum`. Fails with TOKEN_REFUSED for "acr", "pid" or
// "client_orgno".
absl::StatusOr<TokenParties> ReadIdPortenClaims(const Json& claims, AssuranceLevel minimum,
                                                const domain::NationalIdRules& rules);

}  // namespace kobling::server
