#include "client/files/table_reader.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "client/files/files_testing.h"
#include "client/files/rejects_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Rows = std::vector<std::vector<std::string>>;

struct Table {
  absl::Status status;
  std::vector<std::string> header;
  Rows rows;
  std::vector<std::uint64_t> lines;
  std::vector<std::string> raw;
  char delimiter = 0;
  LineEnding ending = LineEnding::kLf;
};

Table Read(const std::string& path, const TableOptions& options) {
  Table table;
  auto reader = TableReader::Open(path, options);
  if (!reader.ok()) {
    table.status = reader.status();
    return table;
  }
  table.header.assign((*reader)->header().begin(), (*reader)->header().end());
  table.delimiter = (*reader)->delimiter();
  table.ending = (*reader)->line_ending();
  while (true) {
    const auto record = (*reader)->Next();
    if (!record.ok() || *record == nullptr) {
      table.status = record.status();
      return table;
    }
    std::vector<std::string>& row = table.rows.emplace_back();
    for (const Field& field : (*record)->fields) {
      row.emplace_back(field.value);
    }
    table.lines.push_back((*record)->line);
    table.raw.emplace_back((*record)->raw);
  }
}

Table ReadText(std::string_view content, const TableOptions& options = {}) {
  const TemporaryFolder folder;
  return Read(folder.Write("table.csv", content), options);
}

TableOptions WithoutHeader() { return {.header = HeaderLine::kAbsent}; }

TEST(TableReader, FieldsHeaderAndLinesAreRead) {
  const Table table = ReadText("a;b;c\n1;2;3\n4;;6\n");
  EXPECT_TRUE(table.status.ok());
  EXPECT_THAT(table.header, ElementsAre("a", "b", "c"));
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1", "2", "3"), ElementsAre("4", "", "6")));
  EXPECT_THAT(table.lines, ElementsAre(2, 3));
  EXPECT_THAT(table.raw, ElementsAre("1;2;3", "4;;6"));
}

TEST(TableReader, LastLineNeedsNoLineBreak) {
  EXPECT_THAT(ReadText("a;b\n1;2").rows, ElementsAre(ElementsAre("1", "2")));
  EXPECT_THAT(ReadText("a;b\r\n1;2\r\n3;\"4\"").rows, ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "4")));
}

TEST(TableReader, DelimiterIsDetectedFromTheFirstLine) {
  EXPECT_EQ(ReadText("a;b\n").delimiter, ';');
  EXPECT_EQ(ReadText("a,b\n").delimiter, ',');
  EXPECT_EQ(ReadText("a\tb\n").delimiter, '\t');
  EXPECT_EQ(ReadText("a;b;c,d\n").delimiter, ';');
  EXPECT_EQ(ReadText("\"a;b;c\",d\n").delimiter, ',') << "what is inside quotes does not count";
}

TEST(TableReader, UndecidedDelimiterIsRefusedUnlessGiven) {
  EXPECT_EQ(ReasonName(ReadText("a;b,c\n1;2,3\n").status), "FILE_MALFORMED");
  const Table table = ReadText("a;b,c\n1;2,3\n", {.delimiter = Delimiter::kComma});
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1;2", "3")));
}

TEST(TableReader, CrLfIsTakenOffAndRemembered) {
  const Table table = ReadText("a;b\r\n1;2\r\n");
  EXPECT_THAT(table.header, ElementsAre("a", "b"));
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1", "2")));
  EXPECT_EQ(table.ending, LineEnding::kCrLf);
}

TEST(TableReader, ByteOrderMarkIsDropped) {
  EXPECT_THAT(ReadText("\xEF\xBB\xBF"
                       "a;b\n1;2\n")
                  .header,
              ElementsAre("a", "b"));
  EXPECT_THAT(ReadText("\xEF\xBB\xBF\"a\";b\n1;2\n").header, ElementsAre("a", "b"));
}

TEST(TableReader, QuotedFieldsMayHoldDelimitersQuotesAndLineBreaks) {
  const Table table = ReadText("a;b;c\n\"1;x\";\"say \"\"hi\"\"\";\"two\r\nlines\"\n4;\"\";\"\"\"\"\n");
  ASSERT_TRUE(table.status.ok());
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1;x", "say \"hi\"", "two\r\nlines"), ElementsAre("4", "", "\"")));
  EXPECT_THAT(table.lines, ElementsAre(2, 4));
}

