#include "crypto/signing.h"

#include <sodium.h>

#include "domain/status_macros.h"

namespace kobling::crypto {

static_assert(crypto_sign_ed25519_SECRETKEYBYTES == 64 && crypto_sign_ed25519_SEEDBYTES == SecretKey::kBytes);

absl::StatusOr<SigningKey> SigningKey::Generate(SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(const SecretKey seed, SecretKey::Generate(arena));
  return FromSeed(arena, seed);
}

absl::StatusOr<SigningKey> SigningKey::FromSeed(SecretArena& arena, std::span<const std::uint8_t, 32> seed) {
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer secret, SecretBuffer::Allocate(arena, crypto_sign_ed25519_SECRETKEYBYTES));
  SigningKey key(std::move(secret));
  crypto_sign_ed25519_seed_keypair(key.public_key_.data(), key.secret_.bytes(SecretAccess()).data(), seed.data());
  return key;
}

absl::StatusOr<SigningKey> SigningKey::FromSeed(SecretArena& arena, const SecretKey& seed) {
  return FromSeed(arena, SecretBytes(seed, SecretAccess()));
}

Signature SigningKey::Sign(std::span<const std::uint8_t> message) const {
  Signature signature;
  crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(),
                               secret_.bytes(SecretAccess()).data());
  return signature;
}

bool VerifySignature(const SigningPublicKey& public_key, std::span<const std::uint8_t> message,
                     const Signature& signature) {
  return crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(), public_key.data()) == 0;
}

}  // namespace kobling::crypto
