#include "server/use_cases/projects.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/delivery_deadline.h"
#include "server/core/lawful_case.h"
#include "server/core/project_case.h"
#include "server/core/source_rows.h"
#include "server/use_cases/project_record.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// Whether the project comes to an end by that day: an active one by its last day, a closed one by the deletion of its
// key.
bool IsExpiring(const records::ProjectRecord& project, const std::string& by) {
  if (by.empty()) {
    return true;
  }
  return (project.state() == records::PROJECT_STATE_RECORD_ACTIVE && project.project_case().end_date() <= by) ||
         (project.state() == records::PROJECT_STATE_RECORD_CLOSED && project.project_case().deletion_date() <= by);
}

// Whether a delivery is to be made by that day, and is not.
bool IsDue(const api::Project& project, const std::string& by) {
  const bool runs = project.state() == api::PROJECT_STATE_DRAFT || project.state() == api::PROJECT_STATE_READY ||
                    project.state() == api::PROJECT_STATE_ACTIVE;
  return runs && project.has_deadline() && project.deadline().delivered_on().empty() &&
         LastDayOf(project.deadline()) <= by;
}

// What a register may see of a project: its case, and how far it has come itself.
api::Project ForRegister(api::Project project, std::string_view register_id) {
  project.clear_pending_revision();
  project.clear_deadline();
  project.clear_destruction();
  for (api::Source& source : *project.mutable_project_case()->mutable_sources()) {
    if (source.register_id() != register_id) {
      source.set_complete(false);
      source.set_locked(false);
    }
  }
  return project;
}

}  // namespace

std::uint64_t Projects::CountPersons(const Project& project) const {
  if (project.rows.project.has_memberships_deleted()) {
    return project.rows.project.persons();
  }
  if (project.former.isEmpty()) {
    return core_.identities.CountPersonsInEither(project.index, project.relatives);
  }
  return core_.identities.CountPersons(EverybodyIn(project));
}

api::Project Projects::Describe(const StateData& state, const records::ProjectRecord& project,
                                std::uint64_t persons) const {
  api::Project described = ToApi(project, persons);
  const std::string today = DateText(DayOf(core_.clock.Now()));
  for (api::Source& source : *described.mutable_project_case()->mutable_sources()) {
    source.set_included(IsIncluded(state.registers.at(source.register_id()), today));
  }
  return described;
}

api::Project Projects::Show(const Call& call, const StateData& state, const Project& project) const {
  const bool to_register = call.caller.role == Role::kRegister;
  api::Project shown = Describe(state, project.rows.project, to_register ? 0 : CountPersons(project));
  if (!project.rows.versions.empty()) {
    *shown.mutable_case_changed() = ToApi(project.rows.versions.back().changed());
  }
  if (auto deadline = DeadlineOf(project.rows, core_.config.case_rules.deadlines, DateText(DayOf(core_.clock.Now())))) {
    *shown.mutable_deadline() = *std::move(deadline);
  }
  return to_register ? ForRegister(std::move(shown), call.caller.id.text()) : shown;
}

absl::Status Projects::AddLaterReservations(const StateData& copy, api::Project& shown) const {
  KOBLING_ASSIGN_OR_RETURN(const std::vector<LaterReservation> all, LaterReservationsOf(core_, copy, shown.id()));
  for (const LaterReservation& one : all) {
    api::LaterReservations& later = *shown.add_later_reservations();
    later.set_register_id(one.register_id);
    later.set_key_file_number(one.key_file);
    later.set_persons(one.persons);
  }
  return absl::OkStatus();
}

absl::StatusOr<api::Project> Projects::ShowAsOf(const Call& call, const StateData& state, const Project& project,
                                                const std::string& day) const {
  const auto& versions = project.rows.versions;
  // The last that came into force on that day or before.
  const auto after = std::find_if(versions.begin(), versions.end(), [&](const records::CaseVersionRecord& version) {
    return DateText(DayOf(absl::FromUnixMicros(version.changed().time_us()))) > day;
  });
  if (after == versions.begin()) {
    return MakeError(Reason::kProjectNotFound, {{DetailKey::kProject, project.rows.project.id()},
                                                {DetailKey::kHint, "there was no such project on " + day}});
  }
  const records::CaseVersionRecord& version = *std::prev(after);
  records::ProjectRecord then;
  then.set_id(version.project_id());
  then.set_state(version.state());
  then.set_case_version(version.number());
  *then.mutable_project_case() = version.project_case();
  *then.mutable_created() = project.rows.project.created();
  api::Project shown = Describe(state, then, 0);
  *shown.mutable_case_changed() = ToApi(version.changed());
  return call.caller.role == Role::kRegister ? ForRegister(std::move(shown), call.caller.id.text()) : shown;
}

