#include "client/files/table_reader.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "client/files/identifier_scan.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
// Room for any byte order mark.
constexpr std::size_t kLeastReadBytes = 16;
constexpr std::array<char, 3> kDelimiters = {';', ',', '\t'};

const char* Find(const char* from, const char* to, char wanted) {
  return from == to ? nullptr
                    : static_cast<const char*>(std::memchr(from, wanted, static_cast<std::size_t>(to - from)));
}

// Follows a line's quotes as RFC 4180 means them: a quote opens a field only where a field starts.
class QuoteState {
 public:
  // Takes the next byte; says whether it lies inside quotes, the quotes themselves included.
  bool Take(char character) {
    if (in_quotes_) {
      in_quotes_ = character != '"';
      at_field_start_ = false;
      // A doubled quote closes here and opens again with the next byte.
      was_closed_ = !in_quotes_;
      return true;
    }
    in_quotes_ = character == '"' && (at_field_start_ || was_closed_);
    was_closed_ = false;
    at_field_start_ =
        character == '\n' || std::find(kDelimiters.begin(), kDelimiters.end(), character) != kDelimiters.end();
    return in_quotes_;
  }
  bool in_quotes() const { return in_quotes_; }

 private:
  bool in_quotes_ = false;
  bool at_field_start_ = true;
  bool was_closed_ = false;
};

std::uint64_t CountLines(std::string_view bytes) {
  return static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

}  // namespace

TableReader::TableReader(int descriptor, std::string name, const TableOptions& options)
    : descriptor_(descriptor), name_(std::move(name)), options_(options) {
  options_.read_bytes = std::max(options.read_bytes, kLeastReadBytes);
  buffer_.resize(options_.read_bytes);
}

absl::StatusOr<std::unique_ptr<TableReader>> TableReader::Open(const std::string& path, const TableOptions& options) {
  KOBLING_ASSIGN_OR_RETURN(FileDescriptor file, OpenForReading(path));
  std::unique_ptr<TableReader> reader(new TableReader(file.get(), path, options));
  reader->owned_ = std::move(file);
  return Start(std::move(reader));
}

absl::StatusOr<std::unique_ptr<TableReader>> TableReader::OpenStream(int descriptor, const std::string& name,
                                                                     const TableOptions& options) {
  return Start(std::unique_ptr<TableReader>(new TableReader(descriptor, name, options)));
}

absl::StatusOr<std::unique_ptr<TableReader>> TableReader::Start(std::unique_ptr<TableReader> reader) {
  KOBLING_RETURN_IF_ERROR(reader->ReadFirstLine());
  return reader;
}

absl::Status TableReader::Malformed(std::uint64_t line, std::string_view hint) const {
  return MakeError(Reason::kFileMalformed,
                   {{DetailKey::kFile, name_}, {DetailKey::kLine, line}, {DetailKey::kHint, hint}});
}

absl::Status TableReader::WrongEncoding(std::uint64_t line, std::string_view hint) const {
  return MakeError(Reason::kFileEncoding,
                   {{DetailKey::kFile, name_}, {DetailKey::kLine, line}, {DetailKey::kHint, hint}});
}

void TableReader::MoveToFront() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    next_quote_ -= std::min(next_quote_, begin_);
    end_ -= begin_;
    begin_ = 0;
  }
}

// Moves what is not yet parsed to the front and reads more behind it. The first call reads at least four bytes, if
// there are as many, so that the encoding shows.
absl::Status TableReader::Fill() {
  MoveToFront();
  if (end_ >= options_.max_record_bytes) {
    return MakeError(Reason::kFileMalformed,
                     {{DetailKey::kFile, name_},
                      {DetailKey::kLine, line_},
                      {DetailKey::kLimit, static_cast<std::uint64_t>(options_.max_record_bytes)},
                      {DetailKey::kHint, "the record is too long; is a closing quote missing?"}});
  }
  if (buffer_.size() - end_ < options_.read_bytes / 2 + 1) {
    buffer_.resize(buffer_.size() * 2);
  }
  const std::size_t old_end = end_;
  const bool had_quote = next_quote_ < end_;
  while (!at_end_ && (end_ == old_end || bytes_read_ < 4)) {
    const ssize_t got = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno != EINTR) {
      return ReadError(name_);
    }
    if (got == 0) {
      at_end_ = true;
    } else if (got > 0) {
      end_ += static_cast<std::size_t>(got);
      bytes_read_ += static_cast<std::uint64_t>(got);
    }
  }
  KOBLING_RETURN_IF_ERROR(CheckNewBytes(old_end));
  if (!had_quote) {
    NextQuoteFrom(old_end);
  }
  return absl::OkStatus();
}

