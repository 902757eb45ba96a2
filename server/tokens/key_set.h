// The public keys of one issuer, as a JWK Set (RFC 7517) names them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/tokens/public_key.h"

namespace kobling::server {

// A set of algorithms.
class SignatureAlgorithms {
 public:
  constexpr SignatureAlgorithms() = default;
  constexpr SignatureAlgorithms(std::initializer_list<SignatureAlgorithm> algorithms) {
    for (const SignatureAlgorithm algorithm : algorithms) {
      bits_ = static_cast<std::uint8_t>(bits_ | Bit(algorithm));
    }
  }
  constexpr bool contains(SignatureAlgorithm algorithm) const { return (bits_ & Bit(algorithm)) != 0; }
  friend constexpr bool operator==(SignatureAlgorithms, SignatureAlgorithms) = default;
  constexpr void Add(SignatureAlgorithms others) { bits_ = static_cast<std::uint8_t>(bits_ | others.bits_); }

 private:
  static constexpr std::uint8_t Bit(SignatureAlgorithm algorithm) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(algorithm));
  }
  std::uint8_t bits_ = 0;
};

// A key, and the algorithms that its issuer signs with it.
struct IssuerKey {
  std::shared_ptr<const PublicKey> key;
  SignatureAlgorithms algorithms;
};

struct KeySet {
  std::map<std::string, IssuerKey, std::less<>> by_id;
  // Why each of the set's other keys cannot be used: constants, for the log.
  std::vector<std::string_view> ignored;
};

// Reads a set. Keys that are not for our signatures are ignored: symmetric and private ones, those of other kinds and
// lengths, those for encryption or for other algorithms, those without a name, and a second one under the same name.
// Fails with TOKEN_KEYS if no key is left, or if the text is no set; the error names the file that it came from.
absl::StatusOr<KeySet> ParseKeySet(std::string_view text, const std::filesystem::path& file);

}  // namespace kobling::server
