#include "storage/rocksdb_settings.h"

#include <rocksdb/advanced_options.h>
#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <utility>

namespace kobling::storage {
namespace {

// Sealed values look random and do not compress; records in the clear do.
rocksdb::CompressionType CompressionOf(Family family) {
  switch (family) {
    case Family::kIdentifiers:
    case Family::kSets:
    case Family::kKeys:
    case Family::kSeries:
    case Family::kIdentity:
    case Family::kSubjects:
      return rocksdb::kNoCompression;
    case Family::kMeta:
    case Family::kRegisters:
    case Family::kProjects:
    case Family::kEvents:
    case Family::kLedger:
    case Family::kCallers:
    case Family::kReservations:
      return rocksdb::kZSTD;
  }
  return rocksdb::kNoCompression;
}

}  // namespace

rocksdb::DBOptions DatabaseSettings(std::size_t write_buffer_bytes) {
  rocksdb::DBOptions options;
  // A family that is missing comes from a creation that was cut short, or is newer than the database.
  options.create_missing_column_families = true;

  // Opening refuses a log with a damaged middle. The default stops there in silence and drops every later write,
  // acknowledged or not. A torn last record is what an interrupted, unacknowledged write looks like, and is dropped.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // Recycled logs would make old records look like a torn tail.
  options.recycle_log_file_num = 0;
  // Wrong "missing log" errors after SyncWAL before RocksDB 7.10.
  options.track_and_verify_wals_in_manifest = false;
  options.manual_wal_flush = false;
  options.unordered_write = false;
  options.two_write_queues = false;
  options.enable_pipelined_write = false;
  // The log is always on, so families need not be flushed together.
  options.atomic_flush = false;
  // Never resume after a failed write: what a failed sync left in the page cache may be gone although the next sync
  // reports success.
  options.max_bgerror_resume_count = 0;

  options.paranoid_checks = true;
  options.verify_sst_unique_id_in_manifest = true;
  options.flush_verify_memtable_count = true;
  // A checksum of each whole table file in the manifest, for scrubbing and backups.
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();

  options.allow_mmap_reads = false;
  options.allow_mmap_writes = false;

  options.db_write_buffer_size = write_buffer_bytes;
  // Bounds the log that is replayed at start, and with it the time to start.
  options.max_total_wal_size = 2 * write_buffer_bytes;
  // A national load is a few dozen tables; the bound is for what nobody planned.
  options.max_open_files = 512;
  options.max_background_jobs = 2;
  // Tables go to disk as they are written, not in one burst at their sync.
  options.bytes_per_sync = std::size_t{1} << 20;

  // RocksDB's own log, inside the folder: warnings and errors only, small, and no keys at this level.
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_log_file_size = std::size_t{1} << 20;
  options.keep_log_file_num = 4;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions FamilySettings(Family family, std::size_t write_buffer_bytes,
                                            std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.block_size = std::size_t{16} << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.optimize_filters_for_memory = true;
  // Indexes and filters live in the cache, so that the cache bounds all memory of tables.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = CompressionOf(family);
  options.write_buffer_size = write_buffer_bytes / 2;
  options.max_write_buffer_number = 3;
  options.level_compaction_dynamic_level_bytes = true;
  options.force_consistency_checks = true;
  // Each new table is read back and compared before the log behind it may go.
  options.paranoid_file_checks = true;
  return options;
}

rocksdb::WriteOptions WriteSettings() {
  rocksdb::WriteOptions options;
  options.sync = true;
  options.disableWAL = false;
  return options;
}

rocksdb::WriteBatch MakeRocksDbBatch(std::size_t reserved_bytes) {
  // Each row carries a checksum from here to the log and the memtable.
  constexpr std::size_t kProtectionBytesPerKey = 8;
  return rocksdb::WriteBatch(reserved_bytes, /*max_bytes=*/0, kProtectionBytesPerKey, /*default_cf_ts_sz=*/0);
}

}  // namespace kobling::storage
