#include "client/files/other_columns.h"

#include <algorithm>

#include "client/files/identifier_scan.h"

namespace kobling::client {
namespace {

constexpr domain::AcceptedSeries kEverySeries = {
    .unprefixed = true, .fh = true, .npid20 = true, .nav40 = true, .npid60 = true, .nhn65 = true, .synthetic80 = true};

}  // namespace

OtherColumns::OtherColumns(const LopenummerMap& known, std::span<const std::size_t> columns)
    : known_(known), rules_(kEverySeries) {
  for (const std::size_t column : columns) {
    findings_.push_back({.column = column});
  }
}

void OtherColumns::Look(std::span<const Field> fields) {
  for (Finding& finding : findings_) {
    const std::string_view value = fields[finding.column].value;
    finding.filled += value.empty() ? 0 : 1;
    if (value.size() >= domain::NationalId::kLength - 1) {
      LookInto(value, finding);
    }
  }
}

void OtherColumns::LookInto(std::string_view value, Finding& finding) const {
  bool is_valid = false;
  bool is_known = false;
  IdentifierScan scan(value);
  while (const auto digits = scan.Next()) {
    if (const auto parsed = rules_.ParseEleven(digits->data()); parsed.id.has_value()) {
      is_valid = true;
      is_known = is_known || known_.Find(parsed.id->packed()).has_value();
    }
  }
  if (!is_valid) {
    if (const auto number = ReadNumberCell(value)) {
      const auto parsed = rules_.ParseEleven(number->digits.data());
      is_known = parsed.id.has_value() && known_.Find(parsed.id->packed()).has_value();
      // Of ten digits as they come one in fifty is right with a zero in front, so that only a known one says something.
      is_valid = parsed.id.has_value() && (is_known || !number->lost_zero);
    }
  }
  finding.valid += is_valid ? 1 : 0;
  finding.known += is_known ? 1 : 0;
}

bool OtherColumns::is_certainly_refused() const {
  return std::any_of(findings_.begin(), findings_.end(), [](const Finding& finding) { return finding.known > 0; });
}

bool OtherColumns::Settle() {
  bool is_any = false;
  for (Finding& finding : findings_) {
    finding.is_settled = finding.is_refused();
    is_any = is_any || finding.is_settled;
  }
  return is_any;
}

}  // namespace kobling::client
