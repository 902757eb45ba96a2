#include "server/tokens/organisation_number.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "domain/error.h"

namespace kobling::server {
namespace {

constexpr std::size_t kDigits = 9;
// The weight of the check digit is one: the weighted sum of a right number is divisible by eleven.
constexpr std::array<int, kDigits> kWeights = {3, 2, 7, 6, 5, 4, 3, 2, 1};

bool IsOrganisationNumber(std::string_view text) {
  if (text.size() != kDigits || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  int sum = 0;
  for (std::size_t i = 0; i < kDigits; ++i) {
    sum += kWeights[i] * (text[i] - '0');
  }
  // No number begins with 0; without this, nine zeros would pass.
  return text[0] != '0' && sum % 11 == 0;
}

}  // namespace

absl::StatusOr<OrganisationNumber> OrganisationNumber::Parse(std::string_view text) {
  if (!IsOrganisationNumber(text)) {
    return domain::MakeError(domain::Reason::kFieldMalformed, {{domain::DetailKey::kField, "organisation_number"}});
  }
  return OrganisationNumber(std::string(text));
}

}  // namespace kobling::server
