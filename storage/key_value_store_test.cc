#include "storage/key_value_store.h"

#include <gtest/gtest.h>

#include <set>

#include "domain/error.h"

namespace kobling::storage {
namespace {

using domain::Reason;
using domain::ReasonOf;

TEST(Family, NamesAreDifferent) {
  std::set<std::string_view> names;
  for (const Family family : kAllFamilies) {
    EXPECT_TRUE(names.insert(NameOf(family)).second);
  }
}

TEST(KeyRange, PrefixEndsAtTheNextKeyThatDoesNotStartWithIt) {
  EXPECT_EQ(KeyRange::Prefix("ab").end, "ac");
  EXPECT_EQ(KeyRange::Prefix("a\x7f").end, "a\x80");
  EXPECT_EQ(KeyRange::Prefix("a\xff\xff").end, "b");
  EXPECT_EQ(KeyRange::Prefix("\xff").end, "");
  EXPECT_EQ(KeyRange::Prefix("").end, "");
}

TEST(KeyRange, ContainsItsBeginAndNotItsEnd) {
  const KeyRange range{"b", "d"};
  EXPECT_FALSE(range.Contains("a"));
  EXPECT_TRUE(range.Contains("b"));
  EXPECT_TRUE(range.Contains("c\xff"));
  EXPECT_FALSE(range.Contains("d"));
  EXPECT_TRUE(KeyRange::All().Contains("\xff\xff"));
  EXPECT_TRUE(KeyRange::Prefix("\xff").Contains("\xff\xff"));
}

TEST(KeyRange, IsEmptyWhenTheEndIsNotAboveTheBegin) {
  EXPECT_TRUE((KeyRange{"b", "b"}).IsEmpty());
  EXPECT_TRUE((KeyRange{"b", "a"}).IsEmpty());
  EXPECT_FALSE((KeyRange{"b", ""}).IsEmpty());
  EXPECT_FALSE((KeyRange{"", ""}).IsEmpty());
  EXPECT_FALSE((KeyRange{"", "a"}).IsEmpty());
}

TEST(WriteBatch, CountsChangesAndBytes) {
  WriteBatch batch;
  EXPECT_TRUE(batch.empty());
  batch.Put(Family::kSets, "key", "value");
  batch.Delete(Family::kSets, "key");
  batch.DeleteRange(Family::kSets, {"a", "bc"});
  EXPECT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch.bytes(), 8u + 3u + 3u);
  batch.RequireAbsent(Family::kSets, "1234");
  batch.RequireValue(Family::kSets, "12", "34");
  EXPECT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch.bytes(), 14u + 8u);
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.bytes(), 0u);
}

TEST(WriteBatch, OfRequirementsAloneIsNotEmpty) {
  WriteBatch batch;
  batch.RequireAbsent(Family::kSets, "key");
  EXPECT_FALSE(batch.empty());
}

TEST(WriteBatch, AppendAddsTheOthersChangesBehindItsOwn) {
  WriteBatch batch;
  batch.Put(Family::kSets, "key", "first");
  WriteBatch other;
  other.Put(Family::kSets, "key", "second");
  other.RequireAbsent(Family::kKeys, "key");
  const std::size_t bytes = batch.bytes() + other.bytes();
  batch.Append(std::move(other));
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch.changes()[0].value, "first");
  EXPECT_EQ(batch.changes()[1].value, "second");
  EXPECT_EQ(batch.requirements().size(), 1u);
  EXPECT_EQ(batch.bytes(), bytes);
}

TEST(CheckLimits, BatchAboveOneGibibyteIsRefused) {
  WriteBatch batch;
  for (std::size_t i = 0; i < kMaxBatchBytes / kMaxValueBytes; ++i) {
    batch.Put(Family::kSets, "key", std::string(kMaxValueBytes - 3, 'v'));
  }
  EXPECT_EQ(batch.bytes(), kMaxBatchBytes);
  EXPECT_TRUE(CheckLimits(batch).ok());
  batch.Delete(Family::kSets, "k");
  EXPECT_EQ(ReasonOf(CheckLimits(batch)), Reason::kInternal);
}

}  // namespace
}  // namespace kobling::storage
