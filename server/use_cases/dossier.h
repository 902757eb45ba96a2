// Everything about one project in one answer, for those who supervise.
#pragma once

#include "absl/status/statusor.h"
#include "kobling/v1/audit_service.pb.h"
#include "server/core/core.h"
#include "server/use_cases/projects.h"

namespace kobling::server {

namespace api = ::kobling::v1;

class Dossiers {
 public:
  Dossiers(const Core& core, const KeyFileFolder& key_files) : core_(core), projects_(core, key_files) {}

  // Made under one look at the state, so that its parts agree. Fails with ANSWER_TOO_LARGE.
  absl::StatusOr<api::Dossier> Get(const Call& call, const api::GetDossierRequest& request) const;

 private:
  void Describe(const Call& call, const StateData& state, const Project& project, api::Dossier& dossier) const;

  const Core& core_;
  const Projects projects_;
};

}  // namespace kobling::server
