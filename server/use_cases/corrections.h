// Corrections: what follows from merges and splits for what a project has given out. docs/identity.md tells the rules.
#pragma once

#include <mutex>
#include <string>

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
  absl::StatusOr<api::ListCorrectionsResponse> ListOne(const Call& call, const std::string& project_id) const;
  absl::StatusOr<api::ListCorrectionsResponse> ListAll() const;

  const Core& core_;
  // One at a time looks through the identity history: it takes a second and much memory.
  mutable std::mutex examine_mutex_;
};

}  // namespace kobling::server
