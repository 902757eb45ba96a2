// Whose tokens the service trusts, and for what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "domain/national_id.h"
#include "server/access/role.h"

namespace kobling::server {

enum class IssuerKind : std::uint8_t { kHelseId, kMaskinporten, kIdPorten };

// How a token is presented: anybody who holds it may use it, or only the holder of the key that it names (RFC 9449).
enum class TokenScheme : std::uint8_t { kBearer, kDpop };

// How surely ID-porten knows the citizen.
enum class AssuranceLevel : std::uint8_t { kSubstantial, kHigh };

enum class PersonNeed : std::uint8_t { kNone, kRequired };

// A role that a scope grants. Where a person is required, a token with this scope is refused unless it names one, who
// logged in on level 4.
struct ScopeGrant {
  std::string scope;
  Role role;
  PersonNeed person = PersonNeed::kNone;
};

// The values of the header's `typ` that are accepted.
struct TokenTypes {
  bool at_jwt = true;  // at+jwt and application/at+jwt: access tokens of RFC 9068
  bool jwt = true;     // JWT: older access tokens, and id tokens
  // No `typ` at all, as Maskinporten and ID-porten document their tokens. Never for HelseID.
  bool absent = false;
};

struct TokenIssuerConfig {
  IssuerKind kind;
  std::string issuer;    // `iss`, character for character
  std::string audience;  // the one of `aud` that means this service
  // The issuer's public keys (a JWK Set), kept fresh by another process.
  std::filesystem::path key_file;
  TokenScheme scheme = TokenScheme::kDpop;
  TokenTypes types = {};
  std::vector<ScopeGrant> grants = {};

  // The longest time from `iat` to `exp`.
  absl::Duration max_life = absl::Minutes(10);
  // Whether `aud` may hold other audiences beside ours.
  bool several_audiences = false;
  // Maskinporten only: whether `aud` may be absent, or "unspecified". Then a token for any service passes this check,
  // and the scope alone binds it to this one.
  bool audience_may_be_unspecified = false;
  // ID-porten only: the least of `acr`, and the roles of every token, for id tokens have no scope.
  AssuranceLevel minimum_level = AssuranceLevel::kHigh;
  RoleSet roles_of_every_token = {};
};

struct TokenVerifierConfig {
  std::vector<TokenIssuerConfig> issuers;
  // Where clients reach the service, without a slash at the end: https://kobling.example.org. Proofs of possession name
  // it with the method's path after it. Needed if an issuer's scheme is DPoP.
  std::string service_url;
  // The series of identifiers that persons may have here.
  domain::AcceptedSeries accepted_series;
  // How many proofs are remembered, for 60 seconds each. When so many have come, further ones are refused.
  std::size_t remembered_proofs = 100'000;
};

// Fails with CONFIGURATION, naming the field, for what contradicts itself or would grant what nobody meant.
absl::Status CheckTokenConfig(const TokenVerifierConfig& config);

}  // namespace kobling::server
