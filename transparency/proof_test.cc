#include "transparency/proof.h"

#include <gtest/gtest.h>

#include <random>

#include "crypto/merkle.h"
#include "domain/error.h"
#include "transparency/log_testing.h"

namespace kobling::transparency {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr std::uint64_t kMost = 130;

crypto::Digest RootOfFirst(std::uint64_t size) {
  static const std::vector<crypto::Digest> roots = [] {
    crypto::MerkleFrontier frontier;
    std::vector<crypto::Digest> all = {frontier.Root()};
    for (std::uint64_t i = 0; i < 600; ++i) {
      frontier.Append(HashOf(TestEntry(i)));
      all.push_back(frontier.Root());
    }
    return all;
  }();
  return roots.at(size);
}

TreeHead HeadOf(std::uint64_t size) { return {kTestOrigin, size, RootOfFirst(size)}; }

TEST(Inclusion, EveryLeafOfEveryTreeIsProved) {
  for (std::uint64_t size = 1; size <= kMost; ++size) {
    MemoryTiles tiles(size);
    TreeReader tree(tiles, size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const Proof proof = ProveInclusion(tree, index).value();
      EXPECT_TRUE(VerifyInclusion(HashOf(TestEntry(index)), index, HeadOf(size), proof).ok()) << index << '/' << size;
    }
    EXPECT_FALSE(ProveInclusion(tree, size).ok());
  }
}

TEST(Inclusion, AProofOfAnythingElseIsRefused) {
  constexpr std::uint64_t kSize = 77;
  MemoryTiles tiles(kSize);
  TreeReader tree(tiles, kSize);
  std::size_t tried = 0;
  const auto refused = [&](std::uint64_t entry, std::uint64_t index, const TreeHead& head, const Proof& proof) {
    ++tried;
    EXPECT_EQ(ReasonOf(VerifyInclusion(HashOf(TestEntry(entry)), index, head, proof)), Reason::kLogInconsistent)
        << entry << ' ' << index << ' ' << head.size;
  };
  for (std::uint64_t index = 0; index < kSize; ++index) {
    const Proof proof = ProveInclusion(tree, index).value();
    refused(index + 1, index, HeadOf(kSize), proof);
    refused(index, index + 1, HeadOf(kSize), proof);
    refused(index, index, HeadOf(kSize - 1), proof);
    refused(index, kSize, HeadOf(kSize), proof);
    Proof wrong = proof;
    wrong.pop_back();
    refused(index, index, HeadOf(kSize), wrong);
    wrong = proof;
    wrong.push_back(proof.front());
    refused(index, index, HeadOf(kSize), wrong);
    for (std::size_t i = 0; i < proof.size(); ++i) {
      wrong = proof;
      wrong[i][7] ^= 0x20;
      refused(index, index, HeadOf(kSize), wrong);
    }
  }
  EXPECT_GT(tried, 800U);
}

TEST(Consistency, EveryTreeIsABeginningOfEveryLargerOne) {
  for (std::uint64_t size = 0; size <= kMost; ++size) {
    MemoryTiles tiles(size);
    TreeReader tree(tiles, size);
    for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
      const Proof proof = ProveConsistency(tree, old_size).value();
      EXPECT_TRUE(VerifyConsistency({old_size, RootOfFirst(old_size)}, {size, RootOfFirst(size)}, proof).ok())
          << old_size << '/' << size;
    }
    EXPECT_FALSE(ProveConsistency(tree, size + 1).ok());
  }
}

