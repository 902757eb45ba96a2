#include "transparency/tree_edge.h"

#include <gtest/gtest.h>

#include "crypto/merkle.h"
#include "transparency/log_testing.h"

namespace kobling::transparency {
namespace {

TEST(TreeEdge, KnowsTheRootAfterEveryLeaf) {
  TreeEdge edge;
  crypto::MerkleFrontier frontier;
  EXPECT_EQ(edge.Root(), frontier.Root());
  for (std::uint64_t i = 0; i < 1200; ++i) {
    const crypto::Digest leaf = HashOf(TestEntry(i));
    frontier.Append(leaf);
    ASSERT_TRUE(edge.Append(leaf, [](unsigned, std::uint64_t, std::string_view) { return absl::OkStatus(); }).ok());
    ASSERT_EQ(edge.Root(), frontier.Root()) << i;
    ASSERT_EQ(edge.size(), i + 1);
  }
}

TEST(TreeEdge, GoesOnFromWhatWasPublished) {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{256}, std::uint64_t{257},
        std::uint64_t{65'535}, std::uint64_t{65'536}, std::uint64_t{65'537}}) {
    MemoryTiles tiles(size);
    TreeEdge edge = TreeEdge::Read(tiles, size).value();
    EXPECT_EQ(edge.Root(), tiles.root()) << size;
    for (std::uint64_t i = size; i < size + 300; ++i) {
      ASSERT_TRUE(
          edge.Append(HashOf(TestEntry(i)), [](unsigned, std::uint64_t, std::string_view) { return absl::OkStatus(); })
              .ok());
    }
    EXPECT_EQ(edge.Root(), MemoryTiles(size + 300).root()) << size;
  }
}

TEST(TreeEdge, AMissingTileIsAnError) {
  MemoryTiles tiles(10);
  EXPECT_FALSE(TreeEdge::Read(tiles, 11).ok());
}

TEST(TreeEdge, WhatCannotBeWrittenEndsIt) {
  TreeEdge edge;
  absl::Status status;
  for (std::uint64_t i = 0; i < 256 && status.ok(); ++i) {
    status = edge.Append(HashOf(TestEntry(i)),
                         [](unsigned, std::uint64_t, std::string_view) { return absl::UnavailableError("full disk"); });
  }
  EXPECT_FALSE(status.ok());
}

}  // namespace
}  // namespace kobling::transparency
