// The file with an issuer's public keys, as another process leaves it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace kobling::server {

// What tells one state of the file from another.
struct KeyFileStamp {
  std::int64_t modified_seconds = 0;
  std::int64_t modified_nanoseconds = 0;
  std::int64_t bytes = 0;
  ino_t inode = 0;

  friend bool operator==(const KeyFileStamp&, const KeyFileStamp&) = default;
};

// The stamp; nothing if there is no such file.
std::optional<KeyFileStamp> StampOfKeyFile(const std::filesystem::path& path);

struct KeyFileText {
  std::string text;
  KeyFileStamp stamp;
};

// The whole file with its stamp. Fails with TOKEN_KEYS, naming the file, if it cannot be read, is no regular file, is
// longer than 256 KiB, or if group or others may write to it: whoever writes this file decides who gets in.
absl::StatusOr<KeyFileText> ReadKeyFile(const std::filesystem::path& path);

}  // namespace kobling::server
