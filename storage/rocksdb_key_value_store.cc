#include "storage/rocksdb_key_value_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "storage/rocksdb_folder.h"
#include "storage/rocksdb_log_tail.h"
#include "storage/rocksdb_settings.h"

namespace kobling::storage {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// RocksDB's texts may hold paths and keys: none of them leaves this file.
absl::Status ReadError(const rocksdb::Status& status) {
  return MakeError(status.IsCorruption() ? Reason::kRecordCorrupt : Reason::kStorageUnavailable);
}

// Whether a write has failed since the store was opened. The first failure stays. Safe for concurrent use.
class Failure {
 public:
  void Set(const rocksdb::Status& status) {
    Reason none = kNone;
    reason_.compare_exchange_strong(none, status.IsNoSpace() ? Reason::kDiskFull : Reason::kStorageUnavailable);
  }
  absl::Status Check() const {
    const Reason reason = reason_.load();
    return reason == kNone ? absl::OkStatus() : MakeError(reason);
  }

 private:
  static constexpr Reason kNone{0};
  std::atomic<Reason> reason_ = kNone;
};

// Hears of failures while RocksDB writes tables in the background.
class FailureListener final : public rocksdb::EventListener {
 public:
  explicit FailureListener(std::shared_ptr<Failure> failure) : failure_(std::move(failure)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override { failure_->Set(*status); }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  std::shared_ptr<Failure> failure_;
};

// An open RocksDB. Members are destroyed from the last to the first: handles, database, environment.
struct Database {
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      db->DestroyColumnFamilyHandle(handle);
    }
  }

  rocksdb::ColumnFamilyHandle* HandleOf(Family family) const { return handles[static_cast<std::size_t>(family)]; }
  // RocksDB demands a family called "default"; it holds the store's own row and nothing else.
  rocksdb::ColumnFamilyHandle* own() const { return handles[kFamilyCount]; }

  std::shared_ptr<Failure> failure = std::make_shared<Failure>();
  std::shared_ptr<rocksdb::Env> environment;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
};

class RocksDbIterator final : public Iterator {
 public:
  RocksDbIterator(const Database& database, rocksdb::ReadOptions options, Family family, const KeyRange& range)
      : end_(range.end), upper_bound_(ToSlice(end_)) {
    if (!end_.empty()) {
      options.iterate_upper_bound = &upper_bound_;
    }
    rows_.reset(database.db->NewIterator(options, database.HandleOf(family)));
    rows_->Seek(ToSlice(range.begin));
  }
  bool Valid() const override { return rows_->Valid(); }
  void Next() override { rows_->Next(); }
  std::string_view key() const override { return ToView(rows_->key()); }
  std::string_view value() const override { return ToView(rows_->value()); }
  absl::Status status() const override {
    const rocksdb::Status status = rows_->status();
    return status.ok() ? absl::OkStatus() : ReadError(status);
  }

