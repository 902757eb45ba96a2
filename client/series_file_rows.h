// A file with identifiers and the numbers that they had, as the rows of an import.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/row_files.h"

namespace kobling::client {

// The columns of a file, by the names that a user gives.
struct SeriesFileColumns {
  ColumnName identifier;
  ColumnName number;
};

// A row whose identifier is not eleven digits, or whose number is not 1 to 40 printable ASCII characters without
// spaces, is kept back. Column 0 of messages is the identifier's, column 1 the number's.
class SeriesFileRows final : public FileRows {
 public:
  // The progress must outlive the object. Fails as TableReader and FindIdentifierColumns.
  static absl::StatusOr<std::unique_ptr<SeriesFileRows>> Open(const RowFile& file, const TableOptions& options,
                                                              const SeriesFileColumns& columns, Progress& progress);

  std::size_t row_bytes() const override { return domain::NationalId::kLength; }
  std::size_t columns() const override { return 1; }
  std::uint64_t kept_back() const override { return faults_.size(); }
  absl::StatusOr<bool> Next(RowBatch& batch) override;
  bool can_rewind() const override { return !file_.is_stream(); }
  absl::Status Rewind() override;
  const std::vector<std::string>& column_names() const override { return names_; }
  std::uint64_t LineOf(std::uint32_t column, std::uint64_t row) const override;
  const std::vector<LineFault>& kept_back_faults() const override { return faults_; }

 private:
  SeriesFileRows(RowFile file, const TableOptions& options, SeriesFileColumns columns, Progress& progress);

  RowFile file_;
  TableOptions options_;
  SeriesFileColumns wanted_;
  Progress& progress_;
  IdentifierCellReader cells_;
  std::unique_ptr<TableReader> table_;
  std::size_t identifier_ = 0;
  std::size_t number_ = 0;
  std::vector<std::string> names_;
  LineMap lines_;
  std::vector<LineFault> faults_;
};

}  // namespace kobling::client
