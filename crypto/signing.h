// Ed25519 signatures (RFC 8032), for sealed key files and for the event log.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

using SigningPublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// A key pair that signs. The secret half lives in the arena, which must outlive the key. Move-only. Signing is const
// and may be done from several threads at once.
//
// To keep a signing key, keep its seed: wrap the SecretKey that it was made from.
class SigningKey {
 public:
  // Fails only when the arena is full.
  static absl::StatusOr<SigningKey> Generate(SecretArena& arena);

  // The key pair of a 32-byte seed. The caller wipes its own copy of the seed. Fails only when the arena is full.
  static absl::StatusOr<SigningKey> FromSeed(SecretArena& arena, std::span<const std::uint8_t, 32> seed);
  static absl::StatusOr<SigningKey> FromSeed(SecretArena& arena, const SecretKey& seed);

  const SigningPublicKey& public_key() const { return public_key_; }

  // The signature is deterministic: the same key and message give the same 64 bytes.
  Signature Sign(std::span<const std::uint8_t> message) const;

 private:
  explicit SigningKey(SecretBuffer secret) : secret_(std::move(secret)), public_key_{} {}

  SecretBuffer secret_;  // seed and public key, 64 bytes, as libsodium wants them
  SigningPublicKey public_key_;
};

// True if the signature is right for the message under the key. Keys and signatures of small order are refused.
[[nodiscard]] bool VerifySignature(const SigningPublicKey& public_key, std::span<const std::uint8_t> message,
                                   const Signature& signature);

}  // namespace kobling::crypto
