// A citizen's answer to "which projects include me".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "domain/national_id.h"
#include "kobling/v1/insight_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

class Insight {
 public:
  Insight(const Core& core, const domain::NationalIdRules& rules) : core_(core), rules_(rules) {}

  // Every project that includes any identifier that the person ever held. The look-up is an event, durable before the
  // answer. Somebody whom the directory does not know gets the same answer as somebody who is in no project; the time
  // may differ by the reading of one row.
  absl::StatusOr<api::LookupResponse> Lookup(const Call& call, const api::LookupRequest& request) const;

 private:
  const Core& core_;
  const domain::NationalIdRules& rules_;
};

}  // namespace kobling::server
