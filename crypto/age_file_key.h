// The key of one sealed file: made anew for each file, wrapped for each recipient, and the root of all that protects
// it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/age_header.h"
#include "crypto/age_key.h"
#include "crypto/secret_memory.h"
#include "crypto/sha256.h"

namespace kobling::crypto {

// 128 random bits in an arena, which must outlive it. Move-only.
class AgeFileKey {
 public:
  static constexpr std::size_t kBytes = 16;
  static constexpr std::size_t kNonceBytes = 16;

  // A new random key. Fails only when the arena is full.
  static absl::StatusOr<AgeFileKey> Generate(SecretArena& arena);

  // The key that a stanza holds, if it is one that this identity opens; nothing if it is for somebody else or of
  // another kind. Fails with KEY_FILE_ALTERED if it is of the X25519 kind but not as the specification wants it.
  static absl::StatusOr<std::optional<AgeFileKey>> Unwrap(const AgeStanza& stanza, const AgeIdentity& identity,
                                                          SecretArena& arena);

  // The stanza that opens this key for the recipient.
  absl::StatusOr<AgeStanza> WrapFor(const AgeRecipient& recipient, SecretArena& arena) const;

  // The code that protects a header; see AgeHeader::authenticated.
  Digest HeaderMac(std::string_view authenticated) const;

  // The key of the file's content. Fails only when the arena is full.
  absl::StatusOr<SecretKey> PayloadKey(std::span<const std::uint8_t, kNonceBytes> nonce, SecretArena& arena) const;

 private:
  explicit AgeFileKey(SecretBuffer bytes) : bytes_(std::move(bytes)) {}

  SecretBuffer bytes_;
};

}  // namespace kobling::crypto
