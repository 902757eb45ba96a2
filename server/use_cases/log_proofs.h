// What callers get of the published log, beside the folder itself.
#pragma once

#include "absl/status/statusor.h"
#include "kobling/v1/audit_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

class LogProofs {
 public:
  explicit LogProofs(const Core& core) : core_(core) {}

  // The newest checkpoint; publishes the first one if there is none.
  absl::StatusOr<api::Checkpoint> GetCheckpoint(const Call& call, const api::GetCheckpointRequest& request) const;

  // An event and the proof that it is in the log. Whoever may not see an event does not learn whether there is one:
  // NOT_PERMITTED.
  absl::StatusOr<api::EventProof> GetEventProof(const Call& call, const api::GetEventProofRequest& request) const;

 private:
  const Core& core_;
};

}  // namespace kobling::server
