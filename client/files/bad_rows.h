// Ten ways in which a value that should be an identifier goes wrong in real files, for the trial data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/error.h"

namespace kobling::client {

struct BadKind {
  std::string_view name;
  domain::Reason reason;  // what a trial environment, which accepts synthetic numbers only, says of it
};

inline constexpr std::array<BadKind, 10> kBadKinds = {{
    {"empty", domain::Reason::kIdentifierEmpty},
    {"leading_zero_lost", domain::Reason::kIdentifierLeadingZeroLost},
    {"letter_for_digit", domain::Reason::kIdentifierNotElevenDigits},
    {"space_behind", domain::Reason::kIdentifierNotElevenDigits},
    {"space_inside", domain::Reason::kIdentifierNotElevenDigits},
    {"no_such_day", domain::Reason::kIdentifierImpossibleDate},
    {"no_such_month", domain::Reason::kIdentifierImpossibleDate},
    {"wrong_check_digit", domain::Reason::kIdentifierCheckDigits},
    {"not_synthetic", domain::Reason::kIdentifierNotSynthetic},
    {"fh_number", domain::Reason::kIdentifierFhNotAccepted},
}};

// A value of the kind (its place in kBadKinds), made from eleven digits that are right. `variant` chooses among the
// published examples where the kind has some.
std::string MakeBadValue(std::size_t kind, std::string_view good, std::uint64_t variant);

}  // namespace kobling::client
