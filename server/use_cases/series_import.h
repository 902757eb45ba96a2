// Series of numbers that were made elsewhere: how a register's part of one is taken in, and read again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kobling/v1/import_service.pb.h"
#include "server/core/core.h"
#include "server/core/key_file_maker.h"
#include "server/core/numbered_identifiers.h"
#include "server/core/series_rows.h"
#include "server/use_cases/population.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// One import while it arrives. For one thread. Dropped without Commit, it leaves nothing.
class SeriesImport {
 public:
  // Checks the header and the right to import.
  static absl::StatusOr<std::unique_ptr<SeriesImport>> Begin(const Core& core, const Call& call, StreamContext context,
                                                             const api::ImportSeriesHeader& header);

  absl::Status Add(const api::SeriesBatch& batch, std::vector<api::RowFault>& faults);
  std::uint64_t rows_done() const { return rows_.size(); }

  using FaultSink = std::function<absl::Status(std::span<const api::RowFault>)>;

  // Sends the faults of rows that disagree with each other or with earlier imports; the rest counts. All or nothing. An
  // import with the same rows, day and delivery as one that stands makes no second one.
  absl::StatusOr<api::ImportSeriesResponse> Commit(const api::ImportSeriesCommit& commit, const FaultSink& faults);

 private:
  // The imports of a project that stand: register and number of the key file.
  using Standing = std::vector<std::pair<std::string, std::uint32_t>>;

  SeriesImport(const Core& core, const Call& call, StreamContext context, const api::ImportSeriesHeader& header);

  absl::Status CheckHeader() const;
  // The register may import into the project now; returns what stands.
  absl::StatusOr<Standing> CheckOpen() const;
  absl::StatusOr<api::ImportSeriesResponse> Store(StreamedIdentifiers& stream, const SeriesText& text,
                                                  const crypto::RecordSealer& sealer, Change& change) const;
  records::KeyFileRecord MakeKeyFile(const StreamedIdentifiers& stream, const SeriesText& text) const;
  std::optional<records::UsageRecord> MakeUsage(const records::KeyFileRecord& key_file) const;
  // The import that stands already, if this is it once more.
  std::optional<records::KeyFileRecord> FindEqual(const records::KeyFileRecord& wanted) const;
  // The directory's numbers of the rows, new ones included.
  std::vector<storage::SeriesRow> SeriesOf(const storage::Allotment& allotment) const;
  void Describe(const records::KeyFileRecord& record, std::string_view remark, const api::StreamCounts& counts,
                transparency::Event& event) const;

  const Core& core_;
  const Call call_;
  StreamRows& rows_in_use_;
  const api::ImportSeriesHeader header_;
  crypto::HmacSha256::Stream content_;  // of all rows, so that a repeated request is known to be the same
  SeriesRows rows_;
};

// What an imported key file holds, made from the sealed rows. Fails with KEY_FILE_WITHDRAWN if the import was taken
// back.
absl::StatusOr<KeyFileText> ReadImportedText(const Core& core, const records::KeyFileRecord& record);

}  // namespace kobling::server
