#include "server/use_cases/log_proofs.h"

#include <string>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/log_publisher.h"
#include "server/use_cases/audit.h"
#include "storage/event_log.h"
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
  KOBLING_ASSIGN_OR_RETURN(const crypto::MerkleFrontier stored, storage::EventLog::ReadFrontier(core_.store));
  if (request.index() >= stored.size()) {
    return call.caller.role == Role::kAuditor
               ? MakeError(Reason::kEventNotFound, {{domain::DetailKey::kPosition, request.index()}})
               : MakeError(Reason::kNotPermitted);
  }
  KOBLING_ASSIGN_OR_RETURN(const std::string entry, storage::EventLog::ReadEntry(core_.store, request.index()));
  KOBLING_ASSIGN_OR_RETURN(const transparency::Event event, transparency::DecodeEvent(entry));
  KOBLING_RETURN_IF_ERROR(CheckMaySee(core_, call.caller, event));
  KOBLING_ASSIGN_OR_RETURN(LogPublisher::Proved proved, core_.publisher.Prove(request.index()));
  api::EventProof proof;
  proof.set_proof(proved.receipt.text());
  proof.set_entry(std::move(proved.entry));
  return proof;
}

}  // namespace kobling::server
