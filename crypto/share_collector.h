// The shares of a KEK as they come, one by one, until there are enough of them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/kek_share.h"
#include "crypto/key_wrap.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// Collects shares of one splitting. They are wiped when the KEK was opened, when they turn out not to open it, by Clear
// and at the end. The arena must outlive it. For one thread at a time.
class ShareCollector {
 public:
  // `needed` is zero as long as there is no share.
  struct Progress {
    std::size_t collected = 0;
    std::size_t needed = 0;
  };

  // With an id, only shares of that KEK are taken; without one, those of the KEK that the first share is of.
  ShareCollector(SecretArena& arena, std::optional<KekId> expected);

  // Takes one more share, unless it is there already. The caller wipes its own copy of the text. Fails with
  // KEK_SHARE_MALFORMED, and with KEK_SHARE_OTHER if it does not go with those before it or with the KEK that is
  // expected; then those before it stay. A share of an older splitting that came first is got rid of by Clear.
  absl::StatusOr<Progress> Add(std::string_view text);

  Progress progress() const;

  // The KEK, in the given arena. Fails with KEK_SHARES_MISSING while there are too few, which then stay; with
  // KEY_UNUSABLE if what they open is not the KEK that they name: one of them is false, and all must be given anew.
  absl::StatusOr<KeyEncryptionKey> Combine(SecretArena& arena);

  void Clear() { shares_.clear(); }

 private:
  SecretArena& arena_;
  std::optional<KekId> expected_;
  std::vector<KekShare> shares_;
};

// The KEK that these shares open. Fails as ShareCollector does.
absl::StatusOr<KeyEncryptionKey> CombineShares(std::span<const std::string_view> texts, SecretArena& arena);

}  // namespace kobling::crypto
