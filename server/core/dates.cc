#include "server/core/dates.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace kobling::server {
namespace {

// Without a time zone database (a minimal container), Norway is taken to be one hour east of UTC: at worst a day begins
// an hour late in summer.
absl::TimeZone Norway() {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone("Europe/Oslo", &zone)) {
    zone = absl::FixedTimeZone(3600);
  }
  return zone;
}

}  // namespace

absl::CivilDay DayOf(absl::Time time) { return absl::ToCivilDay(time, Norway()); }

absl::Time NoonOf(absl::CivilDay day) { return absl::FromCivil(absl::CivilHour(day) + 12, Norway()); }

std::string DateText(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::optional<absl::CivilDay> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  int parts[3] = {0, 0, 0};
  std::size_t part = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7) {
      ++part;
    } else if (text[i] >= '0' && text[i] <= '9') {
      parts[part] = parts[part] * 10 + (text[i] - '0');
    } else {
      return std::nullopt;
    }
  }
  const absl::CivilDay day(parts[0], parts[1], parts[2]);  // normalises 2026-02-30 to another day
  if (day.year() != parts[0] || day.month() != parts[1] || day.day() != parts[2]) {
    return std::nullopt;
  }
  return day;
}

}  // namespace kobling::server
