// The embedded, durable key-value store: RocksDB in one folder of the local disk, for one process at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "storage/key_value_store.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace kobling::storage {

// The version of the families and of all row formats that this program reads and writes.
inline constexpr std::uint32_t kSchemaVersion = 3;

enum class OpenMode : std::uint8_t {
  kMustExist,        // CONFIGURATION if there is no database; never creates one, so a wrong path cannot start empty
  kCreateIfMissing,  // makes the folder (mode 0700; its parent must exist) and the database in it
};

struct RocksDbOptions {
  std::filesystem::path folder;
  OpenMode mode = OpenMode::kMustExist;
  // Memory for tables that were read, indexes included. More makes reads of a large database faster.
  std::size_t cache_bytes = std::size_t{128} << 20;
  // Memory for rows not yet in tables, all families together; the log replayed at start is at most about twice this.
  // A batch may be larger than this.
  std::size_t write_buffer_bytes = std::size_t{128} << 20;
  std::uint32_t schema_version = kSchemaVersion;
  // A database of this schema or a later one becomes one of schema_version when it is opened: nothing but families was
  // added since. Version 2 added reservations.
  std::uint32_t oldest_schema_version = 1;
  // Files and time; null is the operating system's. For tests that lose power or break writes.
  std::shared_ptr<rocksdb::Env> environment = nullptr;
};

// Opens the database, replaying what was committed since tables were last written. Errors name the folder:
// - CONFIGURATION: no database, or a folder that is not empty and holds something else, or an older schema
// - FILE_MODE: the folder is open to group or others
// - DATABASE_NEWER: written by a newer version of Kobling; nothing was changed
// - RECORD_CORRUPT: the files are damaged. Acknowledged commits are never dropped to get the database open.
// - STORAGE_UNAVAILABLE, DISK_FULL: another process has the database open, or files cannot be read or written
absl::StatusOr<std::unique_ptr<KeyValueStore>> OpenRocksDb(const RocksDbOptions& options);

}  // namespace kobling::storage