TEST(TableReader, QuoteInsideAPlainFieldIsPlainText) {
  EXPECT_THAT(ReadText("a;b\n5\" pipe;x\n6;y\"\n").rows,
              ElementsAre(ElementsAre("5\" pipe", "x"), ElementsAre("6", "y\"")));
  EXPECT_THAT(ReadText("5\" pipe;x\n6;y\n", WithoutHeader()).rows,
              ElementsAre(ElementsAre("5\" pipe", "x"), ElementsAre("6", "y")));
}

TEST(TableReader, BytesThatAreNoUtf8PassUnchanged) {
  const Table table = ReadText("navn;sted\nB\xF8;\xC5lesund\nB\xC3\xB8;\xFF\xFE\n");
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("B\xF8", "\xC5lesund"), ElementsAre("B\xC3\xB8", "\xFF\xFE")));
}

TEST(TableReader, HeaderAloneIsAnEmptyTable) {
  const Table table = ReadText("a;b\n");
  EXPECT_TRUE(table.status.ok());
  EXPECT_THAT(table.rows, IsEmpty());
  EXPECT_TRUE(ReadText("a;b").status.ok());
}

TEST(TableReader, WithoutHeaderTheFirstLineIsData) {
  const Table table = ReadText("1;2\n3;4\n", WithoutHeader());
  EXPECT_THAT(table.header, IsEmpty());
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "4")));
  EXPECT_THAT(table.lines, ElementsAre(1, 2));
  EXPECT_THAT(ReadText("\"1\n1\";2\n3;4\n", WithoutHeader()).lines, ElementsAre(1, 3));
}

TEST(TableReader, EmptyFilesAreRefused) {
  for (const std::string_view content : {"", "\n", "\r\n\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\r\n"}) {
    EXPECT_EQ(ReasonName(ReadText(content).status), "FILE_EMPTY");
  }
}

TEST(TableReader, Utf16AndUtf32AreRefusedByName) {
  using namespace std::string_view_literals;
  for (const std::string_view content : {"\xFF\xFE"
                                         "a\0;\0"sv,
                                         "\xFE\xFF\0a\0;"sv, "a\0;\0b\0\n\0"sv, "\0a\0;\0b\0\n"sv}) {
    const absl::Status status = ReadText(content).status;
    EXPECT_EQ(ReasonName(status), "FILE_ENCODING");
    EXPECT_THAT(DetailOf(status, "hint"), HasSubstr("UTF-16"));
  }
  EXPECT_THAT(DetailOf(ReadText("\xFF\xFE\0\0a\0\0\0"sv).status, "hint"), HasSubstr("UTF-32"));
}

TEST(TableReader, SpreadsheetIsRefusedByName) {
  EXPECT_THAT(DetailOf(ReadText("PK\x03\x04 and so on").status, "hint"), HasSubstr("spreadsheet"));
}

TEST(TableReader, NulByteIsRefusedWithItsLine) {
  using namespace std::string_view_literals;
  const absl::Status status = ReadText("a;b\n1;2\n3;\0004\n"sv).status;
  EXPECT_EQ(ReasonName(status), "FILE_ENCODING");
  EXPECT_EQ(DetailOf(status, "line"), "3");
}

TEST(TableReader, MixedEncodingsInOneFilePassButForUtf16) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(ReadText("a;b\nB\xC3\xB8;1\nB\xF8;2\n").status.ok());
  EXPECT_EQ(ReasonName(ReadText("a;b\n1;2\n3\0;\0004\0\n\0"sv).status), "FILE_ENCODING");
}

TEST(TableReader, UnterminatedQuoteNamesTheLineWhereItBegan) {
  const absl::Status status = ReadText("a;b\n1;2\n3;\"4\n5;6\n7;8\n").status;
  EXPECT_EQ(ReasonName(status), "FILE_MALFORMED");
  EXPECT_EQ(DetailOf(status, "line"), "3");
  EXPECT_EQ(DetailOf(ReadText("a;b\n\"x\ny\";\"4\n5;6\n").status, "line"), "3");
  EXPECT_EQ(ReasonName(ReadText("a;\"b\n1;2\n").status), "FILE_MALFORMED");
}

TEST(TableReader, TextAfterAClosingQuoteIsRefused) {
  const absl::Status status = ReadText("a;b\n\"1\"x;2\n").status;
  EXPECT_EQ(ReasonName(status), "FILE_MALFORMED");
  EXPECT_EQ(DetailOf(status, "line"), "2");
}

TEST(TableReader, WrongNumberOfFieldsNamesTheLine) {
  for (const std::string_view content : {"a;b\n1;2\n3\n", "a;b\n1;2\n3;4;5\n", "a;b\n1;2\n\"3\"\n"}) {
    const absl::Status status = ReadText(content).status;
    EXPECT_EQ(ReasonName(status), "FILE_MALFORMED");
    EXPECT_EQ(DetailOf(status, "line"), "3");
  }
}

