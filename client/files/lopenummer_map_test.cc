#include "client/files/lopenummer_map.h"

#include <algorithm>
#include <string>
#include <vector>

#include "client/files/files_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::IsEmpty;

TEST(LopenummerMap, ARowThatIsTakenOutIsNotFoundAndMayComeBack) {
  const auto made = MakeMap(1000);
  LopenummerMap map(made->rows());
  ASSERT_TRUE(made->CopyTo(map).ok());
  for (std::uint64_t i = 0; i < 1000; i += 2) {
    map.RemoveCopied(Packed(SyntheticId(i)));
  }
  map.RemoveCopied(Packed(SyntheticId(5000)));
  LopenummerMap copy(map.rows() + 1);
  ASSERT_TRUE(map.CopyTo(copy).ok());
  ASSERT_TRUE(copy.Insert(Packed(SyntheticId(0)), MakeLopenummer(7)).ok());
  for (std::uint64_t i = 1; i < 1000; ++i) {
    ASSERT_EQ(map.Find(Packed(SyntheticId(i))).has_value(), i % 2 == 1) << i;
    ASSERT_EQ(copy.Find(Packed(SyntheticId(i))).has_value(), i % 2 == 1) << i;
  }
  EXPECT_TRUE(copy.At(*copy.Find(Packed(SyntheticId(0)))) == MakeLopenummer(7));
}

TEST(LopenummerMap, ACopiedRowIsGivenAnotherNumberOnceAndThenStays) {
  LopenummerMap made(1);
  ASSERT_TRUE(made.Insert(1, MakeLopenummer(1)).ok());
  made.RemoveCopied(1);
  EXPECT_TRUE(made.Find(1).has_value()) << "it was not copied";
  LopenummerMap map(1);
  ASSERT_TRUE(made.CopyTo(map).ok());
  EXPECT_EQ(ReasonName(map.Insert(1, MakeLopenummer(1))), "KEY_FILE_ROWS") << "the same number";
  ASSERT_TRUE(map.Insert(1, MakeLopenummer(2)).ok());
  EXPECT_EQ(ReasonName(map.Insert(1, MakeLopenummer(3))), "KEY_FILE_ROWS");
  map.RemoveCopied(1);
  ASSERT_TRUE(map.Find(1).has_value());
  EXPECT_TRUE(map.At(*map.Find(1)) == MakeLopenummer(2));
  EXPECT_EQ(map.rows(), 1u);
}

TEST(LopenummerMap, HoldsEveryRowAndNothingElse) {
  const auto map = MakeMap(10'000);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const auto place = map->Find(Packed(SyntheticId(i)));
    ASSERT_TRUE(place.has_value());
    ASSERT_TRUE(map->At(*place) == MakeLopenummer(i));
  }
  for (std::uint64_t i = 10'000; i < 20'000; ++i) {
    ASSERT_FALSE(map->Find(Packed(SyntheticId(i))).has_value());
  }
}

TEST(LopenummerMap, IdentifierTwiceAndTooManyRowsAreRefused) {
  LopenummerMap map(2);
  ASSERT_TRUE(map.Insert(1, MakeLopenummer(1)).ok());
  EXPECT_EQ(ReasonName(map.Insert(1, MakeLopenummer(2))), "KEY_FILE_ROWS");
  ASSERT_TRUE(map.Insert(2, MakeLopenummer(1)).ok());
  EXPECT_EQ(ReasonName(map.Insert(3, MakeLopenummer(3))), "KEY_FILE_ROWS");
}

TEST(LopenummerMap, UsedLopenumreAreGivenOnceAndInOrder) {
  LopenummerMap map(4);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(map.Insert(i, MakeLopenummer(i / 2)).ok());
  }
  EXPECT_THAT(map.Used(), IsEmpty());
  map.MarkUsed(*map.Find(2));
  map.MarkUsed(*map.Find(3));
  map.MarkUsed(*map.Find(4));
  std::vector<std::string> used;
  for (const auto& lopenummer : map.Used()) {
    used.push_back(Text(lopenummer));
  }
  std::vector<std::string> expected = {Text(MakeLopenummer(1)), Text(MakeLopenummer(2))};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(used, expected);
}

}  // namespace
}  // namespace kobling::client
