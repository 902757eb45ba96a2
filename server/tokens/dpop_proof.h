// Proofs of possession (RFC 9449): who presents a token shows that they hold the key that it was bound to.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/sha256.h"

namespace kobling::server {

// What a proof must speak of.
struct ProofExpectation {
  std::string_view url;           // the service's address with the method's path
  std::string_view access_token;  // as it was presented
  std::string_view thumbprint;    // of the key that the token is bound to
};

// How old a proof may be, and how far ahead of our clock.
inline constexpr absl::Duration kProofAge = absl::Seconds(10);
inline constexpr absl::Duration kProofAhead = absl::Seconds(5);

// Checks everything of a proof but whether it was used before. The answer is what to remember it by: a digest of its
// key and its jti, so that nobody can use up the names of another's proofs. Fails with TOKEN_REFUSED and a check whose
// name begins with "dpop ": those of SignedToken, and "jwk", "signature", "jkt", "htm", "htu", "iat", "ath" and "jti".
absl::StatusOr<crypto::Digest> CheckProof(std::string_view proof, const ProofExpectation& expected, absl::Time now);

}  // namespace kobling::server
