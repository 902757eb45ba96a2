#include "storage/set_store.h"

#include <gtest/gtest.h>

#include <random>

#include "domain/error.h"
#include "storage/memory_key_value_store.h"
#include "storage/stores_testing.h"

namespace kobling::storage {
namespace {

using domain::Reason;
using domain::ReasonOf;

NumberSet Range(std::uint64_t begin, std::uint64_t end) {
  NumberSet set;
  set.addRange(begin, end);
  return set;
}

NumberSet Random(std::mt19937_64& random, std::size_t count, std::uint32_t below) {
  std::vector<std::uint32_t> numbers;
  std::uniform_int_distribution<std::uint32_t> any(0, below - 1);
  for (std::size_t i = 0; i < count; ++i) {
    numbers.push_back(any(random));
  }
  return MakeNumberSet(numbers);
}

class SetStoreTest : public ::testing::Test {
 protected:
  SetStore Make(std::uint8_t digest_key) {
    return SetStore(store_, crypto::KeyedDigest::Create(*arena_, TestKey(*arena_, digest_key)).value(),
                    crypto::RecordSealer(TestKey(*arena_, 5)));
  }

  SetId Put(const NumberSet& set) {
    WriteBatch batch;
    SetId id = sets_.Put(set, batch).value();
    EXPECT_TRUE(store_.Commit(batch).ok());
    return id;
  }

