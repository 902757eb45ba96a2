#include "tests/integration/identifiers.h"

#include "domain/national_id_maker.h"

namespace kobling::tests {
namespace {

// Days, months, years, individual numbers.
constexpr std::uint64_t kPlaces = 28ULL * 12 * 100 * 1000;
constexpr std::uint64_t kStep = 15'485'863;  // a prime, so that every place is visited once

}  // namespace

Identifiers::Identifiers(std::uint64_t seed) : place_(seed * 7'919 % kPlaces) {}

std::string Identifiers::Next() {
  while (true) {
    place_ = (place_ + kStep) % kPlaces;
    std::uint64_t rest = place_;
    domain::NationalIdParts parts;
    parts.day = static_cast<int>(rest % 28) + 1;
    rest /= 28;
    parts.month = static_cast<int>(rest % 12) + 1;
    rest /= 12;
    parts.two_digit_year = static_cast<int>(rest % 100);
    parts.individual = static_cast<int>(rest / 100);
    if (const auto identifier = domain::MakeValid(parts)) {
      const auto digits = identifier->digits();
      return std::string(digits.begin(), digits.end());
    }
  }
}

std::vector<std::string> Identifiers::Next(std::size_t count) {
  std::vector<std::string> identifiers(count);
  for (std::string& identifier : identifiers) {
    identifier = Next();
  }
  return identifiers;
}

std::string Packed(const std::vector<std::string>& rows) {
  std::string packed;
  for (const std::string& row : rows) {
    packed += row;
  }
  return packed;
}

}  // namespace kobling::tests
