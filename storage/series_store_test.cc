#include "storage/series_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "domain/error.h"
#include "storage/memory_key_value_store.h"
#include "storage/stores_testing.h"

namespace kobling::storage {
namespace {

using domain::Reason;
using domain::ReasonOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<SeriesRow> Rows(std::uint32_t count) {
  std::vector<SeriesRow> rows;
  for (std::uint32_t i = 0; i < count; ++i) {
    rows.push_back({i * 7, "S-" + std::to_string(i)});
  }
  return rows;
}

class SeriesStoreTest : public ::testing::Test {
 protected:
  void Put(const SeriesImportId& id, const std::vector<SeriesRow>& rows) {
    WriteBatch batch;
    SeriesStore::Put(id, rows, sealer_, batch);
    ASSERT_TRUE(store_.Commit(batch).ok());
  }
  void Change(const std::function<void(WriteBatch&)>& change) {
    WriteBatch batch;
    change(batch);
    ASSERT_TRUE(store_.Commit(batch).ok());
  }
  absl::StatusOr<std::vector<SeriesRow>> Load(const SeriesImportId& id) {
    return SeriesStore::Load(store_, id, sealer_);
  }
  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    const auto rows = store_.Scan(Family::kSeries, KeyRange::All()).value();
    for (; rows->Valid(); rows->Next()) {
      keys.emplace_back(rows->key());
    }
    return keys;
  }
  bool PurgeIsDue() { return store_.Get(Family::kMeta, "series/purge").value().has_value(); }

  std::unique_ptr<crypto::SecretArena> arena_ = TestArena();
  MemoryKeyValueStore store_;
  crypto::RecordSealer sealer_{TestKey(*arena_, 9)};
};

TEST_F(SeriesStoreTest, RowsComeBackAsTheyWerePut) {
  for (const std::uint32_t count : {0U, 1U, 999U, 1000U, 1001U, 2500U}) {
    Put({"P0001", "NPR", count + 1}, Rows(count));
    EXPECT_EQ(Load({"P0001", "NPR", count + 1}).value(), Rows(count)) << count;
  }
}

TEST_F(SeriesStoreTest, AProjectsRowsAreThoseOfAllItsImports) {
  Put({"P0001", "MFR", 1}, {{1, "a"}});
  Put({"P0001", "NPR", 1}, {{1, "a"}, {2, "b"}});
  Put({"P0001", "NPR", 2}, {{3, std::string(40, 'x')}});
  Put({"P00011", "NPR", 1}, {{4, "d"}});
  EXPECT_THAT(SeriesStore::LoadProject(store_, "P0001", sealer_).value(),
              ElementsAre(SeriesRow{1, "a"}, SeriesRow{1, "a"}, SeriesRow{2, "b"}, SeriesRow{3, std::string(40, 'x')}));
}

TEST_F(SeriesStoreTest, TheRowsStandInTheFormThatIsDocumented) {
  Put({"P0001", "NPR", 2}, {{0x01020304, "A7"}, {5, "B"}});
  const std::string key("P0001\0NPR\0\0\0\0\2\0\0\0\0", 18);
  ASSERT_THAT(Keys(), ElementsAre(key));
  const std::string sealed = store_.Get(Family::kSeries, key).value().value();
  EXPECT_EQ(sealer_.Open(sealed, {"kobling/v1/series" + std::string(1, '\0') + key}).value(),
            std::string("\1\2\3\4\2A7\0\0\0\5\1B", 13));
}

TEST_F(SeriesStoreTest, NoNumberStandsInTheClear) {
  Put({"P0001", "NPR", 1}, {{1, "OLD-SERIES-777"}});
  for (const std::string& key : Keys()) {
    EXPECT_THAT(store_.Get(Family::kSeries, key).value().value(), Not(HasSubstr("SERIES-777")));
  }
}

TEST_F(SeriesStoreTest, AnImportOrAProjectIsDeletedAndNothingElse) {
  Put({"P0001", "NPR", 1}, Rows(1500));
  Put({"P0001", "NPR", 2}, {{1, "a"}});
  Put({"P0001", "MFR", 1}, {{2, "b"}});
  Put({"P0002", "NPR", 1}, {{3, "c"}});
  Change([](WriteBatch& batch) { SeriesStore::Delete({"P0001", "NPR", 1}, batch); });
  EXPECT_THAT(Load({"P0001", "NPR", 1}).value(), IsEmpty());
  EXPECT_THAT(SeriesStore::LoadProject(store_, "P0001", sealer_).value(),
              ElementsAre(SeriesRow{2, "b"}, SeriesRow{1, "a"}));
  Change([](WriteBatch& batch) { SeriesStore::DeleteProject("P0001", batch); });
  EXPECT_THAT(SeriesStore::LoadProject(store_, "P0001", sealer_).value(), IsEmpty());
  EXPECT_THAT(Load({"P0002", "NPR", 1}).value(), ElementsAre(SeriesRow{3, "c"}));
}

TEST_F(SeriesStoreTest, WhatIsDeletedIsPurgedOnce) {
  Put({"P0001", "NPR", 1}, Rows(10));
  EXPECT_FALSE(PurgeIsDue());
  Change([](WriteBatch& batch) { SeriesStore::Delete({"P0001", "NPR", 1}, batch); });
  EXPECT_TRUE(PurgeIsDue());
  EXPECT_TRUE(SeriesStore::PurgeDeleted(store_).ok());
  EXPECT_FALSE(PurgeIsDue());
  EXPECT_TRUE(SeriesStore::PurgeDeleted(store_).ok());
}

TEST_F(SeriesStoreTest, ABlockThatWasMovedChangedOrIsMissingIsFound) {
  Put({"P0001", "NPR", 1}, Rows(2500));
  const std::vector<std::string> keys = Keys();
  ASSERT_EQ(keys.size(), 3U);
  const std::string first = store_.Get(Family::kSeries, keys[0]).value().value();
  const std::string second = store_.Get(Family::kSeries, keys[1]).value().value();
  Change([&](WriteBatch& batch) { batch.Put(Family::kSeries, keys[0], second); });
  EXPECT_EQ(ReasonOf(Load({"P0001", "NPR", 1}).status()), Reason::kRecordCorrupt);
  Change([&](WriteBatch& batch) {
    batch.Put(Family::kSeries, keys[0], first);
    batch.Delete(Family::kSeries, keys[1]);
  });
  EXPECT_EQ(ReasonOf(Load({"P0001", "NPR", 1}).status()), Reason::kRecordCorrupt);
  Change([&](WriteBatch& batch) { batch.Put(Family::kSeries, keys[1], second); });
  EXPECT_EQ(Load({"P0001", "NPR", 1}).value(), Rows(2500));
  const crypto::RecordSealer other(TestKey(*arena_, 10));
  EXPECT_EQ(ReasonOf(SeriesStore::Load(store_, {"P0001", "NPR", 1}, other).status()), Reason::kRecordCorrupt);
}

}  // namespace
}  // namespace kobling::storage
