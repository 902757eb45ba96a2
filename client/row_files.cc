#include "client/row_files.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "domain/lopenummer.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

constexpr std::string_view kLopenummerHeading = "lopenummer";

}  // namespace

absl::StatusOr<std::unique_ptr<TableReader>> RowFile::Open(const TableOptions& options) const {
  return is_stream() ? TableReader::OpenStream(input, Name(), options) : TableReader::Open(path, options);
}

std::optional<std::uint64_t> RowFile::Size() const {
  std::error_code error;
  const std::uintmax_t size = is_stream() ? 0 : std::filesystem::file_size(path, error);
  return is_stream() || error ? std::nullopt : std::optional<std::uint64_t>(size);
}

IdentifierFileRows::IdentifierFileRows(RowFile file, const TableOptions& options, IdentifierFileColumns columns,
                                       Progress& progress)
    : file_(std::move(file)),
      options_(options),
      wanted_(std::move(columns)),
      progress_(progress),
      cells_(IdentifierCheck::kFormat, domain::AcceptedSeries::Production()) {}

absl::StatusOr<std::unique_ptr<IdentifierFileRows>> IdentifierFileRows::Open(const RowFile& file,
                                                                             const TableOptions& options,
                                                                             const IdentifierFileColumns& columns,
                                                                             Progress& progress) {
  std::unique_ptr<IdentifierFileRows> rows(new IdentifierFileRows(file, options, columns, progress));
  KOBLING_RETURN_IF_ERROR(rows->Start());
  return rows;
}

absl::Status IdentifierFileRows::Start() {
  KOBLING_ASSIGN_OR_RETURN(table_, file_.Open(options_));
  KOBLING_ASSIGN_OR_RETURN(IdentifierColumns found, FindIdentifierColumns(*table_, wanted_.index, wanted_.relatives));
  names_ = {table_->Describe(found.index)};
  for (const std::size_t relative : found.relatives) {
    names_.push_back(table_->Describe(relative));
  }
  columns_.assign(names_.size(), Column());
  rows_ = std::make_unique<IdentifierRows>(*table_, std::move(found), cells_);
  lines_ = LineMap();
  faults_.clear();
  kept_back_ = 0;
  at_end_ = false;
  return absl::OkStatus();
}

absl::Status IdentifierFileRows::Rewind() { return Start(); }

void IdentifierFileRows::Append(std::uint32_t column, const IdentifierCell& cell, std::uint64_t line) {
  if (cell.state == IdentifierCell::State::kDigits) {
    columns_[column].waiting.append(cell.digits, row_bytes());
    return;
  }
  columns_[column].waiting.append(row_bytes(), '\0');
  faults_.push_back({line, column, cell.fault});
  kept_back_ += column == 0 ? 1 : 0;
}

void IdentifierFileRows::TakeRow(const IdentifierRow& row) {
  lines_.Add(row.line);
  Append(0, row.index, row.line);
  for (std::uint32_t i = 0; i < row.relatives.size(); ++i) {
    const bool is_missing = row.relatives[i].state == IdentifierCell::State::kMissing;
    columns_[i + 1].present.Add(is_missing ? PresenceMap::Presence::kAbsent : PresenceMap::Presence::kPresent);
    if (!is_missing) {
      Append(i + 1, row.relatives[i], row.line);
    }
  }
}

void IdentifierFileRows::HandOut(std::uint32_t column, RowBatch& batch) {
  Column& from = columns_[column];
  batch.column = column;
  batch.first_row = from.rows_sent;
  batch.bytes = std::exchange(from.waiting, std::string());
  from.rows_sent += batch.bytes.size() / row_bytes();
  from.waiting.reserve(kBatchRows * row_bytes());
  progress_.Update(lines_.size(), table_->bytes_read(), file_.Size());
}

