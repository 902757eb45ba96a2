#include "storage/identity_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/error.h"
#include "storage/memory_key_value_store.h"
#include "storage/stores_testing.h"

namespace kobling::storage {
namespace {

using domain::IdentifierNumber;
using Kind = IdentityEventKind;

class IdentityLogTest : public testing::Test {
 protected:
  void Append(std::uint64_t first, std::vector<IdentityChange> changes) {
    WriteBatch batch;
    log_.Append({.first_sequence = first, .applied_us = 77, .changes = std::move(changes)}, batch);
    ASSERT_TRUE(store_.Commit(batch).ok());
  }
  std::vector<std::uint64_t> FirstsFrom(std::uint64_t first) const {
    std::vector<std::uint64_t> firsts;
    EXPECT_TRUE(log_.ForEach(first,
                             [&](const IdentityBlock& block) {
                               firsts.push_back(block.first_sequence);
                               return true;
                             })
                    .ok());
    return firsts;
  }

  std::unique_ptr<crypto::SecretArena> arena_ = TestArena();
  MemoryKeyValueStore store_;
  IdentityLog log_{store_, crypto::RecordSealer(TestKey(*arena_, 1))};
  const std::vector<IdentityChange> three_ = {
      {.kind = Kind::kCreated, .numbers = {5}, .day = 20'000},
      {.kind = Kind::kMerged, .numbers = {5}, .other = 6},
      {.kind = Kind::kSplit, .numbers = {6, 9}, .other = 5, .day = -1},
  };
};

TEST_F(IdentityLogTest, GivesBackWhatWasAppended) {
  Append(101, three_);
  IdentityBlock block;
  ASSERT_TRUE(log_.ForEach(1,
                           [&](const IdentityBlock& each) {
                             block = each;
                             return true;
                           })
                  .ok());
  EXPECT_EQ(block.first_sequence, 101U);
  EXPECT_EQ(block.applied_us, 77);
  EXPECT_EQ(block.changes, three_);
}

TEST_F(IdentityLogTest, BeginsWithTheBlockThatHoldsTheEvent) {
  Append(1, three_);
  Append(4, three_);
  Append(7, three_);
  EXPECT_THAT(FirstsFrom(0), testing::ElementsAre(1, 4, 7));
  EXPECT_THAT(FirstsFrom(3), testing::ElementsAre(1, 4, 7));
  EXPECT_THAT(FirstsFrom(4), testing::ElementsAre(4, 7));
  EXPECT_THAT(FirstsFrom(9), testing::ElementsAre(7));
  EXPECT_THAT(FirstsFrom(10), testing::IsEmpty());
}

TEST_F(IdentityLogTest, AMissingOrMovedBlockIsNoticed) {
  Append(1, three_);
  Append(4, three_);
  Append(7, three_);
  const auto rows = RowsOf(store_, Family::kIdentity);
  const auto load = [&] {
    IdentityMap map;
    return log_.Load(map);
  };
  DeleteRow(store_, Family::kIdentity, rows[1].first);
  EXPECT_EQ(domain::ReasonOf(load()), domain::Reason::kRecordCorrupt);
  PutRow(store_, Family::kIdentity, rows[1].first, rows[0].second);
  EXPECT_EQ(domain::ReasonOf(load()), domain::Reason::kRecordCorrupt);
}

TEST_F(IdentityLogTest, TheMapOfAnEarlierTimeIsMadeAgain) {
  Append(101, three_);
  Append(104, {{.kind = Kind::kMerged, .numbers = {1}, .other = 2}});
  IdentityReplay replay(log_);
  const auto persons = [&](std::uint64_t version) {
    const auto map = replay.AdvanceTo(version);
    EXPECT_TRUE(map.ok()) << map.status();
    EXPECT_EQ((*map)->version(), version);
    return (*map)->CountPersons(NumberSet::bitmapOf(4, 1U, 2U, 5U, 6U));
  };
  EXPECT_EQ(persons(101), 4U);
  EXPECT_EQ(persons(102), 3U);
  EXPECT_EQ(persons(103), 4U);
  EXPECT_EQ(persons(104), 3U);
  EXPECT_EQ(persons(104), 3U);
}

}  // namespace
}  // namespace kobling::storage
