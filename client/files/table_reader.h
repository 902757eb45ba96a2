// Reads delimited text as registers really deliver it: one record at a time, in bounded memory, byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/files/file_descriptor.h"

namespace kobling::client {

enum class Delimiter : char { kDetect = 0, kSemicolon = ';', kComma = ',', kTab = '\t' };
enum class HeaderLine { kPresent, kAbsent };
enum class LineEnding { kLf, kCrLf };

struct TableOptions {
  // kDetect takes the most frequent of ; , and tab outside quotes in the first line; a tie is refused.
  Delimiter delimiter = Delimiter::kDetect;
  HeaderLine header = HeaderLine::kPresent;
  // Bytes read at a time. Memory is this much, or the longest record if that is more.
  std::size_t read_bytes = std::size_t{1} << 20;
  // A longer record is refused: a missing closing quote would otherwise swallow the file.
  std::size_t max_record_bytes = std::size_t{16} << 20;
};

// A column, as a user names it: by the header's text, or by number from 1.
class ColumnName {
 public:
  // A text of one to five digits is a number, anything else a name. Fails with FIELD_MALFORMED if empty or 0.
  static absl::StatusOr<ColumnName> Parse(std::string_view text);

  // Exactly one of the two.
  std::optional<std::size_t> number() const;
  std::string_view name() const;

 private:
  explicit ColumnName(std::variant<std::size_t, std::string> what) : what_(std::move(what)) {}
  std::variant<std::size_t, std::string> what_;
};

struct Field {
  std::string_view value;  // without the quotes around it, doubled quotes made single
  std::string_view raw;    // as it stands in the file
};

struct Record {
  std::uint64_t line = 0;  // physical line where the record starts, from 1, the header's line counted
  std::string_view raw;    // the record as it stands in the file, without its line ending
  std::span<const Field> fields;
};

// What a file must be: text in an encoding that keeps ASCII (UTF-8 with or without a byte order mark, Windows-1252,
// Latin-1, ...), LF or CR LF, fields quoted as in RFC 4180 (a quote elsewhere than at a field's start is plain text),
// the same number of fields in every record. Bytes that are not ASCII are never looked at and pass unchanged. Blank
// lines at the end are ignored.
//
// Errors carry the file, the line and never a field's content: FILE_EMPTY, FILE_ENCODING (UTF-16, UTF-32, a NUL byte, a
// spreadsheet), FILE_MALFORMED (quotes, number of fields, too long a record, first line like data), FILE_UNREADABLE.
// After an error the reader is at an end. Not thread-safe.
class TableReader {
 public:
  // Reads the first block and the header. Open names the path in errors; OpenStream reads a descriptor that the caller
  // keeps (for example 0, standard input), under the given name.
  static absl::StatusOr<std::unique_ptr<TableReader>> Open(const std::string& path, const TableOptions& options);
  static absl::StatusOr<std::unique_ptr<TableReader>> OpenStream(int descriptor, const std::string& name,
                                                                 const TableOptions& options);

  // The next record, or nullptr at the end. What it points to is valid until the next call.
  absl::StatusOr<const Record*> Next();

  // Where the column stands, from 0. Fails with COLUMN_NOT_FOUND or COLUMN_DUPLICATE. The header's names are listed
  // only if they look like names: in a file without a header the first line is data.
  absl::StatusOr<std::size_t> FindColumn(const ColumnName& column) const;

  // What to call a column in a message: its name if the header looks like names, else "column <number>".
  std::string Describe(std::size_t column) const;

  std::size_t columns() const { return columns_; }
  // The header's cells as values and as they stand in the file; empty without a header.
  std::span<const std::string> header() const { return header_; }
  std::span<const std::string> raw_header() const { return raw_header_; }
  char delimiter() const { return delimiter_; }
  LineEnding line_ending() const { return line_ending_; }
  const std::string& name() const { return name_; }
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  enum class Parsed { kRecord, kNeedMore };

  TableReader(int descriptor, std::string name, const TableOptions& options);
  static absl::StatusOr<std::unique_ptr<TableReader>> Start(std::unique_ptr<TableReader> reader);

  void MoveToFront();
  absl::Status Fill();
  absl::Status CheckFirstBytes() const;
  absl::Status CheckNewBytes(std::size_t from);
  absl::Status ReadFirstLine();
  absl::StatusOr<std::string_view> FindFirstLine();
  absl::Status ChooseDelimiter(std::string_view line);
  absl::StatusOr<bool> SkipBlankLines();
  absl::Status ParseRecord();
  absl::Status SplitPlain(std::size_t stop);
  absl::StatusOr<Parsed> ParseQuoted();
  absl::StatusOr<Parsed> ParseQuotedField(std::size_t& position);
  std::size_t LineBreakAt(std::size_t position) const;
  void AddField(Field field);
  void NextQuoteFrom(std::size_t position);
  bool HeaderLooksLikeNames() const;
  absl::Status Malformed(std::uint64_t line, std::string_view hint) const;
  absl::Status WrongEncoding(std::uint64_t line, std::string_view hint) const;

  FileDescriptor owned_;
  int descriptor_;
  std::string name_;
  TableOptions options_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;       // first byte not yet parsed
  std::size_t end_ = 0;         // one past the last byte read
  std::size_t next_quote_ = 0;  // first quote at or after begin_; end_ if there is none
  bool at_end_ = false;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t line_ = 1;  // line number of begin_

  char delimiter_ = ';';
  LineEnding line_ending_ = LineEnding::kLf;
  std::size_t columns_ = 0;
  std::vector<std::string> header_;
  std::vector<std::string> raw_header_;

  Record record_;
  std::vector<Field> fields_;
  std::size_t field_count_ = 0;
  std::deque<std::string> unescaped_;
  std::uint64_t blank_lines_ = 0;
};

}  // namespace kobling::client