absl::StatusOr<api::Project> Projects::EditInChange(const Call& call, std::string_view project_id, const Edit& edit,
                                                    Change& change) const {
  records::ProjectRecord project;
  std::uint64_t persons = 0;
  {
    const State::View state = core_.state.Read();
    KOBLING_ASSIGN_OR_RETURN(const Project* const found, VisibleProject(*state, call.caller, project_id));
    project = found->rows.project;
    persons = CountPersons(*found);
  }
  change.event.project = project.id();
  const std::uint32_t version = project.case_version();
  const records::ProjectStateRecord state_before = project.state();
  KOBLING_RETURN_IF_ERROR(edit(project, change));
  if (project.state() != state_before && project.case_version() == version) {
    AddVersion(call, {.reason = change.event.reason}, project, change);
  }
  change.Put(project);
  return Describe(*core_.state.Read(), project, persons);
}

void Projects::AddVersion(const Call& call, const Basis& basis, records::ProjectRecord& project, Change& change) const {
  records::CaseVersionRecord version = NextVersion(MakeMark(core_, call, basis.reason), project);
  version.set_decision_reference(std::string(basis.decision_reference));
  version.set_decision_date(std::string(basis.decision_date));
  change.Put(version);
}

absl::StatusOr<api::Project> Projects::Create(const Call& call, const api::CreateProjectRequest& request) const {
  return ChangeOnce<api::Project>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Project> {
    records::ProjectRecord project;
    *project.mutable_project_case() = ToRecord(request.project_case());
    {
      const State::View state = core_.state.Read();
      FillInFromRegisters(state->registers, *project.mutable_project_case());
      KOBLING_RETURN_IF_ERROR(CheckCase(project.project_case(), state->registers, core_.config.case_rules));
      const Project* const same = FindByCaseNumber(*state, project.project_case().case_number());
      if (same != nullptr) {
        change.event.project = same->rows.project.id();
        change.event.object = "made before under the same case number";
        if (same->rows.versions.front().project_case().SerializeAsString() !=
            project.project_case().SerializeAsString()) {
          return MakeError(Reason::kCaseNumberTaken, {{DetailKey::kProject, same->rows.project.id()}});
        }
        return Show(call, *state, *same);
      }
      project.set_id(absl::StrFormat("P%04d", state->projects.size() + 1));  // projects are never deleted
    }
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("title", project.project_case().title()));
    project.set_state(records::PROJECT_STATE_RECORD_DRAFT);
    AddAuthor(call, project);
    *project.mutable_created() = MakeMark(core_, call);
    change.event.project = project.id();
    change.event.changes = DifferencesOf(records::CaseRecord(), project.project_case());
    AddVersion(call, {}, project, change);
    change.Put(project);
    return Describe(*core_.state.Read(), project, 0);
  });
}

absl::StatusOr<api::Project> Projects::Get(const Call& call, const api::GetProjectRequest& request) const {
  api::Project shown;
  StateData copy;
  {
    const State::View state = core_.state.Read();
    KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
    if (!request.as_of().empty()) {
      KOBLING_RETURN_IF_ERROR(CheckDate("as_of", request.as_of()));
      return ShowAsOf(call, *state, *project, request.as_of());
    }
    shown = Show(call, *state, *project);
    if (call.caller.role == Role::kRegister) {
      return shown;
    }
    copy = CopyOfProject(*state, *project);
  }
  // Sets of everybody are read without holding others up.
  KOBLING_RETURN_IF_ERROR(AddLaterReservations(copy, shown));
  return shown;
}

absl::StatusOr<api::ListProjectsResponse> Projects::List(const Call& call,
                                                         const api::ListProjectsRequest& request) const {
  KOBLING_RETURN_IF_ERROR(CheckDate("due_by", request.due_by()));
  KOBLING_RETURN_IF_ERROR(CheckDate("expiring_by", request.expiring_by()));
  api::ListProjectsResponse response;
  const State::View state = core_.state.Read();
  for (const auto& [id, project] : state->projects) {
    const records::ProjectRecord& record = project.rows.project;
    const bool wanted = request.state() == api::PROJECT_STATE_UNSPECIFIED ||
                        static_cast<int>(request.state()) == static_cast<int>(record.state());
    if (!wanted || !VisibleProject(*state, call.caller, id).ok() || !IsExpiring(record, request.expiring_by())) {
      continue;
    }
    api::Project shown = Show(call, *state, project);
    if (request.due_by().empty() || IsDue(shown, request.due_by())) {
      *response.add_projects() = std::move(shown);
    }
  }
  return response;
}

