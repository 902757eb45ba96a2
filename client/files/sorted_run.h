// One sorted sequence of rows in a temporary file: part of RowSorter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/files/file_descriptor.h"
#include "domain/lopenummer.h"

namespace kobling::client {

// A file without a name in the folder, for its owner only. Fails with FILE_UNWRITABLE, naming the folder.
absl::StatusOr<FileDescriptor> MakeTemporaryFile(const std::string& folder);

struct SortedRow {
  domain::Lopenummer::Bits bits{};
  std::string_view row;
};
inline bool operator<(const SortedRow& a, const SortedRow& b) {
  return a.bits != b.bits ? a.bits < b.bits : a.row < b.row;
}

// Writes rows one after the other; Finish before the file is read.
class RunWriter {
 public:
  RunWriter(int file, std::string folder) : file_(file), folder_(std::move(folder)) {}
  [[nodiscard]] absl::Status Write(const SortedRow& row);
  [[nodiscard]] absl::Status Finish();

 private:
  int file_;
  std::string folder_;
  std::string buffer_;
};

// Reads them back from the start. The current row is valid until the next Advance.
class RunReader {
 public:
  RunReader(int file, std::string folder, std::size_t buffer_bytes);

  // Goes to the next row; false at the end. Fails with FILE_UNREADABLE.
  absl::StatusOr<bool> Advance();
  const SortedRow& current() const { return current_; }

 private:
  absl::StatusOr<bool> Require(std::size_t bytes);

  int file_;
  std::string folder_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::int64_t offset_ = 0;
  SortedRow current_;
};

}  // namespace kobling::client
