#include "server/use_cases/log_proofs.h"

#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/log_publisher.h"
#include "server/use_cases/audit.h"
#include "transparency/event.h"

namespace kobling::server {

using domain::MakeError;
using domain::Reason;

absl::StatusOr<api::Checkpoint> LogProofs::GetCheckpoint(const Call& /*call*/,
                                                         const api::GetCheckpointRequest& /*request*/) const {
  if (!core_.publisher.Newest().has_value()) {
    KOBLING_RETURN_IF_ERROR(core_.publisher.Publish());
  }
  api::Checkpoint checkpoint;
  checkpoint.set_note(core_.publisher.Newest()->bytes());
  checkpoint.set_verifier_key(core_.publisher.verifier().text());
  return checkpoint;
}

absl::StatusOr<api::EventProof> LogProofs::GetEventProof(const Call& call,
                                                         const api::GetEventProofRequest& request) const {
  absl::StatusOr<LogPublisher::Proved> proved = core_.publisher.Prove(request.index());
  if (domain::ReasonOf(proved.status()) == Reason::kEventNotFound && call.caller.role != Role::kAuditor) {
    return MakeError(Reason::kNotPermitted);
  }
  KOBLING_RETURN_IF_ERROR(proved.status());
  KOBLING_ASSIGN_OR_RETURN(const transparency::Event event, transparency::DecodeEvent(proved->entry));
  KOBLING_RETURN_IF_ERROR(CheckMaySee(core_, call.caller, event));
  api::EventProof proof;
  proof.set_proof(proved->receipt.text());
  proof.set_entry(std::move(proved->entry));
  return proof;
}

}  // namespace kobling::server
