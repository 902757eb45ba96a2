#include "server/core/dates.h"

#include <gtest/gtest.h>

namespace kobling::server {
namespace {

TEST(Dates, OneSpellingIsRead) {
  EXPECT_EQ(ParseDate("2026-11-22"), absl::CivilDay(2026, 11, 22));
  EXPECT_EQ(ParseDate("2024-02-29"), absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(ParseDate("0001-01-01"), absl::CivilDay(1, 1, 1));
  EXPECT_EQ(DateText(absl::CivilDay(2026, 1, 2)), "2026-01-02");
  EXPECT_EQ(DateText(*ParseDate("0987-06-05")), "0987-06-05");
}

TEST(Dates, EverythingElseIsRefused) {
  for (const char* text :
       {"",           "2026",       "2026-1-2",           "2026-11-2",  "2026-11-222", " 2026-11-22", "2026-11-22 ",
        "2026/11/22", "2026-11_22", "22-11-2026",         "22.11.2026", "2026-13-01",  "2026-00-10",  "2026-02-30",
        "2025-02-29", "2100-02-29", "2026-04-31",         "2026-11-00", "+026-11-22",  "-026-11-22",  "2026-+1-22",
        "2026-11-2x", "20261122  ", "2026-11-22T00:00:00"}) {
    EXPECT_FALSE(ParseDate(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseDate(std::string_view("2026-11-2\0", 10)).has_value());
}

TEST(Dates, NoonIsNoonInNorway) {
  EXPECT_EQ(absl::FormatTime(absl::RFC3339_full, NoonOf(absl::CivilDay(2019, 3, 1)), absl::UTCTimeZone()),
            "2019-03-01T11:00:00+00:00");
  EXPECT_EQ(DateText(DayOf(NoonOf(absl::CivilDay(2019, 7, 1)))), "2019-07-01");
}

TEST(Dates, ADayBeginsAtMidnightInNorway) {
  const auto at = [](const char* text) {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
    return DateText(DayOf(time));
  };
  EXPECT_EQ(at("2026-11-22T22:59:59Z"), "2026-11-22");
  EXPECT_EQ(at("2026-11-22T23:00:00Z"), "2026-11-23");
}

}  // namespace
}  // namespace kobling::server
