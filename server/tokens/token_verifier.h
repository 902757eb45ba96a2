// Signed tokens beside the certificate of the connection: HelseID's, Maskinporten's and ID-porten's.
//
// A token proves nothing about the connection, and a certificate nothing about the organisation's right; a call needs
// both, and CheckAgreement to say that they speak of the same caller.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "domain/national_id.h"
#include "server/access/caller.h"
#include "server/tokens/issuer_keys.h"
#include "server/tokens/replay_cache.h"
#include "server/tokens/signed_token.h"
#include "server/tokens/token_config.h"
#include "server/tokens/verified_token.h"

namespace kobling::server {

// What a call brings. The texts are read during the call of Verify only.
struct PresentedToken {
  std::optional<std::string_view> authorization;  // the header's value: scheme, space, token
  std::optional<std::string_view> dpop;           // the header's value: a proof of possession
  std::string_view method_path;                   // /kobling.v1.ProjectService/GetProject
};

// The one value of a header that may have come more than once; nothing if it did not come. Fails with TOKEN_REFUSED,
// naming the header, if it came twice: two readers could choose differently.
absl::StatusOr<std::optional<std::string_view>> SingleHeader(std::string_view name,
                                                             std::span<const std::string_view> values);

// Safe to use from several threads.
class TokenVerifier {
 public:
  struct Surroundings {
    SteadyNow steady_now = [] { return std::chrono::steady_clock::now(); };
    KeyFileListener key_file_listener;  // told of every reading of a key file, the first one too
  };

  // Reads the issuers' keys. Fails with CONFIGURATION as CheckTokenConfig, or with TOKEN_KEYS if an issuer has no key
  // that can be used.
  static absl::StatusOr<std::unique_ptr<TokenVerifier>> Create(TokenVerifierConfig config, Surroundings surroundings);

  // What the token says, if it holds at `now` for this call. Fails with TOKEN_MISSING if there is none, and with
  // TOKEN_REFUSED and a hint that names the check otherwise; no value of the token is in any error. A proof of
  // possession is used up by a call that succeeds, and by no other.
  absl::StatusOr<VerifiedToken> Verify(const PresentedToken& presented, absl::Time now);

 private:
  struct Issuer {
    TokenIssuerConfig config;
    std::unique_ptr<IssuerKeys> keys;
  };
  // The schemes and the token of an Authorization header.
  struct Authorization {
    TokenScheme scheme;
    std::string_view token;
  };

  TokenVerifier(TokenVerifierConfig config, SteadyNow steady_now);

  static absl::StatusOr<Authorization> ParseAuthorization(std::string_view header);
  Issuer* IssuerOf(const Json& claims);
  absl::Status CheckSignature(const SignedToken& token, Issuer& issuer);
  absl::StatusOr<VerifiedToken> ReadClaims(const Json& claims, const TokenIssuerConfig& issuer, absl::Time now) const;
  // The thumbprint of the key that the token is bound to; empty for a token that anybody may use.
  static absl::StatusOr<std::string_view> CheckBinding(const PresentedToken& presented, const Json& claims,
                                                       TokenScheme scheme);

  const TokenVerifierConfig config_;
  const SteadyNow steady_now_;
  const domain::NationalIdRules id_rules_;
  std::vector<Issuer> issuers_;
  ReplayCache used_proofs_;
};

// Whose certificates are whose: the organisation of each caller id, for example of a register's. From the
// configuration.
using CallerOrganisations = std::map<std::string, OrganisationNumber, std::less<>>;

// Whether the token speaks of the caller whose certificate it came with: it grants the certificate's role, and its
// organisation is the one that the caller's id stands for. A citizen's token names an organisation only at times; where
// it names none, its audience is what binds it to the portal. Fails with TOKEN_OTHER_CALLER, hint "role" or
// "organisation".
absl::Status CheckAgreement(const VerifiedToken& token, const Caller& caller, const CallerOrganisations& organisations);

}  // namespace kobling::server
