#include "transparency/log_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <span>

#include "crypto/merkle.h"
#include "transparency/log_folder.h"
#include "transparency/tree_edge.h"

namespace kobling::transparency {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<crypto::SigningKey> KeyOf(crypto::SecretArena& arena, std::uint8_t number) {
  std::array<std::uint8_t, 32> seed;
  seed.fill(number);
  return std::make_unique<crypto::SigningKey>(crypto::SigningKey::FromSeed(arena, seed).value());
}

void WriteFile(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

void WritePartialTiles(const fs::path& folder, const TreeEdge& edge, const std::vector<std::string>& entries) {
  for (unsigned level = 0; level < edge.levels(); ++level) {
    if (const std::string_view hashes = edge.PartialTile(level); !hashes.empty()) {
      WriteFile(folder / TilePath(level, HashesAtLevel(level, edge.size()) / kTileWidth, hashes.size() / kHashBytes),
                hashes);
    }
  }
  if (!entries.empty()) {
    WriteFile(folder / EntriesPath(edge.size() / kTileWidth, entries.size()), EncodeEntries(entries));
  }
}

}  // namespace

TestSigners::TestSigners()
    : arena_(crypto::SecretArena::Create(4096).value()),
      log_key_(KeyOf(*arena_, 1)),
      witness_key_(KeyOf(*arena_, 2)),
      log_(SignerKind::kLog, kTestOrigin, log_key_->public_key()),
      witness_(SignerKind::kWitness, "witness.example", witness_key_->public_key()) {}

Note TestSigners::Sign(const TreeHead& head, absl::Time time) const {
  Note note = SignTreeHead(head, *log_key_);
  note.signatures.push_back(Cosign(note.text, witness_, *witness_key_, time));
  return note;
}

std::string TestEntry(std::uint64_t index) {
  Event event;
  event.time = absl::FromUnixSeconds(1'790'000'000 + static_cast<std::int64_t>(index));
  event.actor = "kari.berg";
  event.role = "key-officer";
  event.operation = index % 3 == 0 ? "keyfile.issue" : "project.show";
  event.result = index % 5 == 0 ? "NOT_PERMITTED" : "OK";
  event.counts = {{"number", index}};
  return EncodeEvent(event);
}

crypto::Digest HashOf(const std::string& entry) {
  return crypto::LeafHash(std::span(reinterpret_cast<const std::uint8_t*>(entry.data()), entry.size()));
}

MemoryTiles::MemoryTiles(std::uint64_t size) {
  TreeEdge edge;
  for (std::uint64_t i = 0; i < size; ++i) {
    EXPECT_TRUE(edge.Append(HashOf(TestEntry(i)),
                            [&](unsigned level, std::uint64_t index, std::string_view hashes) {
                              tiles_[{level, index}] = std::string(hashes);
                              return absl::OkStatus();
                            })
                    .ok());
  }
  for (unsigned level = 0; level < edge.levels(); ++level) {
    tiles_[{level, HashesAtLevel(level, size) / kTileWidth}] = std::string(edge.PartialTile(level));
  }
  root_ = edge.Root();
}

absl::StatusOr<std::string> MemoryTiles::ReadTile(unsigned level, std::uint64_t index, std::size_t width) {
  const auto tile = tiles_.find({level, index});
  if (tile == tiles_.end() || tile->second.size() < width * kHashBytes) {
    return absl::NotFoundError("no such tile");
  }
  return tile->second.substr(0, width * kHashBytes);
}

void WriteTestLog(const fs::path& folder, const std::vector<std::uint64_t>& sizes, const TestSigners& signers) {
  TreeEdge edge;
  std::vector<std::string> entries;
  const auto write_full = [&](unsigned level, std::uint64_t index, std::string_view hashes) {
    WriteFile(folder / TilePath(level, index, kTileWidth), hashes);
    return absl::OkStatus();
  };
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    while (edge.size() < sizes[i]) {
      entries.push_back(TestEntry(edge.size()));
      ASSERT_TRUE(edge.Append(HashOf(entries.back()), write_full).ok());
      if (entries.size() == kTileWidth) {
        WriteFile(folder / EntriesPath(edge.size() / kTileWidth - 1, kTileWidth), EncodeEntries(entries));
        entries.clear();
      }
    }
    const Note note = signers.Sign({kTestOrigin, edge.size(), edge.Root()},
                                   absl::FromUnixSeconds(1'800'000'000 + static_cast<std::int64_t>(i) * 3600));
    const std::string name = std::to_string(10 + i);
    WriteFile(folder / "checkpoints" / "2026" / "11" / ("22-" + name), note.bytes());
    WriteFile(folder / "checkpoint", note.bytes());
  }
  WritePartialTiles(folder, edge, entries);
}

}  // namespace kobling::transparency
