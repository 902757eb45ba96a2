// The narrow waist of storage: one ordered key-value store. Everything that Kobling keeps on disk passes through here,
// and every backend keeps the contract written here; tests/conformance is the same contract as tests.
//
// - Keys are bytes, compared as unsigned bytes, from 1 to kMaxKeyBytes long. Values are bytes, from 0 to
//   kMaxValueBytes long.
// - A family is an ordered map of its own. The families are fixed; a batch may change several of them at once.
// - A change is made by Commit alone: whole or not at all, durable before it returns.
// - Keys and values hold no clear identifier; what is personal is sealed above this interface. No error names a key.
// - An error of the storage below is one of
//     RECORD_CORRUPT       what was read is not what was written; other rows may still be read
//     DISK_FULL            a write failed for lack of space
//     STORAGE_UNAVAILABLE  reading or writing failed in another way
//   After a failed write (Commit, or the backend's own upkeep in the background) the store has failed for good: every
//   later call gives the same error, DISK_FULL or STORAGE_UNAVAILABLE, until the store is opened anew. Only iterators
//   that are open already may walk on. The server then exits. It must not try again: a second sync may report success
//   for data that the kernel has dropped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kobling::storage {

// The ordered maps of the store. A new family is a new schema version.
enum class Family : std::uint8_t {
  kMeta,         // the store's own rows, counters and high-water marks
  kIdentifiers,  // sealed blocks of identifiers
  kSets,         // sealed sets of identifier numbers
  kRegisters,
  kProjects,
  kKeys,  // wrapped keys
  kEvents,
  kLedger,  // requests that were answered
  kCallers,
  kReservations,
  kSeries,    // sealed numbers that were made elsewhere
  kIdentity,  // sealed blocks of the identity history
  kSubjects,  // which events concern a person
};

inline constexpr std::array kAllFamilies = {
    Family::kMeta,   Family::kIdentifiers, Family::kSets,    Family::kRegisters, Family::kProjects,
    Family::kKeys,   Family::kEvents,      Family::kLedger,  Family::kCallers,   Family::kReservations,
    Family::kSeries, Family::kIdentity,    Family::kSubjects};
inline constexpr std::size_t kFamilyCount = kAllFamilies.size();

// Lower-case name of a family, as it stands in the files of a backend: "identifiers".
std::string_view NameOf(Family family);

inline constexpr std::size_t kMaxKeyBytes = std::size_t{1} << 10;
inline constexpr std::size_t kMaxValueBytes = std::size_t{64} << 20;
// Sum of all keys and values in a batch.
inline constexpr std::size_t kMaxBatchBytes = std::size_t{1} << 30;

// The keys from begin (included) to end (excluded). An empty begin is the first key of the family, an empty end means
// that there is no upper bound. A range whose end is not above its begin holds no key.
struct KeyRange {
  std::string begin;
  std::string end;

  [[nodiscard]] static KeyRange All();
  // The keys that start with the prefix.
  [[nodiscard]] static KeyRange Prefix(std::string_view prefix);
  [[nodiscard]] bool Contains(std::string_view key) const;
  // True if no key can lie in the range.
  [[nodiscard]] bool IsEmpty() const;
};

// Changes to be committed together. Changes take effect in the order in which they were added: a Put after a
// DeleteRange survives it, the last of two Puts wins. Requirements are about the state before the whole batch, whatever
// the order. Not safe for concurrent use. Limits are checked by Commit, not here.
class WriteBatch {
 public:
  enum class Kind : std::uint8_t { kPut, kDelete, kDeleteRange };
  // For kPut and kDelete, `key` is the key; for kDeleteRange, the range is [key, value) as in KeyRange.
  struct Change {
    Kind kind;
    Family family;
    std::string key;
    std::string value;
  };
  // What must be true before the batch: the key is absent (no value), or has exactly this value.
  struct Requirement {
    Family family;
    std::string key;
    std::optional<std::string> value;
  };

  void Put(Family family, std::string_view key, std::string value);
  // Deleting an absent key is no error.
  void Delete(Family family, std::string_view key);
  void DeleteRange(Family family, KeyRange range);
  void RequireAbsent(Family family, std::string_view key);
  void RequireValue(Family family, std::string_view key, std::string value);

  // Adds the changes and requirements of the other batch after those of this one.
  void Append(WriteBatch&& other);
  void Clear();

