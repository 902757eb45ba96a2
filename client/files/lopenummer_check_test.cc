#include "client/files/lopenummer_check.h"

#include <map>
#include <string>

#include "client/files/files_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

struct Checked {
  absl::StatusOr<LopenummerCheckCounts> counts = absl::UnknownError("not run");
  std::map<std::uint64_t, std::string> problems;
};

Checked Check(std::string_view content) {
  const TemporaryFolder folder;
  const auto file = *OpenForReading(folder.Write("list.txt", content));
  Checked checked;
  checked.counts = CheckLopenumre(file.get(), "list.txt", [&](std::uint64_t line, const auto& problem) {
    if (problem.has_value()) {
      checked.problems[line] = Explain(*problem);
    }
    return absl::OkStatus();
  });
  return checked;
}

TEST(LopenummerCheck, RightLinesAreCounted) {
  const std::string a = Text(MakeLopenummer(1));
  const std::string b = Text(MakeLopenummer(2));
  for (const std::string& content :
       {a + "\n" + b + "\n", a + "\r\n" + b, "lopenummer\n" + a + "\n\n" + b, "\xEF\xBB\xBF" + a + "\n" + b + "\n"}) {
    const Checked checked = Check(content);
    ASSERT_TRUE(checked.counts.ok());
    EXPECT_EQ(checked.counts->right, 2u);
    EXPECT_EQ(checked.counts->wrong, 0u);
  }
  EXPECT_EQ(Check(a + "\n\n\n").counts->blank, 2u);
}

TEST(LopenummerCheck, WrongLinesAreExplainedByNumberWithoutTheValue) {
  const std::string right = Text(MakeLopenummer(1));
  std::string confused = right;
  confused[4] = 'O';
  std::string mistyped = right;
  mistyped[5] = mistyped[5] == '7' ? '8' : '7';
  std::string small = right;
  small[0] = 'l';
  const Checked checked =
      Check(right + "\n" + right.substr(1) + "\n" + confused + "\n" + mistyped + "\n" + small + "\n" + right + " \n");
  ASSERT_TRUE(checked.counts.ok());
  EXPECT_EQ(checked.counts->right, 1u);
  EXPECT_EQ(checked.counts->wrong, 5u);
  EXPECT_THAT(checked.problems,
              ElementsAre(Pair(2, HasSubstr("17 characters")), Pair(3, HasSubstr("character 5")),
                          Pair(4, HasSubstr("check character")), Key(5), Pair(6, HasSubstr("19 characters"))));
  for (const auto& [line, text] : checked.problems) {
    EXPECT_THAT(text, Not(HasSubstr(right.substr(6, 6))));
  }
}

TEST(LopenummerCheck, EndlessLineIsRefused) {
  EXPECT_EQ(ReasonName(Check(std::string(300'000, 'L')).counts.status()), "FILE_MALFORMED");
}

TEST(LopenummerCheck, EmptyInputHasNothingWrong) { EXPECT_EQ(Check("").counts->wrong, 0u); }

}  // namespace
}  // namespace kobling::client
