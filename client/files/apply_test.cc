#include "client/files/apply.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "client/files/column_naming.h"
#include "client/files/files_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::uint64_t kKnown = 100;  // SyntheticId(0) to (99) are in the key file, later ones are not

std::string Number(std::uint64_t n) { return Text(MakeLopenummer(n)); }

struct ApplyTest : ::testing::Test {
  ApplyOptions Options(std::string_view extract) {
    folder.Write("extract.csv", extract);
    ApplyOptions options{.extract = folder.Path("extract.csv"), .index = Column("fnr")};
    options.output = folder.Path("out.csv");
    return options;
  }
  static ColumnName Column(std::string_view name) { return *ColumnName::Parse(name); }
  std::string Output() { return ReadFile(folder.Path("out.csv")); }
  // Refused, and only the extract is there afterwards.
  void ExpectRefused(const ApplyOptions& options, std::string_view reason) {
    EXPECT_EQ(ReasonName(Apply(*map, options).status()), reason);
    EXPECT_THAT(folder.Names(), ElementsAre("extract.csv"));
  }

  TemporaryFolder folder;
  std::unique_ptr<LopenummerMap> map = MakeMap(kKnown);
};

std::vector<std::string> SortedLines(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t stop = text.find('\n', start);
    lines.push_back(text.substr(start, stop - start));
    start = stop + 1;
  }
  return lines;
}

TEST_F(ApplyTest, IdentifiersGiveWayToLopenumreAndRowsAreSorted) {
  const auto result =
      Apply(*map, Options("fnr;kode\n" + SyntheticId(1) + ";A\n" + SyntheticId(2) + ";B\n" + SyntheticId(3) + ";C\n"));
  ASSERT_TRUE(result.ok()) << result.status();
  auto lines = Lines(Output());
  EXPECT_EQ(lines[0], "lopenummer;kode");
  lines.erase(lines.begin());
  EXPECT_EQ(lines, SortedLines({Number(1) + ";A", Number(2) + ";B", Number(3) + ";C"}));
  EXPECT_EQ(result->rows_in, 3u);
  EXPECT_EQ(result->rows_out, 3u);
  EXPECT_EQ(result->columns[0].replaced, 3u);
  EXPECT_EQ(result->distinct_used, 3u);
  EXPECT_THAT(result->warnings, IsEmpty());
}

TEST_F(ApplyTest, OutputDoesNotDependOnTheOrderOfTheRows) {
  std::vector<std::string> rows;
  for (std::uint64_t i = 0; i < kKnown; ++i) {
    rows.push_back(SyntheticId(i) + ";x\n");
    rows.push_back(SyntheticId(i) + ";" + std::to_string(i % 7) + "\n");
  }
  const auto run = [&] {
    std::string extract = "fnr;v\n";
    for (const std::string& row : rows) {
      extract += row;
    }
    auto options = Options(extract);
    options.overwrite = Overwrite::kAllow;
    EXPECT_TRUE(Apply(*map, options).ok());
    return Output();
  };
  const std::string first = run();
  std::reverse(rows.begin(), rows.end());
  EXPECT_EQ(run(), first);
}

TEST_F(ApplyTest, RowWithoutALopenummerIsLeftOutAndCounted) {
  const auto result = Apply(*map, Options("kode;fnr\nA;" + SyntheticId(1) + "\nB;" + SyntheticId(kKnown) +
                                          "\nC;\nD;12345\nE;01839012346\nF; " + SyntheticId(2) + "\n"));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Output(), "kode;lopenummer\nA;" + Number(1) + "\n");
  const ReplacedColumn& counts = result->columns[0];
  EXPECT_EQ(counts.column, "fnr");
  EXPECT_EQ(counts.new_name, "lopenummer");
  EXPECT_EQ(counts.replaced, 1u);
  EXPECT_EQ(counts.not_in_key_file, 1u);
  EXPECT_EQ(counts.missing, 1u);
  EXPECT_EQ(counts.malformed, 3u);
  EXPECT_EQ(result->rows_in, 6u);
  EXPECT_EQ(result->rows_out, 1u);
}

