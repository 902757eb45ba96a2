// What is known of the identity history: how far it has come, and one person's part of it.
#pragma once

#include "absl/status/statusor.h"
#include "domain/national_id.h"
#include "kobling/v1/identity_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

class IdentityHistories {
 public:
  IdentityHistories(const Core& core, const domain::NationalIdRules& rules) : core_(core), rules_(rules) {}

  absl::StatusOr<api::IdentityStatus> Status(const Call& call, const api::GetIdentityStatusRequest& request) const;

  // The events about every identifier that is, or was, connected to the one asked for. Reads the whole history. The
  // look-up is an event, durable before the answer.
  absl::StatusOr<api::IdentityHistory> Get(const Call& call, const api::GetIdentityHistoryRequest& request) const;

 private:
  const Core& core_;
  const domain::NationalIdRules& rules_;
};

}  // namespace kobling::server
