#include "storage/directory_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace kobling::storage {
namespace {

crypto::Tag RandomTag(std::mt19937_64& random) {
  crypto::Tag tag;
  for (std::uint8_t& byte : tag.bytes) {
    byte = static_cast<std::uint8_t>(random());
  }
  return tag;
}

void ExpectSame(const DirectoryIndex& index, const std::map<crypto::Tag, std::uint32_t>& model) {
  std::vector<crypto::Tag> tags;
  std::vector<std::uint32_t> expected;
  for (const auto& [tag, number] : model) {
    tags.push_back(tag);
    expected.push_back(number);
  }
  std::vector<std::uint32_t> found(tags.size());
  index.Find(tags, found);
  EXPECT_EQ(found, expected);
}

TEST(DirectoryIndex, AnEmptyOneKnowsNobody) {
  const DirectoryIndex index;
  std::mt19937_64 random(1);
  const std::vector<crypto::Tag> tags = {RandomTag(random), crypto::Tag{}};
  std::vector<std::uint32_t> numbers(2, 7);
  index.Find(tags, numbers);
  EXPECT_EQ(numbers, std::vector<std::uint32_t>(2, DirectoryIndex::kAbsent));
  EXPECT_EQ(index.size(), 0U);
}

TEST(DirectoryIndex, FindsWhatAMapFindsWhileItGrows) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  DirectoryIndex index;
  std::map<crypto::Tag, std::uint32_t> model;
  for (std::uint32_t number = 0; number < 20'000; ++number) {
    const crypto::Tag tag = RandomTag(random);
    model[tag] = number;
    index.Insert(tag, number);
    if ((number & (number + 1)) == 0 || number % 768 == 767) {  // around every growth
      ExpectSame(index, model);
    }
  }
  ExpectSame(index, model);
  EXPECT_EQ(index.size(), model.size());
  std::vector<crypto::Tag> strangers(5000);
  for (crypto::Tag& tag : strangers) {
    tag = RandomTag(random);
  }
  std::vector<std::uint32_t> found(strangers.size());
  index.Find(strangers, found);
  EXPECT_EQ(found, std::vector<std::uint32_t>(strangers.size(), DirectoryIndex::kAbsent));
}

TEST(DirectoryIndex, TagsThatFallOnTheSameSlotAreAllFoundAlsoAcrossTheEnd) {
  DirectoryIndex index;
  std::map<crypto::Tag, std::uint32_t> model;
  for (std::uint32_t number = 0; number < 700; ++number) {
    crypto::Tag tag;
    tag.bytes.fill(0xff);  // the last slot, whatever the size
    tag.bytes[8] = static_cast<std::uint8_t>(number >> 8);
    tag.bytes[9] = static_cast<std::uint8_t>(number);
    model[tag] = number;
    index.Insert(tag, number);
  }
  ExpectSame(index, model);
}

TEST(DirectoryIndex, TagsThatDifferOnlyInTheirTwelfthByteAreTold) {
  DirectoryIndex index;
  crypto::Tag one{};
  crypto::Tag two{};
  two.bytes[11] = 1;
  index.Insert(one, 1);
  const std::vector<crypto::Tag> tags = {one, two};
  std::vector<std::uint32_t> numbers(2);
  index.Find(tags, numbers);
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{1, DirectoryIndex::kAbsent}));
}

TEST(DirectoryIndex, ReservedRoomIsNotMoved) {
  DirectoryIndex index;
  index.Reserve(100'000);
  const std::size_t bytes = index.bytes();
  std::mt19937_64 random(2);
  for (std::uint32_t number = 0; number < 100'000; ++number) {
    index.Insert(RandomTag(random), number);
  }
  EXPECT_EQ(index.bytes(), bytes);
  EXPECT_LE(index.size() * 4, bytes / 16 * 3) << "fuller than three quarters";
}

}  // namespace
}  // namespace kobling::storage