TEST(TableReader, BlankLinesAtTheEndAreIgnoredAndInsideRefused) {
  EXPECT_THAT(ReadText("a;b\n1;2\n\n\r\n\n").rows, ElementsAre(ElementsAre("1", "2")));
  const absl::Status status = ReadText("a;b\n1;2\n\n3;4\n").status;
  EXPECT_EQ(ReasonName(status), "FILE_MALFORMED");
  EXPECT_EQ(DetailOf(status, "line"), "3");
}

TEST(TableReader, BlankLineInATableOfOneColumnIsAnEmptyCell) {
  const Table table = ReadText("a\n1\n\n\n2\n\n");
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1"), ElementsAre(""), ElementsAre(""), ElementsAre("2")));
  EXPECT_THAT(table.lines, ElementsAre(2, 3, 4, 5));
}

TEST(TableReader, MacintoshLineEndsAreRefused) {
  EXPECT_THAT(DetailOf(ReadText("a;b\r1;2\r3;4\r").status, "hint"), HasSubstr("CR alone"));
}

TEST(TableReader, RecordLongerThanTheLimitIsRefused) {
  const TableOptions options = {.read_bytes = 64, .max_record_bytes = 1000};
  EXPECT_TRUE(ReadText("a;b\n" + std::string(900, 'x') + ";2\n", options).status.ok());
  const absl::Status status = ReadText("a;b\n1;2\n\"" + std::string(5000, 'x') + "\";2\n", options).status;
  EXPECT_EQ(ReasonName(status), "FILE_MALFORMED");
  EXPECT_EQ(DetailOf(status, "line"), "3");
}

TEST(TableReader, MissingFileAndFolderAreRefused) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReasonName(Read(folder.Path("none.csv"), {}).status), "FILE_NOT_FOUND");
  EXPECT_EQ(ReasonName(Read(folder.path(), {}).status), "FILE_UNREADABLE");
}

TEST(TableReader, DataInPlaceOfAHeaderIsRefusedAndNotShown) {
  const std::string id = SyntheticId(1);
  for (const std::string& content : {id + ";x\n", "x;" + id + "\n", id.substr(0, 6) + " " + id.substr(6) + ";x\n"}) {
    const absl::Status status = ReadText(content).status;
    EXPECT_EQ(ReasonName(status), "FILE_MALFORMED");
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(id.substr(6))));
  }
}

absl::Status FindIn(std::string_view content, std::string_view column, const TableOptions& options = {}) {
  const TemporaryFolder folder;
  const auto reader = TableReader::Open(folder.Write("t.csv", content), options);
  return (*reader)->FindColumn(*ColumnName::Parse(column)).status();
}

TEST(TableReader, ColumnsAreFoundByNameAndNumber) {
  const TemporaryFolder folder;
  const auto reader = TableReader::Open(folder.Write("t.csv", "\"fnr\",navn\r\n"), {});
  EXPECT_EQ(*(*reader)->FindColumn(*ColumnName::Parse("navn")), 1u);
  EXPECT_EQ(*(*reader)->FindColumn(*ColumnName::Parse("fnr")), 0u);
  EXPECT_EQ(*(*reader)->FindColumn(*ColumnName::Parse("2")), 1u);
}

TEST(TableReader, ColumnOfAHeaderInAnotherEncodingIsToBeNamedByNumber) {
  const absl::Status status = FindIn(
      "f\xF8"
      "dselsnummer;navn\n",
      "f\xC3\xB8"
      "dselsnummer");
  EXPECT_EQ(ReasonName(status), "COLUMN_NOT_FOUND");
  EXPECT_EQ(DetailOf(status, "hint"), "the header is not UTF-8; name the column by its number");
}

TEST(TableReader, NorwegianColumnNamesAreListedAsTheyAreAndTerminalCommandsAreNot) {
  EXPECT_EQ(DetailOf(FindIn("fødselsnummer;år\n", "id"), "hint"), "the columns are: fødselsnummer, år");
  EXPECT_EQ(DetailOf(FindIn("a\x1b[2Jb;c\xC2\x9B"
                            "d;€\n",
                            "id"),
                     "hint"),
            "the columns are: a?[2Jb, c?d, ?");
}

