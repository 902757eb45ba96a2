// The rows of an imported series: who had which number, as they arrive and as they are written out again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "crypto/sha256.h"
#include "kobling/v1/import_service.pb.h"
#include "server/core/core.h"
#include "server/core/identifier_stream.h"
#include "storage/series_store.h"

namespace kobling::server {

// For one stream and one thread. Nothing is stored anywhere.
class SeriesRows {
 public:
  static constexpr std::size_t kMaxBatchRows = 20'000;
  static constexpr std::size_t kMaxNumberBytes = 40;
  // A longer series comes in parts: an import is one change.
  static constexpr std::uint64_t kMaxRows = 5'000'000;

  struct Row {
    storage::NewIdentifier entry;
    std::uint32_t position;  // in the stream
    std::string number;
  };

  SeriesRows(const storage::Directory& directory, const domain::NationalIdRules& rules, StreamRows& rows_in_use,
             std::uint64_t max_rows);
  ~SeriesRows();
  SeriesRows(const SeriesRows&) = delete;
  SeriesRows& operator=(const SeriesRows&) = delete;

  // Takes a batch and adds its faults. Fails with STREAM_PROTOCOL, MESSAGE_TOO_LARGE, TOO_MANY_ROWS (this stream) or
  // SERVER_BUSY (all streams together).
  absl::Status Add(const api::SeriesBatch& batch, std::vector<api::RowFault>& faults);

  // Rows taken so far, kept-back ones included.
  std::uint64_t size() const { return taken_; }

  // Ends the stream: each identifier once, by tag. A row whose identifier has another number in an earlier row, or in
  // `earlier`, becomes a fault. To be called once.
  void Finish(std::vector<storage::SeriesRow> earlier, std::vector<api::RowFault>& faults);

  // After Finish.
  const std::vector<Row>& rows() const { return rows_; }
  // The identifiers of the rows as those of a submission, and what was streamed.
  StreamedIdentifiers Identifiers() const;

 private:
  void AddFault(std::uint64_t row, std::uint32_t column, domain::Reason reason, std::vector<api::RowFault>& faults);
  void LeaveOutConflicts(std::vector<storage::SeriesRow> earlier, std::vector<api::RowFault>& faults);

  const storage::Directory& directory_;
  const domain::NationalIdRules& rules_;
  const domain::NationalIdRules any_identifier_;
  StreamRows& rows_in_use_;
  const std::uint64_t max_rows_;
  std::uint64_t taken_ = 0;
  std::uint64_t kept_back_ = 0;
  std::uint64_t valid_rows_ = 0;
  std::map<domain::Reason, std::uint64_t> fault_counts_;
  std::vector<Row> rows_;
};

// A row as it is written out. The text must outlive it.
struct SeriesLine {
  std::string_view number;
  domain::NationalId identifier;
};

// Distinct numbers, and the keyed digest of the text that the rows make: the heading `fodselsnummer;lopenummer`, then
// identifier;number by number, then by identifier, each line ended by a line feed.
struct SeriesText {
  std::uint64_t persons = 0;
  crypto::Digest digest{};
};
SeriesText MakeSeriesText(const Core& core, std::vector<SeriesLine> lines);

}  // namespace kobling::server
