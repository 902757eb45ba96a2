// Reads text line by line, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/files/file_descriptor.h"

namespace kobling::client {

// Lines end in LF or CR LF; the last one need not. A UTF-8 byte order mark is left out. Fails with FILE_UNREADABLE, or
// with FILE_MALFORMED, naming file and line, for a line longer than a mebibyte. Not thread-safe.
class LineReader {
 public:
  // Open names the path in errors; OpenStream reads a descriptor that the caller keeps, under the given name.
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(const std::string& path);
  static std::unique_ptr<LineReader> OpenStream(int descriptor, const std::string& name);

  // The next line without its ending, valid until the next call; nothing at the end.
  absl::StatusOr<std::optional<std::string_view>> Next();

  // Number of the line that was given last, from 1.
  std::uint64_t line() const { return line_; }
  const std::string& name() const { return name_; }
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  LineReader(int descriptor, std::string name);
  absl::Status Fill();
  std::string_view TakeLine(std::size_t stop, std::size_t next);

  FileDescriptor owned_;
  int descriptor_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // first byte not yet given
  std::size_t end_ = 0;
  bool at_end_ = false;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t line_ = 0;
};

}  // namespace kobling::client
