#include "server/core/key_file_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "crypto/random.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
constexpr std::string_view kTemporaryEnding = ".part";
constexpr std::string_view kSealedEnding = ".csv.age";

absl::Status WriteFailed(const std::filesystem::path& path) {
  const Reason reason = errno == ENOSPC || errno == EDQUOT ? Reason::kDiskFull : Reason::kFileUnwritable;
  return MakeError(reason, {{DetailKey::kFile, path.filename().string()}});
}

absl::Status SyncFolder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 || fsync(descriptor) != 0) {
    absl::Status status = WriteFailed(folder);
    if (descriptor >= 0) {
      close(descriptor);
    }
    return status;
  }
  close(descriptor);
  return absl::OkStatus();
}

}  // namespace

PendingKeyFile::PendingKeyFile(int descriptor, std::filesystem::path temporary, std::filesystem::path final_path)
    : descriptor_(descriptor), temporary_(std::move(temporary)), final_path_(std::move(final_path)) {}

PendingKeyFile::PendingKeyFile(PendingKeyFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      temporary_(std::exchange(other.temporary_, {})),
      final_path_(std::move(other.final_path_)) {}

PendingKeyFile::~PendingKeyFile() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
  if (!temporary_.empty()) {
    unlink(temporary_.c_str());
  }
}

absl::Status PendingKeyFile::Write(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return WriteFailed(final_path_);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status PendingKeyFile::Keep() {
  if (fsync(descriptor_) != 0 || close(std::exchange(descriptor_, -1)) != 0 ||
      rename(temporary_.c_str(), final_path_.c_str()) != 0) {
    return WriteFailed(final_path_);
  }
  temporary_.clear();
  return SyncFolder(final_path_.parent_path());
}

absl::StatusOr<PendingKeyFile> KeyFileFolder::Begin(const std::string& name) const {
  // A name of its own for each attempt, so that two issues of the same file do not meet.
  std::filesystem::path temporary = folder_ / (name + "." + crypto::NewRequestId() + std::string(kTemporaryEnding));
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return WriteFailed(temporary);
  }
  return PendingKeyFile(descriptor, std::move(temporary), folder_ / name);
}

absl::Status KeyFileFolder::Read(const std::string& name, std::uint64_t offset,
                                 const std::function<absl::Status(std::span<const char>)>& visit) const {
  const int descriptor = open((folder_ / name).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return MakeError(errno == ENOENT ? Reason::kKeyFileExpired : Reason::kFileUnreadable,
                     {{DetailKey::kKeyFile, name}});
  }
  std::vector<char> buffer(kReadBytes);
  absl::Status status;
  while (status.ok()) {
    const ssize_t count = pread(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      status = MakeError(Reason::kFileUnreadable, {{DetailKey::kKeyFile, name}});
    }
    if (count <= 0) {
      break;
    }
    status = visit(std::span(buffer.data(), static_cast<std::size_t>(count)));
    offset += static_cast<std::uint64_t>(count);
  }
  close(descriptor);
  return status;
}

bool KeyFileFolder::Holds(const std::string& name) const { return access((folder_ / name).c_str(), F_OK) == 0; }

absl::Status KeyFileFolder::Remove(const std::string& name) const {
  if (unlink((folder_ / name).c_str()) != 0 && errno != ENOENT) {
    return WriteFailed(folder_ / name);
  }
  return SyncFolder(folder_);
}

absl::Status KeyFileFolder::KeepOnly(const std::set<std::string>& names) const {
  std::error_code error;
  std::vector<std::string> doomed;
  std::set<std::string> missing = names;
  for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    missing.erase(name);
    std::error_code ignored;  // what cannot be looked at is not ours
    if (!names.contains(name) && (name.ends_with(kSealedEnding) || name.ends_with(kTemporaryEnding)) &&
        entry->is_regular_file(ignored)) {
      doomed.push_back(name);
    }
  }
  if (error) {
    return MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, folder_.string()}});
  }
  for (const std::string& name : doomed) {
    KOBLING_RETURN_IF_ERROR(Remove(name));
  }
  if (!missing.empty()) {
    return MakeError(Reason::kKeyFileExpired, {{DetailKey::kKeyFile, *missing.begin()}});
  }
  return absl::OkStatus();
}

}  // namespace kobling::server
