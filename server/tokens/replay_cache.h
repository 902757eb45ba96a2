// The proofs that were used already: each may be presented once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

#include "absl/container/flat_hash_set.h"
#include "crypto/sha256.h"

namespace kobling::server {

// Remembers digests for a while. Safe to use from several threads.
class ReplayCache {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A proof is good for 15 seconds; it is remembered for much longer, whatever the clocks do meanwhile.
  static constexpr std::chrono::seconds kWindow{60};

  // About 100 bytes for each of `capacity`, once they were needed.
  explicit ReplayCache(std::size_t capacity) : capacity_(capacity) {}

  // kFull means that it cannot be remembered, and therefore must not be accepted.
  enum class Answer : std::uint8_t { kNew, kSeen, kFull };
  // `now` only goes forwards, give or take what two threads differ.
  [[nodiscard]] Answer Remember(const crypto::Digest& digest, Time now);

 private:
  struct Entry {
    Time seen;
    crypto::Digest digest;
  };

  const std::size_t capacity_;
  std::mutex mutex_;
  absl::flat_hash_set<crypto::Digest> digests_;  // guarded by mutex_
  std::deque<Entry> oldest_first_;               // guarded by mutex_
};

}  // namespace kobling::server
