#include "crypto/merkle.h"

#include <algorithm>
#include <array>
#include <bit>

#include "domain/error.h"

namespace kobling::crypto {
namespace {

constexpr std::size_t kSizeBytes = 8;
constexpr std::size_t kHashBytes = std::tuple_size_v<Digest>;

}  // namespace

Digest LeafHash(std::span<const std::uint8_t> data) {
  constexpr std::array<std::uint8_t, 1> kPrefix = {0x00};
  return Sha256({kPrefix, data});
}

Digest NodeHash(const Digest& left, const Digest& right) {
  constexpr std::array<std::uint8_t, 1> kPrefix = {0x01};
  return Sha256({kPrefix, left, right});
}

void MerkleFrontier::Append(const Digest& leaf_hash) {
  Digest hash = leaf_hash;
  // As in counting: each trailing one bit of the size is a complete subtree that the new one joins.
  for (int joined = std::countr_one(size_); joined > 0; --joined) {
    hash = NodeHash(subtrees_.back(), hash);
    subtrees_.pop_back();
  }
  subtrees_.push_back(hash);
  ++size_;
}

Digest MerkleFrontier::Root() const {
  if (subtrees_.empty()) {
    return Sha256(std::span<const std::uint8_t>());
  }
  Digest root = subtrees_.back();
  for (auto left = subtrees_.rbegin() + 1; left != subtrees_.rend(); ++left) {
    root = NodeHash(*left, root);
  }
  return root;
}

std::string MerkleFrontier::Serialize() const {
  std::string bytes;
  bytes.reserve(kSizeBytes + subtrees_.size() * kHashBytes);
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(size_ >> shift);
  }
  for (const Digest& hash : subtrees_) {
    bytes.append(hash.begin(), hash.end());
  }
  return bytes;
}

absl::StatusOr<MerkleFrontier> MerkleFrontier::Parse(std::string_view bytes) {
  MerkleFrontier frontier;
  if (bytes.size() >= kSizeBytes) {
    for (const char byte : bytes.substr(0, kSizeBytes)) {
      frontier.size_ = frontier.size_ << 8 | static_cast<std::uint8_t>(byte);
    }
  }
  const auto subtrees = static_cast<std::size_t>(std::popcount(frontier.size_));
  if (bytes.size() != kSizeBytes + subtrees * kHashBytes) {
    return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kField, "tree frontier"}});
  }
  frontier.subtrees_.resize(subtrees);
  auto rest = bytes.begin() + kSizeBytes;
  for (Digest& hash : frontier.subtrees_) {
    std::copy_n(rest, kHashBytes, hash.begin());
    rest += kHashBytes;
  }
  return frontier;
}

}  // namespace kobling::crypto