 private:
  const std::string end_;
  const rocksdb::Slice upper_bound_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

// The range that holds no key.
class NoRows final : public Iterator {
 public:
  bool Valid() const override { return false; }
  void Next() override {}
  std::string_view key() const override { return {}; }
  std::string_view value() const override { return {}; }
  absl::Status status() const override { return absl::OkStatus(); }
};

absl::StatusOr<std::optional<std::string>> ReadOne(const Database& database, const rocksdb::ReadOptions& options,
                                                   Family family, std::string_view key) {
  KOBLING_RETURN_IF_ERROR(database.failure->Check());
  KOBLING_RETURN_IF_ERROR(CheckKey(key));
  std::string value;
  const rocksdb::Status status = database.db->Get(options, database.HandleOf(family), ToSlice(key), &value);
  if (status.IsNotFound()) {
    return std::nullopt;
  }
  if (!status.ok()) {
    return ReadError(status);
  }
  return value;
}

absl::StatusOr<std::vector<std::optional<std::string>>> ReadMany(const Database& database, rocksdb::ReadOptions options,
                                                                 Family family,
                                                                 std::span<const std::string_view> keys) {
  KOBLING_RETURN_IF_ERROR(database.failure->Check());
  for (const std::string_view key : keys) {
    KOBLING_RETURN_IF_ERROR(CheckKey(key));
  }
  // RocksDB keeps several hundred bytes per key of a call, so long lists go in parts, under one snapshot.
  constexpr std::size_t kPart = 1024;
  std::optional<rocksdb::ManagedSnapshot> snapshot;
  if (keys.size() > kPart && options.snapshot == nullptr) {
    snapshot.emplace(database.db.get());
    options.snapshot = snapshot->snapshot();
  }
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (std::size_t begin = 0; begin < keys.size(); begin += kPart) {
    const std::span<const std::string_view> part = keys.subspan(begin, std::min(kPart, keys.size() - begin));
    std::vector<rocksdb::Slice> slices(part.size());
    std::transform(part.begin(), part.end(), slices.begin(), ToSlice);
    std::vector<rocksdb::PinnableSlice> found(part.size());
    std::vector<rocksdb::Status> statuses(part.size());
    database.db->MultiGet(options, database.HandleOf(family), part.size(), slices.data(), found.data(), statuses.data(),
                          /*sorted_input=*/std::is_sorted(part.begin(), part.end()));
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (statuses[i].ok()) {
        values.emplace_back(found[i].ToString());
      } else if (statuses[i].IsNotFound()) {
        values.emplace_back(std::nullopt);
      } else {
        return ReadError(statuses[i]);
      }
    }
  }
  return values;
}

absl::StatusOr<std::unique_ptr<Iterator>> ReadRange(const Database& database, const rocksdb::ReadOptions& options,
                                                    Family family, const KeyRange& range) {
  KOBLING_RETURN_IF_ERROR(database.failure->Check());
  if (range.IsEmpty()) {
    return std::make_unique<NoRows>();
  }
  return std::make_unique<RocksDbIterator>(database, options, family, range);
}

