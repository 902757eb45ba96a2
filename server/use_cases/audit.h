// What happened, for those who supervise.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "kobling/v1/audit_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// Whether a member of staff may list the events of one project: an auditor may, and a caseworker who wrote the case.
bool MayListEvents(const Caller& caller, const records::ProjectRecord& project);

// Fails with NOT_PERMITTED unless the caller may see the event: an auditor sees all, a caseworker those of projects
// that they wrote, a register what concerns itself.
absl::Status CheckMaySee(const Core& core, const Caller& caller, const transparency::Event& event);

class Audit {
 public:
  explicit Audit(const Core& core) : core_(core) {}

  // Sends the events that match, by index, some at a time. An auditor sees all, a caseworker a project that they wrote,
  // a register what concerns itself.
  absl::Status List(const Call& call, const api::ListEventsRequest& request,
                    const std::function<absl::Status(const api::ListEventsResponse&)>& send) const;

 private:
  const Core& core_;
};

}  // namespace kobling::server
