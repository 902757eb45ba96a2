// Damaged files: a torn end of the log is dropped, everything else is reported; wrong data is never served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "domain/error.h"
#include "storage/rocksdb_key_value_store.h"
#include "storage/test_folder.h"
#include "tests/conformance/store_reading.h"
#include "tests/conformance/test_length.h"

namespace kobling::tests {
namespace {

namespace fs = std::filesystem;
using domain::Reason;
using storage::Family;
using storage::KeyValueStore;
using storage::OpenMode;
using storage::WriteBatch;

std::string ContentOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void Write(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

// A database that was closed, and copies of it to damage.
class Corruption : public testing::Test {
 protected:
  static absl::StatusOr<std::unique_ptr<KeyValueStore>> Open(const fs::path& path) {
    return storage::OpenRocksDb({.folder = path, .mode = OpenMode::kCreateIfMissing});
  }

  // A fresh copy of the database, in place of the copy before.
  fs::path Copy() const {
    const fs::path copy = folder_.path() / "copy";
    fs::remove_all(copy);
    fs::copy(database_, copy, fs::copy_options::recursive);
    fs::permissions(copy, fs::perms::owner_all);
    return copy;
  }

  // The write-ahead log that holds all commits since the database was made.
  fs::path Log(const fs::path& database) const {
    fs::path log;
    for (const fs::directory_entry& entry : fs::directory_iterator(database)) {
      if (entry.path().extension() == ".log" && (log.empty() || entry.path() > log)) {
        log = entry.path();
      }
    }
    return log;
  }

  // Commits rows with these numbers, one batch each, every row in two families.
  static void CommitRows(KeyValueStore& store, int first, int last) {
    for (int row = first; row < last; ++row) {
      WriteBatch batch;
      batch.Put(Family::kMeta, KeyOf(row), ValueOfRow(row));
      batch.Put(Family::kEvents, KeyOf(row), ValueOfRow(row));
      ASSERT_THAT(store.Commit(batch), IsOk());
    }
  }
  static std::string KeyOf(int row) { return "row " + std::to_string(10'000 + row); }
  static std::string ValueOfRow(int row) { return "value of row " + std::to_string(row) + std::string(row % 40, '.'); }

  // Whether the family holds exactly the rows from 0 up to this number.
  static bool HoldsRows(const KeyValueStore& store, Family family, int last) {
    Rows expected;
    for (int row = 0; row < last; ++row) {
      expected.emplace_back(KeyOf(row), ValueOfRow(row));
    }
    return RowsOf(store, family) == expected;
  }

  storage::TestFolder folder_;
  const fs::path database_ = folder_.path() / "database";
};

TEST_F(Corruption, AnyFlippedBitInTheLogIsReported) {
  constexpr int kRows = 1'000;
  {
    auto store = Open(database_);
    ASSERT_THAT(store, IsOk());
    CommitRows(**store, 0, kRows);
  }
  const std::string log = ContentOf(Log(database_));
  ASSERT_GT(log.size(), 100'000u) << "several blocks";
  const std::uint64_t seed = Seeds(1, 1).front();
  std::mt19937_64 random(seed);
  const auto expect_refused = [&](std::size_t byte, int bit) {
    const fs::path copy = Copy();
    std::string damaged = log;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
    Write(Log(copy), damaged);
    EXPECT_THAT(Open(copy), FailsWith(Reason::kRecordCorrupt))
        << "seed " << seed << ", byte " << byte << ", bit " << bit;
  };
  for (int i = 0; i < (LongTests() ? 3'000 : 30); ++i) {
    expect_refused(random() % log.size(), static_cast<int>(random() % 8));
  }
  // The headers of the last block are where a damaged length could pass for a torn write. Walk to a few of them.
  std::vector<std::size_t> headers;
  constexpr std::size_t kBlock = 32'768;
  for (std::size_t at = log.size() / kBlock * kBlock; at + 7 <= log.size();) {
    headers.push_back(at);
    at += 7 + static_cast<unsigned char>(log[at + 4]) + 256u * static_cast<unsigned char>(log[at + 5]);
  }
  ASSERT_GT(headers.size(), 10u);
  for (const std::size_t header : {headers[0], headers[1], headers[headers.size() / 2], headers.back()}) {
    for (int bit = 0; bit < 16; ++bit) {
      expect_refused(header + 4 + bit / 8, bit % 8);
    }
  }
}

TEST_F(Corruption, LogTornInItsLastBatchLosesThatBatchAlone) {
  constexpr int kRows = 50;
  {
    auto store = Open(database_);
    ASSERT_THAT(store, IsOk());
    CommitRows(**store, 0, kRows - 1);
  }
  const std::size_t before = fs::file_size(Log(database_));
  // Opening starts a new log, so the whole database is made again with one more row.
  fs::remove_all(database_);
  {
    auto store = Open(database_);
    ASSERT_THAT(store, IsOk());
    CommitRows(**store, 0, kRows);
  }
  const std::string log = ContentOf(Log(database_));
  ASSERT_GT(log.size(), before);
  for (std::size_t size = before; size <= log.size(); ++size) {
    const fs::path copy = Copy();
    Write(Log(copy), log.substr(0, size));
    auto store = Open(copy);
    ASSERT_TRUE(store.ok()) << store.status() << " at " << size;
    const int expected = size == log.size() ? kRows : kRows - 1;
    EXPECT_TRUE(HoldsRows(**store, Family::kMeta, expected)) << "cut at " << size;
    EXPECT_TRUE(HoldsRows(**store, Family::kEvents, expected)) << "cut at " << size;
  }
}

// A whole national load in one batch: 30 MB in three families.
class LargeBatch : public Corruption {
 protected:
  static constexpr int kRows = 20;
  static constexpr int kBlocks = 24'000;
  static constexpr std::size_t kBlockBytes = 1'300;

  void SetUp() override {
    auto store = Open(database_);
    ASSERT_THAT(store, IsOk());
    CommitRows(**store, 0, kRows);
    small_ = fs::file_size(Log(database_));
    std::mt19937_64 random(1);
    WriteBatch batch;
    batch.Put(Family::kLedger, "load", "done");
    for (int block = 0; block < kBlocks; ++block) {
      std::string value(kBlockBytes, '\0');
      for (std::size_t i = 0; i < value.size(); i += sizeof(std::uint64_t)) {
        const std::uint64_t noise = random();
        value.replace(i, std::min(sizeof noise, value.size() - i), reinterpret_cast<const char*>(&noise),
                      std::min(sizeof noise, value.size() - i));
      }
      batch.Put(Family::kIdentifiers, KeyOf(block), std::move(value));
    }
    batch.Put(Family::kMeta, "loaded", "1");
    ASSERT_THAT((*store)->Commit(batch), IsOk());
    log_ = ContentOf(Log(database_));
    ASSERT_GT(log_.size(), 30'000'000u);
  }

  enum class Found { kNothing, kAll, kPart };
  static Found FoundIn(const KeyValueStore& store) {
    const std::size_t blocks = KeysOf(store, Family::kIdentifiers).size();
    const bool begin = ValueOf(store, Family::kLedger, "load").has_value();
    const bool end = ValueOf(store, Family::kMeta, "loaded").has_value();
    if (!begin && !end && blocks == 0) {
      return Found::kNothing;
    }
    return begin && end && blocks == kBlocks ? Found::kAll : Found::kPart;
  }

  std::size_t small_ = 0;
  std::string log_;
};

TEST_F(LargeBatch, TornAnywhereIsAbsentAsAWhole) {
  const std::uint64_t seed = Seeds(1, 1).front();
  std::mt19937_64 random(seed);
  constexpr std::size_t kBlock = 32'768;
  std::vector<std::size_t> cuts = {small_,       small_ + 1,       small_ + 8,     100 * kBlock - 1,
                                   100 * kBlock, 100 * kBlock + 7, log_.size() - 1};
  for (int i = 0; i < (LongTests() ? 300 : 5); ++i) {
    cuts.push_back(small_ + random() % (log_.size() - small_));
  }
  for (const std::size_t cut : cuts) {
    const fs::path copy = Copy();
    fs::resize_file(Log(copy), cut);
    auto store = Open(copy);
    ASSERT_TRUE(store.ok()) << store.status() << " cut at " << cut << ", seed " << seed;
    EXPECT_EQ(FoundIn(**store), Found::kNothing) << "cut at " << cut << ", seed " << seed;
    EXPECT_TRUE(HoldsRows(**store, Family::kEvents, kRows)) << "cut at " << cut << ", seed " << seed;
  }
  auto store = Open(Copy());
  ASSERT_THAT(store, IsOk());
  EXPECT_EQ(FoundIn(**store), Found::kAll);
}

// A disk may write the pages of an interrupted batch in any order. Opening may then refuse, since what is left cannot
// be told from damage to something acknowledged; a part of the batch is never served.
TEST_F(LargeBatch, WithPagesThatWereNeverWrittenIsRefusedOrAbsent) {
  const std::uint64_t seed = Seeds(1, 1).front();
  std::mt19937_64 random(seed);
  constexpr std::size_t kPage = 4'096;
  for (int i = 0; i < (LongTests() ? 300 : 5); ++i) {
    const fs::path copy = Copy();
    std::string log = log_;
    for (std::size_t holes = 1 + random() % 4; holes > 0; --holes) {
      const std::size_t page = (small_ / kPage + 1 + random() % ((log.size() - small_) / kPage - 1)) * kPage;
      std::fill_n(log.begin() + static_cast<std::ptrdiff_t>(page), std::min(kPage, log.size() - page), '\0');
    }
    Write(Log(copy), log);
    const auto store = Open(copy);
    if (store.ok()) {
      EXPECT_EQ(FoundIn(**store), Found::kNothing) << "seed " << seed << ", round " << i;
      EXPECT_TRUE(HoldsRows(**store, Family::kEvents, kRows)) << "seed " << seed << ", round " << i;
    } else {
      EXPECT_THAT(store, FailsWith(Reason::kRecordCorrupt)) << "seed " << seed << ", round " << i;
    }
  }
}

TEST_F(Corruption, FlippedBitInAnyFileNeverGivesWrongRows) {
  constexpr int kRows = 400;
  {
    auto store = Open(database_);
    ASSERT_THAT(store, IsOk());
    CommitRows(**store, 0, kRows / 2);
    ASSERT_THAT((*store)->Purge(Family::kMeta), IsOk());
    CommitRows(**store, kRows / 2, kRows);
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(database_)) {
    const std::string name = entry.path().filename().string();
    // LOG is text for people; the lock is empty.
    if (!name.starts_with("LOG") && entry.file_size() > 0) {
      files.push_back(entry.path().filename());
    }
  }
  const std::uint64_t seed = Seeds(1, 1).front();
  std::mt19937_64 random(seed);
  int detected = 0;
  for (int i = 0; i < (LongTests() ? 10'000 : 100); ++i) {
    const fs::path copy = Copy();
    const fs::path file = files[random() % files.size()];
    std::string content = ContentOf(copy / file);
    const std::size_t byte = random() % content.size();
    content[byte] = static_cast<char>(content[byte] ^ (1 << random() % 8));
    Write(copy / file, content);
    const auto store = Open(copy);
    if (!store.ok()) {
      ++detected;
      continue;
    }
    for (const Family family : {Family::kMeta, Family::kEvents}) {
      auto rows = (*store)->Scan(family, {});
      ASSERT_THAT(rows, IsOk());
      int row = 0;
      for (; (*rows)->Valid(); (*rows)->Next(), ++row) {
        ASSERT_EQ((*rows)->key(), KeyOf(row)) << file << ", byte " << byte << ", seed " << seed;
        ASSERT_EQ((*rows)->value(), ValueOfRow(row)) << file << ", byte " << byte << ", seed " << seed;
      }
      if ((*rows)->status().ok()) {
        EXPECT_EQ(row, kRows) << file << ", byte " << byte << ", seed " << seed;
      } else {
        EXPECT_THAT((*rows)->status(), FailsWith(Reason::kRecordCorrupt));
        ++detected;
      }
    }
  }
  EXPECT_GT(detected, 0);
}

}  // namespace
}  // namespace kobling::tests