void TableReader::NextQuoteFrom(std::size_t position) {
  const char* quote = Find(buffer_.data() + position, buffer_.data() + end_, '"');
  next_quote_ = quote == nullptr ? end_ : static_cast<std::size_t>(quote - buffer_.data());
}

absl::Status TableReader::CheckNewBytes(std::size_t from) {
  const char* zero = Find(buffer_.data() + from, buffer_.data() + end_, '\0');
  if (zero == nullptr) {
    return absl::OkStatus();
  }
  if (bytes_read_ == end_) {
    KOBLING_RETURN_IF_ERROR(CheckFirstBytes());
  }
  return WrongEncoding(
      line_ + CountLines({buffer_.data() + begin_, static_cast<std::size_t>(zero - buffer_.data()) - begin_}),
      "a NUL byte, which no text holds");
}

// Names the encoding by the byte order mark or, without one, by where the first NUL bytes stand.
absl::Status TableReader::CheckFirstBytes() const {
  const std::string_view start(buffer_.data(), std::min<std::size_t>(end_, 4));
  constexpr std::string_view kSave = "; save the file as UTF-8";
  const auto is = [&](std::string_view mark) { return start.substr(0, mark.size()) == mark; };
  if (is({"\xFF\xFE\0\0", 4}) || is({"\0\0\xFE\xFF", 4})) {
    return WrongEncoding(1, "UTF-32" + std::string(kSave));
  }
  if (is("\xFF\xFE") || is("\xFE\xFF")) {
    return WrongEncoding(1, "UTF-16" + std::string(kSave));
  }
  if (is("PK\x03\x04")) {
    return WrongEncoding(1, "a spreadsheet or a zip archive, not text; export it as CSV");
  }
  if (start.size() == 4 && (start[0] == '\0') != (start[1] == '\0') && (start[0] == '\0') == (start[2] == '\0') &&
      (start[1] == '\0') == (start[3] == '\0')) {
    return WrongEncoding(1, "UTF-16 without a byte order mark" + std::string(kSave));
  }
  return absl::OkStatus();
}

// The bytes of the first record, which may have line breaks inside quotes, up to its line break.
absl::StatusOr<std::string_view> TableReader::FindFirstLine() {
  QuoteState quotes;
  for (std::size_t i = begin_;; ++i) {
    while (i == end_) {
      const std::size_t scanned = i - begin_;
      if (at_end_) {
        if (quotes.in_quotes()) {
          return Malformed(1, "a quoted field begins in the first line and does not end");
        }
        return std::string_view(buffer_.data() + begin_, scanned);
      }
      KOBLING_RETURN_IF_ERROR(Fill());
      i = begin_ + scanned;
    }
    if (!quotes.Take(buffer_[i]) && buffer_[i] == '\n') {
      return std::string_view(buffer_.data() + begin_, i - begin_);
    }
  }
}

