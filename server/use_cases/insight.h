// A citizen's answer to "which projects include me".
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/national_id.h"
#include "kobling/v1/insight_service.pb.h"
#include "server/core/core.h"
#include "server/use_cases/accesses.h"

namespace kobling::server {

class Insight {
 public:
  Insight(const Core& core, const domain::NationalIdRules& rules) : core_(core), rules_(rules) {}

  // Every project that includes any identifier that the person ever held, with nothing but the exemption of those that
  // are exempt from insight today, and who has looked at the person before. The look-up is an event, durable before the
  // answer. Somebody whom the directory does not know gets the same answer as somebody who is in no project; the time
  // may differ by the reading of one row.
  absl::StatusOr<api::LookupResponse> Lookup(const Call& call, const api::LookupRequest& request) const;

 private:
  absl::StatusOr<FoundPerson> Find(std::string_view field, const std::string& identifier) const;

  // Nobody represents somebody whose address is protected, or does so with a protected address, and a parent nobody who
  // has demanded that parents see nothing.
  absl::Status CheckAllowed(const api::Representation& representation, const FoundPerson& representative,
                            const FoundPerson& person) const;
  // Puts into the event who asks on behalf of the person, and by which right.
  absl::Status RecordRepresentation(const api::Representation& representation, const FoundPerson& person,
                                    transparency::Event& event) const;

  const Core& core_;
  const domain::NationalIdRules& rules_;
};

}  // namespace kobling::server
