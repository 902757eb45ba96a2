#include "transparency/tiles.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_format.h"
#include "crypto/merkle.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::transparency {
namespace {

// 1234067 as "x001/x234/067".
std::string IndexPath(std::uint64_t index) {
  std::string path = absl::StrFormat("%03d", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) {
    path = absl::StrFormat("x%03d/%s", index % 1000, path);
  }
  return path;
}

std::string WidthSuffix(std::size_t width) {
  return width == kTileWidth ? std::string() : absl::StrFormat(".p/%d", width);
}

crypto::Digest HashAt(std::string_view hashes, std::size_t index) {
  crypto::Digest hash;
  std::copy_n(hashes.begin() + static_cast<std::ptrdiff_t>(index * kHashBytes), kHashBytes, hash.begin());
  return hash;
}

}  // namespace

std::string TilePath(unsigned level, std::uint64_t index, std::size_t width) {
  return absl::StrFormat("tile/%d/%s%s", level, IndexPath(index), WidthSuffix(width));
}

std::string EntriesPath(std::uint64_t index, std::size_t width) {
  return absl::StrFormat("tile/entries/%s%s", IndexPath(index), WidthSuffix(width));
}

std::size_t TileWidth(unsigned level, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t hashes = HashesAtLevel(level, size);
  const std::uint64_t before = index * kTileWidth;
  return hashes <= before ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(hashes - before, kTileWidth));
}

crypto::Digest RootOf(std::string_view hashes) {
  crypto::MerkleFrontier frontier;
  for (std::size_t i = 0; i < hashes.size() / kHashBytes; ++i) {
    frontier.Append(HashAt(hashes, i));
  }
  return frontier.Root();
}

absl::StatusOr<crypto::Digest> TreeReader::CompleteSubtree(unsigned height, std::uint64_t index) {
  const unsigned level = height / kTileHeight;
  // The subtree's leaves within the level: a run of hashes of one tile.
  const std::uint64_t run = std::uint64_t{1} << (height % kTileHeight);
  const std::uint64_t first = index * run;
  const std::uint64_t tile_index = first / kTileWidth;
  auto tile = tiles_.find({level, tile_index});
  if (tile == tiles_.end()) {
    const std::size_t width = TileWidth(level, tile_index, size_);
    KOBLING_ASSIGN_OR_RETURN(std::string hashes, source_.ReadTile(level, tile_index, width));
    if (hashes.size() != width * kHashBytes) {
      return domain::MakeError(domain::Reason::kLogMalformed,
                               {{domain::DetailKey::kFile, TilePath(level, tile_index, width)}});
    }
    tile = tiles_.emplace(std::pair(level, tile_index), std::move(hashes)).first;
  }
  const std::size_t at = static_cast<std::size_t>(first % kTileWidth);
  return RootOf(std::string_view(tile->second).substr(at * kHashBytes, static_cast<std::size_t>(run) * kHashBytes));
}

absl::StatusOr<crypto::Digest> TreeReader::Root(std::uint64_t begin, std::uint64_t end) {
  if (begin >= end || end > size_) {
    return domain::MakeError(domain::Reason::kInternal, {{domain::DetailKey::kHint, "a range outside of the tree"}});
  }
  const std::uint64_t leaves = end - begin;
  if (std::has_single_bit(leaves)) {
    const auto height = static_cast<unsigned>(std::countr_zero(leaves));
    return CompleteSubtree(height, begin >> height);
  }
  const std::uint64_t left = std::bit_floor(leaves);
  KOBLING_ASSIGN_OR_RETURN(const crypto::Digest left_root, Root(begin, begin + left));
  KOBLING_ASSIGN_OR_RETURN(const crypto::Digest right_root, Root(begin + left, end));
  return crypto::NodeHash(left_root, right_root);
}

}  // namespace kobling::transparency
