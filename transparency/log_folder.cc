#include "transparency/log_folder.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::transparency {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
namespace fs = std::filesystem;

constexpr std::size_t kLengthBytes = 2;
constexpr std::size_t kMaxBundleBytes = kTileWidth * (kLengthBytes + kMaxEntryBytes);
constexpr std::string_view kCheckpoint = "checkpoint";
constexpr std::string_view kKeptCheckpoints = "checkpoints";

absl::Status MalformedFile(const std::string& path) {
  return MakeError(Reason::kLogMalformed, {{DetailKey::kFile, path}});
}

}  // namespace

absl::StatusOr<std::string> LogFolder::Read(const std::string& path, std::size_t max_bytes) const {
  std::error_code error;
  const fs::path file = folder_ / path;
  if (!fs::exists(file, error)) {
    return MakeError(error ? Reason::kFileUnreadable : Reason::kFileNotFound, {{DetailKey::kFile, file.string()}});
  }
  if (!fs::is_regular_file(file, error)) {
    return MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, file.string()}});
  }
  const auto bytes = fs::file_size(file, error);
  if (error || bytes > max_bytes) {
    return error ? MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, file.string()}}) : MalformedFile(path);
  }
  std::ifstream stream(file, std::ios::binary);
  std::string content(static_cast<std::size_t>(bytes), '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!stream) {
    return MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, file.string()}});
  }
  return content;
}

absl::StatusOr<Note> LogFolder::ReadCheckpoint() const { return ReadKeptCheckpoint(std::string(kCheckpoint)); }

absl::StatusOr<Note> LogFolder::ReadKeptCheckpoint(const std::string& path) const {
  KOBLING_ASSIGN_OR_RETURN(const std::string bytes, Read(path, Note::kMaxBytes));
  absl::StatusOr<Note> note = Note::Parse(bytes);
  return note.ok() ? std::move(note) : MalformedFile(path);
}

absl::StatusOr<std::vector<std::string>> LogFolder::ListKeptCheckpoints() const {
  std::vector<std::string> paths;
  std::error_code error;
  const fs::path folder = folder_ / kKeptCheckpoints;
  if (!fs::exists(folder, error)) {
    return paths;
  }
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    // A file that was being written when the server ended has a name of its own.
    if (entry->is_regular_file(error) && entry->path().extension().empty()) {
      paths.push_back(fs::path(entry->path()).lexically_relative(folder_).string());
    }
  }
  if (error) {
    return MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, folder.string()}});
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::StatusOr<LogFolder::Found> LogFolder::ReadAtLeast(const std::function<std::string(std::size_t)>& path_of,
                                                        std::size_t width) const {
  // In most cases it is there as it was asked for, or has become full.
  std::vector<std::size_t> widths = {width, kTileWidth};
  for (std::size_t wider = width + 1; wider < kTileWidth; ++wider) {
    widths.push_back(wider);
  }
  for (const std::size_t wanted : widths) {
    absl::StatusOr<std::string> bytes = Read(path_of(wanted), kMaxBundleBytes);
    if (bytes.ok()) {
      return Found{*std::move(bytes), wanted};
    }
    if (domain::ReasonOf(bytes.status()) != Reason::kFileNotFound) {
      return bytes.status();
    }
  }
  return MakeError(Reason::kFileNotFound, {{DetailKey::kFile, (folder_ / path_of(width)).string()}});
}

absl::StatusOr<std::string> LogFolder::ReadTile(unsigned level, std::uint64_t index, std::size_t width) {
  KOBLING_ASSIGN_OR_RETURN(Found found,
                           ReadAtLeast([&](std::size_t wanted) { return TilePath(level, index, wanted); }, width));
  if (found.bytes.size() != found.width * kHashBytes) {
    return MalformedFile(TilePath(level, index, found.width));
  }
  found.bytes.resize(width * kHashBytes);
  return std::move(found.bytes);
}

absl::StatusOr<std::vector<std::string>> LogFolder::ReadEntries(std::uint64_t index, std::size_t width) const {
  KOBLING_ASSIGN_OR_RETURN(const Found found,
                           ReadAtLeast([&](std::size_t wanted) { return EntriesPath(index, wanted); }, width));
  absl::StatusOr<std::vector<std::string>> entries = DecodeEntries(found.bytes);
  if (!entries.ok() || entries->size() != found.width) {
    return MalformedFile(EntriesPath(index, found.width));
  }
  entries->resize(width);
  return entries;
}

absl::StatusOr<std::string> LogFolder::ReadEntry(std::uint64_t entry, std::uint64_t size) const {
  const std::size_t width = TileWidth(0, entry / kTileWidth, size);
  KOBLING_ASSIGN_OR_RETURN(std::vector<std::string> entries, ReadEntries(entry / kTileWidth, width));
  return std::move(entries[static_cast<std::size_t>(entry % kTileWidth)]);
}

std::string EncodeEntries(const std::vector<std::string>& entries) {
  std::string bytes;
  for (const std::string& entry : entries) {
    domain::AppendBigEndian(bytes, static_cast<std::uint16_t>(entry.size()));
    bytes += entry;
  }
  return bytes;
}

absl::StatusOr<std::vector<std::string>> DecodeEntries(std::string_view bytes) {
  std::vector<std::string> entries;
  while (!bytes.empty()) {
    if (bytes.size() < kLengthBytes) {
      return MakeError(Reason::kLogMalformed);
    }
    const auto length = domain::ReadBigEndian<std::uint16_t>(bytes);
    bytes.remove_prefix(kLengthBytes);
    if (bytes.size() < length) {
      return MakeError(Reason::kLogMalformed);
    }
    entries.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return entries;
}

}  // namespace kobling::transparency
