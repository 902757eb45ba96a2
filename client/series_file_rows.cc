#include "client/series_file_rows.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "domain/status_macros.h"

namespace kobling::client {
namespace {

constexpr std::size_t kMaxNumberBytes = 40;

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNumberBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

SeriesFileRows::SeriesFileRows(RowFile file, const TableOptions& options, SeriesFileColumns columns, Progress& progress)
    : file_(std::move(file)),
      options_(options),
      wanted_(std::move(columns)),
      progress_(progress),
      cells_(IdentifierCheck::kFormat, domain::AcceptedSeries::Production()) {}

absl::StatusOr<std::unique_ptr<SeriesFileRows>> SeriesFileRows::Open(const RowFile& file, const TableOptions& options,
                                                                     const SeriesFileColumns& columns,
                                                                     Progress& progress) {
  std::unique_ptr<SeriesFileRows> rows(new SeriesFileRows(file, options, columns, progress));
  KOBLING_RETURN_IF_ERROR(rows->Rewind());
  return rows;
}

absl::Status SeriesFileRows::Rewind() {
  KOBLING_ASSIGN_OR_RETURN(table_, file_.Open(options_));
  const std::array<ColumnName, 1> number = {wanted_.number};
  KOBLING_ASSIGN_OR_RETURN(const IdentifierColumns found, FindIdentifierColumns(*table_, wanted_.identifier, number));
  identifier_ = found.index;
  number_ = found.relatives[0];
  names_ = {table_->Describe(identifier_), table_->Describe(number_)};
  lines_ = LineMap();
  faults_.clear();
  return absl::OkStatus();
}

absl::StatusOr<bool> SeriesFileRows::Next(RowBatch& batch) {
  batch.column = 0;
  batch.first_row = lines_.size();
  batch.bytes.clear();
  batch.numbers.clear();
  while (batch.numbers.size() < kBatchRows) {
    KOBLING_ASSIGN_OR_RETURN(const Record* record, table_->Next());
    if (record == nullptr) {
      break;
    }
    const IdentifierCell identifier = cells_.ReadIndex(record->fields[identifier_].value);
    const std::string_view number = record->fields[number_].value;
    if (identifier.state != IdentifierCell::State::kDigits) {
      faults_.push_back({record->line, 0, identifier.fault});
    } else if (!IsNumber(number)) {
      faults_.push_back({record->line, 1, domain::Reason::kSeriesNumberFormat});
    } else {
      batch.bytes.append(identifier.digits, row_bytes());
      batch.numbers.emplace_back(number);
      lines_.Add(record->line);
      continue;
    }
    batch.bytes.append(row_bytes(), '\0');
    batch.numbers.emplace_back();
    lines_.Add(record->line);
  }
  progress_.Update(lines_.size(), table_->bytes_read(), file_.Size());
  return !batch.numbers.empty();
}

std::uint64_t SeriesFileRows::LineOf(std::uint32_t column, std::uint64_t row) const {
  return column < names_.size() && row < lines_.size() ? lines_.LineOf(row) : 0;
}

}  // namespace kobling::client
