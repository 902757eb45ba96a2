// Calendar dates as texts, 2026-11-22, in Norwegian time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace kobling::server {

// The day in Norway at that moment.
absl::CivilDay DayOf(absl::Time time);

// Noon of the day in Norway.
absl::Time NoonOf(absl::CivilDay day);

std::string DateText(absl::CivilDay day);

// Exactly four digits, two and two, with hyphens, and a day that exists; nothing otherwise.
std::optional<absl::CivilDay> ParseDate(std::string_view text);

}  // namespace kobling::server
