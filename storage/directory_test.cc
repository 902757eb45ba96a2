#include "storage/directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "domain/big_endian.h"
#include "domain/error.h"
#include "storage/memory_key_value_store.h"
#include "storage/stores_testing.h"

namespace kobling::storage {
namespace {

using domain::NationalId;
using domain::Reason;
using domain::ReasonOf;

class DirectoryTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Directory>> Open() const {
    return Directory::Open(store_, crypto::IdentityIndex::Create(*arena_, TestKey(*arena_, 1)).value(),
                           crypto::RecordSealer(TestKey(*arena_, 2)));
  }

  static std::vector<NewIdentifier> ByTag(const Directory& directory, const std::vector<NationalId>& people) {
    std::vector<crypto::Tag> tags(people.size());
    directory.TagsOf(people, tags);
    std::vector<NewIdentifier> entries;
    for (std::size_t i = 0; i < people.size(); ++i) {
      entries.push_back({tags[i], people[i]});
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
    return entries;
  }

  // Allots, commits and publishes, as the committer does.
  Allotment Add(Directory& directory, const std::vector<NationalId>& people) {
    WriteBatch batch;
    Allotment allotment = directory.Allot(ByTag(directory, people), batch).value();
    EXPECT_TRUE(store_.Commit(batch).ok());
    directory.Publish(allotment);
    return allotment;
  }

  static std::vector<std::uint32_t> NumbersOf(const Directory& directory, const std::vector<NationalId>& people) {
    std::vector<crypto::Tag> tags(people.size());
    std::vector<std::uint32_t> numbers(people.size(), 12345);
    directory.TagsOf(people, tags);
    directory.Find(tags, numbers);
    return numbers;
  }

  static std::map<std::uint32_t, std::uint64_t> Visit(const Directory& directory, const NumberSet& numbers) {
    std::map<std::uint32_t, std::uint64_t> seen;
    std::uint64_t last = 0;
    const absl::Status status = directory.ForEach(numbers, [&](domain::IdentifierNumber number, const NationalId& id) {
      const auto value = static_cast<std::uint32_t>(number);
      EXPECT_TRUE(seen.empty() || value > last) << "not ascending";
      last = value;
      seen[value] = id.packed();
    });
    EXPECT_TRUE(status.ok()) << status;
    return seen;
  }

  std::unique_ptr<crypto::SecretArena> arena_ = TestArena();
  MemoryKeyValueStore store_;
};

TEST_F(DirectoryTest, NumbersAreGivenInTheOrderOfTagsAndFoundAfterPublish) {
  const auto directory = Open().value();
  const std::vector<NationalId> people = SyntheticPeople(600);
  Add(*directory, people);
  EXPECT_EQ(directory->size(), 600U);
  const std::vector<NewIdentifier> expected = ByTag(*directory, people);
  for (std::uint32_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(NumbersOf(*directory, {expected[i].identifier})[0], i);
  }
}

TEST_F(DirectoryTest, NothingIsFoundBeforePublish) {
  const auto directory = Open().value();
  const std::vector<NationalId> people = SyntheticPeople(3);
  WriteBatch batch;
  const Allotment allotment = directory->Allot(ByTag(*directory, people), batch).value();
  EXPECT_EQ(NumbersOf(*directory, people), std::vector<std::uint32_t>(3, Directory::kAbsent));
  ASSERT_TRUE(store_.Commit(batch).ok());
  EXPECT_EQ(NumbersOf(*directory, people), std::vector<std::uint32_t>(3, Directory::kAbsent));
  directory->Publish(allotment);
  for (const std::uint32_t number : NumbersOf(*directory, people)) {
    EXPECT_LT(number, 3U);
  }
}

TEST_F(DirectoryTest, ADroppedAllotmentLeavesNothing) {
  const auto directory = Open().value();
  {
    WriteBatch dropped;
    ASSERT_TRUE(directory->Allot(ByTag(*directory, SyntheticPeople(5)), dropped).ok());
  }
  EXPECT_EQ(directory->size(), 0U);
  EXPECT_TRUE(RowsOf(store_, Family::kIdentifiers).empty());
  EXPECT_TRUE(RowsOf(store_, Family::kMeta).empty());
}

TEST_F(DirectoryTest, NobodyNewChangesNothing) {
  const auto directory = Open().value();
  WriteBatch batch;
  const Allotment allotment = directory->Allot({}, batch).value();
  EXPECT_TRUE(batch.empty());
  directory->Publish(allotment);
  EXPECT_EQ(directory->size(), 0U);
}

TEST_F(DirectoryTest, NumbersSurviveReopeningAndAreNeverGivenAgain) {
  const std::vector<NationalId> people = SyntheticPeople(1000);
  const std::vector<NationalId> first(people.begin(), people.begin() + 700);
  const std::vector<NationalId> second(people.begin() + 700, people.end());
  std::vector<std::uint32_t> before;
  {
    const auto directory = Open().value();
    Add(*directory, first);
    before = NumbersOf(*directory, first);
  }
  const auto directory = Open().value();
  EXPECT_EQ(directory->size(), 700U);
  EXPECT_EQ(NumbersOf(*directory, first), before);
  EXPECT_EQ(NumbersOf(*directory, second), std::vector<std::uint32_t>(300, Directory::kAbsent));
  EXPECT_EQ(Add(*directory, second).first, 700U);
  for (const std::uint32_t number : NumbersOf(*directory, second)) {
    EXPECT_GE(number, 700U);
    EXPECT_LT(number, 1000U);
  }
}

TEST_F(DirectoryTest, ForEachGivesTheIdentifiersOfExactlyTheSetAcrossGapsAndBlocks) {
  const auto directory = Open().value();
  const std::vector<NationalId> people = SyntheticPeople(1500);
  // Blocks of 256, 256, 188, then a second allotment that begins a block of its own.
  Add(*directory, {people.begin(), people.begin() + 700});
  Add(*directory, {people.begin() + 700, people.end()});
  std::map<std::uint32_t, std::uint64_t> model;
  const std::vector<std::uint32_t> numbers = NumbersOf(*directory, people);
  for (std::size_t i = 0; i < people.size(); ++i) {
    model[numbers[i]] = people[i].packed();
  }
  const std::vector<std::vector<std::uint32_t>> sets = {{0},
                                                        {255},
                                                        {256},
                                                        {699},
                                                        {700},
                                                        {1499},
                                                        {0, 255, 256, 511, 512, 699, 700, 955, 956, 1499},
                                                        {3, 700},
                                                        {600, 1400, 1401}};
  for (const std::vector<std::uint32_t>& set : sets) {
    std::map<std::uint32_t, std::uint64_t> expected;
    for (const std::uint32_t number : set) {
      expected[number] = model[number];
    }
    EXPECT_EQ(Visit(*directory, NumberSet(set.size(), set.data())), expected);
  }
  NumberSet all;
  all.addRange(0, 1500);
  EXPECT_EQ(Visit(*directory, all), model);
  EXPECT_TRUE(Visit(*directory, NumberSet()).empty());
}

TEST_F(DirectoryTest, ANumberThatWasNeverGivenIsAnError) {
  const auto directory = Open().value();
  Add(*directory, SyntheticPeople(10));
  for (const std::uint32_t number : {10U, 4'000'000'000U}) {
    const absl::Status status =
        directory->ForEach(NumberSet::bitmapOf(2, 3U, number), [](domain::IdentifierNumber, const NationalId&) {});
    EXPECT_EQ(ReasonOf(status), Reason::kRecordCorrupt);
  }
}

TEST_F(DirectoryTest, AnyChangedByteOfABlockIsRefused) {
  {
    const auto directory = Open().value();
    Add(*directory, SyntheticPeople(3));
  }
  const auto [key, value] = RowsOf(store_, Family::kIdentifiers).at(0);
  for (std::size_t i = 0; i < value.size(); ++i) {
    std::string changed = value;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    PutRow(store_, Family::kIdentifiers, key, changed);
    EXPECT_EQ(ReasonOf(Open().status()), Reason::kRecordCorrupt) << "byte " << i;
  }
  for (const std::string& other : {std::string(), value.substr(1), value.substr(0, value.size() - 1), value + '\0'}) {
    PutRow(store_, Family::kIdentifiers, key, other);
    EXPECT_EQ(ReasonOf(Open().status()), Reason::kRecordCorrupt);
  }
  PutRow(store_, Family::kIdentifiers, key, value);
  EXPECT_TRUE(Open().ok());
}

TEST_F(DirectoryTest, ABlockThatIsChangedWhileTheServerRunsIsRefused) {
  const auto directory = Open().value();
  Add(*directory, SyntheticPeople(300));
  auto [key, value] = RowsOf(store_, Family::kIdentifiers).at(1);
  value.back() = static_cast<char>(value.back() ^ 0x40);
  PutRow(store_, Family::kIdentifiers, key, value);
  const auto ignore = [](domain::IdentifierNumber, const NationalId&) {};
  EXPECT_TRUE(directory->ForEach(NumberSet::bitmapOf(1, 7U), ignore).ok());
  EXPECT_EQ(ReasonOf(directory->ForEach(NumberSet::bitmapOf(2, 7U, 299U), ignore)), Reason::kRecordCorrupt);
}

TEST_F(DirectoryTest, AMissingBlockIsRefusedWhereverItStood) {
  {
    const auto directory = Open().value();
    Add(*directory, SyntheticPeople(1000));
  }
  const auto rows = RowsOf(store_, Family::kIdentifiers);
  ASSERT_EQ(rows.size(), 4U);
  for (const auto& [key, value] : rows) {
    DeleteRow(store_, Family::kIdentifiers, key);
    EXPECT_EQ(ReasonOf(Open().status()), Reason::kRecordCorrupt);
    PutRow(store_, Family::kIdentifiers, key, value);
  }
  EXPECT_TRUE(Open().ok());
}

TEST_F(DirectoryTest, OverlappingBlocksAreRefused) {
  // Two blocks that both hold number 2, each sealed for its place by a directory that knew nothing of the other.
  MemoryKeyValueStore other;
  {
    const auto directory = Open().value();
    Add(*directory, SyntheticPeople(3));
  }
  {
    const auto longer = Directory::Open(other, crypto::IdentityIndex::Create(*arena_, TestKey(*arena_, 1)).value(),
                                        crypto::RecordSealer(TestKey(*arena_, 2)))
                            .value();
    WriteBatch batch;
    ASSERT_TRUE(longer->Allot(ByTag(*longer, SyntheticPeople(5)), batch).ok());
    ASSERT_TRUE(store_.Commit(batch).ok());
  }
  EXPECT_EQ(RowsOf(store_, Family::kIdentifiers).size(), 2U);
  EXPECT_EQ(ReasonOf(Open().status()), Reason::kRecordCorrupt);
}

TEST_F(DirectoryTest, ASealedBlockThatIsMovedToAnotherKeyIsRefused) {
  {
    const auto directory = Open().value();
    Add(*directory, SyntheticPeople(512));
  }
  const auto rows = RowsOf(store_, Family::kIdentifiers);
  ASSERT_EQ(rows.size(), 2U);
  PutRow(store_, Family::kIdentifiers, rows[0].first, rows[1].second);
  PutRow(store_, Family::kIdentifiers, rows[1].first, rows[0].second);
  EXPECT_EQ(ReasonOf(Open().status()), Reason::kRecordCorrupt);
}

TEST_F(DirectoryTest, AHighWaterMarkThatDisagreesIsRefused) {
  {
    const auto directory = Open().value();
    Add(*directory, SyntheticPeople(3));
  }
  for (const std::uint32_t wrong : {0U, 2U, 4U}) {
    std::string mark;
    domain::AppendBigEndian(mark, wrong);
    PutRow(store_, Family::kMeta, "directory/next", mark);
    EXPECT_EQ(ReasonOf(Open().status()), Reason::kRecordCorrupt) << wrong;
  }
  PutRow(store_, Family::kMeta, "directory/next", std::string(3, '\0'));
  EXPECT_EQ(ReasonOf(Open().status()), Reason::kRecordCorrupt);
  DeleteRow(store_, Family::kMeta, "directory/next");
  EXPECT_EQ(ReasonOf(Open().status()), Reason::kRecordCorrupt);
}

TEST_F(DirectoryTest, AnotherKeyOpensNothing) {
  {
    const auto directory = Open().value();
    Add(*directory, SyntheticPeople(3));
  }
  const auto opened = Directory::Open(store_, crypto::IdentityIndex::Create(*arena_, TestKey(*arena_, 1)).value(),
                                      crypto::RecordSealer(TestKey(*arena_, 3)));
  EXPECT_EQ(ReasonOf(opened.status()), Reason::kRecordCorrupt);
}

TEST_F(DirectoryTest, NothingThatIsStoredIsClear) {
  const auto directory = Open().value();
  const std::vector<NationalId> people = SyntheticPeople(300);
  Add(*directory, people);
  const std::string stored = EverythingIn(store_);
  ASSERT_GT(stored.size(), 300 * 5U);
  std::vector<crypto::Tag> tags(people.size());
  directory->TagsOf(people, tags);
  for (std::size_t i = 0; i < people.size(); ++i) {
    const auto digits = people[i].digits();
    std::string big_endian;
    domain::AppendBigEndian(big_endian, people[i].packed());
    const std::string little_endian(big_endian.rbegin(), big_endian.rend());
    EXPECT_EQ(stored.find(std::string(digits.data(), digits.size())), std::string::npos);
    EXPECT_EQ(stored.find(big_endian.substr(3)), std::string::npos);
    EXPECT_EQ(stored.find(little_endian.substr(0, 5)), std::string::npos);
    EXPECT_EQ(stored.find(std::string(tags[i].bytes.begin(), tags[i].bytes.begin() + 8)), std::string::npos);
  }
}

TEST_F(DirectoryTest, BlocksTakeAboutFiveBytesForAnIdentifier) {
  const auto directory = Open().value();
  Add(*directory, SyntheticPeople(256));
  const auto rows = RowsOf(store_, Family::kIdentifiers);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].first, std::string("\0\0\0\xff", 4));
  EXPECT_EQ(rows[0].second.size(), 256 * 5 + crypto::RecordSealer::kOverhead);
}

}  // namespace
}  // namespace kobling::storage
