// The nine-digit numbers of Enhetsregisteret, by which tokens name organisations.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace kobling::server {

// A number whose check digit fits. Public, and may be printed.
class OrganisationNumber {
 public:
  // Exactly nine digits, the last of them the check digit modulo 11. Fails with FIELD_MALFORMED, naming the field
  // organisation_number.
  static absl::StatusOr<OrganisationNumber> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  friend bool operator==(const OrganisationNumber&, const OrganisationNumber&) = default;
  friend auto operator<=>(const OrganisationNumber&, const OrganisationNumber&) = default;

 private:
  explicit OrganisationNumber(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace kobling::server
