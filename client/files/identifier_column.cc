#include "client/files/identifier_column.h"

#include <algorithm>
#include <utility>

#include "client/files/identifier_scan.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

IdentifierCell Fault(Reason reason) { return {.state = IdentifierCell::State::kFault, .fault = reason}; }

}  // namespace

IdentifierCell IdentifierCellReader::Read(std::string_view value) const {
  const auto packed = PackElevenDigits(value);
  if (!packed.has_value()) {
    return Fault(rules_.Parse(value).fault);
  }
  if (check_ == IdentifierCheck::kRules) {
    if (const auto fault = rules_.Check(value.data())) {
      return Fault(*fault);
    }
  }
  return {.state = IdentifierCell::State::kDigits, .packed = *packed, .digits = value.data()};
}

IdentifierCell IdentifierCellReader::ReadIndex(std::string_view value) const {
  return value.empty() ? Fault(Reason::kIdentifierEmpty) : Read(value);
}

IdentifierCell IdentifierCellReader::ReadRelative(std::string_view value) const {
  return value.empty() ? IdentifierCell{} : Read(value);
}

absl::StatusOr<IdentifierColumns> FindIdentifierColumns(const TableReader& table, const ColumnName& index,
                                                        std::span<const ColumnName> relatives) {
  IdentifierColumns columns;
  KOBLING_ASSIGN_OR_RETURN(columns.index, table.FindColumn(index));
  for (const ColumnName& relative : relatives) {
    KOBLING_ASSIGN_OR_RETURN(const std::size_t column, table.FindColumn(relative));
    if (column == columns.index ||
        std::find(columns.relatives.begin(), columns.relatives.end(), column) != columns.relatives.end()) {
      return MakeError(Reason::kColumnDuplicate,
                       {{DetailKey::kFile, table.name()}, {DetailKey::kColumn, table.Describe(column)}});
    }
    columns.relatives.push_back(column);
  }
  return columns;
}

IdentifierRows::IdentifierRows(TableReader& table, IdentifierColumns columns, const IdentifierCellReader& cells)
    : table_(table), columns_(std::move(columns)), cells_(cells), relatives_(columns_.relatives.size()) {}

absl::StatusOr<const IdentifierRow*> IdentifierRows::Next() {
  KOBLING_ASSIGN_OR_RETURN(const Record* record, table_.Next());
  if (record == nullptr) {
    return nullptr;
  }
  row_.line = record->line;
  row_.index = cells_.ReadIndex(record->fields[columns_.index].value);
  for (std::size_t i = 0; i < relatives_.size(); ++i) {
    relatives_[i] = cells_.ReadRelative(record->fields[columns_.relatives[i]].value);
  }
  row_.relatives = relatives_;
  return &row_;
}

}  // namespace kobling::client
