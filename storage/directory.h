// The directory: gives each distinct identifier a dense number, and knows the identifier behind a number.
//
// On disk there are only sealed blocks of up to 256 identifiers with consecutive numbers, keyed by the last number of
// the block. The way from identifier to number is a table of tags in memory, computed anew at start: so a national load
// writes some 25,000 rows in the same atomic batch as the sets that refer to them, and a refused or broken submission
// leaves nothing behind. Numbers are given in the order of the tags, which says nothing about who came first, and never
// again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/derivations.h"
#include "crypto/sealed_box.h"
#include "domain/ids.h"
#include "domain/national_id.h"
#include "storage/directory_index.h"
#include "storage/key_value_store.h"
#include "storage/number_set.h"

namespace kobling::storage {

// An identifier that a stream brought and the directory did not know when it was looked up.
struct NewIdentifier {
  crypto::Tag tag;
  domain::NationalId identifier;
};

// Numbers that were put into a batch. They count only once the batch is committed and Publish was called.
struct Allotment {
  std::uint32_t first = 0;
  std::vector<crypto::Tag> tags;  // tags[i] has number first + i
};

class Directory {
 public:
  static constexpr std::uint32_t kAbsent = DirectoryIndex::kAbsent;
  static constexpr std::uint32_t kBlockIdentifiers = 256;

  // Reads all blocks and computes the tag of each identifier. Fails with RECORD_CORRUPT if a block cannot be opened,
  // blocks overlap, or a number lies above the high-water mark. The store must outlive the directory.
  static absl::StatusOr<std::unique_ptr<Directory>> Open(const Reader& store, crypto::IdentityIndex index,
                                                         crypto::RecordSealer sealer);

  // tags[i] = tag of identifiers[i]. Thread-safe.
  void TagsOf(std::span<const domain::NationalId> identifiers, std::span<crypto::Tag> tags) const;

  // numbers[i] = number of tags[i], or kAbsent. Thread-safe.
  void Find(std::span<const crypto::Tag> tags, std::span<std::uint32_t> numbers) const;

  // Adds the blocks and the new high-water mark to the batch. `identifiers` must be sorted by tag, distinct and absent
  // from the directory. One caller at a time, who commits the batch and then calls Publish, or drops both. Fails with
  // INTERNAL when all numbers are given out.
  absl::StatusOr<Allotment> Allot(std::span<const NewIdentifier> identifiers, WriteBatch& batch) const;

  // Makes committed numbers known to Find. Does not hold up readers for longer than a few thousand entries.
  void Publish(const Allotment& allotment);

  // Calls `visit` for each number of the set, ascending, with its identifier. Reads the blocks in one pass.
  // Fails with RECORD_CORRUPT if a number has no identifier. Thread-safe.
  absl::Status ForEach(const NumberSet& numbers,
                       const std::function<void(domain::IdentifierNumber, const domain::NationalId&)>& visit) const;

  // Identifiers known, which is also the number that the next one gets.
  std::uint32_t size() const;
  // Memory of the table.
  std::size_t index_bytes() const;

 private:
  Directory(const Reader& store, crypto::IdentityIndex index, crypto::RecordSealer sealer)
      : store_(store), identity_index_(std::move(index)), sealer_(std::move(sealer)) {}

  absl::Status Load();
  absl::Status OpenBlock(std::string_view key, std::string_view sealed, std::vector<domain::NationalId>& identifiers,
                         std::uint32_t& first) const;

  const Reader& store_;
  crypto::IdentityIndex identity_index_;
  crypto::RecordSealer sealer_;
  mutable std::shared_mutex mutex_;
  DirectoryIndex index_;    // guarded by mutex_
  std::uint32_t next_ = 0;  // guarded by mutex_; changed by Publish alone
};

}  // namespace kobling::storage
