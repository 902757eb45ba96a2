// How registers name the people of a project.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kobling/v1/population_service.pb.h"
#include "server/core/core.h"
#include "server/core/identifier_stream.h"
#include "server/core/numbered_identifiers.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// What streams of identifiers share.
struct StreamContext {
  const domain::NationalIdRules& rules;
  StreamRows& rows_in_use;
};

// One submission while it arrives. For one thread. Dropped without Commit, it leaves nothing.
class SubmissionStream {
 public:
  // Checks the header and the right to submit.
  static absl::StatusOr<std::unique_ptr<SubmissionStream>> Begin(const Core& core, const Call& call,
                                                                 StreamContext context,
                                                                 const api::SubmitHeader& header);

  absl::Status Add(const api::IdentifierBatch& batch, std::vector<api::RowFault>& faults);
  std::uint64_t rows_done() const { return identifiers_.total_rows(); }

  // All or nothing. Locks the source if the approved number would be passed.
  absl::StatusOr<api::SubmitResponse> Commit(const api::SubmitCommit& commit);

 private:
  SubmissionStream(const Core& core, const Call& call, StreamContext context, const api::SubmitHeader& header);

  absl::Status CheckWhole(const api::SubmitCommit& commit) const;
  // The register may submit to the project now; returns the project's record.
  absl::StatusOr<records::ProjectRecord> CheckOpen() const;
  absl::StatusOr<api::SubmitResponse> Store(NumberedIdentifiers numbered, const api::StreamCounts& counts,
                                            Change& change) const;
  // Whether the project would have more persons than the decision approves.
  bool PassesApprovedNumber(const StreamedIdentifiers& stream) const;
  void FillEvent(transparency::Event& event) const;
  void LockSource(records::ProjectRecord project, Change& change) const;

  const Core& core_;
  const Call call_;
  const api::SubmitHeader header_;
  IdentifierStream identifiers_;
};

// The unary methods of kobling.v1.PopulationService.
class Population {
 public:
  explicit Population(const Core& core) : core_(core) {}

  absl::StatusOr<api::ListSubmissionsResponse> List(const Call& call, const api::ListSubmissionsRequest& request) const;
  absl::StatusOr<api::Submission> Get(const Call& call, const api::GetSubmissionRequest& request) const;
  absl::StatusOr<api::Submission> Withdraw(const Call& call, const api::WithdrawSubmissionRequest& request) const;
  absl::StatusOr<api::CompletePopulationResponse> Complete(const Call& call,
                                                           const api::CompletePopulationRequest& request) const;

 private:
  const Core& core_;
};

}  // namespace kobling::server