  std::unique_ptr<crypto::SecretArena> arena_ = TestArena();
  MemoryKeyValueStore store_;
  SetStore sets_ = Make(4);
};

TEST_F(SetStoreTest, EverySetComesBackAsItWas) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  NumberSet corners = NumberSet::bitmapOf(6, 0U, 65'535U, 65'536U, 131'071U, 0xfffffffeU, 0xffffffffU);
  NumberSet without_every_third = Range(0, 400'000);
  for (std::uint32_t number = 0; number < 400'000; number += 3) {
    without_every_third.remove(number);
  }
  const std::vector<NumberSet> sets = {NumberSet(),
                                       NumberSet::bitmapOf(1, 0U),
                                       NumberSet::bitmapOf(1, 0xffffffffU),
                                       corners,
                                       Range(0, 1'000'000),
                                       without_every_third,
                                       Random(random, 100, 1'000'000),
                                       Random(random, 60'000, 10'000'000),
                                       Random(random, 60'000, 0xffffffffU),
                                       Range(0xffff0000U, std::uint64_t{1} << 32)};
  for (const NumberSet& set : sets) {
    const SetId id = Put(set);
    const auto stored = sets_.Get(id);
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_TRUE(*stored == set) << set.cardinality();
    EXPECT_EQ(id, sets_.NameOf(set));
    EXPECT_EQ(id.empty(), set.isEmpty());
  }
}

TEST_F(SetStoreTest, ContainsSaysWhatTheSetSays) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (const auto& [count, below] :
       {std::pair(50, 100'000U), std::pair(40'000, 1'000'000U), std::pair(30'000, 0xffffffffU)}) {
    const NumberSet set = Random(random, static_cast<std::size_t>(count), below);
    const SetId id = Put(set);
    std::uniform_int_distribution<std::uint32_t> any(0, below);
    for (int i = 0; i < 200; ++i) {
      std::uint32_t number = any(random);
      if (i % 2 == 0) {
        ASSERT_TRUE(set.select(static_cast<std::uint32_t>(any(random) % set.cardinality()), &number));
      }
      EXPECT_EQ(sets_.Contains(id, number).value(), set.contains(number)) << number;
    }
  }
  EXPECT_FALSE(sets_.Contains(SetId(), 0).value());
}

TEST_F(SetStoreTest, EqualSetsAreStoredOnceWhateverTheirForm) {
  NumberSet one_by_one;
  for (std::uint32_t number = 0; number < 100'000; ++number) {
    one_by_one.add(number);
  }
  NumberSet runs = one_by_one;
  runs.runOptimize();
  const SetId first = Put(one_by_one);
  const std::size_t rows = RowsOf(store_, Family::kSets).size();
  WriteBatch batch;
  EXPECT_EQ(sets_.Put(runs, batch).value(), first);
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(RowsOf(store_, Family::kSets).size(), rows);
  EXPECT_TRUE(sets_.Get(first).value() == runs);
  EXPECT_TRUE(sets_.Contains(first, 99'999).value());
  EXPECT_FALSE(sets_.Contains(first, 100'000).value());
}

TEST_F(SetStoreTest, OneNumberMoreIsAnotherSet) {
  const SetId id = Put(Range(0, 100));
  EXPECT_NE(Put(Range(0, 101)), id);
  EXPECT_NE(Put(Range(1, 100)), id);
}

TEST_F(SetStoreTest, NamesAreKeyed) {
  const NumberSet set = Range(0, 100);
  EXPECT_EQ(sets_.NameOf(set).size(), 16U);
  EXPECT_NE(sets_.NameOf(set), Make(40).NameOf(set));
  EXPECT_EQ(sets_.NameOf(set), Make(4).NameOf(set));
}

// docs/formats/stored-rows.md: the name is the keyed digest of the numbers as four bytes each.
TEST_F(SetStoreTest, TheNameIsTheKeyedDigestOfTheNumbers) {
  const auto digest = crypto::KeyedDigest::Create(*arena_, TestKey(*arena_, 4)).value();
  const std::vector<std::uint8_t> bytes = {0, 0, 0, 1, 0, 1, 0x11, 0x70};  // 1 and 70,000
  const crypto::Digest expected = digest.Of("set", bytes);
  EXPECT_EQ(sets_.NameOf(NumberSet::bitmapOf(2, 1U, 70'000U)), std::string(expected.begin(), expected.begin() + 16));
}

TEST_F(SetStoreTest, SmallSetsAreOneRowAndLargeOnesARowForEachChunk) {
  const SetId small = Put(Range(10, 20));
  EXPECT_EQ(RowsOf(store_, Family::kSets).at(0).first, small + std::string(1, '\0'));
  std::mt19937_64 random(3);
  const NumberSet large = Random(random, 50'000, 3 * 65'536);
  const SetId id = Put(large);
  const auto rows = RowsOf(store_, Family::kSets);
  EXPECT_EQ(rows.size(), 4U);
  for (char chunk = 0; chunk < 3; ++chunk) {
    const std::string key = id + std::string({1, 0, chunk});
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.first == key; }));
  }
}

TEST_F(SetStoreTest, ASetThatIsNotStoredIsAnError) {
  EXPECT_EQ(ReasonOf(sets_.Get(SetId(16, 'x')).status()), Reason::kRecordCorrupt);
}

TEST_F(SetStoreTest, ARowThatIsMovedToAnotherSetIsRefused) {
  const SetId one = Put(Range(10, 20));
  const SetId two = Put(Range(30, 40));
  const std::string ending(1, '\0');
  PutRow(store_, Family::kSets, two + ending, *store_.Get(Family::kSets, one + ending).value());
  EXPECT_EQ(ReasonOf(sets_.Get(two).status()), Reason::kRecordCorrupt);
  EXPECT_EQ(ReasonOf(sets_.Contains(two, 10).status()), Reason::kRecordCorrupt);
}

TEST_F(SetStoreTest, ARowThatIsMovedToAnotherChunkIsRefused) {
  std::mt19937_64 random(4);
  const SetId id = Put(Random(random, 50'000, 2 * 65'536));
  const auto rows = RowsOf(store_, Family::kSets);
  ASSERT_EQ(rows.size(), 2U);
  PutRow(store_, Family::kSets, rows[1].first, rows[0].second);
  EXPECT_EQ(ReasonOf(sets_.Get(id).status()), Reason::kRecordCorrupt);
  EXPECT_TRUE(sets_.Contains(id, 7).ok());
  EXPECT_EQ(ReasonOf(sets_.Contains(id, 65'536 + 7).status()), Reason::kRecordCorrupt);
}

TEST_F(SetStoreTest, AnyChangedByteIsRefused) {
  const SetId id = Put(Range(10, 20));
  const auto [key, value] = RowsOf(store_, Family::kSets).at(0);
  for (std::size_t i = 0; i < value.size(); ++i) {
    std::string changed = value;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    PutRow(store_, Family::kSets, key, changed);
    EXPECT_EQ(ReasonOf(sets_.Get(id).status()), Reason::kRecordCorrupt) << "byte " << i;
  }
}

TEST_F(SetStoreTest, AChunkThatIsMissingIsAnError) {
  std::mt19937_64 random(5);
  const SetId id = Put(Random(random, 50'000, 2 * 65'536));
  DeleteRow(store_, Family::kSets, RowsOf(store_, Family::kSets).at(1).first);
  EXPECT_EQ(ReasonOf(sets_.Get(id).status()), Reason::kRecordCorrupt);
}

TEST_F(SetStoreTest, NothingThatIsStoredIsClear) {
  const NumberSet set = NumberSet::bitmapOf(4, 0x11223344U, 0x11223355U, 0x11223366U, 0x55667788U);
  Put(set);
  std::string clear(set.getSizeInBytes(), '\0');
  set.write(clear.data());
  const std::string stored = EverythingIn(store_);
  EXPECT_EQ(stored.find(clear), std::string::npos);
  EXPECT_EQ(stored.find(std::string("\x44\x33\x55\x33\x66\x33")), std::string::npos)
      << "the low halves, as Roaring has them";
}

TEST_F(SetStoreTest, ADeletedSetIsGoneAndNoOther) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const NumberSet large = Random(random, 60'000, 10'000'000);
  const SetId small = Put(Range(0, 100));
  const SetId gone = Put(large);
  const SetId also_gone = Put(Range(5, 9));
  const SetId kept = Put(Random(random, 60'000, 10'000'000));
  WriteBatch batch;
  SetStore::Delete(gone, batch);
  SetStore::Delete(also_gone, batch);
  SetStore::Delete(SetId(), batch);
  EXPECT_TRUE(sets_.Get(gone).ok()) << "not before the batch is committed";
  ASSERT_TRUE(store_.Commit(batch).ok());
  EXPECT_EQ(ReasonOf(sets_.Get(gone).status()), Reason::kRecordCorrupt);
  EXPECT_EQ(ReasonOf(sets_.Contains(also_gone, 5).status()), Reason::kRecordCorrupt);
  EXPECT_TRUE(sets_.Get(small).ok());
  EXPECT_TRUE(sets_.Get(kept).ok());
  EXPECT_EQ(Put(large), gone) << "the same people may come again";
  EXPECT_TRUE(sets_.Get(gone).value() == large);
}

TEST_F(SetStoreTest, DeletedSetsArePurgedOnceAlsoAfterAStopInBetween) {
  class CountingStore final : public KeyValueStore {
   public:
    explicit CountingStore(MemoryKeyValueStore& store) : store_(store) {}
    absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override {
      return store_.Get(family, key);
    }
    absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
        Family family, std::span<const std::string_view> keys) const override {
      return store_.MultiGet(family, keys);
    }
    absl::StatusOr<std::unique_ptr<Iterator>> Scan(Family family, const KeyRange& range) const override {
      return store_.Scan(family, range);
    }
    absl::StatusOr<std::unique_ptr<Reader>> TakeSnapshot() const override { return store_.TakeSnapshot(); }
    absl::Status Commit(const WriteBatch& batch) override { return store_.Commit(batch); }
    absl::Status Purge(Family family) override {
      EXPECT_EQ(family, Family::kSets);
      ++purges;
      return fails ? domain::MakeError(Reason::kStorageUnavailable) : absl::OkStatus();
    }
    absl::StatusOr<std::uint64_t> ApproximateBytes(Family family) const override {
      return store_.ApproximateBytes(family);
    }
    int purges = 0;
    bool fails = false;

   private:
    MemoryKeyValueStore& store_;
  } store(store_);
  WriteBatch batch;
  SetStore::Delete(Put(Range(0, 100)), batch);
  EXPECT_TRUE(SetStore::PurgeDeleted(store).ok());
  EXPECT_EQ(store.purges, 0);
  ASSERT_TRUE(store_.Commit(batch).ok());
  store.fails = true;
  EXPECT_EQ(ReasonOf(SetStore::PurgeDeleted(store)), Reason::kStorageUnavailable);
  store.fails = false;
  EXPECT_TRUE(SetStore::PurgeDeleted(store).ok());
  EXPECT_EQ(store.purges, 2);
  EXPECT_TRUE(SetStore::PurgeDeleted(store).ok());
  EXPECT_EQ(store.purges, 2);
}

}  // namespace
}  // namespace kobling::storage
