#include "server/tokens/dpop_proof.h"

#include <optional>

#include "domain/status_macros.h"
#include "server/tokens/base64url.h"
#include "server/tokens/public_key.h"
#include "server/tokens/refusal.h"
#include "server/tokens/signed_token.h"
#include "server/tokens/standard_claims.h"

namespace kobling::server {
namespace {

// gRPC calls are all made with POST.
constexpr std::string_view kMethod = "POST";
constexpr std::string_view kType = "dpop+jwt";
constexpr std::size_t kMaxIdBytes = 256;

bool Is(const std::string* text, std::string_view expected) { return text != nullptr && *text == expected; }

// The key in the proof's header. Anybody can make one; what counts is that the token names it.
std::shared_ptr<const PublicKey> KeyOf(const SignedToken& proof) {
  const Json* jwk = proof.header().Find("jwk");
  return jwk == nullptr ? nullptr : PublicKey::FromJwk(*jwk).key;
}

}  // namespace

absl::StatusOr<crypto::Digest> CheckProof(std::string_view proof, const ProofExpectation& expected, absl::Time now) {
  KOBLING_ASSIGN_OR_RETURN(const SignedToken parsed, SignedToken::Parse(proof, SignedKind::kProof));
  if (!Is(parsed.type(), kType)) {
    return Refused("dpop typ");
  }
  const std::shared_ptr<const PublicKey> key = KeyOf(parsed);
  if (key == nullptr) {
    return Refused("dpop jwk");
  }
  if (!parsed.IsSignedBy(*key)) {
    return Refused("dpop signature");
  }
  if (key->thumbprint() != expected.thumbprint) {
    return Refused("dpop jkt");
  }
  const Json& claims = parsed.claims();
  if (!Is(claims.FindText("htm"), kMethod)) {
    return Refused("dpop htm");
  }
  if (!Is(claims.FindText("htu"), expected.url)) {
    return Refused("dpop htu");
  }
  const std::optional<absl::Time> made = ReadTime(claims, "iat");
  if (!made || now - *made > kProofAge || *made - now > kProofAhead) {
    return Refused("dpop iat");
  }
  if (!Is(claims.FindText("ath"), Base64UrlEncode(crypto::Sha256(BytesOf(expected.access_token))))) {
    return Refused("dpop ath");
  }
  const std::string* id = claims.FindText("jti");
  if (id == nullptr || id->empty() || id->size() > kMaxIdBytes) {
    return Refused("dpop jti");
  }
  // The thumbprint is always as long as this, so that the two parts cannot run into each other.
  return crypto::Sha256({BytesOf(key->thumbprint()), BytesOf(*id)});
}

}  // namespace kobling::server
