// An owned file descriptor, and how the operating system's refusals become ours.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kobling::client {

// Closes its descriptor when it goes. Move-only; not thread-safe.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { Close(); }

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void Close();

 private:
  int number_ = -1;
};

// Opens an existing file for reading from the start. Fails with FILE_NOT_FOUND or FILE_UNREADABLE, naming the path.
absl::StatusOr<FileDescriptor> OpenForReading(const std::string& path);

// FILE_UNREADABLE for a failed read of the file.
absl::Status ReadError(const std::string& path);

// FILE_UNWRITABLE for a failed write; names the path and the system's reason.
absl::Status WriteError(const std::string& path, int error_number);

}  // namespace kobling::client