absl::StatusOr<api::Project> Projects::MarkReady(const Call& call, const api::MarkReadyRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_DRAFT));
    KOBLING_RETURN_IF_ERROR(CheckComplete(project.project_case(), core_.config.case_rules));
    KOBLING_RETURN_IF_ERROR(CheckDatesAsOf(project.project_case(), DateText(DayOf(core_.clock.Now()))));
    SetState(project, records::PROJECT_STATE_RECORD_READY, change);
    AddAuthor(call, project);
    *project.mutable_ready() = MakeMark(core_, call);
    return absl::OkStatus();
  });
}

absl::StatusOr<api::Project> Projects::Cancel(const Call& call, const api::CancelProjectRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    if (project.state() != records::PROJECT_STATE_RECORD_READY) {
      KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_DRAFT));
    }
    SetState(project, records::PROJECT_STATE_RECORD_CANCELLED, change);
    *project.mutable_cancelled() = MakeMark(core_, call, request.reason());
    change.event.reason = request.reason();
    return absl::OkStatus();
  });
}

absl::StatusOr<api::Project> Projects::Activate(const Call& call, const api::ActivateProjectRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckNoAuthor(call, project));
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_READY));
    KOBLING_RETURN_IF_ERROR(CheckComplete(project.project_case(), core_.config.case_rules));
    const std::string today = DateText(DayOf(core_.clock.Now()));
    KOBLING_RETURN_IF_ERROR(CheckDatesAsOf(project.project_case(), today));
    KOBLING_RETURN_IF_ERROR(
        CheckLawfulSources(project.project_case(), core_.state.Read()->registers, core_.config.case_rules, today));
    KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId id, domain::ProjectId::Parse(project.id()));
    if (IsMadeElsewhere(project.project_case())) {
      KOBLING_RETURN_IF_ERROR(core_.keys.CreateSeriesKey(id, change.batch));
    } else {
      project.set_key_version(1);
      KOBLING_RETURN_IF_ERROR(core_.keys.CreateProjectKey(id, project.key_version(), change.batch));
    }
    SetState(project, records::PROJECT_STATE_RECORD_ACTIVE, change);
    *project.mutable_activated() = MakeMark(core_, call);
    return absl::OkStatus();
  });
}

absl::StatusOr<api::Project> Projects::ReopenSource(const Call& call, const api::ReopenSourceRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_ACTIVE));
    if (FindSource(project.project_case(), request.register_id()) == nullptr) {
      return MakeError(Reason::kSourceNotFound, {{DetailKey::kRegister, request.register_id()}});
    }
    records::SourceProgressRecord& progress = MutableProgressOf(project, request.register_id());
    const auto clear = [&](std::string_view field, bool was_set) {
      if (was_set) {
        change.event.changes.push_back({std::string(field), "yes", "no"});
      }
    };
    clear("locked", progress.locked());
    clear("complete", progress.complete());
    progress.set_locked(false);
    progress.set_complete(false);
    change.event.register_id = request.register_id();
    change.event.reason = request.reason();
    return absl::OkStatus();
  });
}

absl::StatusOr<api::Project> Projects::Close(const Call& call, const api::CloseProjectRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_ACTIVE));
    SetState(project, records::PROJECT_STATE_RECORD_CLOSED, change);
    project.clear_pending_revision();
    *project.mutable_closed() = MakeMark(core_, call, request.reason());
    change.event.reason = request.reason();
    return absl::OkStatus();
  });
}

absl::StatusOr<api::GetProjectHistoryResponse> Projects::History(const Call& call,
                                                                 const api::GetProjectHistoryRequest& request) const {
  KOBLING_RETURN_IF_ERROR(VisibleProject(*core_.state.Read(), call.caller, request.project_id()).status());
  api::GetProjectHistoryResponse response;
  KOBLING_RETURN_IF_ERROR(
      storage::EventLog::ForEach(core_.store, 0, [&](std::uint64_t index, const transparency::Event& event) {
        if (event.project == request.project_id() && event.result == "OK" &&
            (event.operation.starts_with("project.") || event.operation == "population.lock-source" ||
             event.operation == "population.withdraw")) {
          api::HistoryEntry& entry = *response.add_entries();
          entry.set_event_index(index);
          entry.set_operation(event.operation);
          entry.mutable_mark()->set_actor(event.actor);
          entry.mutable_mark()->set_reason(event.reason);
          SetTime(absl::ToUnixMicros(event.time), *entry.mutable_mark()->mutable_time());
          for (const transparency::EventChange& change : event.changes) {
            api::FieldChange& added = *entry.add_changes();
            added.set_field(change.field);
            added.set_old_value(change.old_value);
            added.set_new_value(change.new_value);
          }
        }
        return true;
      }));
  return response;
}

}  // namespace kobling::server
