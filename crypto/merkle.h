// The Merkle tree over the events, as RFC 6962 section 2.1 defines it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/sha256.h"

namespace kobling::crypto {

// SHA-256(00 data) and SHA-256(01 left right): the prefix keeps a leaf from being passed off as an inner node.
Digest LeafHash(std::span<const std::uint8_t> data);
Digest NodeHash(const Digest& left, const Digest& right);

// As much of a tree as is needed to append to it and to know its root: the number of leaves, and the root of each
// complete subtree, at most 64. Not thread-safe.
class MerkleFrontier {
 public:
  MerkleFrontier() = default;

  void Append(const Digest& leaf_hash);

  std::uint64_t size() const { return size_; }
  // The tree head. That of the empty tree is SHA-256 of nothing.
  Digest Root() const;

  // size as 8 bytes, most significant first, then the hashes of the complete subtrees, largest first: one for each bit
  // that is set in size. There is exactly one serialised form of a frontier.
  std::string Serialize() const;
  // Fails with RECORD_CORRUPT if the bytes are too short or too long for the size that they state.
  static absl::StatusOr<MerkleFrontier> Parse(std::string_view bytes);

  friend bool operator==(const MerkleFrontier&, const MerkleFrontier&) = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> subtrees_;  // largest first; one for each bit set in size_
};

}  // namespace kobling::crypto
