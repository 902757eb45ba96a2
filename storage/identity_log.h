// The events of the identity history, sealed, as they were applied: what the identity map is made of, now and as of any
// earlier time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/sealed_box.h"
#include "storage/identity_change.h"
#include "storage/identity_map.h"
#include "storage/key_value_store.h"

namespace kobling::storage {

// Events that were applied together.
struct IdentityBlock {
  std::uint64_t first_sequence = 0;
  std::int64_t applied_us = 0;  // microseconds since 1970-01-01 UTC
  std::vector<IdentityChange> changes;
};

// Safe for concurrent use. One block is one row: a few thousand events.
class IdentityLog {
 public:
  IdentityLog(const Reader& store, crypto::RecordSealer sealer) : store_(store), sealer_(std::move(sealer)) {}

  // Adds the block to the batch. Its events must follow those that are stored.
  void Append(const IdentityBlock& block, WriteBatch& batch) const;

  // Calls `visit` with each block that has events from `first` on, in order, until it returns false. Fails with
  // RECORD_CORRUPT if a block cannot be opened or events are missing between two blocks.
  absl::Status ForEach(std::uint64_t first, const std::function<bool(const IdentityBlock&)>& visit) const;

  // Applies everything to a map that is empty.
  absl::Status Load(IdentityMap& map) const;

 private:
  absl::StatusOr<IdentityBlock> Open(std::string_view key, std::string_view sealed) const;

  const Reader& store_;
  crypto::RecordSealer sealer_;
};

// The map as it was, from an early version to later ones. For one thread.
class IdentityReplay {
 public:
  // The log must outlive the replay.
  explicit IdentityReplay(const IdentityLog& log) : log_(log) {}

  // Goes on to the map's state at that version, which must not be below the one before. Fails as the log does.
  absl::StatusOr<const IdentityMap*> AdvanceTo(std::uint64_t version);

 private:
  const IdentityLog& log_;
  IdentityMap map_;
};

}  // namespace kobling::storage
