#include "domain/national_id_maker.h"

#include <array>
#include <cstddef>

namespace kobling::domain {
namespace {

bool DateExists(const NationalIdParts& parts) {
  constexpr std::array<int, 12> kDaysInMonth = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (parts.month < 1 || parts.month > 12 || parts.two_digit_year < 0 || parts.two_digit_year > 99) {
    return false;
  }
  const bool leap_day_added = parts.month == 2 && parts.two_digit_year % 4 == 0;
  return parts.day >= 1 && parts.day <= kDaysInMonth[parts.month - 1] + (leap_day_added ? 1 : 0);
}

// The digit that brings the weighted sum to the remainder, modulo 11. It is no digit if it is 10.
template <std::size_t N>
int CheckDigit(const std::array<int, 11>& digits, const std::array<int, N>& weights, int remainder) {
  int sum = 0;
  for (std::size_t i = 0; i < N; ++i) {
    sum += weights[i] * digits[i];
  }
  return (remainder + 11 - sum % 11) % 11;
}

}  // namespace

std::optional<NationalId> MakeValid(const NationalIdParts& parts) {
  if (!DateExists(parts) || parts.individual < 0 || parts.individual > 999 || parts.remainder < 0 ||
      parts.remainder > 3) {
    return std::nullopt;
  }
  const int day = parts.day + (parts.kind == NumberKind::kDNumber ? 40 : 0);
  const int month = parts.month + static_cast<int>(parts.series);
  const int year = parts.two_digit_year;
  const int individual = parts.individual;
  std::array<int, 11> digits = {day / 10,  day % 10,         month / 10,           month % 10,      year / 10,
                                year % 10, individual / 100, individual / 10 % 10, individual % 10, 0,
                                0};
  digits[9] = CheckDigit(digits, std::to_array({3, 7, 6, 1, 8, 9, 4, 5, 2}), parts.remainder);
  digits[10] = CheckDigit(digits, std::to_array({5, 4, 3, 2, 7, 6, 5, 4, 3, 2}), 0);
  if (digits[9] == 10 || digits[10] == 10) {
    return std::nullopt;
  }
  std::uint64_t packed = 0;
  for (const int digit : digits) {
    packed = packed * 10 + digit;
  }
  return *NationalId::FromPacked(packed);
}

}  // namespace kobling::domain