absl::Status TableReader::ChooseDelimiter(std::string_view line) {
  if (options_.delimiter != Delimiter::kDetect) {
    delimiter_ = static_cast<char>(options_.delimiter);
    return absl::OkStatus();
  }
  std::array<std::size_t, kDelimiters.size()> counts{};
  QuoteState quotes;
  for (const char character : line) {
    const bool in_quotes = quotes.Take(character);
    for (std::size_t i = 0; i < kDelimiters.size() && !in_quotes; ++i) {
      counts[i] += character == kDelimiters[i] ? 1 : 0;
    }
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  if (*most > 0 && std::count(counts.begin(), counts.end(), *most) > 1) {
    return Malformed(1, "two delimiters are equally frequent; say which one it is");
  }
  delimiter_ = kDelimiters[static_cast<std::size_t>(most - counts.begin())];
  return absl::OkStatus();
}

absl::Status TableReader::ReadFirstLine() {
  KOBLING_RETURN_IF_ERROR(Fill());
  KOBLING_RETURN_IF_ERROR(CheckFirstBytes());
  if (std::string_view(buffer_.data(), end_).substr(0, kUtf8Mark.size()) == kUtf8Mark) {
    begin_ = kUtf8Mark.size();
    MoveToFront();
  }
  KOBLING_ASSIGN_OR_RETURN(std::string_view line, FindFirstLine());
  line_ending_ = !line.empty() && line.back() == '\r' ? LineEnding::kCrLf : LineEnding::kLf;
  if (line_ending_ == LineEnding::kCrLf) {
    line.remove_suffix(1);
  }
  if (line.empty()) {
    KOBLING_ASSIGN_OR_RETURN(const bool has_more, SkipBlankLines());
    return has_more ? Malformed(1, "the first line is blank")
                    : MakeError(Reason::kFileEmpty, {{DetailKey::kFile, name_}});
  }
  if (options_.delimiter == Delimiter::kDetect && Find(line.data(), line.data() + line.size(), '\r') != nullptr &&
      Find(line.data(), line.data() + line.size(), '"') == nullptr) {
    return Malformed(1, "lines end in CR alone; save the file with LF or CR LF");
  }
  KOBLING_RETURN_IF_ERROR(ChooseDelimiter(line));
  if (options_.header == HeaderLine::kAbsent) {
    KOBLING_RETURN_IF_ERROR(ParseRecord());
    columns_ = field_count_;
    // The line is data: stand before it again. It began at the front, and what begins there is never moved.
    begin_ = 0;
    line_ = 1;
    NextQuoteFrom(begin_);
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(ParseRecord());
  columns_ = field_count_;
  for (const Field& field : record_.fields) {
    header_.emplace_back(field.value);
    raw_header_.emplace_back(field.raw);
    if (IdentifierScan(field.value).Next().has_value()) {
      return Malformed(1, "the first line looks like data, not like column names; say that there is no header");
    }
  }
  return absl::OkStatus();
}

// Length of the line break at the position: 0 if there is none (or the buffer ends before that is certain).
std::size_t TableReader::LineBreakAt(std::size_t position) const {
  if (position < end_ && buffer_[position] == '\n') {
    return 1;
  }
  return position + 1 < end_ && buffer_[position] == '\r' && buffer_[position + 1] == '\n' ? 2 : 0;
}

// Goes past blank lines, counting them. Returns whether anything follows.
absl::StatusOr<bool> TableReader::SkipBlankLines() {
  while (true) {
    if (end_ - begin_ < 2 && !at_end_) {
      KOBLING_RETURN_IF_ERROR(Fill());
      continue;
    }
    const std::size_t length = LineBreakAt(begin_);
    if (length == 0) {
      return begin_ < end_;
    }
    begin_ += length;
    ++line_;
    ++blank_lines_;
  }
}

absl::StatusOr<const Record*> TableReader::Next() {
  if (blank_lines_ == 0) [[likely]] {
    if (begin_ == end_ || buffer_[begin_] == '\n' || buffer_[begin_] == '\r') {
      KOBLING_ASSIGN_OR_RETURN(const bool has_more, SkipBlankLines());
      if (!has_more) {
        return nullptr;
      }
    }
  }
  if (blank_lines_ > 0) [[unlikely]] {
    // In a table of one column a blank line is an empty cell; in others it is a record with fields missing.
    if (columns_ > 1) {
      return Malformed(line_ - blank_lines_, "a blank line inside the table");
    }
    fields_[0] = Field{};
    record_ = {line_ - blank_lines_, std::string_view(), {fields_.data(), 1}};
    --blank_lines_;
    return &record_;
  }
  KOBLING_RETURN_IF_ERROR(ParseRecord());
  if (field_count_ != columns_) {
    return MakeError(Reason::kFileMalformed, {{DetailKey::kFile, name_},
                                              {DetailKey::kLine, record_.line},
                                              {DetailKey::kExpected, static_cast<std::uint64_t>(columns_)},
                                              {DetailKey::kCount, static_cast<std::uint64_t>(field_count_)},
                                              {DetailKey::kHint, "another number of fields than in the first line"}});
  }
  return &record_;
}

void TableReader::AddField(Field field) {
  if (field_count_ == fields_.size()) {
    fields_.resize(fields_.size() * 2 + 1);
  }
  fields_[field_count_++] = field;
}

absl::Status TableReader::ParseRecord() {
  std::size_t scanned = 0;
  while (true) {
    const char* data = buffer_.data();
    const char* newline = Find(data + begin_ + scanned, data + end_, '\n');
    const std::size_t stop = newline == nullptr ? end_ : static_cast<std::size_t>(newline - data);
    if (next_quote_ < stop) {
      KOBLING_ASSIGN_OR_RETURN(const Parsed parsed, ParseQuoted());
      if (parsed == Parsed::kRecord) {
        return absl::OkStatus();
      }
    } else if (newline != nullptr || at_end_) {
      return SplitPlain(stop);
    }
    scanned = next_quote_ < stop ? 0 : end_ - begin_;
    KOBLING_RETURN_IF_ERROR(Fill());
  }
}

absl::Status TableReader::SplitPlain(std::size_t stop) {
  const char* position = buffer_.data() + begin_;
  const char* end = buffer_.data() + stop;
  begin_ = std::min(stop + 1, end_);
  if (end != position && end[-1] == '\r') {
    --end;
  }
  record_.line = line_++;
  record_.raw = {position, static_cast<std::size_t>(end - position)};
  field_count_ = 0;
  while (true) {
    const char* delimiter = Find(position, end, delimiter_);
    const char* field_end = delimiter == nullptr ? end : delimiter;
    const std::string_view text(position, static_cast<std::size_t>(field_end - position));
    AddField({text, text});
    if (delimiter == nullptr) {
      break;
    }
    position = delimiter + 1;
  }
  record_.fields = {fields_.data(), field_count_};
  return absl::OkStatus();
}

// Parses a record with a quote in it, from its start. If the buffer ends first, nothing has changed.
absl::StatusOr<TableReader::Parsed> TableReader::ParseQuoted() {
  field_count_ = 0;
  unescaped_.clear();
  std::size_t position = begin_;
  while (true) {
    if (position < end_ && buffer_[position] == '"') {
      KOBLING_ASSIGN_OR_RETURN(const Parsed parsed, ParseQuotedField(position));
      if (parsed == Parsed::kNeedMore) {
        return parsed;
      }
    } else {
      const std::size_t start = position;
      while (position < end_ && buffer_[position] != delimiter_ && buffer_[position] != '\n') {
        ++position;
      }
      const bool ends_record = position < end_ ? buffer_[position] == '\n' : at_end_;
      const bool has_cr = ends_record && position > start && buffer_[position - 1] == '\r';
      const std::string_view text(buffer_.data() + start, position - start - (has_cr ? 1 : 0));
      position -= has_cr && position < end_ ? 1 : 0;
      AddField({text, text});
    }
    if (position == end_ && !at_end_) {
      return Parsed::kNeedMore;
    }
    if (position < end_ && buffer_[position] == delimiter_) {
      ++position;
      continue;
    }
    const std::size_t stop = position;
    position += LineBreakAt(position);
    record_.line = line_;
    record_.raw = {buffer_.data() + begin_, stop - begin_};
    record_.fields = {fields_.data(), field_count_};
    line_ += CountLines({buffer_.data() + begin_, position - begin_});
    begin_ = position;
    NextQuoteFrom(begin_);
    return Parsed::kRecord;
  }
}

absl::StatusOr<TableReader::Parsed> TableReader::ParseQuotedField(std::size_t& position) {
  const char* data = buffer_.data();
  const std::size_t open = position;
  const std::uint64_t line = line_ + CountLines({data + begin_, open - begin_});
  std::string* unescaped = nullptr;
  std::size_t copied = open + 1;
  std::size_t from = open + 1;
  while (true) {
    const char* quote = Find(data + from, data + end_, '"');
    if (quote == nullptr) {
      return at_end_ ? absl::StatusOr<Parsed>(Malformed(line, "a quoted field begins here and does not end"))
                     : Parsed::kNeedMore;
    }
    const std::size_t close = static_cast<std::size_t>(quote - data);
    if (close + 2 >= end_ && !at_end_) {
      return Parsed::kNeedMore;  // what follows the quote decides what it means
    }
    if (close + 1 < end_ && data[close + 1] == '"') {
      if (unescaped == nullptr) {
        unescaped = &unescaped_.emplace_back();
      }
      unescaped->append(data + copied, close + 1 - copied);
      copied = from = close + 2;
      continue;
    }
    std::string_view value(data + open + 1, close - open - 1);
    if (unescaped != nullptr) {
      unescaped->append(data + copied, close - copied);
      value = *unescaped;
    }
    position = close + 1;
    if (position < end_ && data[position] != delimiter_ && LineBreakAt(position) == 0) {
      return Malformed(line, "text after the closing quote of a field");
    }
    AddField({value, {data + open, position - open}});
    return Parsed::kRecord;
  }
}

}  // namespace kobling::client
