#include "client/row_faults.h"

#include <algorithm>
#include <tuple>

#include "client/progress.h"

namespace kobling::client {
namespace {

constexpr std::size_t kShown = 20;

bool IsBefore(const LineFault& a, const LineFault& b) {
  return std::tie(a.line, a.column) < std::tie(b.line, b.column);
}

}  // namespace

void RowFaults::Add(const LineFault& fault) {
  rejects_.Add(fault.line, fault.column, fault.reason);
  ++by_reason_[fault.reason];
  if (first_.size() < kShown || IsBefore(fault, first_.back())) {
    first_.insert(std::upper_bound(first_.begin(), first_.end(), fault, IsBefore), fault);
    first_.resize(std::min(first_.size(), kShown));
  }
}

void RowFaults::Print(std::ostream& out) const {
  if (first_.empty()) {
    return;
  }
  out << "line;column;reason\n";
  for (const LineFault& fault : first_) {
    out << fault.line << ';' << CsvField(columns_[fault.column], ';') << ';' << domain::InfoOf(fault.reason).name
        << '\n';
  }
  if (count() > first_.size()) {
    out << "... and " << Grouped(count() - first_.size()) << " more\n";
  }
  for (const auto& [reason, rows] : by_reason_) {
    out << Grouped(rows) << (rows == 1 ? " value" : " values") << " left out: " << domain::InfoOf(reason).what << " ["
        << domain::InfoOf(reason).name << "]\n";
  }
}

}  // namespace kobling::client
