#include "domain/working_days.h"

#include <algorithm>

namespace kobling::domain {
namespace {

// Gregorian Easter by the method of Meeus, Jones and Butcher (Meeus, Astronomical Algorithms, chapter 8), with its
// names for the quantities.
absl::CivilDay EasterSunday(std::int64_t year) {
  const std::int64_t a = year % 19;
  const std::int64_t b = year / 100;
  const std::int64_t c = year % 100;
  const std::int64_t d = b / 4;
  const std::int64_t e = b % 4;
  const std::int64_t f = (b + 8) / 25;
  const std::int64_t g = (b - f + 1) / 3;
  const std::int64_t h = (19 * a + b - d - g + 15) % 30;
  const std::int64_t i = c / 4;
  const std::int64_t k = c % 4;
  const std::int64_t l = (32 + 2 * e + 2 * i - h - k) % 7;
  const std::int64_t m = (a + 11 * h + 22 * l) / 451;
  const std::int64_t month_and_day = h + l - 7 * m + 114;
  return absl::CivilDay(year, month_and_day / 31, month_and_day % 31 + 1);
}

}  // namespace

std::vector<absl::CivilDay> NorwegianHolidays(std::int64_t year) {
  const absl::CivilDay easter = EasterSunday(year);
  std::vector<absl::CivilDay> days = {
      absl::CivilDay(year, 1, 1),    // første nyttårsdag
      easter - 3,                    // skjærtorsdag
      easter - 2,                    // langfredag
      easter,                        // første påskedag
      easter + 1,                    // annen påskedag
      absl::CivilDay(year, 5, 1),    // arbeidernes dag
      absl::CivilDay(year, 5, 17),   // grunnlovsdagen
      easter + 39,                   // Kristi himmelfartsdag
      easter + 49,                   // første pinsedag
      easter + 50,                   // annen pinsedag
      absl::CivilDay(year, 12, 25),  // første juledag
      absl::CivilDay(year, 12, 26),  // annen juledag
  };
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  return days;
}

bool IsWorkingDay(absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  if (weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday) {
    return false;
  }
  const std::vector<absl::CivilDay> holidays = NorwegianHolidays(day.year());
  return !std::binary_search(holidays.begin(), holidays.end(), day);
}

absl::CivilDay AddWorkingDays(absl::CivilDay from, std::uint32_t working_days) {
  while (working_days > 0) {
    ++from;
    working_days -= IsWorkingDay(from) ? 1 : 0;
  }
  return from;
}

std::uint32_t CountWorkingDays(absl::CivilDay from, absl::CivilDay to) {
  std::uint32_t working_days = 0;
  while (from < to) {
    ++from;
    working_days += IsWorkingDay(from) ? 1 : 0;
  }
  return working_days;
}

}  // namespace kobling::domain