class RocksDbSnapshot final : public Reader {
 public:
  explicit RocksDbSnapshot(const Database& database) : database_(database), snapshot_(database.db.get()) {
    options_.snapshot = snapshot_.snapshot();
  }
  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override {
    return ReadOne(database_, options_, family, key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, std::span<const std::string_view> keys) const override {
    return ReadMany(database_, options_, family, keys);
  }
  absl::StatusOr<std::unique_ptr<Iterator>> Scan(Family family, const KeyRange& range) const override {
    return ReadRange(database_, options_, family, range);
  }

 private:
  const Database& database_;
  rocksdb::ManagedSnapshot snapshot_;
  rocksdb::ReadOptions options_;
};

class RocksDbKeyValueStore final : public KeyValueStore {
 public:
  explicit RocksDbKeyValueStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override {
    return ReadOne(*database_, {}, family, key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, std::span<const std::string_view> keys) const override {
    return ReadMany(*database_, {}, family, keys);
  }
  absl::StatusOr<std::unique_ptr<Iterator>> Scan(Family family, const KeyRange& range) const override {
    return ReadRange(*database_, {}, family, range);
  }
  absl::StatusOr<std::unique_ptr<Reader>> TakeSnapshot() const override {
    KOBLING_RETURN_IF_ERROR(database_->failure->Check());
    return std::make_unique<RocksDbSnapshot>(*database_);
  }

  absl::Status Commit(const WriteBatch& batch) override {
    KOBLING_RETURN_IF_ERROR(CheckLimits(batch));
    // Nothing may be written between the check of the requirements and the write, so commits come one at a time.
    const std::lock_guard lock(commit_mutex_);
    KOBLING_RETURN_IF_ERROR(database_->failure->Check());
    for (const WriteBatch::Requirement& requirement : batch.requirements()) {
      KOBLING_ASSIGN_OR_RETURN(const std::optional<std::string> found, Get(requirement.family, requirement.key));
      if (found != requirement.value) {
        return MakeError(Reason::kPreconditionFailed);
      }
    }
    if (batch.size() == 0) {
      return absl::OkStatus();
    }
    rocksdb::WriteBatch changes = MakeRocksDbBatch(batch.bytes() + kBytesAroundChange * batch.size());
    rocksdb::Status status = Translate(batch, changes);
    if (status.ok()) {
      status = database_->db->Write(WriteSettings(), &changes);
    }
    if (!status.ok()) {
      database_->failure->Set(status);
    }
    return database_->failure->Check();
  }

  absl::Status Purge(Family family) override {
    KOBLING_RETURN_IF_ERROR(database_->failure->Check());
    // The log holds old values too. It goes once every family is in tables, so all are flushed.
    rocksdb::Status status = database_->db->Flush(rocksdb::FlushOptions(), database_->handles);
    if (status.ok()) {
      rocksdb::CompactRangeOptions options;
      options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
      options.exclusive_manual_compaction = false;
      status = database_->db->CompactRange(options, database_->HandleOf(family), nullptr, nullptr);
    }
    if (!status.ok()) {
      database_->failure->Set(status);
    }
    return database_->failure->Check();
  }

  absl::StatusOr<std::uint64_t> ApproximateBytes(Family family) const override {
    KOBLING_RETURN_IF_ERROR(database_->failure->Check());
    std::uint64_t tables = 0;
    std::uint64_t buffers = 0;
    rocksdb::ColumnFamilyHandle* handle = database_->HandleOf(family);
    if (!database_->db->GetIntProperty(handle, rocksdb::DB::Properties::kLiveSstFilesSize, &tables) ||
        !database_->db->GetIntProperty(handle, rocksdb::DB::Properties::kCurSizeAllMemTables, &buffers)) {
      return MakeError(Reason::kStorageUnavailable);
    }
    return tables + buffers;
  }

 private:
  // RocksDB's tag, family and two lengths, with the checksum beside it.
  static constexpr std::size_t kBytesAroundChange = 24;

  rocksdb::Status Translate(const WriteBatch& batch, rocksdb::WriteBatch& changes) const {
    // Above every key that is allowed: RocksDB's ranges always have an end.
    const std::string above_all_keys(kMaxKeyBytes + 1, '\xff');
    rocksdb::Status status;
    for (const WriteBatch::Change& change : batch.changes()) {
      rocksdb::ColumnFamilyHandle* handle = database_->HandleOf(change.family);
      switch (change.kind) {
        case WriteBatch::Kind::kPut:
          status = changes.Put(handle, ToSlice(change.key), ToSlice(change.value));
          break;
        case WriteBatch::Kind::kDelete:
          status = changes.Delete(handle, ToSlice(change.key));
          break;
        case WriteBatch::Kind::kDeleteRange:
          if (!KeyRange{change.key, change.value}.IsEmpty()) {
            const std::string& end = change.value.empty() ? above_all_keys : change.value;
            status = changes.DeleteRange(handle, ToSlice(change.key), ToSlice(end));
          }
          break;
      }
      if (!status.ok()) {
        return status;
      }
    }
    return status;
  }

  std::mutex commit_mutex_;
  std::unique_ptr<Database> database_;
};

constexpr std::string_view kSchemaKey = "schema_version";

absl::Status OpenError(const rocksdb::Status& status, const std::filesystem::path& folder) {
  const Reason reason = status.IsCorruption() ? Reason::kRecordCorrupt
                        : status.IsNoSpace()  ? Reason::kDiskFull
                                              : Reason::kStorageUnavailable;
  return MakeError(reason, {{DetailKey::kFile, folder.string()}});
}

// True if no family holds a row, the store's own included.
absl::StatusOr<bool> IsBlank(const Database& database) {
  for (rocksdb::ColumnFamilyHandle* handle : database.handles) {
    const std::unique_ptr<rocksdb::Iterator> rows(database.db->NewIterator({}, handle));
    rows->SeekToFirst();
    if (!rows->status().ok()) {
      return ReadError(rows->status());
    }
    if (rows->Valid()) {
      return false;
    }
  }
  return true;
}

// Compares the version in the database with ours; writes ours into a database that was just made.
absl::Status CheckSchema(const Database& database, const RocksDbOptions& options) {
  std::string found;
  const rocksdb::Status read = database.db->Get({}, database.own(), ToSlice(kSchemaKey), &found);
  const std::string ours = std::to_string(options.schema_version);
  if (read.IsNotFound()) {
    KOBLING_ASSIGN_OR_RETURN(const bool blank, IsBlank(database));
    if (!blank || options.mode == OpenMode::kMustExist) {
      return WrongFolder(options, "the database in the folder is not Kobling's");
    }
    const rocksdb::Status written =
        database.db->Put(WriteSettings(), database.own(), ToSlice(kSchemaKey), ToSlice(ours));
    return written.ok() ? absl::OkStatus() : OpenError(written, options.folder);
  }
  if (!read.ok()) {
    return OpenError(read, options.folder);
  }
  if (found == ours) {
    return absl::OkStatus();
  }
  // Versions are decimal without leading zeros: more digits is more.
  const auto is_above = [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a > b;
  };
  const bool newer = is_above(found, ours);
  if (!newer && !is_above(std::to_string(options.oldest_schema_version), found)) {
    const rocksdb::Status written =
        database.db->Put(WriteSettings(), database.own(), ToSlice(kSchemaKey), ToSlice(ours));
    return written.ok() ? absl::OkStatus() : OpenError(written, options.folder);
  }
  return MakeError(newer ? Reason::kDatabaseNewer : Reason::kConfiguration,
                   {{DetailKey::kFile, options.folder.string()}, {DetailKey::kState, "schema version " + found}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyValueStore>> OpenRocksDb(const RocksDbOptions& options) {
  auto database = std::make_unique<Database>();
  // The operating system's environment is RocksDB's own and is never destroyed.
  database->environment = options.environment != nullptr
                              ? options.environment
                              : std::shared_ptr<rocksdb::Env>(rocksdb::Env::Default(), [](rocksdb::Env*) {});
  const std::shared_ptr<rocksdb::FileSystem>& file_system = database->environment->GetFileSystem();
  KOBLING_RETURN_IF_ERROR(PrepareFolder(options, *file_system));

  rocksdb::DBOptions settings = DatabaseSettings(options.write_buffer_bytes);
  settings.create_if_missing = options.mode == OpenMode::kCreateIfMissing;
  settings.env = database->environment.get();
  settings.listeners = {std::make_shared<FailureListener>(database->failure)};

  const std::string folder = options.folder.string();
  if (file_system->FileExists(folder + "/CURRENT", {}, nullptr).ok()) {
    std::vector<std::string> names;
    const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(settings, folder, &names);
    if (!listed.ok()) {
      return OpenError(listed, options.folder);
    }
    KOBLING_RETURN_IF_ERROR(CheckFamilyNames(options, names));
    if (const LogTail tail = CheckLogTails(options.folder); tail != LogTail::kWholeOrTorn) {
      return MakeError(tail == LogTail::kDamaged ? Reason::kRecordCorrupt : Reason::kStorageUnavailable,
                       {{DetailKey::kFile, folder}});
    }
  }

  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const Family family : kAllFamilies) {
    families.emplace_back(std::string(NameOf(family)), FamilySettings(family, options.write_buffer_bytes, cache));
  }
  families.emplace_back(rocksdb::kDefaultColumnFamilyName,
                        FamilySettings(Family::kMeta, options.write_buffer_bytes, cache));
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(settings, folder, families, &database->handles, &opened);
  if (!status.ok()) {
    return OpenError(status, options.folder);
  }
  database->db.reset(opened);
  KOBLING_RETURN_IF_ERROR(CheckSchema(*database, options));
  return std::make_unique<RocksDbKeyValueStore>(std::move(database));
}

}  // namespace kobling::storage