TEST_F(ApplyTest, RelativesAreReplacedOrBlanked) {
  auto options = Options("fnr;mor_fnr;far_fnr\n" + SyntheticId(1) + ";" + SyntheticId(2) + ";\n" + SyntheticId(1) +
                         ";" + SyntheticId(kKnown) + ";\"tull\"\n");
  options.relatives = {Column("far_fnr"), Column("mor_fnr")};
  const auto result = Apply(*map, options);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(Lines(Output()), ElementsAre("lopenummer;mor_lopenummer;far_lopenummer", Number(1) + ";;\"\"",
                                           Number(1) + ";" + Number(2) + ";"));
  EXPECT_EQ(result->columns[1].malformed, 1u);
  EXPECT_EQ(result->columns[1].missing, 1u);
  EXPECT_EQ(result->columns[2].replaced, 1u);
  EXPECT_EQ(result->columns[2].not_in_key_file, 1u);
}

TEST_F(ApplyTest, RelativeWithoutALopenummerMayDropTheRow) {
  auto options = Options("fnr;mor_fnr\n" + SyntheticId(1) + ";\n" + SyntheticId(2) + ";" + SyntheticId(kKnown) + "\n" +
                         SyntheticId(3) + ";x\n");
  options.relatives = {Column("mor_fnr")};
  options.relative_without = RelativeWithout::kDropRow;
  ASSERT_TRUE(Apply(*map, options).ok());
  EXPECT_EQ(Output(), "lopenummer;mor_lopenummer\n" + Number(1) + ";\n")
      << "a missing mother is no reason to drop a row";
}

TEST_F(ApplyTest, QuotesDelimiterLineEndsAndBytesAreKept) {
  auto options =
      Options("\xEF\xBB\xBF\"navn\",\"fnr\",x\r\n\"B\xF8, \"\"A\"\"\r\nB\",\"" + SyntheticId(5) + "\",\xC5\r\n");
  ASSERT_TRUE(Apply(*map, options).ok());
  EXPECT_EQ(Output(), "\"navn\",\"lopenummer\",x\r\n\"B\xF8, \"\"A\"\"\r\nB\",\"" + Number(5) + "\",\xC5\r\n");
}

TEST_F(ApplyTest, WithoutAHeaderColumnsAreNumbered) {
  auto options = Options("A;" + SyntheticId(1) + "\nB;" + SyntheticId(1) + "\n");
  options.table.header = HeaderLine::kAbsent;
  options.index = Column("2");
  ASSERT_TRUE(Apply(*map, options).ok());
  EXPECT_EQ(Output(), "A;" + Number(1) + "\nB;" + Number(1) + "\n");
}

TEST_F(ApplyTest, ColumnsMayBeRenamed) {
  auto options = Options("fnr;mor\n" + SyntheticId(1) + ";" + SyntheticId(2) + "\n");
  options.relatives = {Column("mor")};
  options.renames = {{Column("fnr"), "barn;nr"}, {Column("mor"), "mor_nr"}};
  ASSERT_TRUE(Apply(*map, options).ok());
  EXPECT_EQ(Lines(Output())[0], "\"barn;nr\";mor_nr");
}

TEST_F(ApplyTest, NamesThatCannotBeAreRefused) {
  const std::string row = SyntheticId(1) + ";x;y\n";
  ExpectRefused(Options("fnr;lopenummer;c\n" + row), "COLUMN_DUPLICATE");
  auto options = Options("fnr;b;c\n" + row);
  options.renames = {{Column("b"), "d"}};
  ExpectRefused(options, "COLUMN_NOT_FOUND");
  options.renames = {{Column("fnr"), "a\nb"}};
  ExpectRefused(options, "FIELD_MALFORMED");
  options.renames = {};
  options.index = Column("id");
  ExpectRefused(options, "COLUMN_NOT_FOUND");
  options.index = Column("fnr");
  options.relatives = {Column("1")};
  ExpectRefused(options, "COLUMN_DUPLICATE");
}

TEST(RelativeName, EndingGivesWay) {
  EXPECT_EQ(RelativeName("mor_fnr"), "mor_lopenummer");
  EXPECT_EQ(RelativeName("morfnr"), "mor_lopenummer");
  EXPECT_EQ(RelativeName("MOR_FNR"), "MOR_lopenummer");
  EXPECT_EQ(RelativeName("far_fodselsnummer"), "far_lopenummer");
  EXPECT_EQ(RelativeName("far_f\xC3\xB8"
                         "dselsnummer"),
            "far_lopenummer");
  EXPECT_EQ(RelativeName("far_f\xF8"
                         "dselsnummer"),
            "far_lopenummer");
  EXPECT_EQ(RelativeName("barn"), "barn_lopenummer");
  EXPECT_EQ(RelativeName("fnr"), "relative_lopenummer");
}

