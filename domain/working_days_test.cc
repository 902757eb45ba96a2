#include "domain/working_days.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::domain {
namespace {

using absl::CivilDay;

// As the almanac for Norway has them (Almanakk for Norge, University of Oslo), computed with another program.
constexpr struct {
  int year;
  const char* maundy_thursday;
  const char* easter_sunday;
  const char* ascension_day;
  const char* whit_sunday;
} kAlmanac[] = {
    {2020, "04-09", "04-12", "05-21", "05-31"}, {2021, "04-01", "04-04", "05-13", "05-23"},
    {2022, "04-14", "04-17", "05-26", "06-05"}, {2023, "04-06", "04-09", "05-18", "05-28"},
    {2024, "03-28", "03-31", "05-09", "05-19"}, {2025, "04-17", "04-20", "05-29", "06-08"},
    {2026, "04-02", "04-05", "05-14", "05-24"}, {2027, "03-25", "03-28", "05-06", "05-16"},
    {2028, "04-13", "04-16", "05-25", "06-04"}, {2029, "03-29", "04-01", "05-10", "05-20"},
    {2030, "04-18", "04-21", "05-30", "06-09"}, {2031, "04-10", "04-13", "05-22", "06-01"},
    {2032, "03-25", "03-28", "05-06", "05-16"}, {2033, "04-14", "04-17", "05-26", "06-05"},
    {2034, "04-06", "04-09", "05-18", "05-28"}, {2035, "03-22", "03-25", "05-03", "05-13"},
    {2036, "04-10", "04-13", "05-22", "06-01"}, {2037, "04-02", "04-05", "05-14", "05-24"},
    {2038, "04-22", "04-25", "06-03", "06-13"}, {2039, "04-07", "04-10", "05-19", "05-29"},
    {2040, "03-29", "04-01", "05-10", "05-20"},
};

CivilDay Day(int year, const std::string& month_and_day) {
  CivilDay day;
  EXPECT_TRUE(absl::ParseCivilTime(absl::StrCat(year, "-", month_and_day), &day)) << month_and_day;
  return day;
}

TEST(NorwegianHolidays, AreThoseOfTheAlmanacFrom2020To2040) {
  for (const auto& year : kAlmanac) {
    const CivilDay easter = Day(year.year, year.easter_sunday);
    const CivilDay whit = Day(year.year, year.whit_sunday);
    const std::set<CivilDay> expected = {
        Day(year.year, "01-01"),
        Day(year.year, year.maundy_thursday),
        easter - 2,
        easter,
        easter + 1,
        Day(year.year, "05-01"),
        Day(year.year, "05-17"),
        Day(year.year, year.ascension_day),
        whit,
        whit + 1,
        Day(year.year, "12-25"),
        Day(year.year, "12-26"),
    };
    const std::vector<CivilDay> holidays = NorwegianHolidays(year.year);
    EXPECT_EQ(std::set<CivilDay>(holidays.begin(), holidays.end()), expected) << year.year;
    EXPECT_EQ(holidays.size(), expected.size()) << year.year << ": no day twice";
    EXPECT_TRUE(std::is_sorted(holidays.begin(), holidays.end())) << year.year;
  }
}

TEST(NorwegianHolidays, TwoOnOneDayAreOne) {
  // In 2012 Ascension Day was the seventeenth of May; in 2008 it was the first.
  EXPECT_EQ(NorwegianHolidays(2012).size(), 11U);
  EXPECT_EQ(NorwegianHolidays(2008).size(), 11U);
  EXPECT_EQ(NorwegianHolidays(2026).size(), 12U);
}

TEST(WorkingDay, IsNoWeekendAndNoHoliday) {
  EXPECT_TRUE(IsWorkingDay(CivilDay(2026, 11, 20))) << "a Friday";
  EXPECT_FALSE(IsWorkingDay(CivilDay(2026, 11, 21)));
  EXPECT_FALSE(IsWorkingDay(CivilDay(2026, 11, 22)));
  EXPECT_TRUE(IsWorkingDay(CivilDay(2026, 11, 23)));
  EXPECT_FALSE(IsWorkingDay(CivilDay(2026, 5, 14))) << "Ascension Day, a Thursday";
  EXPECT_TRUE(IsWorkingDay(CivilDay(2026, 5, 15)));
  EXPECT_TRUE(IsWorkingDay(CivilDay(2026, 12, 24))) << "Christmas Eve is no holiday by law";
  EXPECT_TRUE(IsWorkingDay(CivilDay(2026, 4, 1))) << "the Wednesday before Easter";
}

TEST(AddWorkingDays, DoesNotCountTheDayItRunsFrom) {
  EXPECT_EQ(AddWorkingDays(CivilDay(2026, 11, 20), 1), CivilDay(2026, 11, 23));
  EXPECT_EQ(AddWorkingDays(CivilDay(2026, 11, 21), 1), CivilDay(2026, 11, 23)) << "from a Saturday";
  // Before Easter 2026 (5 April): Thursday 2 and Friday 3 April and Monday 6 April are holidays.
  EXPECT_EQ(AddWorkingDays(CivilDay(2026, 4, 1), 1), CivilDay(2026, 4, 7));
  // The thirty days of a case that was complete on 1 April 2026: 7-10 (4), 13-17 (9), 20-24 (14), 27-30 April (18),
  // 4-8 (23), 11-13 and 15 May (27), 18-20 May (30); 1, 14 and 17 May do not count.
  EXPECT_EQ(AddWorkingDays(CivilDay(2026, 4, 1), 30), CivilDay(2026, 5, 20));
}

TEST(CountWorkingDays, IsTheOtherWayRound) {
  for (CivilDay from(2020, 1, 1); from < CivilDay(2040, 12, 1); from += 37) {
    for (const std::uint32_t days : {1U, 30U, 60U}) {
      EXPECT_EQ(CountWorkingDays(from, AddWorkingDays(from, days)), days) << from;
    }
  }
  EXPECT_EQ(CountWorkingDays(CivilDay(2026, 11, 22), CivilDay(2026, 11, 22)), 0U);
  EXPECT_EQ(CountWorkingDays(CivilDay(2026, 11, 23), CivilDay(2026, 11, 20)), 0U);
}

}  // namespace
}  // namespace kobling::domain
