// Corrections: what follows from merges and splits for what a project has given out. docs/identity.md tells the rules.
#pragma once

#include "absl/status/statusor.h"
#include "kobling/v1/correction_service.pb.h"
#include "server/core/core.h"
#include "server/core/issued_series.h"

namespace kobling::server {

namespace api = ::kobling::v1;

class Corrections {
 public:
  explicit Corrections(const Core& core) : core_(core) {}

  absl::StatusOr<api::ListCorrectionsResponse> List(const Call& call, const api::ListCorrectionsRequest& request) const;
  absl::StatusOr<api::Correction> Propose(const Call& call, const api::ProposeCorrectionRequest& request) const;
  absl::StatusOr<api::Correction> Confirm(const Call& call, const api::ConfirmCorrectionRequest& request) const;
  absl::StatusOr<api::Correction> Reject(const Call& call, const api::RejectCorrectionRequest& request) const;

 private:
  const Core& core_;
};

}  // namespace kobling::server
