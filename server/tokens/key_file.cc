#include "server/tokens/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "domain/error.h"

namespace kobling::server {
namespace {

constexpr std::size_t kMaxBytes = 256 * 1024;

class OpenFile {
 public:
  // Without waiting, should a pipe stand there.
  explicit OpenFile(const std::filesystem::path& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

absl::Status Unusable(const std::filesystem::path& path, std::string_view hint) {
  return domain::MakeError(domain::Reason::kTokenKeys,
                           {{domain::DetailKey::kFile, path.string()}, {domain::DetailKey::kHint, hint}});
}

KeyFileStamp StampOf(const struct stat& file) {
  return {.modified_seconds = file.st_mtim.tv_sec,
          .modified_nanoseconds = file.st_mtim.tv_nsec,
          .bytes = file.st_size,
          .inode = file.st_ino};
}

}  // namespace

std::optional<KeyFileStamp> StampOfKeyFile(const std::filesystem::path& path) {
  struct stat file = {};
  return stat(path.c_str(), &file) == 0 ? std::optional<KeyFileStamp>(StampOf(file)) : std::nullopt;
}

absl::StatusOr<KeyFileText> ReadKeyFile(const std::filesystem::path& path) {
  const OpenFile open_file(path);
  struct stat file = {};
  if (open_file.descriptor() < 0 || fstat(open_file.descriptor(), &file) != 0) {
    return Unusable(path, "it cannot be read");
  }
  if (!S_ISREG(file.st_mode)) {
    return Unusable(path, "it is no regular file");
  }
  if ((file.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Unusable(path, "others than its owner may write to it");
  }
  KeyFileText result{.text = {}, .stamp = StampOf(file)};
  std::array<char, 4096> part;
  while (true) {
    const ssize_t size = read(open_file.descriptor(), part.data(), part.size());
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      return Unusable(path, "it cannot be read");
    }
    if (size == 0) {
      return result;
    }
    result.text.append(part.data(), static_cast<std::size_t>(size));
    if (result.text.size() > kMaxBytes) {
      return Unusable(path, "it is too long");
    }
  }
}

}  // namespace kobling::server
