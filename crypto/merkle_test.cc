#include "crypto/merkle.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

// RFC 6962, section 2.1, word for word: split at the largest power of two below the size.
Digest NaiveRoot(std::span<const Digest> leaf_hashes) {
  if (leaf_hashes.empty()) {
    return Sha256(AsBytes(""));
  }
  if (leaf_hashes.size() == 1) {
    return leaf_hashes[0];
  }
  const std::size_t split = std::bit_floor(leaf_hashes.size() - 1);
  return NodeHash(NaiveRoot(leaf_hashes.first(split)), NaiveRoot(leaf_hashes.subspan(split)));
}

std::vector<Digest> NumberedLeaves(std::size_t count) {
  std::vector<Digest> hashes;
  for (std::size_t i = 0; i < count; ++i) {
    hashes.push_back(LeafHash(AsBytes("event " + std::to_string(i))));
  }
  return hashes;
}

TEST(LeafHash, AgreesWithThePublishedExamples) {
  EXPECT_EQ(ToHex(LeafHash(AsBytes(""))), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(ToHex(LeafHash(AsBytes("L123456"))), "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
}

TEST(NodeHash, IsNotTheLeafHashOfItsChildren) {
  const Digest left = LeafHash(AsBytes("a"));
  const Digest right = LeafHash(AsBytes("b"));
  std::vector<std::uint8_t> both(left.begin(), left.end());
  both.insert(both.end(), right.begin(), right.end());
  EXPECT_NE(NodeHash(left, right), LeafHash(both));
  EXPECT_NE(NodeHash(left, right), NodeHash(right, left));
}

// The reference data of Certificate Transparency.
TEST(MerkleFrontier, AgreesWithThePublishedRoots) {
  constexpr std::string_view kLeaves[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  constexpr std::string_view kRoots[] = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleFrontier frontier;
  EXPECT_EQ(ToHex(frontier.Root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < std::size(kLeaves); ++i) {
    frontier.Append(LeafHash(AsBytes(FromHex(kLeaves[i]))));
    EXPECT_EQ(frontier.size(), i + 1);
    EXPECT_EQ(ToHex(frontier.Root()), kRoots[i]);
  }
}

TEST(MerkleFrontier, AgreesWithTheDefinitionForSizesUpTo1025) {
  const std::vector<Digest> leaves = NumberedLeaves(1025);
  MerkleFrontier frontier;
  for (std::size_t size = 0;; ++size) {
    ASSERT_EQ(frontier.Root(), NaiveRoot(std::span(leaves).first(size))) << size;
    if (size == leaves.size()) {
      break;
    }
    frontier.Append(leaves[size]);
  }
}

TEST(MerkleFrontier, GoesOnFromWhereItWasSerialised) {
  const std::vector<Digest> leaves = NumberedLeaves(130);
  MerkleFrontier whole;
  MerkleFrontier resumed;
  for (const Digest& leaf : leaves) {
    whole.Append(leaf);
    auto parsed = MerkleFrontier::Parse(resumed.Serialize());
    ASSERT_TRUE(parsed.ok());
    EXPECT_TRUE(*parsed == resumed);
    resumed = *parsed;
    resumed.Append(leaf);
  }
  EXPECT_EQ(resumed.Root(), whole.Root());
  EXPECT_EQ(resumed.Serialize(), whole.Serialize());
}

TEST(MerkleFrontier, BytesOfAnyOtherLengthAreRejected) {
  const std::vector<Digest> leaves = NumberedLeaves(11);
  MerkleFrontier frontier;
  for (const Digest& leaf : leaves) {
    frontier.Append(leaf);
  }
  const std::string bytes = frontier.Serialize();
  ASSERT_EQ(bytes.size(), 8u + 3 * 32);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto parsed = MerkleFrontier::Parse(std::string_view(bytes).substr(0, length));
    EXPECT_EQ(domain::ReasonOf(parsed.status()), domain::Reason::kRecordCorrupt) << length;
  }
  EXPECT_FALSE(MerkleFrontier::Parse(bytes + '\0').ok());
  EXPECT_FALSE(MerkleFrontier::Parse(bytes + std::string(32, '\0')).ok());
}

TEST(MerkleFrontier, HoldsTheLargestSize) {
  const std::string bytes = std::string(8, '\xff') + std::string(64 * 32, 'h');
  const auto parsed = MerkleFrontier::Parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->size(), ~std::uint64_t{0});
  EXPECT_EQ(parsed->Serialize(), bytes);
}

}  // namespace
}  // namespace kobling::crypto
