#include "client/files/sorted_run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "domain/status_macros.h"

namespace kobling::client {
namespace {

constexpr std::size_t kWriteBytes = std::size_t{1} << 18;
constexpr std::size_t kHeaderBytes = domain::Lopenummer::kBytes + sizeof(std::uint32_t);

}  // namespace

absl::StatusOr<FileDescriptor> MakeTemporaryFile(const std::string& folder) {
  FileDescriptor nameless(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (nameless.is_open()) {
    return nameless;
  }
  // Some file systems cannot make a file without a name; then it has one for a moment.
  std::string name = folder + "/.kobling-sort-XXXXXX";
  FileDescriptor named(::mkostemp(name.data(), O_CLOEXEC));
  if (!named.is_open()) {
    return WriteError(folder, errno);
  }
  ::unlink(name.c_str());
  return named;
}

absl::Status RunWriter::Write(const SortedRow& row) {
  const auto length = static_cast<std::uint32_t>(row.row.size());
  buffer_.append(reinterpret_cast<const char*>(row.bits.data()), row.bits.size());
  buffer_.append(reinterpret_cast<const char*>(&length), sizeof(length));
  buffer_.append(row.row);
  return buffer_.size() < kWriteBytes ? absl::OkStatus() : Finish();
}

absl::Status RunWriter::Finish() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno != EINTR) {
      return WriteError(folder_, errno);
    }
    left.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  buffer_.clear();
  return absl::OkStatus();
}

RunReader::RunReader(int file, std::string folder, std::size_t buffer_bytes)
    : file_(file), folder_(std::move(folder)), buffer_(std::max(buffer_bytes, kHeaderBytes)) {}

// Makes sure that so many bytes follow in the buffer; false if the file ends before.
absl::StatusOr<bool> RunReader::Require(std::size_t bytes) {
  if (end_ - begin_ >= bytes) {
    return true;
  }
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  buffer_.resize(std::max(buffer_.size(), bytes));
  while (end_ < bytes) {
    const ssize_t got = ::pread(file_, buffer_.data() + end_, buffer_.size() - end_, offset_);
    if (got < 0 && errno != EINTR) {
      return ReadError(folder_);
    }
    if (got == 0) {
      return false;
    }
    end_ += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    offset_ += std::max<ssize_t>(got, 0);
  }
  return true;
}

absl::StatusOr<bool> RunReader::Advance() {
  KOBLING_ASSIGN_OR_RETURN(const bool has_row, Require(kHeaderBytes));
  if (!has_row) {
    return end_ == begin_ ? absl::StatusOr<bool>(false) : ReadError(folder_);
  }
  std::uint32_t length = 0;
  std::memcpy(&length, buffer_.data() + begin_ + domain::Lopenummer::kBytes, sizeof(length));
  KOBLING_ASSIGN_OR_RETURN(const bool is_whole, Require(kHeaderBytes + length));
  if (!is_whole) {
    return ReadError(folder_);
  }
  std::memcpy(current_.bits.data(), buffer_.data() + begin_, current_.bits.size());
  current_.row = {buffer_.data() + begin_ + kHeaderBytes, length};
  begin_ += kHeaderBytes + length;
  return true;
}

}  // namespace kobling::client