TEST_F(ApplyTest, KnownIdentifierInAnotherColumnRefusesTheRun) {
  for (const std::string& stray : {SyntheticId(7), SyntheticId(7).substr(0, 6) + " " + SyntheticId(7).substr(6),
                                   "\"ref. " + SyntheticId(7) + ", se notat\"", "\"" + SyntheticId(7) + "\""}) {
    std::string extract = "fnr;a;notat\n";
    for (int i = 0; i < 5000; ++i) {
      extract += SyntheticId(1) + ";1;" + (i == 4000 ? stray : "fri tekst") + "\n";
    }
    const auto options = Options(extract);
    const absl::Status status = Apply(*map, options).status();
    EXPECT_EQ(DetailOf(status, "column"), "notat");
    EXPECT_EQ(DetailOf(status, "count"), "1");
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(SyntheticId(7).substr(6))));
    ExpectRefused(options, "IDENTIFIERS_IN_OTHER_COLUMN");
  }
}

TEST_F(ApplyTest, ColumnOfUnknownIdentifiersRefusesTheRunAndAFewInManyWarn) {
  const auto extract = [&](int rows, int strays) {
    std::string text = "fnr;nr\n";
    for (int i = 0; i < rows; ++i) {
      text +=
          SyntheticId(1) + ";" + (i < strays ? SyntheticId(kKnown + static_cast<std::uint64_t>(i)) : "40212312") + "\n";
    }
    return text;
  };
  ExpectRefused(Options(extract(10, 10)), "IDENTIFIERS_IN_OTHER_COLUMN");
  ExpectRefused(Options(extract(1000, 1)), "IDENTIFIERS_IN_OTHER_COLUMN");
  const auto result = Apply(*map, Options(extract(1001, 1)));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->warnings, ElementsAre(HasSubstr("Column nr has 1 cells")));
}

TEST_F(ApplyTest, EmptyCellsDoNotThinOutAColumnOfIdentifiers) {
  std::string extract = "fnr;nr\n";
  for (int i = 0; i < 5000; ++i) {
    extract += SyntheticId(1) + ";" + (i == 17 ? SyntheticId(kKnown) : "") + "\n";
  }
  ExpectRefused(Options(extract), "IDENTIFIERS_IN_OTHER_COLUMN");
}

TEST_F(ApplyTest, RowsThatAreLeftOutAreSearchedToo) {
  ExpectRefused(Options("fnr;nr\n;" + SyntheticId(3) + "\n"), "IDENTIFIERS_IN_OTHER_COLUMN");
}

TEST_F(ApplyTest, AllowedColumnPasses) {
  auto options = Options("fnr;nr\n" + SyntheticId(1) + ";" + SyntheticId(kKnown) + "\n");
  options.allowed = {Column("nr")};
  ASSERT_TRUE(Apply(*map, options).ok());
  EXPECT_EQ(Output(), "lopenummer;nr\n" + Number(1) + ";" + SyntheticId(kKnown) + "\n");
}

TEST_F(ApplyTest, UsedLopenumreAreListedOnceAndSorted) {
  auto options = Options("fnr;mor_fnr\n" + SyntheticId(1) + ";" + SyntheticId(2) + "\n" + SyntheticId(2) + ";\n" +
                         SyntheticId(kKnown) + ";" + SyntheticId(4) + "\n");
  options.relatives = {Column("mor_fnr")};
  options.used = folder.Path("used.txt");
  const auto result = Apply(*map, options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Lines(ReadFile(options.used)), SortedLines({Number(1), Number(2)}))
      << "number 4 is in a row that was left out";
  EXPECT_EQ(result->distinct_used, 2u);
}

TEST_F(ApplyTest, InputOrderIsKeptOnRequestWithAWarning) {
  std::string extract = "fnr\n";
  std::string expected = "lopenummer\n";
  for (std::uint64_t i = 0; i < 10; ++i) {
    extract += SyntheticId(i) + "\n";
    expected += Number(i) + "\n";
  }
  auto options = Options(extract);
  options.order = RowOrder::kInput;
  const auto result = Apply(*map, options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Output(), expected);
  EXPECT_THAT(result->warnings, ElementsAre(HasSubstr("order of the extract")));
}

TEST_F(ApplyTest, WrongKeyFileGivesAWarning) {
  const auto result = Apply(*map, Options("fnr\n" + SyntheticId(kKnown) + "\n"));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->warnings, ElementsAre(HasSubstr("No row")));
}

