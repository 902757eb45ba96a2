// How RocksDB is set up for Kobling. The reason for each setting stands beside it in the .cc and in docs/storage.md.
#pragma once

#include <cstddef>
#include <memory>

#include "storage/key_value_store.h"

namespace rocksdb {
class Cache;
class WriteBatch;
struct ColumnFamilyOptions;
struct DBOptions;
struct ReadOptions;
struct WriteOptions;
}  // namespace rocksdb

namespace kobling::storage {

// Settings of the whole database. Unflushed rows of all families together take about `write_buffer_bytes` of memory.
rocksdb::DBOptions DatabaseSettings(std::size_t write_buffer_bytes);

// Settings of one family. All families share the cache.
rocksdb::ColumnFamilyOptions FamilySettings(Family family, std::size_t write_buffer_bytes,
                                            std::shared_ptr<rocksdb::Cache> cache);

rocksdb::WriteOptions WriteSettings();

// An empty batch with room for that many bytes.
rocksdb::WriteBatch MakeRocksDbBatch(std::size_t reserved_bytes);

}  // namespace kobling::storage
