#include "crypto/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

absl::Status FileError(Reason reason, const std::string& path) { return MakeError(reason, {{DetailKey::kFile, path}}); }

absl::Status ModeError(const std::string& path, std::string_view expected) {
  return MakeError(Reason::kFileMode, {{DetailKey::kFile, path}, {DetailKey::kExpected, expected}});
}

// What a file that breaks the rule should have been; nothing if it keeps it.
std::optional<std::string_view> Offence(const struct stat& info, SecretFileRule rule) {
  if (!S_ISREG(info.st_mode)) {
    return "a regular file";
  }
  const mode_t mode = info.st_mode & 07777;
  const bool is_own = info.st_uid == ::geteuid();
  if (rule == SecretFileRule::kOwnFile) {
    if (!is_own) {
      return "to belong to the user that reads it";
    }
    return mode == 0600 || mode == 0400 ? std::nullopt : std::optional<std::string_view>("mode 0600");
  }
  if (!is_own && info.st_uid != 0) {
    return "to belong to the user that reads it, or to root";
  }
  const mode_t allowed = info.st_uid == 0 && info.st_gid == 0 ? 0640 : 0600;
  return (mode & ~allowed) == 0 ? std::nullopt : std::optional<std::string_view>("mode 0400");
}

// Reads until the buffer is full or the file ends; the number of bytes read, or nothing after an error.
std::optional<std::size_t> ReadFully(int file, std::span<std::uint8_t> buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const auto count = ::read(file, buffer.data() + done, buffer.size() - done);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return std::nullopt;
    }
    if (count == 0) {
      break;
    }
    done += static_cast<std::size_t>(count);
  }
  return done;
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

bool WriteZeros(int file, std::size_t size) {
  constexpr std::array<std::uint8_t, 512> kZeros = {};
  while (size > 0) {
    const std::size_t part = std::min(size, kZeros.size());
    if (!WriteFully(file, std::span(kZeros).first(part))) {
      return false;
    }
    size -= part;
  }
  return ::fsync(file) == 0;
}

std::string FolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) {
    ::close(number_);
  }
}

absl::StatusOr<Descriptor> OpenSecretFile(const std::string& path, SecretFileRule rule) {
  // O_NONBLOCK so that a pipe in the file's place is refused below and not waited for.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    return FileError(errno == ENOENT ? Reason::kFileNotFound : Reason::kFileUnreadable, path);
  }
  // Asked of the open file and not of its name, which could be given to another file in between.
  struct stat info = {};
  if (::fstat(file.number(), &info) != 0) {
    return FileError(Reason::kFileUnreadable, path);
  }
  if (const auto expected = Offence(info, rule); expected.has_value()) {
    return ModeError(path, *expected);
  }
  return file;
}

absl::StatusOr<std::size_t> ReadSecretFile(const std::string& path, SecretFileRule rule, std::span<std::uint8_t> out) {
  KOBLING_ASSIGN_OR_RETURN(const Descriptor file, OpenSecretFile(path, rule));
  const std::optional<std::size_t> count = ReadFully(file.number(), out);
  if (!count.has_value()) {
    return FileError(Reason::kFileUnreadable, path);
  }
  return *count;
}

absl::Status WriteNewSecretFile(const std::string& path, std::span<const std::uint8_t> bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return FileError(errno == EEXIST ? Reason::kFileExists : Reason::kFileUnwritable, path);
  }
  // The mode again, because the process' umask may have taken more away.
  if (::fchmod(file.number(), 0600) != 0 || !WriteFully(file.number(), bytes) || ::fsync(file.number()) != 0 ||
      !SyncFolder(FolderOf(path)).ok()) {
    ::unlink(path.c_str());
    return FileError(Reason::kFileUnwritable, path);
  }
  return absl::OkStatus();
}

absl::Status OverwriteSecretFile(const std::string& path) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : FileError(Reason::kFileUnwritable, path);
  }
  if (S_ISLNK(info.st_mode)) {
    return absl::OkStatus();
  }
  // Its owner may have taken the right to write away (mode 0400).
  if (!S_ISREG(info.st_mode) || ((info.st_mode & S_IWUSR) == 0 && ::chmod(path.c_str(), 0600) != 0)) {
    return FileError(Reason::kFileUnwritable, path);
  }
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open() || !WriteZeros(file.number(), static_cast<std::size_t>(info.st_size))) {
    return FileError(Reason::kFileUnwritable, path);
  }
  return absl::OkStatus();
}

absl::Status DestroySecretFile(const std::string& path) {
  KOBLING_RETURN_IF_ERROR(OverwriteSecretFile(path));
  if (::unlink(path.c_str()) != 0) {
    return errno == ENOENT ? absl::OkStatus() : FileError(Reason::kFileUnwritable, path);
  }
  return SyncFolder(FolderOf(path));
}

absl::Status RenameSecretFile(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return FileError(Reason::kFileUnwritable, to);
  }
  return SyncFolder(FolderOf(to));
}

absl::Status SyncFolder(const std::string& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open() || ::fsync(descriptor.number()) != 0) {
    return FileError(Reason::kFileUnwritable, folder);
  }
  return absl::OkStatus();
}

}  // namespace kobling::crypto
