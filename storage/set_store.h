// Immutable sets of identifier numbers, sealed, and stored once however often they are used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/derivations.h"
#include "crypto/sealed_box.h"
#include "storage/key_value_store.h"
#include "storage/number_set.h"

namespace kobling::storage {

// The name of a set: the first 16 bytes of the keyed digest of its numbers, each as 4 bytes, most significant first, in
// ascending order. Equal sets have equal names and are stored once; without K_digest a name says nothing about its set.
// The empty set has the empty name and is not stored.
using SetId = std::string;

// Sets of up to kSmallSetBytes are one row; larger ones are a row for each 65,536 consecutive numbers, so that a
// question about one person reads one row. Safe for concurrent use.
class SetStore {
 public:
  static constexpr std::size_t kSmallSetBytes = 16 * 1024;

  SetStore(const Reader& store, crypto::KeyedDigest digest, crypto::RecordSealer sealer)
      : store_(store), digest_(std::move(digest)), sealer_(std::move(sealer)) {}

  // Adds what is missing of the set to the batch and returns its name.
  absl::StatusOr<SetId> Put(const NumberSet& set, WriteBatch& batch) const;

  // The name that Put would return.
  SetId NameOf(const NumberSet& set) const;

  // Fails with RECORD_CORRUPT if the set is not stored or cannot be opened.
  absl::StatusOr<NumberSet> Get(const SetId& id) const;

  // Whether the stored set holds the number. Reads one row, or two for a large set. Fails with RECORD_CORRUPT as Get
  // does.
  absl::StatusOr<bool> Contains(const SetId& id, std::uint32_t number) const;

  // Adds the deletion of the set's rows to the batch. Equal sets are one: only for a set that nothing names any more.
  static void Delete(const SetId& id, WriteBatch& batch);

  // Makes deleted sets disappear from the files of the store, if any was deleted since this was done last; a crash
  // between the two is made up for by the next call. For one thread at a time, which is also the one that deletes.
  static absl::Status PurgeDeleted(KeyValueStore& store);

 private:
  absl::StatusOr<NumberSet> Open(std::string_view row_key, std::string_view sealed) const;

  const Reader& store_;
  crypto::KeyedDigest digest_;
  crypto::RecordSealer sealer_;
};

}  // namespace kobling::storage
