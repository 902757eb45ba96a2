// What must hold of a folder before RocksDB may open it: ours, private, and in nobody else's hands.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "storage/rocksdb_key_value_store.h"

namespace rocksdb {
class FileSystem;
}  // namespace rocksdb

namespace kobling::storage {

// Makes the folder if the mode allows it, and checks it as OpenRocksDb promises. Afterwards the folder is empty, holds
// a creation that was cut short, or holds a RocksDB database that no process had open a moment ago.
absl::Status PrepareFolder(const RocksDbOptions& options, rocksdb::FileSystem& file_system);

// Checks the names of the families in an existing database: one without ours is not Kobling's, one with others is
// newer.
absl::Status CheckFamilyNames(const RocksDbOptions& options, const std::vector<std::string>& names);

// CONFIGURATION for this folder; the hint says what is wrong with it.
absl::Status WrongFolder(const RocksDbOptions& options, std::string hint);

}  // namespace kobling::storage
