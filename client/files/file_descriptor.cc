#include "client/files/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "domain/error.h"

namespace kobling::client {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    Close();
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

void FileDescriptor::Close() {
  if (number_ >= 0) {
    ::close(std::exchange(number_, -1));
  }
}

absl::StatusOr<FileDescriptor> OpenForReading(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.is_open()) {
    return file;
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    return MakeError(Reason::kFileNotFound, {{DetailKey::kFile, path}});
  }
  return ReadError(path);
}

absl::Status ReadError(const std::string& path) {
  return MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, path}});
}

absl::Status WriteError(const std::string& path, int error_number) {
  if (error_number == ENOSPC || error_number == EDQUOT) {
    // DISK_FULL is the server's: its text speaks of what was stored there.
    return MakeError(Reason::kFileUnwritable, {{DetailKey::kFile, path}, {DetailKey::kHint, "the disk is full"}});
  }
  return MakeError(Reason::kFileUnwritable,
                   {{DetailKey::kFile, path}, {DetailKey::kHint, std::generic_category().message(error_number)}});
}

}  // namespace kobling::client
