// The Norwegian calendar, as far as deadlines need it.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/civil_time.h"

namespace kobling::domain {

// The public holidays of a year from 1900 to 2199, in order: the church's, by lov om helligdager og helligdagsfred § 2,
// and 1 and 17 May, by lov om 1 og 17 mai som høgtidsdagar. Sundays that are no holiday of their own are not among
// them; two holidays on one day, such as Ascension Day on 17 May, are one.
std::vector<absl::CivilDay> NorwegianHolidays(std::int64_t year);

// Whether the day is a working day (virkedag): neither Saturday, Sunday nor a public holiday. Christmas Eve, New Year's
// Eve and the days before Easter are working days, as the law has them.
bool IsWorkingDay(absl::CivilDay day);

// The last day of a deadline of so many working days (at least 1). The day that it runs from is not counted
// (domstolloven § 148), so that one working day from a Friday is the Monday after it.
absl::CivilDay AddWorkingDays(absl::CivilDay from, std::uint32_t working_days);

// How many working days lie after `from`, up to and including `to`; 0 if `to` is not after `from`.
std::uint32_t CountWorkingDays(absl::CivilDay from, absl::CivilDay to);

}  // namespace kobling::domain
