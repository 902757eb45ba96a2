// Rows back to lines, what is printed of bad rows, and the line that shows how far a command has come.
#include "client/row_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "client/progress.h"
#include "client/row_faults.h"

namespace kobling::client {
namespace {

using testing::HasSubstr;

TEST(LineMap, FindsEveryLineAlsoAfterRecordsOfSeveralLines) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  LineMap map;
  std::vector<std::uint64_t> lines;
  std::uint64_t line = 2;
  for (int i = 0; i < 10'000; ++i) {
    lines.push_back(line);
    map.Add(line);
    line += random() % 20 == 0 ? 1 + random() % 5 : 1;
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ASSERT_EQ(map.LineOf(i), lines[i]);
  }
}

TEST(PresenceMap, FindsTheRecordOfEveryValue) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  PresenceMap map;
  std::vector<std::uint64_t> records;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const bool is_present = random() % 3 == 0 && i / 500 % 2 == 0;
    map.Add(is_present ? PresenceMap::Presence::kPresent : PresenceMap::Presence::kAbsent);
    if (is_present) {
      records.push_back(i);
    }
  }
  ASSERT_EQ(map.count(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    ASSERT_EQ(map.RecordOf(i), records[i]);
  }
}

TEST(RowFaults, ShowsTheLowestLinesAndCountsAll) {
  RowFaults faults({"fnr"});
  for (std::uint64_t line = 1000; line > 0; --line) {
    faults.Add({line, 0, line % 2 == 0 ? domain::Reason::kIdentifierEmpty : domain::Reason::kIdentifierCheckDigits});
  }
  std::ostringstream out;
  faults.Print(out);
  EXPECT_THAT(out.str(),
              testing::StartsWith("line;column;reason\n1;fnr;IDENTIFIER_CHECK_DIGITS\n2;fnr;IDENTIFIER_EMPTY\n"));
  EXPECT_THAT(out.str(), HasSubstr("20;fnr;IDENTIFIER_EMPTY\n... and 980 more\n500 values left out:"));
}

class SteppingClock final : public domain::Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1000);
};

TEST(Progress, TellsSpeedAndTimeLeftAndIsSilentWhenHidden) {
  SteppingClock clock;
  std::ostringstream out;
  Progress progress(out, Progress::Show::kYes, Progress::Unit::kRows, clock);
  clock.now += absl::Seconds(2);
  progress.Update(1'000'000, 25, 100);
  EXPECT_EQ(out.str(), "\r  1 000 000 rows, 500 000 rows/s, 6 s left");
  progress.Update(1'000'001, 26, 100);
  EXPECT_EQ(out.str(), "\r  1 000 000 rows, 500 000 rows/s, 6 s left") << "at most five lines a second";

  std::ostringstream nothing;
  Progress hidden(nothing, Progress::Show::kNo, Progress::Unit::kRows, clock);
  clock.now += absl::Seconds(2);
  hidden.Update(1, 1, 2);
  hidden.Finish();
  EXPECT_EQ(nothing.str(), "");
}

}  // namespace
}  // namespace kobling::client
