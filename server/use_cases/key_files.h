// Match windows, and sealed key files from issue to fetch.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kobling/v1/key_file_service.pb.h"
#include "server/core/core.h"
#include "server/core/identifier_stream.h"
#include "server/core/key_file_folder.h"
#include "server/core/key_file_maker.h"
#include "server/use_cases/key_file_plan.h"
#include "server/use_cases/population.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// One match while it arrives. For one thread. Only numbers that matched are ever stored.
class MatchStream {
 public:
  // Checks the header, the right to match and that a window is open.
  static absl::StatusOr<std::unique_ptr<MatchStream>> Begin(const Core& core, const Call& call, StreamContext context,
                                                            const api::MatchHeader& header);

  absl::Status Add(const api::IdentifierBatch& batch, std::vector<api::RowFault>& faults);
  std::uint64_t rows_done() const { return identifiers_.total_rows(); }

  // All or nothing. Answers with counts of the caller's own stream, the same whatever matched.
  absl::StatusOr<api::MatchResponse> Commit(const api::MatchCommit& commit);

 private:
  MatchStream(const Core& core, const Call& call, StreamContext context, const api::MatchHeader& header);

  absl::StatusOr<records::MatchRecord> OpenWindow() const;

  const Core& core_;
  const Call call_;
  const api::MatchHeader header_;
  std::uint32_t window_ = 0;            // number of the window that was open when the stream began
  crypto::HmacSha256::Stream content_;  // of all batches, so that a repeated request is known to be the same
  IdentifierStream identifiers_;
};

// The match windows of kobling.v1.KeyFileService.
class Matches {
 public:
  explicit Matches(const Core& core) : core_(core) {}

  absl::StatusOr<api::MatchWindow> Open(const Call& call, const api::OpenMatchRequest& request) const;
  absl::StatusOr<api::ListMatchesResponse> List(const Call& call, const api::ListMatchesRequest& request) const;
  absl::StatusOr<api::MatchWindow> Release(const Call& call, const api::ReleaseMatchRequest& request) const;

 private:
  const Core& core_;
};

// What events call a key file: "keyfile 3".
std::string KeyFileObject(std::uint32_t number);

// The key files of kobling.v1.KeyFileService.
class KeyFiles {
 public:
  KeyFiles(const Core& core, const KeyFileFolder& folder) : core_(core), folder_(folder) {}

  absl::StatusOr<api::KeyFile> Issue(const Call& call, const api::IssueKeyFileRequest& request) const;
  absl::StatusOr<api::ReproduceKeyFileResponse> Reproduce(const Call& call,
                                                          const api::ReproduceKeyFileRequest& request) const;
  absl::StatusOr<api::ListKeyFilesResponse> List(const Call& call, const api::ListKeyFilesRequest& request) const;
  absl::StatusOr<api::KeyFile> Get(const Call& call, const api::GetKeyFileRequest& request) const;
  absl::StatusOr<api::KeyFile> Withdraw(const Call& call, const api::WithdrawKeyFileRequest& request) const;

  // Records the fetch, then calls `send` with the parts of the file. The first part carries the record.
  absl::Status Fetch(const Call& call, const api::FetchKeyFileRequest& request,
                     const std::function<absl::Status(const api::FetchKeyFileResponse&)>& send) const;

  // At start and once an hour: lets files expire whose date has passed, with the server as the event's actor, and
  // deletes every sealed file that no standing record names. Fails with KEY_FILE_EXPIRED if the file of a standing
  // record is gone.
  absl::Status Upkeep() const;

 private:
  absl::Status Expire(const records::KeyFileRecord& planned) const;
  absl::StatusOr<records::KeyFileRecord> MakeRecord(const KeyFilePlan& plan) const;
  absl::Status PutSets(const KeyFilePlan& plan, records::KeyFileRecord& record, Change& change) const;
  absl::StatusOr<api::KeyFile> CommitIssue(const Call& call, const api::IssueKeyFileRequest& request,
                                           const KeyFilePlan& plan, const records::KeyFileRecord& planned,
                                           const SealedKeyFile& sealed) const;

  const Core& core_;
  const KeyFileFolder& folder_;
  mutable std::mutex issue_mutex_;
};

}  // namespace kobling::server
