// What is read stays as it was: snapshots, iterators, and batches that are seen whole.
#include "tests/conformance/key_value_store_conformance.h"

namespace kobling::tests {
namespace {

using domain::Reason;
using storage::Family;
using storage::Iterator;
using storage::kAllFamilies;
using storage::KeyRange;
using storage::Reader;
using storage::WriteBatch;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

std::unique_ptr<Reader> SnapshotOf(const storage::KeyValueStore& store) {
  auto snapshot = store.TakeSnapshot();
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
  return *std::move(snapshot);
}

TEST_P(KeyValueStoreConformance, SnapshotSeesTheStoreAsItWas) {
  WriteBatch before;
  for (const Family family : kAllFamilies) {
    before.Put(family, "changed", "old");
    before.Put(family, "deleted", "old");
    before.Put(family, "in a range", "old");
  }
  Commit(before);
  Settle();
  const std::unique_ptr<Reader> snapshot = SnapshotOf(store());
  WriteBatch after;
  for (const Family family : kAllFamilies) {
    after.Put(family, "changed", "new");
    after.Delete(family, "deleted");
    after.DeleteRange(family, KeyRange::Prefix("in"));
    after.Put(family, "added", "new");
  }
  Commit(after);
  for (const Family family : kAllFamilies) {
    EXPECT_THAT(ValueOf(*snapshot, family, "changed"), Optional(std::string("old")));
    EXPECT_EQ(ValueOf(*snapshot, family, "added"), std::nullopt);
    EXPECT_THAT(ValuesOf(*snapshot, family, {"added", "changed", "deleted", "in a range"}),
                ElementsAre(std::nullopt, "old", "old", "old"));
    EXPECT_EQ(RowsOf(*snapshot, family), (Rows{{"changed", "old"}, {"deleted", "old"}, {"in a range", "old"}}));
    EXPECT_EQ(RowsOf(store(), family), (Rows{{"added", "new"}, {"changed", "new"}}));
  }
}

TEST_P(KeyValueStoreConformance, SnapshotOutlivesPurge) {
  Put(Family::kKeys, "key", "old");
  {
    const std::unique_ptr<Reader> snapshot = SnapshotOf(store());
    WriteBatch batch;
    batch.Delete(Family::kKeys, "key");
    Commit(batch);
    ASSERT_THAT(store().Purge(Family::kKeys), IsOk());
    EXPECT_THAT(ValueOf(*snapshot, Family::kKeys, "key"), Optional(std::string("old")));
    EXPECT_EQ(RowsOf(*snapshot, Family::kKeys), (Rows{{"key", "old"}}));
  }
  Settle();
  EXPECT_THAT(RowsOf(store(), Family::kKeys), IsEmpty());
}

TEST_P(KeyValueStoreConformance, SnapshotsOfDifferentMomentsLiveSideBySide) {
  std::vector<std::unique_ptr<Reader>> snapshots;
  for (int i = 0; i < 20; ++i) {
    Put(Family::kMeta, "counter", std::to_string(i));
    snapshots.push_back(SnapshotOf(store()));
  }
  for (std::size_t i = 0; i < snapshots.size(); i += 2) {
    snapshots[i].reset();
  }
  for (std::size_t i = 1; i < snapshots.size(); i += 2) {
    EXPECT_THAT(ValueOf(*snapshots[i], Family::kMeta, "counter"), Optional(std::to_string(i)));
  }
}

TEST_P(KeyValueStoreConformance, ReadingASnapshotKeepsTheLimits) {
  const std::unique_ptr<Reader> snapshot = SnapshotOf(store());
  const std::vector<std::string_view> keys = {""};
  EXPECT_THAT(snapshot->Get(Family::kMeta, ""), FailsWith(Reason::kInternal));
  EXPECT_THAT(snapshot->MultiGet(Family::kMeta, keys), FailsWith(Reason::kInternal));
}

TEST_P(KeyValueStoreConformance, IteratorKeepsItsStateWhileTheStoreChanges) {
  WriteBatch batch;
  Rows expected;
  for (int i = 100; i < 200; ++i) {
    batch.Put(Family::kIdentifiers, std::to_string(i), "old");
    expected.emplace_back(std::to_string(i), "old");
  }
  Commit(batch);
  Settle();
  auto scan = store().Scan(Family::kIdentifiers, KeyRange::All());
  ASSERT_THAT(scan, IsOk());
  Iterator& rows = **scan;
  Rows seen;
  for (int step = 0; rows.Valid(); rows.Next(), ++step) {
    const std::string_view key = rows.key();
    const std::string_view value = rows.value();
    WriteBatch change;
    if (step == 10) {
      change.DeleteRange(Family::kIdentifiers, KeyRange::All());
    }
    change.Put(Family::kIdentifiers, std::to_string(100 + step) + "+", "inserted right behind");
    change.Put(Family::kIdentifiers, std::to_string(101 + step), "new");
    Commit(change);
    seen.emplace_back(key, value);
  }
  EXPECT_THAT(rows.status(), IsOk());
  EXPECT_EQ(seen, expected);
}

TEST_P(KeyValueStoreConformance, IteratorOfASnapshotSeesTheSnapshot) {
  Put(Family::kEvents, "1", "old");
  const std::unique_ptr<Reader> snapshot = SnapshotOf(store());
  Put(Family::kEvents, "1", "new");
  Put(Family::kEvents, "2", "new");
  EXPECT_EQ(RowsOf(*snapshot, Family::kEvents), (Rows{{"1", "old"}}));
  EXPECT_EQ(RowsOf(*snapshot, Family::kEvents, {"1", "2"}), (Rows{{"1", "old"}}));
  EXPECT_THAT(RowsOf(*snapshot, Family::kEvents, {"2", ""}), IsEmpty());
  EXPECT_THAT(RowsOf(*snapshot, Family::kEvents, {"2", "1"}), IsEmpty());
}

}  // namespace
}  // namespace kobling::tests
