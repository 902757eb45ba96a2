// Get, MultiGet, Commit with its requirements, limits.
#include <algorithm>
#include <numeric>

#include "tests/conformance/key_value_store_conformance.h"

namespace kobling::tests {
namespace {

using domain::Reason;
using storage::Family;
using storage::kAllFamilies;
using storage::KeyRange;
using storage::WriteBatch;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

std::string AllBytes() {
  std::string bytes(256, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  return bytes;
}

TEST_P(KeyValueStoreConformance, CleanStoreHoldsNothing) {
  Settle();
  for (const Family family : kAllFamilies) {
    EXPECT_THAT(RowsOf(store(), family), IsEmpty());
    EXPECT_EQ(ValueOf(store(), family, "key"), std::nullopt);
  }
}

TEST_P(KeyValueStoreConformance, ValuesComeBackByteForByte) {
  const std::string large(std::size_t{3} << 20, 'x');
  WriteBatch batch;
  batch.Put(Family::kSets, "empty", "");
  batch.Put(Family::kSets, "zeros", std::string(100, '\0'));
  batch.Put(Family::kSets, "all bytes", AllBytes());
  batch.Put(Family::kSets, "large", large);
  Commit(batch);
  Settle();
  EXPECT_THAT(ValueOf(store(), Family::kSets, "empty"), Optional(std::string()));
  EXPECT_THAT(ValueOf(store(), Family::kSets, "zeros"), Optional(std::string(100, '\0')));
  EXPECT_THAT(ValueOf(store(), Family::kSets, "all bytes"), Optional(AllBytes()));
  EXPECT_TRUE(ValueOf(store(), Family::kSets, "large") == large);
  EXPECT_EQ(ValueOf(store(), Family::kSets, "larg"), std::nullopt);
  EXPECT_EQ(ValueOf(store(), Family::kSets, "large "), std::nullopt);
}

TEST_P(KeyValueStoreConformance, FamiliesAreApart) {
  WriteBatch batch;
  for (const Family family : kAllFamilies) {
    batch.Put(family, "key", std::string(NameOf(family)));
  }
  Commit(batch);
  WriteBatch deletion;
  deletion.DeleteRange(Family::kKeys, KeyRange::All());
  Commit(deletion);
  Settle();
  for (const Family family : kAllFamilies) {
    const std::optional<std::string> value = ValueOf(store(), family, "key");
    if (family == Family::kKeys) {
      EXPECT_EQ(value, std::nullopt);
    } else {
      EXPECT_THAT(value, Optional(std::string(NameOf(family))));
    }
  }
}

TEST_P(KeyValueStoreConformance, ChangesOfABatchTakeEffectInTheirOrder) {
  Put(Family::kMeta, "old", "1");
  WriteBatch batch;
  batch.Put(Family::kMeta, "twice", "first");
  batch.Put(Family::kMeta, "twice", "second");
  batch.Put(Family::kMeta, "gone", "1");
  batch.Delete(Family::kMeta, "gone");
  batch.Put(Family::kMeta, "range gone", "1");
  batch.DeleteRange(Family::kMeta, KeyRange::All());
  batch.Put(Family::kMeta, "after", "1");
  batch.Delete(Family::kMeta, "again");
  batch.Put(Family::kMeta, "again", "2");
  Commit(batch);
  Settle();
  EXPECT_EQ(RowsOf(store(), Family::kMeta), (Rows{{"after", "1"}, {"again", "2"}}));
}

TEST_P(KeyValueStoreConformance, LaterBatchesReplaceEarlierOnes) {
  Put(Family::kProjects, "a", "1");
  Put(Family::kProjects, "a", "2");
  Put(Family::kProjects, "b", "1");
  WriteBatch batch;
  batch.Delete(Family::kProjects, "b");
  batch.Delete(Family::kProjects, "never there");
  Commit(batch);
  Settle();
  EXPECT_EQ(RowsOf(store(), Family::kProjects), (Rows{{"a", "2"}}));
}

TEST_P(KeyValueStoreConformance, EmptyBatchIsCommitted) {
  Commit(WriteBatch());
  Settle();
  EXPECT_THAT(RowsOf(store(), Family::kMeta), IsEmpty());
}

TEST_P(KeyValueStoreConformance, MultiGetAnswersInTheOrderOfTheKeys) {
  WriteBatch batch;
  batch.Put(Family::kSets, "a", "1");
  batch.Put(Family::kSets, "b", "");
  batch.Put(Family::kSets, std::string(1, '\xff'), "3");
  Commit(batch);
  Settle();
  EXPECT_THAT(ValuesOf(store(), Family::kSets, {"\xff", "b", "absent", "a", "b"}),
              ElementsAre("3", "", std::nullopt, "1", ""));
  EXPECT_THAT(ValuesOf(store(), Family::kSets, {}), IsEmpty());
  EXPECT_THAT(ValuesOf(store(), Family::kMeta, {"a"}), ElementsAre(std::nullopt));
}

TEST_P(KeyValueStoreConformance, MultiGetTakesManyKeys) {
  constexpr int kKeys = 5'000;
  std::vector<std::string> keys;
  WriteBatch batch;
  for (int i = 0; i < kKeys; ++i) {
    keys.push_back("key " + std::to_string(i));
    if (i % 3 != 0) {
      batch.Put(Family::kIdentifiers, keys.back(), std::to_string(i));
    }
  }
  Commit(batch);
  Settle();
  const std::vector<std::optional<std::string>> values = ValuesOf(store(), Family::kIdentifiers, keys);
  ASSERT_EQ(values.size(), keys.size());
  for (int i = 0; i < kKeys; ++i) {
    EXPECT_EQ(values[i], i % 3 == 0 ? std::nullopt : std::optional(std::to_string(i)));
  }
}

TEST_P(KeyValueStoreConformance, RequirementsThatHoldLetTheBatchThrough) {
  WriteBatch first;
  first.RequireAbsent(Family::kLedger, "request");
  first.Put(Family::kLedger, "request", "answer");
  first.Put(Family::kMeta, "counter", "1");
  Commit(first);
  WriteBatch second;
  second.Put(Family::kMeta, "counter", "2");
  second.RequireValue(Family::kMeta, "counter", "1");
  second.RequireValue(Family::kLedger, "request", "answer");
  second.RequireAbsent(Family::kLedger, "other request");
  Commit(second);
  WriteBatch only_requirements;
  only_requirements.RequireValue(Family::kMeta, "counter", "2");
  Commit(only_requirements);
  Settle();
  EXPECT_THAT(ValueOf(store(), Family::kMeta, "counter"), Optional(std::string("2")));
}

TEST_P(KeyValueStoreConformance, RequirementThatFailsLeavesNothingBehind) {
  Put(Family::kMeta, "present", "1");
  Put(Family::kMeta, "empty", "");
  std::vector<WriteBatch> refused(6);
  refused[0].RequireAbsent(Family::kMeta, "present");
  refused[1].RequireValue(Family::kMeta, "present", "2");
  refused[2].RequireValue(Family::kMeta, "absent", "");
  refused[3].RequireAbsent(Family::kMeta, "empty");
  refused[4].RequireValue(Family::kSets, "present", "1");
  refused[5].RequireValue(Family::kMeta, "present", "1");
  refused[5].RequireAbsent(Family::kMeta, "present");
  for (WriteBatch& batch : refused) {
    batch.Put(Family::kMeta, "new", "1");
    batch.Put(Family::kKeys, "new", "1");
    batch.Delete(Family::kMeta, "empty");
    batch.DeleteRange(Family::kMeta, KeyRange::All());
    EXPECT_THAT(store().Commit(batch), FailsWith(Reason::kPreconditionFailed));
  }
  Settle();
  EXPECT_EQ(RowsOf(store(), Family::kMeta), (Rows{{"empty", ""}, {"present", "1"}}));
  EXPECT_THAT(RowsOf(store(), Family::kKeys), IsEmpty());
  Put(Family::kMeta, "new", "the store is still usable");
}

TEST_P(KeyValueStoreConformance, RequirementsAreAboutTheStateBeforeTheBatch) {
  WriteBatch batch;
  batch.Put(Family::kMeta, "key", "1");
  batch.RequireValue(Family::kMeta, "key", "1");
  EXPECT_THAT(store().Commit(batch), FailsWith(Reason::kPreconditionFailed));
  batch.Clear();
  batch.Put(Family::kMeta, "key", "1");
  batch.RequireAbsent(Family::kMeta, "key");
  Commit(batch);
  Settle();
  EXPECT_THAT(ValueOf(store(), Family::kMeta, "key"), Optional(std::string("1")));
}

TEST_P(KeyValueStoreConformance, LongestKeysAndValuesAreKept) {
  const std::string key(storage::kMaxKeyBytes, '\xff');
  const std::string value(storage::kMaxValueBytes, 'v');
  WriteBatch batch;
  batch.Put(Family::kSets, key, value);
  batch.Put(Family::kSets, std::string(1, '\0'), "shortest key");
  Commit(batch);
  Settle();
  EXPECT_TRUE(ValueOf(store(), Family::kSets, key) == value);
  EXPECT_THAT(KeysOf(store(), Family::kSets), ElementsAre(std::string(1, '\0'), key));
}

TEST_P(KeyValueStoreConformance, KeysAndValuesOutsideTheLimitsAreRefused) {
  const std::string long_key(storage::kMaxKeyBytes + 1, 'k');
  std::vector<WriteBatch> refused(8);
  refused[0].Put(Family::kMeta, "", "empty key");
  refused[1].Put(Family::kMeta, long_key, "1");
  refused[2].Put(Family::kMeta, "key", std::string(storage::kMaxValueBytes + 1, 'v'));
  refused[3].Delete(Family::kMeta, "");
  refused[4].RequireAbsent(Family::kMeta, "");
  refused[5].RequireValue(Family::kMeta, long_key, "1");
  refused[6].DeleteRange(Family::kMeta, {long_key, ""});
  refused[7].DeleteRange(Family::kMeta, {"", long_key});
  for (WriteBatch& batch : refused) {
    batch.Put(Family::kMeta, "beside", "1");
    EXPECT_THAT(store().Commit(batch), FailsWith(Reason::kInternal));
  }
  const std::vector<std::string_view> keys = {"beside", long_key};
  EXPECT_THAT(store().Get(Family::kMeta, ""), FailsWith(Reason::kInternal));
  EXPECT_THAT(store().Get(Family::kMeta, long_key), FailsWith(Reason::kInternal));
  EXPECT_THAT(store().MultiGet(Family::kMeta, keys), FailsWith(Reason::kInternal));
  Settle();
  EXPECT_THAT(RowsOf(store(), Family::kMeta), IsEmpty());
  Put(Family::kMeta, "key", "the store is still usable");
}

TEST_P(KeyValueStoreConformance, PurgeKeepsWhatIsLive) {
  WriteBatch batch;
  for (const Family family : kAllFamilies) {
    batch.Put(family, "kept", std::string(NameOf(family)));
    batch.Put(family, "deleted", "1");
  }
  Commit(batch);
  WriteBatch deletion;
  for (const Family family : kAllFamilies) {
    deletion.Delete(family, "deleted");
  }
  Commit(deletion);
  EXPECT_THAT(store().Purge(Family::kKeys), IsOk());
  EXPECT_THAT(store().Purge(Family::kKeys), IsOk());
  Put(Family::kKeys, "later", "1");
  Settle();
  EXPECT_EQ(RowsOf(store(), Family::kKeys), (Rows{{"kept", "keys"}, {"later", "1"}}));
  EXPECT_EQ(RowsOf(store(), Family::kSets), (Rows{{"kept", "sets"}}));
}

TEST_P(KeyValueStoreConformance, ApproximateBytesFollowWhatIsStored) {
  constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
  WriteBatch batch;
  for (int i = 0; i < 64; ++i) {
    batch.Put(Family::kSets, "row " + std::to_string(i), std::string(4 * kMebibyte / 64, static_cast<char>(i)));
  }
  Commit(batch);
  Settle();
  const auto written = store().ApproximateBytes(Family::kSets);
  ASSERT_THAT(written, IsOk());
  EXPECT_GT(*written, 3 * kMebibyte);
  EXPECT_LT(*written, 12 * kMebibyte);
  const auto others = store().ApproximateBytes(Family::kIdentifiers);
  ASSERT_THAT(others, IsOk());
  EXPECT_LT(*others, kMebibyte);
}

}  // namespace
}  // namespace kobling::tests
