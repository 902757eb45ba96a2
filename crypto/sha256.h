// SHA-256 (FIPS 180-4), for data that is public or already protected. Never for identifiers: there are so few of them
// that an unkeyed digest gives them away; KeyedDigest in crypto/derivations.h is for those.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace kobling::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest Sha256(std::span<const std::uint8_t> data);

// The digest of the parts, one after the other.
Digest Sha256(std::initializer_list<std::span<const std::uint8_t>> parts);

// The digest of data that comes in parts. For one thread at a time.
class Sha256Hasher {
 public:
  Sha256Hasher();

  void Update(std::span<const std::uint8_t> part);
  // To be called once, last.
  Digest Finish();

 private:
  alignas(8) std::array<std::byte, 112> state_;  // OpenSSL's SHA256_CTX, whose header stays out of ours
};

}  // namespace kobling::crypto
