#include "client/files/line_reader.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20;
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

}  // namespace

LineReader::LineReader(int descriptor, std::string name)
    : descriptor_(descriptor), name_(std::move(name)), buffer_(kLongestLine + 1) {}

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path) {
  KOBLING_ASSIGN_OR_RETURN(FileDescriptor file, OpenForReading(path));
  std::unique_ptr<LineReader> reader(new LineReader(file.get(), path));
  reader->owned_ = std::move(file);
  return reader;
}

std::unique_ptr<LineReader> LineReader::OpenStream(int descriptor, const std::string& name) {
  return std::unique_ptr<LineReader>(new LineReader(descriptor, name));
}

// Moves what is left to the front and reads more behind it.
absl::Status LineReader::Fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) {
    return domain::MakeError(domain::Reason::kFileMalformed, {{domain::DetailKey::kFile, name_},
                                                              {domain::DetailKey::kLine, line_ + 1},
                                                              {domain::DetailKey::kLimit, std::uint64_t{kLongestLine}},
                                                              {domain::DetailKey::kHint, "the line is too long"}});
  }
  while (true) {
    const ssize_t got = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ReadError(name_);
    }
    at_end_ = got == 0;
    end_ += static_cast<std::size_t>(got);
    bytes_read_ += static_cast<std::uint64_t>(got);
    return absl::OkStatus();
  }
}

std::string_view LineReader::TakeLine(std::size_t stop, std::size_t next) {
  std::string_view line(buffer_.data() + begin_, stop - begin_);
  begin_ = next;
  ++line_;
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  if (line_ == 1 && line.starts_with(kUtf8Mark)) {
    line.remove_prefix(kUtf8Mark.size());
  }
  return line;
}

absl::StatusOr<std::optional<std::string_view>> LineReader::Next() {
  std::size_t scanned = 0;
  while (true) {
    const char* const from = buffer_.data() + begin_ + scanned;
    const void* const found = std::memchr(from, '\n', end_ - begin_ - scanned);
    if (found != nullptr) {
      const auto stop = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
      return TakeLine(stop, stop + 1);
    }
    if (at_end_) {
      return begin_ == end_ ? std::nullopt : std::optional(TakeLine(end_, end_));
    }
    scanned = end_ - begin_;
    KOBLING_RETURN_IF_ERROR(Fill());
  }
}

}  // namespace kobling::client
