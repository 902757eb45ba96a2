// What is RocksDB's own: the folder, the schema version, the lock, and what stays on disk.
#include "storage/rocksdb_key_value_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "domain/error.h"
#include "storage/test_folder.h"

namespace kobling::storage {
namespace {

namespace fs = std::filesystem;
using domain::Reason;
using domain::ReasonOf;
using testing::HasSubstr;

class RocksDbTest : public testing::Test {
 protected:
  RocksDbOptions Options(OpenMode mode) const {
    return {.folder = database_, .mode = mode, .cache_bytes = 1 << 20, .write_buffer_bytes = 1 << 20};
  }
  absl::StatusOr<std::unique_ptr<KeyValueStore>> Open(OpenMode mode = OpenMode::kMustExist) const {
    return OpenRocksDb(Options(mode));
  }
  void Create() const { ASSERT_TRUE(Open(OpenMode::kCreateIfMissing).ok()); }

  // How often the text stands in any file of the database.
  int CountOnDisk(const std::string& text) const {
    int count = 0;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(database_)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      for (std::size_t at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
        ++count;
      }
    }
    return count;
  }

  TestFolder parent_;
  const fs::path database_ = parent_.path() / "database";
};

MATCHER_P(FailsNamingTheFolder, reason, "") {
  return ReasonOf(arg.status()) == reason && std::string(arg.status().message()).find("/database") != std::string::npos;
}

TEST_F(RocksDbTest, MissingFolderIsNotMadeUnlessAsked) {
  EXPECT_THAT(Open(), FailsNamingTheFolder(Reason::kConfiguration));
  EXPECT_FALSE(fs::exists(database_));
}

TEST_F(RocksDbTest, EmptyFolderIsNoDatabaseUnlessAsked) {
  fs::create_directory(database_);
  fs::permissions(database_, fs::perms::owner_all);
  EXPECT_THAT(Open(), FailsNamingTheFolder(Reason::kConfiguration));
  EXPECT_TRUE(fs::is_empty(database_));
  EXPECT_TRUE(Open(OpenMode::kCreateIfMissing).ok());
}

TEST_F(RocksDbTest, CreatedFolderIsForItsOwnerAlone) {
  Create();
  EXPECT_EQ(fs::status(database_).permissions(), fs::perms::owner_all);
}

TEST_F(RocksDbTest, FolderOpenToOthersIsRefused) {
  Create();
  for (const fs::perms extra : {fs::perms::group_write, fs::perms::others_exec}) {
    fs::permissions(database_, fs::perms::owner_all | extra);
    EXPECT_THAT(Open(), FailsNamingTheFolder(Reason::kFileMode));
  }
  fs::permissions(database_, fs::perms::owner_all);
  EXPECT_TRUE(Open().ok());
}

TEST_F(RocksDbTest, FolderWithOtherThingsIsLeftAlone) {
  fs::create_directory(database_);
  fs::permissions(database_, fs::perms::owner_all);
  std::ofstream(database_ / "letter.txt") << "dear reader";
  EXPECT_THAT(Open(OpenMode::kCreateIfMissing), FailsNamingTheFolder(Reason::kConfiguration));
  EXPECT_EQ(std::distance(fs::directory_iterator(database_), fs::directory_iterator()), 1);
}

TEST_F(RocksDbTest, FileInPlaceOfTheFolderIsRefused) {
  std::ofstream(database_) << "a file";
  EXPECT_THAT(Open(OpenMode::kCreateIfMissing), FailsNamingTheFolder(Reason::kConfiguration));
}

TEST_F(RocksDbTest, FolderInAMissingFolderIsNotMade) {
  RocksDbOptions options = Options(OpenMode::kCreateIfMissing);
  options.folder = parent_.path() / "missing" / "database";
  EXPECT_THAT(OpenRocksDb(options), FailsNamingTheFolder(Reason::kStorageUnavailable));
}

TEST_F(RocksDbTest, CreateOpensWhatIsThere) {
  Create();
  {
    auto store = Open();
    ASSERT_TRUE(store.ok());
    WriteBatch batch;
    batch.Put(Family::kMeta, "key", "value");
    ASSERT_TRUE((*store)->Commit(batch).ok());
  }
  auto store = Open(OpenMode::kCreateIfMissing);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(**(*store)->Get(Family::kMeta, "key"), "value");
}

TEST_F(RocksDbTest, SecondOpenWhileInUseSaysSo) {
  const auto store = Open(OpenMode::kCreateIfMissing);
  ASSERT_TRUE(store.ok());
  const auto second = Open();
  EXPECT_THAT(second, FailsNamingTheFolder(Reason::kStorageUnavailable));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another process has the database open"));
}

TEST_F(RocksDbTest, NewerDatabaseIsRefusedAndKept) {
  RocksDbOptions newer = Options(OpenMode::kCreateIfMissing);
  newer.schema_version = kSchemaVersion + 9;
  ASSERT_TRUE(OpenRocksDb(newer).ok());
  EXPECT_THAT(Open(), FailsNamingTheFolder(Reason::kDatabaseNewer));
  EXPECT_THAT(Open(OpenMode::kCreateIfMissing), FailsNamingTheFolder(Reason::kDatabaseNewer));
  newer.mode = OpenMode::kMustExist;
  EXPECT_TRUE(OpenRocksDb(newer).ok());
}

TEST_F(RocksDbTest, OlderDatabaseOfARangeThatCanBeReadIsTakenOver) {
  RocksDbOptions older = Options(OpenMode::kCreateIfMissing);
  older.schema_version = 1;
  {
    auto store = OpenRocksDb(older);
    ASSERT_TRUE(store.ok());
    WriteBatch batch;
    batch.Put(Family::kRegisters, "NPR", "kept");
    ASSERT_TRUE((*store)->Commit(batch).ok());
  }
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ(**(*store)->Get(Family::kRegisters, "NPR"), "kept");
  }
  older.mode = OpenMode::kMustExist;
  EXPECT_THAT(OpenRocksDb(older), FailsNamingTheFolder(Reason::kDatabaseNewer));
}

