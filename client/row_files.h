// Files with identifiers or løpenumre as the rows of a stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/files/identifier_column.h"
#include "client/files/table_reader.h"
#include "client/progress.h"
#include "client/row_faults.h"
#include "client/row_map.h"

namespace kobling::client {

// Rows of one batch.
inline constexpr std::size_t kBatchRows = 20'000;

// A path, or "-" for a descriptor that cannot be read twice.
struct RowFile {
  std::string path;
  int input = 0;

  bool is_stream() const { return path == "-"; }
  absl::StatusOr<std::unique_ptr<TableReader>> Open(const TableOptions& options) const;
  // As messages call it.
  std::string Name() const { return is_stream() ? "standard input" : path; }
  // In bytes, if it is a regular file.
  std::optional<std::uint64_t> Size() const;
};

// A file's rows, and the way back from a row to its line.
class FileRows : public RowSource {
 public:
  // Columns as they are called in messages.
  virtual const std::vector<std::string>& column_names() const = 0;
  // The line of a row of a column that was handed out; 0 for a row that was not.
  virtual std::uint64_t LineOf(std::uint32_t column, std::uint64_t row) const = 0;
  // What was kept back so far.
  virtual const std::vector<LineFault>& kept_back_faults() const = 0;
};

struct IdentifierFileColumns {
  ColumnName index;
  std::vector<ColumnName> relatives;
};

// Column 0 has every row of the file; what is not eleven digits is kept back. A relative's column has no row where its
// cell is empty: not every person has every relative. Memory is a batch for each column and a few bits for each row.
class IdentifierFileRows final : public FileRows {
 public:
  // The progress must outlive the object. Fails as TableReader and FindIdentifierColumns.
  static absl::StatusOr<std::unique_ptr<IdentifierFileRows>> Open(const RowFile& file, const TableOptions& options,
                                                                  const IdentifierFileColumns& columns,
                                                                  Progress& progress);

  std::size_t row_bytes() const override { return domain::NationalId::kLength; }
  std::size_t columns() const override { return names_.size(); }
  std::uint64_t kept_back() const override { return kept_back_; }
  absl::StatusOr<bool> Next(RowBatch& batch) override;
  bool can_rewind() const override { return !file_.is_stream(); }
  absl::Status Rewind() override;
  const std::vector<std::string>& column_names() const override { return names_; }
  std::uint64_t LineOf(std::uint32_t column, std::uint64_t row) const override;
  const std::vector<LineFault>& kept_back_faults() const override { return faults_; }

 private:
  struct Column {
    std::string waiting;
    std::uint64_t rows_sent = 0;
    PresenceMap present;  // relatives only
  };

  IdentifierFileRows(RowFile file, const TableOptions& options, IdentifierFileColumns columns, Progress& progress);
  absl::Status Start();
  void TakeRow(const IdentifierRow& row);
  void Append(std::uint32_t column, const IdentifierCell& cell, std::uint64_t line);
  void HandOut(std::uint32_t column, RowBatch& batch);

  RowFile file_;
  TableOptions options_;
  IdentifierFileColumns wanted_;
  Progress& progress_;
  IdentifierCellReader cells_;
  std::unique_ptr<TableReader> table_;
  std::unique_ptr<IdentifierRows> rows_;
  std::vector<std::string> names_;
  std::vector<Column> columns_;
  LineMap lines_;
  std::vector<LineFault> faults_;
  std::uint64_t kept_back_ = 0;
  bool at_end_ = false;
};

// One løpenummer a line; a first line `lopenummer` is a heading. What is not written as a løpenummer is kept back.
class LopenummerFileRows final : public FileRows {
 public:
  // The progress must outlive the object. Fails as TableReader.
  static absl::StatusOr<std::unique_ptr<LopenummerFileRows>> Open(const RowFile& file, Progress& progress);

  std::size_t row_bytes() const override;
  std::size_t columns() const override { return 1; }
  std::uint64_t kept_back() const override { return faults_.size(); }
  absl::StatusOr<bool> Next(RowBatch& batch) override;
  bool can_rewind() const override { return !file_.is_stream(); }
  absl::Status Rewind() override;
  const std::vector<std::string>& column_names() const override { return names_; }
  std::uint64_t LineOf(std::uint32_t column, std::uint64_t row) const override;
  const std::vector<LineFault>& kept_back_faults() const override { return faults_; }

 private:
  LopenummerFileRows(RowFile file, Progress& progress) : file_(std::move(file)), progress_(progress) {}

  RowFile file_;
  Progress& progress_;
  std::unique_ptr<TableReader> table_;
  std::vector<std::string> names_ = {"lopenummer"};
  LineMap lines_;
  std::vector<LineFault> faults_;
};

// No rows: a report that nothing was used.
class NoRows final : public RowSource {
 public:
  std::size_t row_bytes() const override { return 1; }
  std::size_t columns() const override { return 1; }
  std::uint64_t kept_back() const override { return 0; }
  absl::StatusOr<bool> Next(RowBatch&) override { return false; }
  bool can_rewind() const override { return true; }
  absl::Status Rewind() override { return absl::OkStatus(); }
};

// Keeps what the server says of rows.
class FaultCollector final : public StreamListener {
 public:
  void Restarted() override { faults_.clear(); }
  void Faults(const google::protobuf::RepeatedPtrField<api::RowFault>& faults) override;

  // After the call has returned: everything that was left out, by line.
  void AddTo(RowFaults& all, const FileRows& rows) const;

 private:
  struct Fault {
    std::uint64_t row;
    std::uint32_t column;
    std::uint32_t reason;
  };
  std::vector<Fault> faults_;
};

}  // namespace kobling::client
