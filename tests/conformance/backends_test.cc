// Which stores pass the suite.
#include <filesystem>
#include <utility>

#include "storage/memory_key_value_store.h"
#include "storage/rocksdb_key_value_store.h"
#include "storage/test_folder.h"
#include "tests/conformance/key_value_store_conformance.h"

namespace kobling::tests {
namespace {

class MemoryBackend final : public Backend {
 public:
  absl::StatusOr<std::unique_ptr<storage::KeyValueStore>> Open() override {
    return std::make_unique<storage::MemoryKeyValueStore>();
  }
};

class RocksDbBackend final : public Backend {
 public:
  explicit RocksDbBackend(std::size_t write_buffer_bytes) : write_buffer_bytes_(write_buffer_bytes) {}

  absl::StatusOr<std::unique_ptr<storage::KeyValueStore>> Open() override {
    const auto mode = std::exchange(mode_, storage::OpenMode::kMustExist);
    return storage::OpenRocksDb({.folder = folder_.path() / "database",
                                 .mode = mode,
                                 .cache_bytes = std::size_t{1} << 20,
                                 .write_buffer_bytes = write_buffer_bytes_});
  }

 private:
  storage::TestFolder folder_;
  std::size_t write_buffer_bytes_;
  storage::OpenMode mode_ = storage::OpenMode::kCreateIfMissing;
};

Candidate RocksDb(std::string name, std::size_t write_buffer_bytes, Reopening reopening) {
  return {.make = [write_buffer_bytes] { return std::make_unique<RocksDbBackend>(write_buffer_bytes); },
          .reopening = reopening,
          .name = std::move(name)};
}

std::string NameOfParam(const testing::TestParamInfo<Candidate>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Backends, KeyValueStoreConformance,
                         testing::Values(Candidate{.make = [] { return std::make_unique<MemoryBackend>(); },
                                                   .reopening = Reopening::kNever,
                                                   .name = "Memory"},
                                         RocksDb("RocksDb", std::size_t{64} << 20, Reopening::kNever),
                                         RocksDb("RocksDbReopened", std::size_t{64} << 20, Reopening::kBeforeReading),
                                         // Buffers so small that tables are written and merged all the time.
                                         RocksDb("RocksDbSmallBuffers", std::size_t{64} << 10,
                                                 Reopening::kBeforeReading)),
                         NameOfParam);

}  // namespace
}  // namespace kobling::tests