TEST_F(RocksDbTest, OlderDatabaseIsRefusedAndKept) {
  Create();
  RocksDbOptions newer = Options(OpenMode::kMustExist);
  newer.schema_version = kSchemaVersion + 1;
  newer.oldest_schema_version = kSchemaVersion + 1;
  EXPECT_THAT(OpenRocksDb(newer), FailsNamingTheFolder(Reason::kConfiguration));
  EXPECT_TRUE(Open().ok());
}

TEST_F(RocksDbTest, CreationThatWasCutShortIsTakenUpAgain) {
  fs::create_directory(database_);
  fs::permissions(database_, fs::perms::owner_all);
  for (const char* leftover : {"LOCK", "LOG", "IDENTITY", "MANIFEST-000001", "000001.dbtmp"}) {
    std::ofstream(database_ / leftover) << "";
  }
  EXPECT_THAT(Open(), FailsNamingTheFolder(Reason::kConfiguration));
  EXPECT_TRUE(Open(OpenMode::kCreateIfMissing).ok());
  EXPECT_TRUE(Open().ok());
}

TEST_F(RocksDbTest, BatchLargerThanTheWriteBufferIsCommitted) {
  Create();
  {
    auto store = Open();
    ASSERT_TRUE(store.ok());
    for (int round = 0; round < 3; ++round) {
      WriteBatch batch;
      for (int row = 0; row < 10; ++row) {
        batch.Put(Family::kSets, std::to_string(round) + std::to_string(row), std::string(1 << 20, 'v'));
      }
      ASSERT_TRUE((*store)->Commit(batch).ok());
    }
  }
  auto store = Open();
  ASSERT_TRUE(store.ok());
  auto rows = (*store)->Scan(Family::kSets, KeyRange::All());
  ASSERT_TRUE(rows.ok());
  int count = 0;
  for (; (*rows)->Valid(); (*rows)->Next()) {
    EXPECT_EQ((*rows)->value().size(), std::size_t{1} << 20);
    ++count;
  }
  EXPECT_TRUE((*rows)->status().ok());
  EXPECT_EQ(count, 30);
}

TEST_F(RocksDbTest, PurgedValuesAreInNoFile) {
  const std::string secret = "wrapped key that must go";
  auto store = Open(OpenMode::kCreateIfMissing);
  ASSERT_TRUE(store.ok());
  WriteBatch batch;
  batch.Put(Family::kKeys, "destroyed", secret + " 1");
  batch.Put(Family::kKeys, "overwritten", secret + " 2");
  batch.Put(Family::kKeys, "in a range", secret + " 3");
  batch.Put(Family::kKeys, "kept", "wrapped key that stays");
  ASSERT_TRUE((*store)->Commit(batch).ok());
  // Some of it in tables already, as after weeks of work.
  ASSERT_TRUE((*store)->Purge(Family::kMeta).ok());
  WriteBatch destruction;
  destruction.Delete(Family::kKeys, "destroyed");
  destruction.Put(Family::kKeys, "overwritten", "wrapped key that stays");
  destruction.DeleteRange(Family::kKeys, KeyRange::Prefix("in"));
  ASSERT_TRUE((*store)->Commit(destruction).ok());
  EXPECT_GT(CountOnDisk(secret), 0);
  ASSERT_TRUE((*store)->Purge(Family::kKeys).ok());
  EXPECT_EQ(CountOnDisk(secret), 0);
  EXPECT_EQ(CountOnDisk("wrapped key that stays"), 2);
}

TEST_F(RocksDbTest, PurgeDropsWhatASnapshotHeldOntoTheLastTime) {
  const std::string secret = "wrapped key that must go";
  auto store = Open(OpenMode::kCreateIfMissing);
  ASSERT_TRUE(store.ok());
  WriteBatch batch;
  batch.Put(Family::kKeys, "destroyed", secret);
  ASSERT_TRUE((*store)->Commit(batch).ok());
  {
    const auto snapshot = (*store)->TakeSnapshot();
    ASSERT_TRUE(snapshot.ok());
    WriteBatch destruction;
    destruction.Delete(Family::kKeys, "destroyed");
    ASSERT_TRUE((*store)->Commit(destruction).ok());
    ASSERT_TRUE((*store)->Purge(Family::kKeys).ok());
    EXPECT_GT(CountOnDisk(secret), 0);
  }
  ASSERT_TRUE((*store)->Purge(Family::kKeys).ok());
  EXPECT_EQ(CountOnDisk(secret), 0);
}

TEST_F(RocksDbTest, KeysAreNotInTheLogOfRocksDb) {
  {
    auto store = Open(OpenMode::kCreateIfMissing);
    ASSERT_TRUE(store.ok());
    for (int round = 0; round < 3; ++round) {
      WriteBatch batch;
      batch.Put(Family::kSets, "marked-key", std::string(100'000, 'v'));
      ASSERT_TRUE((*store)->Commit(batch).ok());
      ASSERT_TRUE((*store)->Purge(Family::kSets).ok());
    }
  }
  int logs = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(database_)) {
    if (entry.path().filename().string().starts_with("LOG")) {
      ++logs;
      std::ifstream file(entry.path());
      const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      EXPECT_EQ(text.find("marked"), std::string::npos);
      EXPECT_EQ(text.find("6D61726B6564"), std::string::npos);
    }
  }
  EXPECT_GT(logs, 0);
}

}  // namespace
}  // namespace kobling::storage