TEST(TableReader, UnknownColumnIsRefusedAndTheNamesAreListed) {
  const absl::Status status = FindIn("fnr;navn\n", "id");
  EXPECT_EQ(ReasonName(status), "COLUMN_NOT_FOUND");
  EXPECT_EQ(DetailOf(status, "count"), "2");
  EXPECT_THAT(DetailOf(status, "hint"), HasSubstr("fnr, navn"));
  EXPECT_EQ(ReasonName(FindIn("fnr;navn\n", "3")), "COLUMN_NOT_FOUND");
  EXPECT_EQ(ReasonName(FindIn("x;y\n", "x", WithoutHeader())), "COLUMN_NOT_FOUND");
}

TEST(TableReader, HeaderThatMayBeDataIsNotListed) {
  for (const std::string_view header : {"123456;Kari\n", "12 34 56;Kari\n", "a1b2c3d4e5f6;Kari\n"}) {
    const absl::Status status = FindIn(header, "id");
    EXPECT_EQ(DetailOf(status, "count"), "2");
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("Kari")));
  }
}

TEST(TableReader, NameThatStandsTwiceIsRefused) {
  EXPECT_EQ(ReasonName(FindIn("fnr;fnr\n", "fnr")), "COLUMN_DUPLICATE");
}

TEST(TableReader, ColumnZeroAndNoColumnAreRefused) {
  EXPECT_EQ(ReasonName(ColumnName::Parse("0").status()), "FIELD_MALFORMED");
  EXPECT_EQ(ReasonName(ColumnName::Parse("").status()), "FIELD_MALFORMED");
}

TEST(TableReader, PipeIsReadAsAFileIs) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "a;b\n1", 5), 5);
  ASSERT_EQ(::write(ends[1], ";2\n", 3), 3);
  ::close(ends[1]);
  const auto reader = TableReader::OpenStream(ends[0], "standard input", {});
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*(*reader)->Next())->raw, "1;2");
  EXPECT_EQ(*(*reader)->Next(), nullptr);
  ::close(ends[0]);
}

// The first read of a pipe may end anywhere, and a mark at the front is no part of the table.
TEST(TableReader, WithoutHeaderTheFirstLineSurvivesAMarkWhereverTheFirstReadEnds) {
  const std::string content = "\xEF\xBB\xBF\"12345\";\"one\"\n67890;\"two\"\n";
  for (std::size_t first = 1; first < content.size(); ++first) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    std::thread writer([&] {
      EXPECT_EQ(::write(ends[1], content.data(), first), static_cast<ssize_t>(first));
      while (true) {  // the rest comes when the first part has been read
        int unread = 0;
        ASSERT_EQ(::ioctl(ends[0], FIONREAD, &unread), 0);
        if (unread == 0) {
          break;
        }
        std::this_thread::yield();
      }
      EXPECT_EQ(::write(ends[1], content.data() + first, content.size() - first),
                static_cast<ssize_t>(content.size() - first));
      ::close(ends[1]);
    });
    const auto reader = TableReader::OpenStream(ends[0], "standard input", WithoutHeader());
    ASSERT_TRUE(reader.ok()) << first;
    EXPECT_EQ((*(*reader)->Next())->raw, "\"12345\";\"one\"") << first;
    EXPECT_EQ((*(*reader)->Next())->raw, "67890;\"two\"") << first;
    EXPECT_EQ(*(*reader)->Next(), nullptr) << first;
    writer.join();
    ::close(ends[0]);
  }
}

// Any table written with quotes where they are needed is read back the same, however small the reads are.
TEST(TableReader, RandomTablesSurviveTheRoundTrip) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string alphabet = "ab;,\t\"\n\r \xF8";
  for (int round = 0; round < 300; ++round) {
    const std::size_t columns = 2 + random() % 4;
    const std::string ending = random() % 2 == 0 ? "\n" : "\r\n";
    Rows rows(random() % 20);
    std::string content = "h0";
    for (std::size_t i = 1; i < columns; ++i) {
      content += ";h" + std::to_string(i);
    }
    content += ending;
    for (auto& row : rows) {
      for (std::size_t i = 0; i < columns; ++i) {
        std::string& value = row.emplace_back();
        for (std::size_t length = random() % 8; length > 0; --length) {
          value += alphabet[random() % alphabet.size()];
        }
        value += random() % 4 == 0 ? ";" : "";
        content += i == 0 ? "" : ";";
        content += CsvField(value, ';');
      }
      content += ending;
    }
    const Table table = ReadText(content, {.delimiter = Delimiter::kSemicolon, .read_bytes = 1 + random() % 40});
    ASSERT_TRUE(table.status.ok());
    ASSERT_EQ(table.rows, rows);
  }
}

}  // namespace
}  // namespace kobling::client
