// The growing end of a tree: the last tile of every level, from which the next tiles and the root follow.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/sha256.h"
#include "transparency/tiles.h"

namespace kobling::transparency {

// For one thread at a time.
class TreeEdge {
 public:
  // Called with each tile that has become full. An error ends Append with it; the edge must not be used then.
  using OnFullTile = std::function<absl::Status(unsigned level, std::uint64_t index, std::string_view hashes)>;

  TreeEdge() = default;

  // The end of a tree of so many leaves, from its partial tiles. Fails as the source does.
  static absl::StatusOr<TreeEdge> Read(TileSource& source, std::uint64_t size);

  absl::Status Append(const crypto::Digest& leaf_hash, const OnFullTile& on_full_tile);

  std::uint64_t size() const { return size_; }
  crypto::Digest Root() const;

  // The hashes of the last tile of a level that is not full; empty if there is none.
  std::string_view PartialTile(unsigned level) const;
  // Levels from this one on have no hash.
  unsigned levels() const { return static_cast<unsigned>(partial_.size()); }

 private:
  std::uint64_t size_ = 0;
  std::vector<std::string> partial_;  // by level
};

}  // namespace kobling::transparency
