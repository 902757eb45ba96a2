// A citizen's answer to "which projects include me".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
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

  // Every project that includes any identifier that the person ever held, with nothing but the exemption of those that
  // are exempt from insight today. The look-up is an event, durable before the
  // answer. Somebody whom the directory does not know gets the same answer as somebody who is in no project; the time
  // may differ by the reading of one row.
  absl::StatusOr<api::LookupResponse> Lookup(const Call& call, const api::LookupRequest& request) const;

 private:
  // The numbers of a person's identifiers, none for somebody whom the directory does not know, and what the person is
  // called in events.
  struct Person {
    std::vector<std::uint32_t> numbers;
    std::string subject;
  };
  absl::StatusOr<Person> Find(std::string_view field, const std::string& identifier) const;

  // Puts into the event who asks on behalf of the person with this subject reference, and by which right.
  absl::Status RecordRepresentation(const api::Representation& representation, const std::string& subject,
                                    storage::Event& event) const;

  const Core& core_;
  const domain::NationalIdRules& rules_;
};

}  // namespace kobling::server
