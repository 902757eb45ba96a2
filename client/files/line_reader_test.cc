#include "client/files/line_reader.h"

#include <string>
#include <vector>

#include "client/files/files_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> LinesOf(const TemporaryFolder& folder, std::string_view text) {
  const auto reader = LineReader::Open(folder.Write("lines", text));
  std::vector<std::string> lines;
  while (true) {
    const auto line = (*reader)->Next();
    if (!line.ok()) {
      lines.push_back(ReasonName(line.status()) + " " + DetailOf(line.status(), "line"));
      return lines;
    }
    if (!line->has_value()) {
      EXPECT_EQ((*reader)->bytes_read(), text.size());
      return lines;
    }
    lines.emplace_back(**line);
    EXPECT_EQ((*reader)->line(), lines.size());
  }
}

TEST(LineReader, GivesLinesWithoutTheirEndings) {
  const TemporaryFolder folder;
  EXPECT_THAT(LinesOf(folder, "a\nb c\r\n\nlast"), ElementsAre("a", "b c", "", "last"));
  EXPECT_THAT(LinesOf(folder, "\xEF\xBB\xBF{}\n"), ElementsAre("{}"));
  EXPECT_THAT(LinesOf(folder, ""), IsEmpty());
}

TEST(LineReader, LinesAreWholeAcrossManyReads) {
  const TemporaryFolder folder;
  std::string text;
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 300; ++i) {
    expected.push_back(std::string(i * 37 % 20'000, static_cast<char>('a' + i % 26)));
    text += expected.back() + "\n";
  }
  EXPECT_EQ(LinesOf(folder, text), expected);
}

TEST(LineReader, ALineThatIsTooLongIsRefusedWithItsNumber) {
  const TemporaryFolder folder;
  const std::string longest(std::size_t{1} << 20, 'x');
  EXPECT_EQ(LinesOf(folder, "a\n" + longest + "\nb\n").size(), 3u);
  EXPECT_THAT(LinesOf(folder, "a\n" + longest + "x\nb\n"), ElementsAre("a", "FILE_MALFORMED 2"));
}

}  // namespace
}  // namespace kobling::client
