// Sorts rows of any number by løpenummer, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/files/file_descriptor.h"
#include "domain/lopenummer.h"

namespace kobling::client {

struct RowSorterOptions {
  // Memory for rows; more of them go to temporary files. A single longer row is still sorted.
  std::size_t memory_bytes = std::size_t{256} << 20;
  // Where temporary files are made. They have no name (or lose it at once), so that no crash leaves one behind, and
  // only their owner can open them (0600).
  std::string folder = ".";
};

// Rows come out by (løpenummer, bytes of the row): an order that says nothing about the order in which they came in.
// Not thread-safe.
class RowSorter {
 public:
  using Sink = std::function<absl::Status(std::string_view row)>;

  explicit RowSorter(RowSorterOptions options) : options_(std::move(options)) {}

  // Takes a copy of the row. Fails with FILE_UNWRITABLE, naming the folder.
  [[nodiscard]] absl::Status Add(const domain::Lopenummer& lopenummer, std::string_view row);

  // Gives every row to the sink, in order, and forgets them. Stops at the sink's first error. Sorting
  // many rows takes a second thread; the sink is called from the caller's.
  [[nodiscard]] absl::Status Drain(const Sink& sink);

  // Whether adding a row of this size would write rows to a temporary file.
  bool WouldSpill(std::size_t row_bytes) const;
  std::size_t temporary_files() const { return files_made_; }

 private:
  // What is compared first lies beside the pointer; the rest of the row lies in a block.
  struct Entry {
    std::uint64_t first_bits;  // the first eight bytes of the løpenummer, big-endian
    const char* row;           // {length, last two bytes, row bytes}
  };

  absl::Status Spill();
  absl::Status MergeRuns();
  void SortEntries();
  char* Allocate(std::size_t bytes);

  RowSorterOptions options_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_left_ = 0;
  char* block_next_ = nullptr;
  std::size_t block_bytes_ = 0;  // of all blocks
  std::vector<Entry> entries_;
  std::vector<FileDescriptor> runs_;
  std::size_t files_made_ = 0;
};

}  // namespace kobling::client
