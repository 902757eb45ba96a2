// Where the hashes of the tree and the events stand in the published folder (C2SP tlog-tiles), and hashes of subtrees
// read from there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/sha256.h"

namespace kobling::transparency {

inline constexpr std::size_t kTileWidth = 256;
inline constexpr unsigned kTileHeight = 8;  // a tile spans so many levels of the tree
inline constexpr std::size_t kHashBytes = 32;
inline constexpr unsigned kMaxTileLevel = 7;  // 2^63 leaves need no more

// The longest event that a bundle of entries can hold.
inline constexpr std::size_t kMaxEntryBytes = 65'535;

// Paths below the folder: "tile/0/x001/234", "tile/entries/000.p/17". A width of kTileWidth is a full one.
std::string TilePath(unsigned level, std::uint64_t index, std::size_t width);
std::string EntriesPath(std::uint64_t index, std::size_t width);

// How many hashes a level has in a tree of so many leaves.
constexpr std::uint64_t HashesAtLevel(unsigned level, std::uint64_t size) { return size >> (level * kTileHeight); }

// The width of a tile in a tree of so many leaves: 0 if it is not there.
std::size_t TileWidth(unsigned level, std::uint64_t index, std::uint64_t size);

// The root over the hashes, as RFC 6962 defines it; for 1 hash, that hash.
crypto::Digest RootOf(std::string_view hashes);

// Gives tiles. Nothing that it gives is believed: proofs made from wrong tiles are wrong.
class TileSource {
 public:
  virtual ~TileSource() = default;
  // The first `width` hashes of a tile. Fails if they are not there.
  virtual absl::StatusOr<std::string> ReadTile(unsigned level, std::uint64_t index, std::size_t width) = 0;
};

// Roots of ranges of leaves of a tree, from tiles, each read once. For one thread at a time.
class TreeReader {
 public:
  // The source must outlive the reader.
  TreeReader(TileSource& source, std::uint64_t size) : source_(source), size_(size) {}

  std::uint64_t size() const { return size_; }

  // The root of the leaves from `begin` up to but not including `end`: begin is a multiple of the largest power of two
  // below the number of leaves, as in every range that RFC 6962 speaks of; begin < end ≤ size. Fails as the source
  // does.
  absl::StatusOr<crypto::Digest> Root(std::uint64_t begin, std::uint64_t end);

 private:
  absl::StatusOr<crypto::Digest> CompleteSubtree(unsigned height, std::uint64_t index);

  TileSource& source_;
  const std::uint64_t size_;
  std::map<std::pair<unsigned, std::uint64_t>, std::string> tiles_;
};

}  // namespace kobling::transparency
