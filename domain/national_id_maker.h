// Makes identifiers from their parts, for trial data and tests.
#pragma once

#include <cstdint>
#include <optional>

#include "domain/national_id.h"

namespace kobling::domain {

enum class NumberKind : std::uint8_t { kFodselsnummer, kDNumber };

struct NationalIdParts {
  int day = 1;                                     // 1 to 31
  int month = 1;                                   // 1 to 12
  int two_digit_year = 0;                          // 0 to 99
  int individual = 0;                              // 0 to 999
  MonthSeries series = MonthSeries::kSynthetic80;  // anything else may be a living person's number
  NumberKind kind = NumberKind::kFodselsnummer;
  int remainder = 0;  // 0 to 3: which of the four first check digits
};

// The identifier with these parts. None if a part is out of range, the date does not exist, or a check digit would have
// to be 10: about one combination in six is discarded for that.
[[nodiscard]] std::optional<NationalId> MakeValid(const NationalIdParts& parts);

}  // namespace kobling::domain