absl::StatusOr<bool> IdentifierFileRows::Next(RowBatch& batch) {
  const std::size_t full = kBatchRows * row_bytes();
  while (true) {
    for (std::uint32_t column = 0; column < columns_.size(); ++column) {
      const std::size_t waiting = columns_[column].waiting.size();
      if (waiting >= full || (at_end_ && waiting > 0)) {
        HandOut(column, batch);
        return true;
      }
    }
    if (at_end_) {
      return false;
    }
    // A relative's column then holds less than two batches, which is still a size that the server takes.
    while (columns_[0].waiting.size() < full && !at_end_) {
      KOBLING_ASSIGN_OR_RETURN(const IdentifierRow* row, rows_->Next());
      if (row == nullptr) {
        at_end_ = true;
      } else {
        TakeRow(*row);
      }
    }
  }
}

std::uint64_t IdentifierFileRows::LineOf(std::uint32_t column, std::uint64_t row) const {
  if (column >= columns_.size()) {
    return 0;
  }
  if (column == 0) {
    return row < lines_.size() ? lines_.LineOf(row) : 0;
  }
  const PresenceMap& present = columns_[column].present;
  return row < present.count() ? lines_.LineOf(present.RecordOf(row)) : 0;
}

absl::StatusOr<std::unique_ptr<LopenummerFileRows>> LopenummerFileRows::Open(const RowFile& file, Progress& progress) {
  std::unique_ptr<LopenummerFileRows> rows(new LopenummerFileRows(file, progress));
  KOBLING_RETURN_IF_ERROR(rows->Rewind());
  return rows;
}

std::size_t LopenummerFileRows::row_bytes() const { return domain::Lopenummer::kLength; }

absl::Status LopenummerFileRows::Rewind() {
  TableOptions options;
  options.delimiter = Delimiter::kSemicolon;
  options.header = HeaderLine::kAbsent;
  KOBLING_ASSIGN_OR_RETURN(table_, file_.Open(options));
  lines_ = LineMap();
  faults_.clear();
  return absl::OkStatus();
}

absl::StatusOr<bool> LopenummerFileRows::Next(RowBatch& batch) {
  batch.column = 0;
  batch.first_row = lines_.size();
  batch.bytes.clear();
  while (batch.bytes.size() < kBatchRows * row_bytes()) {
    KOBLING_ASSIGN_OR_RETURN(const Record* record, table_->Next());
    if (record == nullptr) {
      break;
    }
    const std::string_view value = record->fields[0].value;
    if (record->line == 1 && value == kLopenummerHeading) {
      continue;
    }
    const auto parsed = domain::Lopenummer::Parse(value);
    if (parsed.lopenummer) {
      batch.bytes += value;
    } else {
      batch.bytes.append(row_bytes(), '\0');
      faults_.push_back({record->line, 0, parsed.fault});
    }
    lines_.Add(record->line);
  }
  progress_.Update(lines_.size(), table_->bytes_read(), file_.Size());
  return !batch.bytes.empty();
}

std::uint64_t LopenummerFileRows::LineOf(std::uint32_t column, std::uint64_t row) const {
  return column == 0 && row < lines_.size() ? lines_.LineOf(row) : 0;
}

void FaultCollector::Faults(const google::protobuf::RepeatedPtrField<api::RowFault>& faults) {
  for (const api::RowFault& fault : faults) {
    faults_.push_back({fault.row(), fault.column(), fault.reason()});
  }
}

void FaultCollector::AddTo(RowFaults& all, const FileRows& rows) const {
  for (const LineFault& fault : rows.kept_back_faults()) {
    all.Add(fault);
  }
  for (const Fault& fault : faults_) {
    const std::uint64_t line = rows.LineOf(fault.column, fault.row);
    const auto reason = domain::ReasonFromNumber(fault.reason);
    // A server of another version may know reasons that are unknown here.
    if (line != 0) {
      all.Add({line, fault.column, reason.value_or(domain::Reason::kInternal)});
    }
  }
}

}  // namespace kobling::client
