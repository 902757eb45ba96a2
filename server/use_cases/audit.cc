#include "server/use_cases/audit.h"

#include <algorithm>
#include <string>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"

namespace kobling::server {
namespace {

using domain::MakeError;
using domain::Reason;

constexpr int kEventsPerMessage = 500;
constexpr std::uint64_t kEventsBetweenMessages = 100'000;

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

bool OperationMatches(const std::string& operation, const std::string& wanted) {
  return operation == wanted ||
         (operation.starts_with(wanted) && operation.size() > wanted.size() && operation[wanted.size()] == '.');
}

bool Matches(const transparency::Event& event, const api::ListEventsRequest& request) {
  return (request.project_id().empty() || event.project == request.project_id()) &&
         (request.register_id().empty() || event.register_id == request.register_id()) &&
         (request.actor().empty() || event.actor == request.actor()) &&
         (request.operation().empty() || OperationMatches(event.operation, request.operation())) &&
         (!request.has_since() || event.time >= ToTime(request.since())) &&
         (!request.has_until() || event.time < ToTime(request.until()));
}

// What a register sees: what it did itself, and what was decided about its part. Not what others tried, nor what their
// attempts would tell about the population.
bool ConcernsRegister(const transparency::Event& event, const std::string& register_id) {
  if (event.actor == register_id && event.role == domain::NameOf(Role::kRegister)) {
    return true;
  }
  constexpr std::string_view kAboutIt[] = {"register.add",         "register.update",    "recipient-key.approve",
                                           "recipient-key.revoke", "keyfile.open-match", "keyfile.release-match",
                                           "keyfile.issue",        "keyfile.withdraw",   "keyfile.expire",
                                           "project.reopen-source"};
  return event.register_id == register_id && event.result == "OK" &&
         std::find(std::begin(kAboutIt), std::end(kAboutIt), event.operation) != std::end(kAboutIt);
}

api::Event ToApiEvent(std::uint64_t index, const transparency::Event& event) {
  api::Event target;
  target.set_index(index);
  SetTime(absl::ToUnixMicros(event.time), *target.mutable_time());
  target.set_actor(event.actor);
  target.set_role(event.role);
  target.set_operation(event.operation);
  target.set_result(event.result);
  target.set_purpose(event.purpose);
  target.set_project_id(event.project);
  target.set_register_id(event.register_id);
  target.set_object(event.object);
  target.set_reason(event.reason);
  target.set_request_id(event.request_id);
  for (const auto& [name, value] : event.counts) {
    api::EventCount& count = *target.add_counts();
    count.set_name(name);
    count.set_value(value);
  }
  for (const transparency::EventChange& change : event.changes) {
    api::FieldChange& added = *target.add_changes();
    added.set_field(change.field);
    added.set_old_value(change.old_value);
    added.set_new_value(change.new_value);
  }
  return target;
}

}  // namespace

bool MayListEvents(const Caller& caller, const records::ProjectRecord& project) {
  const auto& authors = project.authors();
  return caller.role == Role::kAuditor ||
         (caller.role == Role::kCaseworker &&
          std::find(authors.begin(), authors.end(), caller.id.text()) != authors.end());
}

absl::Status CheckMaySee(const Core& core, const Caller& caller, const transparency::Event& event) {
  if (caller.role == Role::kAuditor || (caller.role == Role::kRegister && ConcernsRegister(event, caller.id.text()))) {
    return absl::OkStatus();
  }
  if (caller.role == Role::kCaseworker) {
    const State::View state = core.state.Read();
    const Project* const project = FindProject(*state, event.project);
    if (project != nullptr && MayListEvents(caller, project->rows.project)) {
      return absl::OkStatus();
    }
  }
  return MakeError(Reason::kNotPermitted);
}

absl::Status Audit::List(const Call& call, const api::ListEventsRequest& request,
                         const std::function<absl::Status(const api::ListEventsResponse&)>& send) const {
  api::ListEventsRequest wanted = request;
  const bool for_register = call.caller.role == Role::kRegister;
  if (for_register) {
    KOBLING_RETURN_IF_ERROR(WantedRegister(call.caller, request.register_id()).status());
    wanted.clear_register_id();  // what it did itself may name no register
  } else if (call.caller.role == Role::kCaseworker) {
    const State::View state = core_.state.Read();
    const Project* const project = FindProject(*state, request.project_id());
    if (project == nullptr || !MayListEvents(call.caller, project->rows.project)) {
      return MakeError(Reason::kNotPermitted);
    }
  }
  // One scan is one state of the log. A snapshot would be too, but it would keep rows of all families as they are, and
  // with them the key of a project that is destroyed meanwhile.
  api::ListEventsResponse response;
  absl::Status sent;
  KOBLING_RETURN_IF_ERROR(
      storage::EventLog::ForEach(core_.store, 0, [&](std::uint64_t index, const transparency::Event& event) {
        if (Matches(event, wanted) && (!for_register || ConcernsRegister(event, call.caller.id.text()))) {
          *response.add_events() = ToApiEvent(index, event);
        }
        // Sent empty, too, as a sign of life while few events match.
        if (response.events_size() >= kEventsPerMessage ||
            index % kEventsBetweenMessages == kEventsBetweenMessages - 1) {
          sent = send(response);
          response.Clear();
        }
        return sent.ok();
      }));
  KOBLING_RETURN_IF_ERROR(sent);
  return response.events().empty() ? absl::OkStatus() : send(response);
}

}  // namespace kobling::server
