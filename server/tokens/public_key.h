// The public keys that signatures are checked with: RSA of 2048 bits or more, and EC on P-256. libcjose does the
// checking; it sees nothing of a key but its numbers, and nothing of a token before the token's header was judged.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/tokens/strict_json.h"

struct _cjose_jwk_int;

namespace kobling::server {

// The algorithms of signatures: all that there are. Symmetric ones and "none" have no value here.
enum class SignatureAlgorithm : std::uint8_t { kRs256, kPs256, kEs256 };
std::optional<SignatureAlgorithm> SignatureAlgorithmFromName(std::string_view name);

// One public key. Immutable, and safe to use from several threads.
class PublicKey {
 public:
  struct ParseResult;
  // From a JWK (RFC 7517): its kty, n and e, or crv, x and y. What it says of its use, its algorithm and its name is
  // not looked at. A JWK with private or symmetric members is refused.
  static ParseResult FromJwk(const Json& jwk);

  // Whether signatures of this algorithm can be made with such a key.
  bool Suits(SignatureAlgorithm algorithm) const;

  // The key's thumbprint (RFC 7638) with SHA-256, in base64url: equal for equal keys only.
  const std::string& thumbprint() const { return thumbprint_; }

  // Whether this key signed the whole compact token with the algorithm, and what was signed is exactly `payload`. The
  // caller has judged the token's header and found this algorithm in it. False also if the algorithm does not suit.
  bool Signed(std::string_view compact_token, SignatureAlgorithm algorithm, std::string_view payload) const;

 private:
  enum class Kind : std::uint8_t { kRsa, kP256 };
  struct Release {
    void operator()(_cjose_jwk_int* key) const;
  };
  using Handle = std::unique_ptr<_cjose_jwk_int, Release>;

  PublicKey(Kind kind, Handle handle, std::string thumbprint, std::size_t signature_bytes);
  static ParseResult RsaFromJwk(const Json& jwk);
  static ParseResult P256FromJwk(const Json& jwk);

  const Kind kind_;
  const Handle handle_;
  const std::string thumbprint_;
  const std::size_t signature_bytes_;
};

// A key, or a constant that says why there is none.
struct PublicKey::ParseResult {
  std::shared_ptr<const PublicKey> key;
  std::string_view why_not;
};

}  // namespace kobling::server
