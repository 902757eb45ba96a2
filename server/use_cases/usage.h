// Which løpenumre a register really used.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "domain/lopenummer.h"
#include "kobling/v1/usage_service.pb.h"
#include "server/core/core.h"
#include "server/core/identifier_stream.h"
#include "server/core/issued_series.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// One report while it arrives. For one thread. Dropped without Commit, it leaves nothing.
class UsageStream {
 public:
  static constexpr std::size_t kMaxBatchRows = 50'000;

  // Checks the header, and that the key file is the caller's.
  static absl::StatusOr<std::unique_ptr<UsageStream>> Begin(const Core& core, const Call& call, StreamRows& rows_in_use,
                                                            const api::ReportHeader& header);
  ~UsageStream();

  // Takes a batch and adds the faults that can be seen from the text alone.
  absl::Status Add(const api::LopenummerBatch& batch, std::vector<api::RowFault>& faults);
  std::uint64_t rows_done() const { return rows_; }

  // Takes faults while they are found, some thousands at a time.
  using FaultSink = std::function<absl::Status(std::span<const api::RowFault>)>;

  // Sends the faults of løpenumre that the key file does not hold; the rest counts. All or nothing.
  absl::StatusOr<api::ReportResponse> Commit(const api::ReportCommit& commit, const FaultSink& faults);

 private:
  struct Entry {
    domain::Lopenummer::Bits bits;
    std::uint32_t row;
  };

  UsageStream(const Core& core, const Call& call, StreamRows& rows_in_use, const api::ReportHeader& header)
      : core_(core),
        call_(call),
        rows_in_use_(rows_in_use),
        header_(header),
        content_(core.keys.digest.Start("usage-report")) {}

  absl::StatusOr<records::KeyFileRecord> FindOwnKeyFile() const;
  absl::Status CheckHeader() const;
  void AddFault(std::uint64_t row, domain::Reason reason, std::vector<api::RowFault>& faults);
  // The reported identifiers of the key file; what it does not hold becomes a fault.
  absl::StatusOr<ToldNumbers> ToldWith(const records::KeyFileRecord& key_file,
                                       const storage::NumberSet& identifiers) const;
  absl::StatusOr<storage::NumberSet> Resolve(const records::KeyFileRecord& key_file, records::UsageRecord& record,
                                             const FaultSink& faults);
  absl::StatusOr<api::ReportResponse> Store(records::UsageRecord record, const storage::NumberSet& used,
                                            Change& change) const;

  const Core& core_;
  const Call call_;
  StreamRows& rows_in_use_;
  const api::ReportHeader header_;
  crypto::HmacSha256::Stream content_;  // of all batches, so that a repeated request is known to be the same
  std::uint64_t rows_ = 0;
  std::uint64_t kept_back_ = 0;
  std::map<domain::Reason, std::uint64_t> fault_counts_;
  std::vector<Entry> entries_;
};

// The unary method of kobling.v1.UsageService.
class Usage {
 public:
  explicit Usage(const Core& core) : core_(core) {}

  absl::StatusOr<api::GetUsageStatusResponse> Status(const Call& call, const api::GetUsageStatusRequest& request) const;

 private:
  const Core& core_;
};

}  // namespace kobling::server
