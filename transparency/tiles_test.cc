#include "transparency/tiles.h"

#include <gtest/gtest.h>

#include "crypto/merkle.h"
#include "transparency/log_testing.h"

namespace kobling::transparency {
namespace {

crypto::Digest RootOfEntries(std::uint64_t begin, std::uint64_t end) {
  crypto::MerkleFrontier frontier;
  for (std::uint64_t i = begin; i < end; ++i) {
    frontier.Append(HashOf(TestEntry(i)));
  }
  return frontier.Root();
}

TEST(TilePath, IsThatOfThePublishedFormat) {
  EXPECT_EQ(TilePath(0, 0, kTileWidth), "tile/0/000");
  EXPECT_EQ(TilePath(1, 999, 17), "tile/1/999.p/17");
  EXPECT_EQ(TilePath(0, 1000, kTileWidth), "tile/0/x001/000");
  EXPECT_EQ(TilePath(2, 1234067, 1), "tile/2/x001/x234/067.p/1");
  EXPECT_EQ(EntriesPath(1234067, kTileWidth), "tile/entries/x001/x234/067");
}

// The example of the C2SP page: a tree of 70,000 leaves.
TEST(TileWidth, IsThatOfThePublishedExample) {
  EXPECT_EQ(TileWidth(0, 272, 70'000), kTileWidth);
  EXPECT_EQ(TileWidth(0, 273, 70'000), 112U);
  EXPECT_EQ(TileWidth(0, 274, 70'000), 0U);
  EXPECT_EQ(TileWidth(1, 0, 70'000), kTileWidth);
  EXPECT_EQ(TileWidth(1, 1, 70'000), 17U);
  EXPECT_EQ(TileWidth(2, 0, 70'000), 1U);
  EXPECT_EQ(TileWidth(3, 0, 70'000), 0U);
  EXPECT_EQ(TileWidth(0, 0, 256), kTileWidth);
  EXPECT_EQ(TileWidth(0, 1, 256), 0U);
  EXPECT_EQ(TileWidth(1, 0, 256), 1U);
}

TEST(TreeReader, GivesTheRootOfEveryBeginning) {
  constexpr std::uint64_t kSize = 600;
  MemoryTiles tiles(kSize);
  TreeReader reader(tiles, kSize);
  for (std::uint64_t end = 1; end <= kSize; ++end) {
    EXPECT_EQ(reader.Root(0, end).value(), RootOfEntries(0, end)) << end;
  }
}

TEST(TreeReader, GivesTheRootsOfLargeTrees) {
  constexpr std::uint64_t kSize = 66'000;  // tiles of three levels
  MemoryTiles tiles(kSize);
  TreeReader reader(tiles, kSize);
  EXPECT_EQ(reader.Root(0, kSize).value(), RootOfEntries(0, kSize));
  EXPECT_EQ(reader.Root(65'536, kSize).value(), RootOfEntries(65'536, kSize));
  EXPECT_EQ(reader.Root(0, 65'536).value(), RootOfEntries(0, 65'536));
  EXPECT_EQ(reader.Root(512, 1024).value(), RootOfEntries(512, 1024));
  EXPECT_FALSE(reader.Root(0, kSize + 1).ok());
  EXPECT_FALSE(reader.Root(5, 5).ok());
}

}  // namespace
}  // namespace kobling::transparency
