#include "server/tokens/token_config.h"

#include <algorithm>
#include <string_view>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/tokens/standard_claims.h"

namespace kobling::server {
namespace {

constexpr absl::Duration kLongestLife = absl::Hours(1);

absl::Status Wrong(std::string_view field, std::string_view hint) {
  return domain::MakeError(domain::Reason::kConfiguration,
                           {{domain::DetailKey::kField, field}, {domain::DetailKey::kHint, hint}});
}

bool GrantsInsightAlone(const TokenIssuerConfig& issuer) {
  return issuer.roles_of_every_token.With(Role::kInsightPortal) == RoleSet{Role::kInsightPortal} &&
         std::all_of(issuer.grants.begin(), issuer.grants.end(),
                     [](const ScopeGrant& grant) { return grant.role == Role::kInsightPortal; });
}

absl::Status CheckGrants(const TokenIssuerConfig& issuer) {
  for (auto grant = issuer.grants.begin(); grant != issuer.grants.end(); ++grant) {
    if (!IsScope(grant->scope)) {
      return Wrong("grants", "a scope is one word of printable ASCII");
    }
    if (std::any_of(issuer.grants.begin(), grant, [&](const ScopeGrant& earlier) {
          return earlier.scope == grant->scope && earlier.role == grant->role;
        })) {
      return Wrong("grants", "a scope grants the same role twice");
    }
    if (grant->person == PersonNeed::kRequired && issuer.kind == IssuerKind::kMaskinporten) {
      return Wrong("grants", "Maskinporten's tokens name no person");
    }
  }
  if (issuer.kind == IssuerKind::kIdPorten && !GrantsInsightAlone(issuer)) {
    return Wrong("grants", "a citizen's token grants the role insight-portal and no other");
  }
  if (issuer.grants.empty() && issuer.roles_of_every_token.empty()) {
    return Wrong("grants", "without one, every token of the issuer is refused");
  }
  return absl::OkStatus();
}

absl::Status CheckIssuer(const TokenIssuerConfig& issuer) {
  if (issuer.issuer.empty()) {
    return Wrong("issuer", "must be the issuer's iss");
  }
  if (issuer.audience.empty()) {
    return Wrong("audience", "must be the one that means this service");
  }
  if (issuer.key_file.empty()) {
    return Wrong("key_file", "must name the file with the issuer's keys");
  }
  if (!issuer.types.at_jwt && !issuer.types.jwt && !issuer.types.absent) {
    return Wrong("types", "without one, every token of the issuer is refused");
  }
  if (issuer.types.absent && issuer.kind == IssuerKind::kHelseId) {
    return Wrong("types", "HelseID's tokens have a type");
  }
  if (issuer.max_life <= absl::ZeroDuration() || issuer.max_life > kLongestLife) {
    return Wrong("max_life", "more than nothing and at most an hour");
  }
  if (issuer.audience_may_be_unspecified && issuer.kind != IssuerKind::kMaskinporten) {
    return Wrong("audience_may_be_unspecified", "only Maskinporten leaves the audience open");
  }
  if (!issuer.roles_of_every_token.empty() && issuer.kind != IssuerKind::kIdPorten) {
    return Wrong("roles_of_every_token", "only ID-porten's id tokens have no scope");
  }
  return CheckGrants(issuer);
}

}  // namespace

absl::Status CheckTokenConfig(const TokenVerifierConfig& config) {
  if (config.issuers.empty()) {
    return Wrong("issuers", "at least one");
  }
  for (auto issuer = config.issuers.begin(); issuer != config.issuers.end(); ++issuer) {
    KOBLING_RETURN_IF_ERROR(CheckIssuer(*issuer));
    if (std::any_of(config.issuers.begin(), issuer,
                    [&](const TokenIssuerConfig& earlier) { return earlier.issuer == issuer->issuer; })) {
      return Wrong("issuer", "the same one twice");
    }
    const bool is_url = config.service_url.starts_with("https://") && !config.service_url.ends_with('/');
    if (issuer->scheme == TokenScheme::kDpop && !is_url) {
      return Wrong("service_url", "an https address without a slash at the end");
    }
  }
  if (config.remembered_proofs == 0) {
    return Wrong("remembered_proofs", "at least one");
  }
  return absl::OkStatus();
}

}  // namespace kobling::server
