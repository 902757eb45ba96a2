#include "crypto/kek_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kMagic = "KBK1";
constexpr std::size_t kKeyAt = kMagic.size();
constexpr std::size_t kIdAt = kKeyAt + SecretKey::kBytes;
constexpr std::size_t kFileBytes = kIdAt + std::tuple_size_v<KekId>;

// A file descriptor, closed when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

absl::Status FileError(Reason reason, const std::string& path) {
  return MakeError(reason, {{DetailKey::kFile, path}});
}

absl::Status ModeError(const std::string& path, std::string_view expected) {
  return MakeError(Reason::kFileMode, {{DetailKey::kFile, path}, {DetailKey::kExpected, expected}});
}

// Reads until the buffer is full or the file ends; the number of bytes read, or -1.
std::ptrdiff_t ReadFully(int file, std::span<std::uint8_t> buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const auto count = ::read(file, buffer.data() + done, buffer.size() - done);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return -1;
    }
    if (count == 0) {
      break;
    }
    done += static_cast<std::size_t>(count);
  }
  return static_cast<std::ptrdiff_t>(done);
}

bool WriteFully(int file, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

bool SyncFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const Descriptor descriptor(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return descriptor.is_open() && ::fsync(descriptor.number()) == 0;
}

}  // namespace

absl::StatusOr<KeyEncryptionKey> KekFile::Load(SecretArena& arena) {
  // O_NONBLOCK so that a pipe in the file's place is refused below and not waited for.
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    return FileError(errno == ENOENT ? Reason::kFileNotFound : Reason::kFileUnreadable, path_);
  }
  // Asked of the open file and not of its name, which could be given to another file in between.
  struct stat info = {};
  if (::fstat(file.number(), &info) != 0) {
    return FileError(Reason::kFileUnreadable, path_);
  }
  if (!S_ISREG(info.st_mode)) {
    return ModeError(path_, "a regular file");
  }
  if (info.st_uid != ::geteuid()) {
    return ModeError(path_, "to belong to the user that reads it");
  }
  const mode_t mode = info.st_mode & 07777;
  if (mode != 0600 && mode != 0400) {
    return ModeError(path_, "mode 0600");
  }

  // One byte more than the file should have, to see that it ends.
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kFileBytes + 1));
  const std::span<std::uint8_t> bytes = buffer.bytes(SecretAccess());
  const std::ptrdiff_t count = ReadFully(file.number(), bytes);
  if (count < 0) {
    return FileError(Reason::kFileUnreadable, path_);
  }
  if (count != static_cast<std::ptrdiff_t>(kFileBytes) || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    return FileError(Reason::kKeyUnusable, path_);
  }
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::CopyOf(arena, bytes.subspan<kKeyAt, SecretKey::kBytes>()));
  KeyEncryptionKey kek(std::move(key));
  if (!std::equal(kek.id().begin(), kek.id().end(), bytes.begin() + kIdAt)) {
    return FileError(Reason::kKeyUnusable, path_);
  }
  return kek;
}

absl::Status CreateKekFile(const std::string& path, SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Generate(arena));
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kFileBytes));
  const std::span<std::uint8_t> bytes = buffer.bytes(SecretAccess());
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  std::ranges::copy(SecretBytes(key, SecretAccess()), bytes.begin() + kKeyAt);
  const KeyEncryptionKey kek(std::move(key));
  std::copy(kek.id().begin(), kek.id().end(), bytes.begin() + kIdAt);

  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return FileError(errno == EEXIST ? Reason::kFileExists : Reason::kFileUnwritable, path);
  }
  // The mode again, because the process' umask may have taken more away.
  if (::fchmod(file.number(), 0600) != 0 || !WriteFully(file.number(), bytes) || ::fsync(file.number()) != 0 ||
      !SyncFolderOf(path)) {
    ::unlink(path.c_str());
    return FileError(Reason::kFileUnwritable, path);
  }
  return absl::OkStatus();
}

}  // namespace kobling::crypto
