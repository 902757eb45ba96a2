// A published log as it lies on a disk. docs/formats/log.md says which files there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transparency/checkpoint.h"
#include "transparency/tiles.h"

namespace kobling::transparency {

// Reads; never writes. Errors name the file below the folder. Safe for concurrent use.
class LogFolder final : public TileSource {
 public:
  explicit LogFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The newest checkpoint. Nothing of it is verified. Fails with FILE_NOT_FOUND, FILE_UNREADABLE or LOG_MALFORMED.
  absl::StatusOr<Note> ReadCheckpoint() const;

  // The checkpoints that were kept, as paths below the folder, the oldest first. Fails with FILE_UNREADABLE.
  absl::StatusOr<std::vector<std::string>> ListKeptCheckpoints() const;
  absl::StatusOr<Note> ReadKeptCheckpoint(const std::string& path) const;

  // A wider tile at the same place serves, too. Fails with FILE_NOT_FOUND, FILE_UNREADABLE or LOG_MALFORMED.
  absl::StatusOr<std::string> ReadTile(unsigned level, std::uint64_t index, std::size_t width) override;

  // The first `width` entries of a bundle. Fails as ReadTile does.
  absl::StatusOr<std::vector<std::string>> ReadEntries(std::uint64_t index, std::size_t width) const;

  // One entry of a tree of so many leaves.
  absl::StatusOr<std::string> ReadEntry(std::uint64_t entry, std::uint64_t size) const;

 private:
  struct Found {
    std::string bytes;
    std::size_t width;  // as its name says
  };
  // A file that holds at least `width`, by the path that a width gives.
  absl::StatusOr<Found> ReadAtLeast(const std::function<std::string(std::size_t)>& path_of,
                                          std::size_t width) const;
  absl::StatusOr<std::string> Read(const std::string& path, std::size_t max_bytes) const;

  const std::filesystem::path folder_;
};

// The bytes of a bundle.
std::string EncodeEntries(const std::vector<std::string>& entries);
// Fails with LOG_MALFORMED unless the bytes are whole entries.
absl::StatusOr<std::vector<std::string>> DecodeEntries(std::string_view bytes);

}  // namespace kobling::transparency