TEST(Consistency, AcrossTilesOfThreeLevels) {
  constexpr std::uint64_t kSize = 66'100;
  MemoryTiles tiles(kSize);
  TreeReader tree(tiles, kSize);
  for (const std::uint64_t old_size :
       {std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{256}, std::uint64_t{257}, std::uint64_t{4'000},
        std::uint64_t{65'535}, std::uint64_t{65'536}, std::uint64_t{65'537}, std::uint64_t{66'099}}) {
    const crypto::Digest old_root = MemoryTiles(old_size).root();
    const Proof proof = ProveConsistency(tree, old_size).value();
    EXPECT_TRUE(VerifyConsistency({old_size, old_root}, {kSize, tiles.root()}, proof).ok()) << old_size;
    EXPECT_LE(proof.size(), 18U);
  }
}

TEST(Consistency, ATreeThatWasChangedIsRefused) {
  std::size_t tried = 0;
  const auto refused = [&](const TreeState& old_tree, const TreeState& new_tree, const Proof& proof) {
    ++tried;
    EXPECT_EQ(ReasonOf(VerifyConsistency(old_tree, new_tree, proof)), Reason::kLogInconsistent)
        << old_tree.size << ' ' << new_tree.size;
  };
  for (const std::uint64_t size :
       {std::uint64_t{1}, std::uint64_t{8}, std::uint64_t{13}, std::uint64_t{64}, std::uint64_t{100}}) {
    MemoryTiles tiles(size);
    TreeReader tree(tiles, size);
    for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
      const Proof proof = ProveConsistency(tree, old_size).value();
      const TreeState old_tree{old_size, RootOfFirst(old_size)};
      const TreeState new_tree{size, RootOfFirst(size)};
      TreeState other = old_tree;
      other.root[0] ^= 1;
      refused(other, new_tree, proof);
      if (old_size > 0) {
        other = new_tree;
        other.root[0] ^= 1;
        refused(old_tree, other, proof);
        refused({old_size + size, old_tree.root}, new_tree, proof);
      }
      Proof longer = proof;
      longer.push_back(new_tree.root);
      refused(old_tree, new_tree, longer);
      for (std::size_t i = 0; i < proof.size(); ++i) {
        Proof wrong = proof;
        wrong[i][31] ^= 0x80;
        refused(old_tree, new_tree, wrong);
        wrong = proof;
        wrong.erase(wrong.begin() + static_cast<std::ptrdiff_t>(i));
        refused(old_tree, new_tree, wrong);
      }
    }
  }
  EXPECT_GT(tried, 1500U);
}

TEST(Receipt, IsKeptAndCheckedByItself) {
  const TestSigners signers;
  constexpr std::uint64_t kSize = 100;
  MemoryTiles tiles(kSize);
  TreeReader tree(tiles, kSize);
  const InclusionReceipt receipt{42, ProveInclusion(tree, 42).value(),
                                 signers.Sign(HeadOf(kSize), absl::FromUnixSeconds(1'800'000'000))};
  const std::string text = receipt.text();
  const InclusionReceipt read = InclusionReceipt::Parse(text).value();
  EXPECT_EQ(read.text(), text);
  EXPECT_EQ(read.Verify(TestEntry(42), signers.log()).value().size, kSize);
  EXPECT_EQ(ReasonOf(read.Verify(TestEntry(41), signers.log()).status()), Reason::kLogInconsistent);
  EXPECT_EQ(ReasonOf(read.Verify(TestEntry(42), signers.witness()).status()), Reason::kLogSignature);
  // Others may add a line that nobody needs to believe.
  std::string with_extra = text;
  with_extra.insert(with_extra.find('\n') + 1, "extra AAAA\n");
  EXPECT_TRUE(InclusionReceipt::Parse(with_extra).value().Verify(TestEntry(42), signers.log()).ok());
}

TEST(Receipt, EveryChangedByteIsSeen) {
  const TestSigners signers;
  MemoryTiles tiles(10);
  TreeReader tree(tiles, 10);
  const InclusionReceipt receipt{3, ProveInclusion(tree, 3).value(), SignTreeHead(HeadOf(10), signers.log_key())};
  const std::string text = receipt.text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string wrong = text;
    wrong[i] = wrong[i] == '1' ? '2' : '1';
    const auto read = InclusionReceipt::Parse(wrong);
    EXPECT_FALSE(read.ok() && read->Verify(TestEntry(3), signers.log()).ok()) << i;
  }
}

}  // namespace
}  // namespace kobling::transparency
