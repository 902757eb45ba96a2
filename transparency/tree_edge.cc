#include "transparency/tree_edge.h"

#include <optional>

#include "crypto/merkle.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::transparency {
namespace {

constexpr std::size_t kFullTileBytes = kTileWidth * kHashBytes;

}  // namespace

absl::StatusOr<TreeEdge> TreeEdge::Read(TileSource& source, std::uint64_t size) {
  TreeEdge edge;
  edge.size_ = size;
  for (unsigned level = 0; level <= kMaxTileLevel && HashesAtLevel(level, size) > 0; ++level) {
    const std::uint64_t hashes = HashesAtLevel(level, size);
    const auto width = static_cast<std::size_t>(hashes % kTileWidth);
    std::string& partial = edge.partial_.emplace_back();
    if (width > 0) {
      KOBLING_ASSIGN_OR_RETURN(partial, source.ReadTile(level, hashes / kTileWidth, width));
      if (partial.size() != width * kHashBytes) {
        return domain::MakeError(domain::Reason::kLogMalformed,
                                 {{domain::DetailKey::kFile, TilePath(level, hashes / kTileWidth, width)}});
      }
    }
  }
  return edge;
}

absl::Status TreeEdge::Append(const crypto::Digest& leaf_hash, const OnFullTile& on_full_tile) {
  crypto::Digest hash = leaf_hash;
  ++size_;
  for (unsigned level = 0;; ++level) {
    if (level == partial_.size()) {
      partial_.emplace_back();
    }
    partial_[level].append(hash.begin(), hash.end());
    if (partial_[level].size() < kFullTileBytes) {
      return absl::OkStatus();
    }
    const std::string full = std::move(partial_[level]);
    partial_[level].clear();
    KOBLING_RETURN_IF_ERROR(on_full_tile(level, HashesAtLevel(level, size_) / kTileWidth - 1, full));
    hash = RootOf(full);
  }
}

crypto::Digest TreeEdge::Root() const {
  // From the right, as the smallest complete subtrees stand there: each tile's root is the right child of what is on
  // its left.
  std::optional<crypto::Digest> root;
  for (const std::string& partial : partial_) {
    // The complete subtrees within a partial tile, the smallest (the last) first.
    std::size_t end = partial.size() / kHashBytes;
    for (std::size_t width = 1; end > 0; width *= 2) {
      if ((end & width) == 0) {
        continue;
      }
      end -= width;
      const crypto::Digest left = RootOf(std::string_view(partial).substr(end * kHashBytes, width * kHashBytes));
      root = root.has_value() ? crypto::NodeHash(left, *root) : left;
    }
  }
  return root.value_or(crypto::MerkleFrontier().Root());
}

std::string_view TreeEdge::PartialTile(unsigned level) const {
  return level < partial_.size() ? std::string_view(partial_[level]) : std::string_view();
}

}  // namespace kobling::transparency
