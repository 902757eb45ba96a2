#include "client/files/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <set>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
constexpr std::string_view kPartSuffix = ".part";

bool Exists(const std::string& path) {
  struct stat information {};
  return ::lstat(path.c_str(), &information) == 0;
}

absl::Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return WriteError(path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status ExistsError(const std::string& path) {
  return MakeError(Reason::kFileExists, {{DetailKey::kFile, path}, {DetailKey::kHint, "--force overwrites it"}});
}

absl::Status PartExistsError(const std::string& part_path) {
  return MakeError(Reason::kFileExists,
                   {{DetailKey::kFile, part_path},
                    {DetailKey::kHint,
                     "another run is writing it, or a run that was interrupted has left it; if none is "
                     "running, --force overwrites it"}});
}

FileDescriptor CreateNew(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
}

// Whether the path still leads to the open file.
bool IsAt(const FileDescriptor& file, const std::string& path) {
  struct stat opened {};
  struct stat found {};
  return ::fstat(file.get(), &opened) == 0 && ::lstat(path.c_str(), &found) == 0 && opened.st_dev == found.st_dev &&
         opened.st_ino == found.st_ino;
}

// Removes a regular file that nobody holds locked.
bool RemoveAbandoned(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat information {};
  return file.is_open() && ::fstat(file.get(), &information) == 0 && S_ISREG(information.st_mode) &&
         ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && IsAt(file, path) && ::unlink(path.c_str()) == 0;
}

// The temporary files of this process.
class UnfinishedFiles {
 public:
  static UnfinishedFiles& Instance() {
    static auto* const files = new UnfinishedFiles;
    return *files;
  }

  void Add(const std::string& part_path) {
    const std::lock_guard lock(mutex_);
    paths_.insert(part_path);
  }
  void Remove(const std::string& part_path) {
    const std::lock_guard lock(mutex_);
    paths_.erase(part_path);
  }
  void DeleteAll() {
    const std::lock_guard lock(mutex_);
    for (const std::string& path : paths_) {
      ::unlink(path.c_str());
    }
  }

 private:
  std::mutex mutex_;
  std::set<std::string> paths_;
};

}  // namespace

void RemoveUnfinishedFiles() { UnfinishedFiles::Instance().DeleteAll(); }

absl::Status SyncFolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const FileDescriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open()) {
    return WriteError(path, errno);
  }
  // Some network file systems cannot sync a folder and say EINVAL; they have no rename to lose.
  if (::fsync(handle.get()) != 0 && errno != EINVAL) {
    return WriteError(path, errno);
  }
  return absl::OkStatus();
}

absl::Status CheckDestination(const std::string& path, Overwrite overwrite) {
  struct stat information {};
  if (::lstat(path.c_str(), &information) != 0) {
    return absl::OkStatus();
  }
  if (!S_ISREG(information.st_mode)) {
    return MakeError(
        Reason::kFileUnwritable,
        {{DetailKey::kFile, path},
         {DetailKey::kHint, S_ISLNK(information.st_mode) ? "it is a symbolic link; name the file itself"
                                                         : "it is a folder or a device, not a regular file"}});
  }
  return overwrite == Overwrite::kAllow ? absl::OkStatus() : ExistsError(path);
}

absl::StatusOr<std::unique_ptr<AtomicFile>> AtomicFile::Create(const std::string& path, Overwrite overwrite) {
  KOBLING_RETURN_IF_ERROR(CheckDestination(path, overwrite));
  const std::string part_path = path + std::string(kPartSuffix);
  FileDescriptor file = CreateNew(part_path);
  if (!file.is_open() && errno == EEXIST) {
    if (overwrite == Overwrite::kRefuse || !RemoveAbandoned(part_path)) {
      return PartExistsError(part_path);
    }
    file = CreateNew(part_path);
  }
  if (!file.is_open()) {
    return WriteError(path, errno);
  }
  // Held as long as the file is open, so that other runs see that it is not abandoned.
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return PartExistsError(part_path);
  }
  if (!IsAt(file, part_path)) {
    return PartExistsError(part_path);
  }
  return std::unique_ptr<AtomicFile>(new AtomicFile(path, overwrite, std::move(file)));
}

AtomicFile::AtomicFile(std::string path, Overwrite overwrite, FileDescriptor file)
    : path_(std::move(path)),
      part_path_(path_ + std::string(kPartSuffix)),
      overwrite_(overwrite),
      file_(std::move(file)) {
  buffer_.reserve(kBufferBytes);
  UnfinishedFiles::Instance().Add(part_path_);
}

AtomicFile::~AtomicFile() {
  if (!committed_) {
    ::unlink(part_path_.c_str());
    UnfinishedFiles::Instance().Remove(part_path_);
  }
}

absl::Status AtomicFile::Write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) {
    KOBLING_RETURN_IF_ERROR(Flush());
    if (bytes.size() >= kBufferBytes) {
      state_ = WriteAll(file_.get(), bytes, path_);
      return state_;
    }
  }
  buffer_.append(bytes);
  return state_;
}

absl::Status AtomicFile::Flush() {
  if (state_.ok()) {
    state_ = WriteAll(file_.get(), buffer_, path_);
    buffer_.clear();
  }
  return state_;
}

absl::Status AtomicFile::Prepare() {
  KOBLING_RETURN_IF_ERROR(Flush());
  if (!prepared_ && ::fsync(file_.get()) != 0) {
    state_ = WriteError(path_, errno);
  }
  prepared_ = state_.ok();
  return state_;
}

absl::Status AtomicFile::Rename() {
  if (overwrite_ == Overwrite::kAllow) {
    return ::rename(part_path_.c_str(), path_.c_str()) == 0 ? absl::OkStatus() : WriteError(path_, errno);
  }
  // A file that someone else has put there since Create is not ours to replace.
  if (::renameat2(AT_FDCWD, part_path_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) {
    return absl::OkStatus();
  }
  if (errno == EEXIST || Exists(path_)) {
    return ExistsError(path_);
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return WriteError(path_, errno);
  }
  return ::rename(part_path_.c_str(), path_.c_str()) == 0 ? absl::OkStatus() : WriteError(path_, errno);
}

absl::Status AtomicFile::Commit() {
  KOBLING_RETURN_IF_ERROR(Prepare());
  state_ = Rename();
  if (state_.ok()) {
    committed_ = true;
    UnfinishedFiles::Instance().Remove(part_path_);
    state_ = SyncFolderOf(path_);
  }
  return state_;
}

}  // namespace kobling::client
