// Who the server is, and whom it takes the caller for.
#pragma once

#include "absl/status/statusor.h"
#include "kobling/v1/operator_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

class ServerInfo {
 public:
  explicit ServerInfo(const Core& core) : core_(core) {}

  absl::StatusOr<api::ServerInfo> Get(const Call& call, const api::GetServerInfoRequest& request) const;

 private:
  const Core& core_;
};

}  // namespace kobling::server
