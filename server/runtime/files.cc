#include "server/runtime/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kMostBytes = 1024 * 1024;

absl::Status FileError(Reason reason, const std::filesystem::path& path) {
  return MakeError(reason, {{DetailKey::kFile, path.string()}});
}

absl::Status ErrorOfErrno(const std::filesystem::path& path, Reason otherwise) {
  switch (errno) {
    case ENOENT:
      return FileError(otherwise == Reason::kFileUnreadable ? Reason::kFileNotFound : otherwise, path);
    case EEXIST:
      return FileError(Reason::kFileExists, path);
    case ENOSPC:
    case EDQUOT:
      return FileError(Reason::kDiskFull, path);
    default:
      return FileError(otherwise, path);
  }
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

absl::Status WriteAll(int descriptor, const std::filesystem::path& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return ErrorOfErrno(path, Reason::kFileUnwritable);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(descriptor) != 0) {
    return ErrorOfErrno(path, Reason::kFileUnwritable);
  }
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::filesystem::path& folder) {
  const Descriptor directory(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.number() < 0 || fsync(directory.number()) != 0) {
    return ErrorOfErrno(folder, Reason::kFileUnwritable);
  }
  return absl::OkStatus();
}

absl::Status CheckMode(const std::filesystem::path& path, mode_t kind, mode_t allowed, std::string_view command) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) {
    return ErrorOfErrno(path, Reason::kFileUnreadable);
  }
  const bool right_kind = (facts.st_mode & S_IFMT) == kind;
  if (!right_kind || facts.st_uid != geteuid() || (facts.st_mode & 07777 & ~allowed) != 0) {
    std::string hint = absl::StrFormat("%s %s", command, path.string());
    if (!right_kind) {
      hint = kind == S_IFDIR ? "this must be a folder" : "this must be a regular file";
    } else if (facts.st_uid != geteuid()) {
      hint = "chown it to the user that runs koblingd";
    }
    return MakeError(Reason::kFileMode, {{DetailKey::kFile, path.string()}, {DetailKey::kHint, hint}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::filesystem::path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (file.number() < 0 || fstat(file.number(), &facts) != 0) {
    return ErrorOfErrno(path, Reason::kFileUnreadable);
  }
  if (!S_ISREG(facts.st_mode)) {
    return FileError(Reason::kFileUnreadable, path);
  }
  std::string text(kMostBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return FileError(Reason::kFileUnreadable, path);
    }
    if (got == 0) {
      text.resize(size);
      return text;
    }
    size += static_cast<std::size_t>(got);
  }
  return FileError(Reason::kFileUnreadable, path);
}

absl::Status WriteNewFile(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  {
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.number() < 0) {
      return ErrorOfErrno(path, Reason::kFileUnwritable);
    }
    absl::Status written = WriteAll(file.number(), path, text);
    if (written.ok() && fchmod(file.number(), mode) != 0) {
      written = ErrorOfErrno(path, Reason::kFileUnwritable);
    }
    if (!written.ok()) {
      unlink(path.c_str());
      return written;
    }
  }
  return SyncFolder(path.parent_path());
}

absl::Status ReplaceFile(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  std::filesystem::path temporary = path;
  temporary += ".new";
  if (unlink(temporary.c_str()) != 0 && errno != ENOENT) {
    return ErrorOfErrno(temporary, Reason::kFileUnwritable);
  }
  KOBLING_RETURN_IF_ERROR(WriteNewFile(temporary, text, mode));
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    absl::Status error = ErrorOfErrno(path, Reason::kFileUnwritable);
    unlink(temporary.c_str());
    return error;
  }
  return SyncFolder(path.parent_path());
}

absl::Status MakeNewFolder(const std::filesystem::path& path, mode_t mode) {
  if (mkdir(path.c_str(), 0700) != 0 || chmod(path.c_str(), mode) != 0) {
    return ErrorOfErrno(path, Reason::kFileUnwritable);
  }
  return absl::OkStatus();
}

absl::Status CheckSecretFile(const std::filesystem::path& path) { return CheckMode(path, S_IFREG, 0600, "chmod 600"); }

absl::Status CheckPrivateFolder(const std::filesystem::path& path) {
  return CheckMode(path, S_IFDIR, 0750, "chmod 700");
}

absl::Status CheckOnlyOwnerWrites(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return FileError(Reason::kFileNotFound, path);
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return domain::MakeError(Reason::kFileMode, {{domain::DetailKey::kFile, path.string()},
                                                 {domain::DetailKey::kHint, "chmod go-w " + path.string()}});
  }
  return absl::OkStatus();
}

absl::Status CheckFreeSpace(const std::filesystem::path& path, std::uint64_t bytes) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(path, error);
  if (error) {
    return FileError(Reason::kFileUnreadable, path);
  }
  if (space.available < bytes) {
    return domain::MakeError(Reason::kDiskFull,
                             {{domain::DetailKey::kFile, path.string()},
                              {domain::DetailKey::kExpected, std::to_string(bytes >> 20) + " MiB free"}});
  }
  return absl::OkStatus();
}

absl::Status CheckWritableFolder(const std::filesystem::path& path) {
  std::string name = (path / ".koblingd-check-XXXXXX").string();
  const Descriptor file(mkostemp(name.data(), O_CLOEXEC));
  if (file.number() < 0 || unlink(name.c_str()) != 0) {
    return FileError(Reason::kFileUnwritable, path);
  }
  return absl::OkStatus();
}

}  // namespace kobling::server