  // Number of changes; requirements are not counted.
  [[nodiscard]] std::size_t size() const { return changes_.size(); }
  // Sum of all keys and values, those of requirements included.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return changes_.empty() && requirements_.empty(); }
  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  [[nodiscard]] const std::vector<Requirement>& requirements() const { return requirements_; }

 private:
  std::vector<Change> changes_;
  std::vector<Requirement> requirements_;
  std::size_t bytes_ = 0;
};

// Walks a range upwards, in the order of the keys, over the state at the moment when it was made; later commits do not
// change what it sees. Starts on the first row. For one thread at a time. Destroy it before its reader.
//
//   for (; rows->Valid(); rows->Next()) { use(rows->key(), rows->value()); }
//   KOBLING_RETURN_IF_ERROR(rows->status());   // the end of the rows, or an error? Without this, rows may be missing.
class Iterator {
 public:
  virtual ~Iterator() = default;
  Iterator(const Iterator&) = delete;
  Iterator& operator=(const Iterator&) = delete;

  // True while it stands on a row. False at the end and after an error.
  [[nodiscard]] virtual bool Valid() const = 0;
  // To the next row. Only when Valid().
  virtual void Next() = 0;
  // The row it stands on; only when Valid(). The bytes live until Next() or destruction.
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  // OK while Valid() and at the end of the range; otherwise why the walk stopped early.
  [[nodiscard]] virtual absl::Status status() const = 0;

 protected:
  Iterator() = default;
};

// What can be read: the store as it is now, or a snapshot of it. Safe for concurrent use.
class Reader {
 public:
  virtual ~Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // The value, as a copy; nothing if the key is absent.
  [[nodiscard]] virtual absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const = 0;
  // The values of the keys, in the order of the keys, all at one point in time; nothing where a key is absent. Keys may
  // come in any order and more than once; sorted keys are fastest.
  [[nodiscard]] virtual absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, std::span<const std::string_view> keys) const = 0;
  // The rows of the range. An iterator holds resources of the store: keep it for the length of a request, not longer.
  [[nodiscard]] virtual absl::StatusOr<std::unique_ptr<Iterator>> Scan(Family family, const KeyRange& range) const = 0;

 protected:
  Reader() = default;
};

// A key outside the limits is a fault of the caller: INTERNAL, and the store stays usable.
//
// Destroying the store closes it; every commit is durable already, so nothing is left to flush or lose. Destroy all
// iterators and snapshots before it. Safe for concurrent use: readers never wait for a commit's disk writes.
class KeyValueStore : public Reader {
 public:
  // All reads of the snapshot see the store as it is now, whatever is committed later. Never null on success. Destroy
  // it before the store; keep it for the length of a request.
  [[nodiscard]] virtual absl::StatusOr<std::unique_ptr<Reader>> TakeSnapshot() const = 0;

  // Applies the batch: all of it, or nothing of it. Commits are applied one after another, in some order.
  // - OK: durable, also against a loss of power, and visible to every read that starts from now on. No read ever sees
  //   a part of a batch. An empty batch is OK.
  // - PRECONDITION_FAILED: a requirement does not hold. Nothing was changed; the store stays usable.
  // - INTERNAL: a key, a value or the batch is outside the limits. Nothing was changed; the store stays usable.
  // - DISK_FULL, STORAGE_UNAVAILABLE: the store has failed for good. Nothing of the batch is ever visible in this
  //   process. Once the store is opened again, the batch is there as a whole or not at all: which of the two is not
  //   known before, so a caller who repeats a change must make it recognisable (RequireAbsent on a row of its own).
  [[nodiscard]] virtual absl::Status Commit(const WriteBatch& batch) = 0;

  // Makes deleted and overwritten values of the family disappear from the files of the store, which plain deletion does
  // only some day. For destroyed keys. Takes as long as rewriting the family; reads and commits go on meanwhile. On an
  // error, some may still be there: call it again. Old values that an iterator or snapshot still sees stay.
  [[nodiscard]] virtual absl::Status Purge(Family family) = 0;

  // About how many bytes the family takes where it is kept. For reports, not for decisions.
  [[nodiscard]] virtual absl::StatusOr<std::uint64_t> ApproximateBytes(Family family) const = 0;
};

// For backends: INTERNAL with the limit that a key, a value or a batch exceeds, otherwise OK.
[[nodiscard]] absl::Status CheckKey(std::string_view key);
[[nodiscard]] absl::Status CheckLimits(const WriteBatch& batch);

}  // namespace kobling::storage