TEST_F(ApplyTest, BrokenExtractLeavesNothingBehind) {
  using namespace std::string_literals;
  const std::string good = "fnr;x\n" + SyntheticId(1) + ";1\n";
  auto options = Options(good + SyntheticId(2) + "\n");
  options.used = folder.Path("used.txt");
  ExpectRefused(options, "FILE_MALFORMED");
  folder.Write("extract.csv", good + SyntheticId(2) + ";\"\n");
  ExpectRefused(options, "FILE_MALFORMED");
  folder.Write("extract.csv", good + SyntheticId(2) + ";\0\n"s);
  ExpectRefused(options, "FILE_ENCODING");
  folder.Write("extract.csv", "");
  ExpectRefused(options, "FILE_EMPTY");
  options.order = RowOrder::kInput;
  folder.Write("extract.csv", good + SyntheticId(2) + "\n");
  ExpectRefused(options, "FILE_MALFORMED");
}

TEST_F(ApplyTest, FilesThatAreThereStayAsTheyWere) {
  auto options = Options("fnr\n" + SyntheticId(1) + "\n");
  options.used = folder.Path("used.txt");
  folder.Write("used.txt", "old");
  EXPECT_EQ(ReasonName(Apply(*map, options).status()), "FILE_EXISTS");
  EXPECT_EQ(ReadFile(options.used), "old");
  EXPECT_FALSE(Exists(options.output));
  options.overwrite = Overwrite::kAllow;
  EXPECT_TRUE(Apply(*map, options).ok());
  EXPECT_EQ(ReadFile(options.used), Number(1) + "\n");
}

TEST_F(ApplyTest, LittleMemoryGivesTheSameOutput) {
  std::string extract = "fnr;v\n";
  for (std::uint64_t i = 0; i < 5000; ++i) {
    extract += SyntheticId(i * 7 % kKnown) + ";" + std::to_string(i * 31 % 997) + "\n";
  }
  auto options = Options(extract);
  ASSERT_TRUE(Apply(*map, options).ok());
  const std::string expected = Output();
  options.overwrite = Overwrite::kAllow;
  options.sort_memory_bytes = 5000;
  ASSERT_TRUE(Apply(*map, options).ok());
  EXPECT_EQ(Output(), expected);
}

TEST_F(ApplyTest, RefusalIsTheSameWithLittleMemory) {
  std::string extract = "fnr;v\n";
  for (std::uint64_t i = 0; i < 2000; ++i) {
    extract += SyntheticId(i % kKnown) + ";" + SyntheticId(kKnown + i) + "\n";
  }
  auto options = Options(extract);
  options.sort_memory_bytes = 5000;
  const absl::Status status = Apply(*map, options).status();
  EXPECT_EQ(DetailOf(status, "count"), "2000");
  ExpectRefused(options, "IDENTIFIERS_IN_OTHER_COLUMN");
}

// All that this process has open in files without a name.
std::string NamelessFilesIn(const std::string& folder) {
  std::string content;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (!gone && target.rfind(folder, 0) == 0 && target.find("(deleted)") != std::string::npos) {
      content += ReadFile(entry.path().string());
    }
  }
  return content;
}

TEST_F(ApplyTest, TemporaryFilesHoldNoIdentifiers) {
  auto options = Options("");
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  options.extract_descriptor = ends[0];
  options.sort_memory_bytes = 5000;
  options.relatives = {Column("mor_fnr")};
  absl::StatusOr<ApplyResult> result = absl::UnknownError("not run");
  std::thread run([&] { result = Apply(*map, options); });
  const auto send = [&](const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
      sent += static_cast<std::size_t>(std::max<ssize_t>(::write(ends[1], text.data() + sent, text.size() - sent), 0));
    }
  };
  send("fnr;mor_fnr\n");
  // More than the pipe and the reader hold, so that rows have gone to files when the last of them is sent.
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    send(SyntheticId(i % kKnown) + ";" + SyntheticId(i % 2 == 0 ? kKnown + i % 1000 : i % 13) + "\n");
  }
  const std::string seen = NamelessFilesIn(folder.path());
  ::close(ends[1]);
  run.join();
  ::close(ends[0]);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->rows_out, 60'000u);
  EXPECT_GT(seen.size(), 10'000u);
  EXPECT_THAT(seen, HasSubstr(Number(1)));
  for (std::uint64_t i = 0; i < kKnown + 1000; ++i) {
    ASSERT_EQ(seen.find(SyntheticId(i)), std::string::npos);
  }
}

}  // namespace
}  // namespace kobling::client
