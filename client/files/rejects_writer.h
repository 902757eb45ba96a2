// The list of rows that were not accepted, for the register to mend: where and why, never what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/files/atomic_file.h"
#include "domain/error.h"

namespace kobling::client {

// Collects faults in any order (the server's answers come later than the local ones) and writes them as
// `line;column;reason;explanation`, sorted by line and column, LF, quoted where need be. Sixteen bytes of memory a
// fault. Not thread-safe.
class RejectsWriter {
 public:
  // The columns' names as they are to be shown; a fault names a column by its place in this list.
  explicit RejectsWriter(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  void Add(std::uint64_t line, std::size_t column, domain::Reason reason);
  std::size_t count() const { return faults_.size(); }

  // Writes to the file, which is new, and commits it; errors as AtomicFile.
  [[nodiscard]] absl::Status WriteTo(AtomicFile& file);

 private:
  struct Fault {
    std::uint64_t line;
    std::uint32_t column;
    domain::Reason reason;
  };

  std::vector<std::string> columns_;
  std::vector<Fault> faults_;
};

// A text as one CSV field: in quotes if it holds the delimiter, a quote or a line break.
std::string CsvField(std::string_view text, char delimiter);

}  // namespace kobling::client
