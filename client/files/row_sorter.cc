#include "client/files/row_sorter.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>
#include <utility>

#include "client/files/sorted_run.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

constexpr std::size_t kLargestBlock = std::size_t{1} << 20;
// Beyond this many files they are merged into one first, so that neither descriptors nor buffers grow with the input.
constexpr std::size_t kMostRuns = 64;
constexpr std::size_t kReadBytes = std::size_t{1} << 18;
// Fewer are sorted before a second thread has started.
constexpr std::size_t kParallelEntries = 50'000;
// Rows lie in memory as they came; asking for them a few rows ahead hides the wait.
constexpr std::size_t kPrefetchAhead = 12;

constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);
constexpr std::size_t kRestBytes = domain::Lopenummer::kBytes - sizeof(std::uint64_t);

// Blocks are small beside the memory allowed, so that the last of them wastes little.
std::size_t BlockFor(std::size_t bytes, const RowSorterOptions& options) {
  return std::max(bytes, std::min(kLargestBlock, options.memory_bytes / 8));
}

std::uint64_t FirstBits(const domain::Lopenummer& lopenummer) {
  std::uint64_t value = 0;
  std::memcpy(&value, lopenummer.bits().data(), sizeof(value));
  return __builtin_bswap64(value);
}

// What is compared after the first eight bytes: the last two bytes of the løpenummer, then the row.
std::string_view Tail(const char* row) {
  std::uint32_t length = 0;
  std::memcpy(&length, row, kLengthBytes);
  return {row + kLengthBytes, length};
}

SortedRow ToSortedRow(std::uint64_t first_bits, const char* row) {
  SortedRow sorted;
  const std::uint64_t big_endian = __builtin_bswap64(first_bits);
  const std::string_view tail = Tail(row);
  std::memcpy(sorted.bits.data(), &big_endian, sizeof(big_endian));
  std::memcpy(sorted.bits.data() + sizeof(big_endian), tail.data(), kRestBytes);
  sorted.row = tail.substr(kRestBytes);
  return sorted;
}

// Gives the rows of all runs to the sink in order.
absl::Status Merge(const std::vector<FileDescriptor>& runs, const std::string& folder,
                   const std::function<absl::Status(const SortedRow&)>& sink) {
  std::vector<std::unique_ptr<RunReader>> readers;
  const auto later = [&](std::size_t a, std::size_t b) { return readers[b]->current() < readers[a]->current(); };
  std::vector<std::size_t> heap;
  for (const FileDescriptor& run : runs) {
    readers.push_back(std::make_unique<RunReader>(run.get(), folder, kReadBytes));
    KOBLING_ASSIGN_OR_RETURN(const bool has_row, readers.back()->Advance());
    if (has_row) {
      heap.push_back(readers.size() - 1);
    }
  }
  std::make_heap(heap.begin(), heap.end(), later);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    RunReader& first = *readers[heap.back()];
    KOBLING_RETURN_IF_ERROR(sink(first.current()));
    KOBLING_ASSIGN_OR_RETURN(const bool has_row, first.Advance());
    if (has_row) {
      std::push_heap(heap.begin(), heap.end(), later);
    } else {
      heap.pop_back();
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool RowSorter::WouldSpill(std::size_t row_bytes) const {
  const std::size_t stored = kLengthBytes + kRestBytes + row_bytes;
  const std::size_t blocks = block_bytes_ + (stored > block_left_ ? BlockFor(stored, options_) : 0);
  const std::size_t entries = (entries_.size() < entries_.capacity() ? 1 : 2) * entries_.capacity() * sizeof(Entry);
  return !entries_.empty() && blocks + entries > options_.memory_bytes;
}

char* RowSorter::Allocate(std::size_t bytes) {
  if (bytes > block_left_) {
    const std::size_t size = BlockFor(bytes, options_);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    block_bytes_ += size;
    block_next_ = blocks_.back().get();
    block_left_ = size;
  }
  char* result = block_next_;
  block_next_ += bytes;
  block_left_ -= bytes;
  return result;
}

absl::Status RowSorter::Add(const domain::Lopenummer& lopenummer, std::string_view row) {
  if (WouldSpill(row.size())) {
    KOBLING_RETURN_IF_ERROR(Spill());
  }
  const auto length = static_cast<std::uint32_t>(kRestBytes + row.size());
  char* target = Allocate(kLengthBytes + length);
  std::memcpy(target, &length, kLengthBytes);
  std::memcpy(target + kLengthBytes, lopenummer.bits().data() + sizeof(std::uint64_t), kRestBytes);
  std::memcpy(target + kLengthBytes + kRestBytes, row.data(), row.size());
  entries_.push_back({FirstBits(lopenummer), target});
  return absl::OkStatus();
}

// Løpenumre are spread evenly, so their first bit makes two parts of about the same size, one for each of two threads.
void RowSorter::SortEntries() {
  const auto less = [](const Entry& a, const Entry& b) {
    return a.first_bits != b.first_bits ? a.first_bits < b.first_bits : Tail(a.row) < Tail(b.row);
  };
  if (entries_.size() < kParallelEntries) {
    std::sort(entries_.begin(), entries_.end(), less);
    return;
  }
  const auto middle =
      std::partition(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.first_bits >> 63 == 0; });
  std::thread lower([this, middle, less] { std::sort(entries_.begin(), middle, less); });
  std::sort(middle, entries_.end(), less);
  lower.join();
}

absl::Status RowSorter::Spill() {
  SortEntries();
  KOBLING_ASSIGN_OR_RETURN(FileDescriptor file, MakeTemporaryFile(options_.folder));
  ++files_made_;
  RunWriter writer(file.get(), options_.folder);
  for (const Entry& entry : entries_) {
    KOBLING_RETURN_IF_ERROR(writer.Write(ToSortedRow(entry.first_bits, entry.row)));
  }
  KOBLING_RETURN_IF_ERROR(writer.Finish());
  runs_.push_back(std::move(file));
  entries_.clear();
  blocks_.clear();
  block_bytes_ = block_left_ = 0;
  return runs_.size() < kMostRuns ? absl::OkStatus() : MergeRuns();
}

absl::Status RowSorter::MergeRuns() {
  KOBLING_ASSIGN_OR_RETURN(FileDescriptor file, MakeTemporaryFile(options_.folder));
  ++files_made_;
  RunWriter writer(file.get(), options_.folder);
  KOBLING_RETURN_IF_ERROR(Merge(runs_, options_.folder, [&](const SortedRow& row) { return writer.Write(row); }));
  KOBLING_RETURN_IF_ERROR(writer.Finish());
  runs_.clear();
  runs_.push_back(std::move(file));
  return absl::OkStatus();
}

absl::Status RowSorter::Drain(const Sink& sink) {
  if (runs_.empty()) {
    SortEntries();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      __builtin_prefetch(entries_[std::min(i + kPrefetchAhead, entries_.size() - 1)].row);
      KOBLING_RETURN_IF_ERROR(sink(Tail(entries_[i].row).substr(kRestBytes)));
    }
  } else {
    if (!entries_.empty()) {
      KOBLING_RETURN_IF_ERROR(Spill());
    }
    KOBLING_RETURN_IF_ERROR(Merge(runs_, options_.folder, [&](const SortedRow& row) { return sink(row.row); }));
  }
  entries_.clear();
  blocks_.clear();
  runs_.clear();
  block_bytes_ = block_left_ = 0;
  return absl::OkStatus();
}

}  // namespace kobling::client
