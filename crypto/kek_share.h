// A key-encryption key split among several people: any k of n shares give it back, and k - 1 of them say nothing.
// docs/formats/kek.md describes the bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/key_wrap.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// Any `needed` of `count` shares open the KEK; 2 <= needed <= count <= 16.
struct ShareCounts {
  std::uint8_t needed = 0;
  std::uint8_t count = 0;
  friend bool operator==(const ShareCounts&, const ShareCounts&) = default;
};

// What the shares of one splitting have in common. Not secret.
struct KekSplitting {
  std::array<std::uint8_t, 8> id;  // random
  ShareCounts counts;
  KekId kek_id;
  friend bool operator==(const KekSplitting&, const KekSplitting&) = default;
};

// One share. Its value is as secret as the KEK is against k - 1 others, and lives in the arena, which must outlive it.
// Move-only.
class KekShare {
 public:
  static constexpr std::size_t kTextLength = 103;

  KekShare(const KekSplitting& splitting, std::uint8_t number, SecretKey value)
      : splitting_(splitting), number_(number), value_(std::move(value)) {}

  // Reads the line "kobling-share-1...". White space around it does not count. The caller wipes its own copy of the
  // text. Fails with KEK_SHARE_MALFORMED if it is anything else; up to four wrong characters are always noticed.
  static absl::StatusOr<KekShare> Parse(std::string_view text, SecretArena& arena);

  const KekSplitting& splitting() const { return splitting_; }
  // From 1 to count: which of the shares it is.
  std::uint8_t number() const { return number_; }

  // The line, kTextLength characters without an end. Fails only when the arena is full.
  absl::StatusOr<SecretBuffer> Text(SecretArena& arena) const;

 private:
  friend std::span<const std::uint8_t, SecretKey::kBytes> SecretBytes(const KekShare& share, SecretAccess access);

  KekSplitting splitting_;
  std::uint8_t number_;
  SecretKey value_;
};

// The value of a share, valid as long as the share is.
std::span<const std::uint8_t, SecretKey::kBytes> SecretBytes(const KekShare& share, SecretAccess access);

// Splits a KEK anew: shares of two splittings do not go together. Fails with CONFIGURATION if the counts are not in
// range or the arena is full.
absl::StatusOr<std::vector<KekShare>> SplitKek(const KeyEncryptionKey& kek, const ShareCounts& counts,
                                               SecretArena& arena);

}  // namespace kobling::crypto
