#include "server/tokens/token_verifier.h"

#include <algorithm>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/tokens/dpop_proof.h"
#include "server/tokens/issuer_claims.h"
#include "server/tokens/refusal.h"
#include "server/tokens/standard_claims.h"

namespace kobling::server {
namespace {

// The schemes of HTTP have no case.
bool IsScheme(std::string_view text, std::string_view lower_case_scheme) {
  return std::equal(text.begin(), text.end(), lower_case_scheme.begin(), lower_case_scheme.end(),
                    [](char c, char expected) { return (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) == expected; });
}

absl::Status CheckType(const std::string* type, const TokenTypes& accepted) {
  if (type == nullptr) {
    return accepted.absent ? absl::OkStatus() : Refused("typ");
  }
  const bool is_accepted =
      ((*type == "at+jwt" || *type == "application/at+jwt") && accepted.at_jwt) || (*type == "JWT" && accepted.jwt);
  return is_accepted ? absl::OkStatus() : Refused("typ");
}

// What the scopes of a token grant. Those that the configuration does not name are not kept.
struct Granted {
  std::vector<std::string> scopes;
  RoleSet roles;
  PersonNeed person = PersonNeed::kNone;
};

absl::StatusOr<Granted> GrantedBy(const Json& claims, const TokenIssuerConfig& issuer) {
  KOBLING_ASSIGN_OR_RETURN(const std::vector<std::string> scopes, ReadScopes(claims));
  Granted granted{.scopes = {}, .roles = issuer.roles_of_every_token};
  for (const ScopeGrant& grant : issuer.grants) {
    if (std::find(scopes.begin(), scopes.end(), grant.scope) == scopes.end()) {
      continue;
    }
    granted.roles = granted.roles.With(grant.role);
    if (std::find(granted.scopes.begin(), granted.scopes.end(), grant.scope) == granted.scopes.end()) {
      granted.scopes.push_back(grant.scope);
    }
    if (grant.person == PersonNeed::kRequired) {
      granted.person = PersonNeed::kRequired;
    }
  }
  if (granted.roles.empty()) {
    return Refused("scope");
  }
  return granted;
}

absl::StatusOr<TokenParties> ReadParties(const Json& claims, const TokenIssuerConfig& issuer, PersonNeed need,
                                         const domain::NationalIdRules& rules) {
  switch (issuer.kind) {
    case IssuerKind::kHelseId:
      return ReadHelseIdClaims(claims, need, rules);
    case IssuerKind::kMaskinporten:
      return ReadMaskinportenClaims(claims);
    case IssuerKind::kIdPorten:
      return ReadIdPortenClaims(claims, issuer.minimum_level, rules);
  }
  return Refused("iss");
}

absl::Status OtherCaller(std::string_view hint) {
  return domain::MakeError(domain::Reason::kTokenOtherCaller, {{domain::DetailKey::kHint, hint}});
}

}  // namespace

absl::StatusOr<std::optional<std::string_view>> SingleHeader(std::string_view name,
                                                             std::span<const std::string_view> values) {
  if (values.size() > 1) {
    return Refused(name);
  }
  return values.empty() ? std::nullopt : std::optional<std::string_view>(values.front());
}

TokenVerifier::TokenVerifier(TokenVerifierConfig config, SteadyNow steady_now)
    : config_(std::move(config)),
      steady_now_(std::move(steady_now)),
      id_rules_(config_.accepted_series),
      used_proofs_(config_.remembered_proofs) {}

absl::StatusOr<std::unique_ptr<TokenVerifier>> TokenVerifier::Create(TokenVerifierConfig config,
                                                                     Surroundings surroundings) {
  KOBLING_RETURN_IF_ERROR(CheckTokenConfig(config));
  std::unique_ptr<TokenVerifier> verifier(new TokenVerifier(std::move(config), surroundings.steady_now));
  for (const TokenIssuerConfig& issuer : verifier->config_.issuers) {
    KOBLING_ASSIGN_OR_RETURN(std::unique_ptr<IssuerKeys> keys,
                             IssuerKeys::Open({.issuer = issuer.issuer,
                                               .file = issuer.key_file,
                                               .max_life = absl::ToChronoNanoseconds(issuer.max_life),
                                               .steady_now = surroundings.steady_now,
                                               .listener = surroundings.key_file_listener}));
    verifier->issuers_.push_back({.config = issuer, .keys = std::move(keys)});
  }
  return verifier;
}

absl::StatusOr<TokenVerifier::Authorization> TokenVerifier::ParseAuthorization(std::string_view header) {
  const std::size_t space = header.find(' ');
  const std::string_view scheme = header.substr(0, space);
  const bool is_dpop = IsScheme(scheme, "dpop");
  if (space == std::string_view::npos || (!is_dpop && !IsScheme(scheme, "bearer"))) {
    return Refused("authorization");
  }
  return Authorization{.scheme = is_dpop ? TokenScheme::kDpop : TokenScheme::kBearer,
                       .token = header.substr(space + 1)};
}

TokenVerifier::Issuer* TokenVerifier::IssuerOf(const Json& claims) {
  const std::string* name = claims.FindText("iss");
  const auto found = std::find_if(issuers_.begin(), issuers_.end(), [&](const Issuer& issuer) {
    return name != nullptr && issuer.config.issuer == *name;
  });
  return found == issuers_.end() ? nullptr : &*found;
}

absl::Status TokenVerifier::CheckSignature(const SignedToken& token, Issuer& issuer) {
  const std::string* id = token.key_id();
  const std::optional<IssuerKey> key = id == nullptr ? std::nullopt : issuer.keys->Find(*id);
  if (!key) {
    return Refused("kid");
  }
  if (!key->algorithms.contains(token.algorithm())) {
    return Refused("alg");
  }
  return token.IsSignedBy(*key->key) ? absl::OkStatus() : Refused("signature");
}

absl::StatusOr<std::string_view> TokenVerifier::CheckBinding(const PresentedToken& presented, const Json& claims,
                                                             TokenScheme scheme) {
  const Json* confirmation = claims.Find("cnf");
  if (scheme == TokenScheme::kBearer) {
    // A token that is bound to a key is not taken from whoever holds it, and a proof is not left unread.
    if (confirmation != nullptr) {
      return Refused("cnf");
    }
    if (presented.dpop) {
      return Refused("dpop");
    }
    return std::string_view();
  }
  const std::string* thumbprint = confirmation == nullptr ? nullptr : confirmation->FindText("jkt");
  if (thumbprint == nullptr || thumbprint->empty()) {
    return Refused("cnf");
  }
  if (!presented.dpop) {
    return Refused("dpop");
  }
  return std::string_view(*thumbprint);
}

absl::StatusOr<VerifiedToken> TokenVerifier::ReadClaims(const Json& claims, const TokenIssuerConfig& issuer,
                                                        absl::Time now) const {
  KOBLING_ASSIGN_OR_RETURN(const absl::Time expires, CheckTimes(claims, issuer.max_life, now));
  KOBLING_RETURN_IF_ERROR(CheckAudience(claims, issuer));
  KOBLING_ASSIGN_OR_RETURN(Granted granted, GrantedBy(claims, issuer));
  KOBLING_ASSIGN_OR_RETURN(TokenParties parties, ReadParties(claims, issuer, granted.person, id_rules_));
  KOBLING_ASSIGN_OR_RETURN(std::optional<std::string> token_fingerprint, FingerprintOfClaim(claims, "jti"));
  KOBLING_ASSIGN_OR_RETURN(std::optional<std::string> subject_fingerprint, FingerprintOfClaim(claims, "sub"));
  return VerifiedToken{.issuer_kind = issuer.kind,
                       .parties = std::move(parties),
                       .scopes = std::move(granted.scopes),
                       .roles = granted.roles,
                       .token_fingerprint = std::move(token_fingerprint),
                       .subject_fingerprint = std::move(subject_fingerprint),
                       .expires = expires};
}

absl::StatusOr<VerifiedToken> TokenVerifier::Verify(const PresentedToken& presented, absl::Time now) {
  if (!presented.authorization) {
    return domain::MakeError(domain::Reason::kTokenMissing);
  }
  KOBLING_ASSIGN_OR_RETURN(const Authorization authorization, ParseAuthorization(*presented.authorization));
  KOBLING_ASSIGN_OR_RETURN(const SignedToken token, SignedToken::Parse(authorization.token, SignedKind::kToken));
  Issuer* issuer = IssuerOf(token.claims());
  if (issuer == nullptr) {
    return Refused("iss");
  }
  if (authorization.scheme != issuer->config.scheme) {
    return Refused("scheme");
  }
  KOBLING_RETURN_IF_ERROR(CheckType(token.type(), issuer->config.types));
  KOBLING_RETURN_IF_ERROR(CheckSignature(token, *issuer));
  KOBLING_ASSIGN_OR_RETURN(VerifiedToken verified, ReadClaims(token.claims(), issuer->config, now));
  KOBLING_ASSIGN_OR_RETURN(const std::string_view thumbprint,
                           CheckBinding(presented, token.claims(), authorization.scheme));
  if (authorization.scheme == TokenScheme::kDpop) {
    const std::string url = config_.service_url + std::string(presented.method_path);
    KOBLING_ASSIGN_OR_RETURN(
        const crypto::Digest proof,
        CheckProof(*presented.dpop, {.url = url, .access_token = authorization.token, .thumbprint = thumbprint}, now));
    // Last of all, so that what is refused for another reason uses nothing up.
    switch (used_proofs_.Remember(proof, steady_now_())) {
      case ReplayCache::Answer::kNew:
        break;
      case ReplayCache::Answer::kSeen:
        return Refused("dpop jti");
      case ReplayCache::Answer::kFull:
        return Refused("dpop jti, too many at once");
    }
  }
  return verified;
}

absl::Status CheckAgreement(const VerifiedToken& token, const Caller& caller,
                            const CallerOrganisations& organisations) {
  if (!token.roles.contains(caller.role)) {
    return OtherCaller("role");
  }
  if (!token.parties.organisation && token.issuer_kind == IssuerKind::kIdPorten) {
    return absl::OkStatus();
  }
  const auto organisation = organisations.find(caller.id.text());
  const bool agrees = token.parties.organisation && organisation != organisations.end() &&
                      organisation->second == *token.parties.organisation;
  return agrees ? absl::OkStatus() : OtherCaller("organisation");
}

}  // namespace kobling::server
