// A compact JWS (RFC 7515) taken apart: an access token, an id token or a proof of possession. What its header may say
// is judged here, before libcjose sees any of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "server/tokens/public_key.h"
#include "server/tokens/strict_json.h"

namespace kobling::server {

// What a text claims to be; the names of a proof's checks begin with "dpop ".
enum class SignedKind : std::uint8_t { kToken, kProof };

class SignedToken {
 public:
  static constexpr std::size_t kMaxBytes = 8 * 1024;

  // Takes the text apart; it must stay where it is as long as the result is used. Fails with TOKEN_REFUSED for
  // "length", "form", "header", "alg", "typ", "crit", "kid" or "claims". Nothing is verified yet.
  static absl::StatusOr<SignedToken> Parse(std::string_view text, SignedKind kind);

  SignedToken(SignedToken&& other) = default;
  SignedToken& operator=(SignedToken&&) = delete;
  ~SignedToken() { WipeText(payload_); }

  SignatureAlgorithm algorithm() const { return algorithm_; }
  // The type and the name of the key, if the header has them.
  const std::string* type() const { return header_.FindText("typ"); }
  const std::string* key_id() const { return header_.FindText("kid"); }
  const Json& header() const { return header_; }
  const Json& claims() const { return claims_; }

  bool IsSignedBy(const PublicKey& key) const { return key.Signed(text_, algorithm_, payload_); }

 private:
  SignedToken(std::string_view text, SignatureAlgorithm algorithm, Json header, Json claims, std::string payload)
      : text_(text),
        algorithm_(algorithm),
        header_(std::move(header)),
        claims_(std::move(claims)),
        payload_(std::move(payload)) {}

  std::string_view text_;
  SignatureAlgorithm algorithm_;
  Json header_;
  Json claims_;
  std::string payload_;
};

}  // namespace kobling::server
