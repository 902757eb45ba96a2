// Keys at rest: every service and project key is stored wrapped by the key-encryption key (KEK).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// Which key it is. Bound to the wrapped key, so that one project's key cannot be put in another project's place.
// Neither text may contain a zero byte.
struct KeyLabel {
  std::string_view kind;      // "person", "index", "project", ...
  std::string_view id;        // the project; empty for a service key
  std::uint32_t version = 0;  // of the key, not of the KEK
};

using KekId = std::array<std::uint8_t, 8>;

// Wraps and unwraps keys. Move-only; safe from several threads at once; the arena must outlive it.
//
// Wrapped form, 92 bytes: "KBW1", KEK id[8], nonce[24], XChaCha20-Poly1305(KEK, nonce, key) with its authenticator[48],
// key check value[8]. Associated data: "kobling/v1/wrap" 00 kind 00 id 00 version, most significant byte first.
class KeyEncryptionKey {
 public:
  static constexpr std::size_t kWrappedBytes = 92;

  explicit KeyEncryptionKey(SecretKey key);

  // A public name for the key, computed from it: says which KEK a wrapped key needs.
  const KekId& id() const { return id_; }

  // Fails with INTERNAL if the label has a zero byte.
  absl::StatusOr<std::string> Wrap(const SecretKey& key, const KeyLabel& label) const;

  // Fails with KEY_UNUSABLE if the bytes are not what Wrap made under this KEK for this label.
  absl::StatusOr<SecretKey> Unwrap(std::string_view wrapped, const KeyLabel& label, SecretArena& arena) const;

 private:
  friend std::span<const std::uint8_t, SecretKey::kBytes> SecretBytes(const KeyEncryptionKey& kek, SecretAccess access);

  SecretKey key_;
  KekId id_;
};

// The bytes of the KEK itself, for the providers that keep it; valid as long as the KEK is.
std::span<const std::uint8_t, SecretKey::kBytes> SecretBytes(const KeyEncryptionKey& kek, SecretAccess access);

// The id of the KEK that a wrapped key needs. Fails with KEY_UNUSABLE if the bytes are not a wrapped key.
absl::StatusOr<KekId> KekIdOf(std::string_view wrapped);

}  // namespace kobling::crypto
