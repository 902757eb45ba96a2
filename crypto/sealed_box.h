// Rows that may lie on a disk: sealed with XChaCha20-Poly1305.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// What a row is (family, key, version ...): not stored with it, but a row opens only with the same words. It keeps a
// row from being moved to another place, so it must name the place completely.
struct AssociatedData {
  std::string_view text;
};

// Seals and opens rows under one key: K_ident for blocks of identifiers, K_set for sets. Move-only; safe from several
// threads at once. Made for records of 1 to 8 KiB; a seal for every identifier would cost more than all else.
//
// Sealed form: nonce[24], ciphertext of the plaintext's length, authenticator[16]. The nonce is random, so that the
// same plaintext is never sealed to the same bytes, and no counter has to survive a crash.
class RecordSealer {
 public:
  static constexpr std::size_t kOverhead = 24 + 16;

  explicit RecordSealer(SecretKey key) : key_(std::move(key)) {}

  std::string Seal(std::string_view plaintext, AssociatedData what) const;

  // Fails with RECORD_CORRUPT if the bytes were not sealed under this key with these words, or were changed since.
  absl::StatusOr<std::string> Open(std::string_view sealed, AssociatedData what) const;

 private:
  SecretKey key_;
};

}  // namespace kobling::crypto
