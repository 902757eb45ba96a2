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
#include "server/core/project_case.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

void AddAuthor(const Call& call, records::ProjectRecord& project) {
  const std::string& id = call.caller.id.text();
  if (std::find(project.authors().begin(), project.authors().end(), id) == project.authors().end()) {
    project.add_authors(id);
  }
}

// The two persons of the rule: nobody confirms what they wrote.
absl::Status CheckNoAuthor(const Call& call, const records::ProjectRecord& project) {
  const std::string& id = call.caller.id.text();
  if (std::find(project.authors().begin(), project.authors().end(), id) != project.authors().end()) {
    return MakeError(Reason::kSameIdentity, {{DetailKey::kProject, project.id()}});
  }
  return absl::OkStatus();
}

void SetState(records::ProjectRecord& project, records::ProjectStateRecord state, Change& change) {
  change.event.changes.push_back({"state", StateName(project.state()), StateName(state)});
  project.set_state(state);
}

absl::Status CheckPendingRevision(const records::ProjectRecord& project, std::uint32_t number) {
  if (!project.has_pending_revision() || project.pending_revision().number() != number) {
    return MakeError(Reason::kRevisionNotFound, {{DetailKey::kProject, project.id()}, {DetailKey::kPosition, number}});
  }
  return absl::OkStatus();
}

// A source of an active project has a history, so that it cannot simply be left out of the case.
absl::Status CheckNoSourceLost(const records::CaseRecord& before, const records::CaseRecord& after) {
  for (const records::SourceRecord& source : before.sources()) {
    if (FindSource(after, source.register_id()) == nullptr) {
      return MakeError(Reason::kFieldMalformed,
                       {{DetailKey::kField, "sources"},
                        {DetailKey::kRegister, source.register_id()},
                        {DetailKey::kHint, "a source of an active project cannot be taken out"}});
    }
  }
  return absl::OkStatus();
}

// The first key file that a register holds and has not reported any use of.
const records::KeyFileRecord* OutstandingUsage(const storage::ProjectRows& rows) {
  const auto found =
      std::find_if(rows.key_files.begin(), rows.key_files.end(), [&](const records::KeyFileRecord& key_file) {
        return WasHandedOut(key_file) && !HasStandingReport(rows, key_file);
      });
  return found == rows.key_files.end() ? nullptr : &*found;
}

// What a register may see of a project: its case, and how far it has come itself.
api::Project ForRegister(api::Project project, std::string_view register_id) {
  project.clear_pending_revision();
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
  return core_.identities.CountPersonsInEither(project.index, project.relatives);
}

api::Project Projects::Show(const Call& call, const Project& project) const {
  if (call.caller.role == Role::kRegister) {
    return ForRegister(ToApi(project.rows.project, 0), call.caller.id.text());
  }
  return ToApi(project.rows.project, CountPersons(project));
}

template <typename Request>
absl::StatusOr<api::Project> Projects::EditProject(const Call& call, const Request& request, const Edit& edit) const {
  return ChangeOnce<api::Project>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Project> {
    records::ProjectRecord project;
    std::uint64_t persons = 0;
    {
      const State::View state = core_.state.Read();
      KOBLING_ASSIGN_OR_RETURN(const Project* const found, VisibleProject(*state, call.caller, request.project_id()));
      project = found->rows.project;
      persons = CountPersons(*found);
    }
    change.event.project = project.id();
    KOBLING_RETURN_IF_ERROR(edit(project, change));
    change.Put(project);
    return ToApi(project, persons);
  });
}

absl::Status Projects::ChangeCase(const Call& call, const records::CaseRecord& wanted, std::string_view reason,
                                  records::ProjectRecord& project, Change& change) const {
  KOBLING_RETURN_IF_ERROR(CheckCase(wanted, core_.state.Read()->registers));
  KOBLING_RETURN_IF_ERROR(CheckText("reason", reason));
  change.event.changes = DifferencesOf(project.project_case(), wanted);
  change.event.reason = std::string(reason);
  if (project.state() == records::PROJECT_STATE_RECORD_DRAFT ||
      project.state() == records::PROJECT_STATE_RECORD_READY) {
    *project.mutable_project_case() = wanted;
    if (project.state() == records::PROJECT_STATE_RECORD_READY) {
      SetState(project, records::PROJECT_STATE_RECORD_DRAFT, change);
      project.clear_ready();
    }
    AddAuthor(call, project);
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_ACTIVE));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", reason));
  KOBLING_RETURN_IF_ERROR(CheckComplete(wanted));
  KOBLING_RETURN_IF_ERROR(CheckNoSourceLost(project.project_case(), wanted));
  if (project.has_pending_revision()) {
    return MakeError(Reason::kRevisionPending, {{DetailKey::kProject, project.id()},
                                                {DetailKey::kPosition, project.pending_revision().number()}});
  }
  AddAuthor(call, project);
  project.set_revisions(project.revisions() + 1);
  records::RevisionRecord& revision = *project.mutable_pending_revision();
  revision.set_number(project.revisions());
  *revision.mutable_proposed() = wanted;
  *revision.mutable_proposed_by() = MakeMark(core_, call, reason);
  change.event.object = "revision " + std::to_string(revision.number());
  return absl::OkStatus();
}

absl::StatusOr<api::Project> Projects::Create(const Call& call, const api::CreateProjectRequest& request) const {
  return ChangeOnce<api::Project>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Project> {
    records::ProjectRecord project;
    *project.mutable_project_case() = ToRecord(request.project_case());
    {
      const State::View state = core_.state.Read();
      KOBLING_RETURN_IF_ERROR(CheckCase(project.project_case(), state->registers));
      project.set_id(absl::StrFormat("P%04d", state->projects.size() + 1));  // projects are never deleted
    }
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("title", project.project_case().title()));
    project.set_state(records::PROJECT_STATE_RECORD_DRAFT);
    AddAuthor(call, project);
    *project.mutable_created() = MakeMark(core_, call);
    change.event.project = project.id();
    change.event.changes = DifferencesOf(records::CaseRecord(), project.project_case());
    change.Put(project);
    return ToApi(project, 0);
  });
}

absl::StatusOr<api::Project> Projects::Get(const Call& call, const api::GetProjectRequest& request) const {
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
  return Show(call, *project);
}

absl::StatusOr<api::ListProjectsResponse> Projects::List(const Call& call,
                                                         const api::ListProjectsRequest& request) const {
  api::ListProjectsResponse response;
  const State::View state = core_.state.Read();
  for (const auto& [id, project] : state->projects) {
    const records::ProjectRecord& record = project.rows.project;
    const bool wanted = request.state() == api::PROJECT_STATE_UNSPECIFIED ||
                        static_cast<int>(request.state()) == static_cast<int>(record.state());
    if (wanted && VisibleProject(*state, call.caller, id).ok()) {
      *response.add_projects() = Show(call, project);
    }
  }
  return response;
}

absl::StatusOr<api::Project> Projects::Update(const Call& call, const api::UpdateProjectRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    if (!request.has_project_case()) {
      return MakeError(Reason::kFieldMissing, {{DetailKey::kField, "project_case"}});
    }
    return ChangeCase(call, ToRecord(request.project_case()), request.reason(), project, change);
  });
}

absl::StatusOr<api::Project> Projects::AddSource(const Call& call, const api::AddSourceRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) {
    records::CaseRecord wanted = project.project_case();
    *wanted.add_sources() = ToRecord(request.source());
    return ChangeCase(call, wanted, request.reason(), project, change);
  });
}

absl::StatusOr<api::Project> Projects::MarkReady(const Call& call, const api::MarkReadyRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_DRAFT));
    KOBLING_RETURN_IF_ERROR(CheckComplete(project.project_case()));
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
    KOBLING_RETURN_IF_ERROR(CheckComplete(project.project_case()));
    if (project.project_case().end_date() < DateText(DayOf(core_.clock.Now()))) {
      return MakeError(Reason::kProjectEnded, {{DetailKey::kProject, project.id()}});
    }
    project.set_key_version(1);
    KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId id, domain::ProjectId::Parse(project.id()));
    KOBLING_RETURN_IF_ERROR(core_.keys.CreateProjectKey(id, project.key_version(), change.batch));
    SetState(project, records::PROJECT_STATE_RECORD_ACTIVE, change);
    *project.mutable_activated() = MakeMark(core_, call);
    return absl::OkStatus();
  });
}

absl::StatusOr<api::Project> Projects::ConfirmRevision(const Call& call,
                                                       const api::ConfirmRevisionRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_ACTIVE));
    KOBLING_RETURN_IF_ERROR(CheckPendingRevision(project, request.revision()));
    const records::RevisionRecord revision = project.pending_revision();
    if (revision.proposed_by().actor() == call.caller.id.text()) {
      return MakeError(Reason::kSameIdentity, {{DetailKey::kProject, project.id()}});
    }
    {
      const State::View state = core_.state.Read();
      const std::uint64_t persons = CountPersons(*FindProject(*state, project.id()));
      if (persons > revision.proposed().approved_persons()) {
        return MakeError(Reason::kBudgetExceeded, {{DetailKey::kLimit, revision.proposed().approved_persons()}});
      }
    }
    change.event.changes = DifferencesOf(project.project_case(), revision.proposed());
    change.event.object = "revision " + std::to_string(revision.number());
    *project.mutable_project_case() = revision.proposed();
    project.clear_pending_revision();
    return absl::OkStatus();
  });
}

absl::StatusOr<api::Project> Projects::RejectRevision(const Call& call,
                                                      const api::RejectRevisionRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_RETURN_IF_ERROR(CheckPendingRevision(project, request.revision()));
    if (call.caller.role != Role::kKeyOfficer &&
        project.pending_revision().proposed_by().actor() != call.caller.id.text()) {
      return MakeError(Reason::kNotPermitted);
    }
    change.event.object = "revision " + std::to_string(request.revision());
    change.event.reason = request.reason();
    project.clear_pending_revision();
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

absl::StatusOr<api::Project> Projects::DestroyKey(const Call& call,
                                                  const api::DestroyProjectKeyRequest& request) const {
  std::vector<std::string> files;
  auto destroyed = EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_RETURN_IF_ERROR(CheckText("waiver_reason", request.waiver_reason()));
    if (request.confirmation() != project.id()) {
      return MakeError(Reason::kConfirmationMismatch, {{DetailKey::kProject, project.id()}});
    }
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_CLOSED));
    storage::ProjectRows rows;
    {
      const State::View state = core_.state.Read();
      rows = FindProject(*state, project.id())->rows;
    }
    if (const records::KeyFileRecord* outstanding = OutstandingUsage(rows);
        outstanding != nullptr && request.waiver_reason().empty()) {
      return MakeError(Reason::kUsageOutstanding, {{DetailKey::kRegister, outstanding->register_id()},
                                                   {DetailKey::kKeyFile, std::uint64_t{outstanding->number()}}});
    }
    for (records::KeyFileRecord& key_file : rows.key_files) {
      if (!key_file.withdrawn() && !key_file.expired()) {
        files.push_back(key_file.file_name());
        key_file.set_expired(true);
        change.Put(key_file);
      }
    }
    for (std::uint32_t version = 1; version <= project.key_version(); ++version) {
      storage::KeyStore::Delete("project", project.id(), version, change.batch);
    }
    SetState(project, records::PROJECT_STATE_RECORD_KEY_DESTROYED, change);
    *project.mutable_key_destroyed() = MakeMark(core_, call, request.reason());
    change.event.reason = request.reason();
    change.event.changes.push_back({"waiver_reason", "", request.waiver_reason()});
    return absl::OkStatus();
  });
  if (!destroyed.ok()) {
    return destroyed;
  }
  // A deleted row stays readable in older files of the store until they are rewritten. The sealed files go too; should
  // one resist, the hourly upkeep tries again.
  KOBLING_RETURN_IF_ERROR(core_.store.Purge(storage::Family::kKeys));
  for (const std::string& file : files) {
    key_files_.Remove(file).IgnoreError();
  }
  return destroyed;
}

absl::StatusOr<api::GetProjectHistoryResponse> Projects::History(const Call& call,
                                                                 const api::GetProjectHistoryRequest& request) const {
  KOBLING_RETURN_IF_ERROR(VisibleProject(*core_.state.Read(), call.caller, request.project_id()).status());
  api::GetProjectHistoryResponse response;
  KOBLING_RETURN_IF_ERROR(
      storage::EventLog::ForEach(core_.store, 0, [&](std::uint64_t index, const storage::Event& event) {
        if (event.project == request.project_id() && event.result == "OK" &&
            (event.operation.starts_with("project.") || event.operation == "population.lock-source")) {
          api::HistoryEntry& entry = *response.add_entries();
          entry.set_event_index(index);
          entry.set_operation(event.operation);
          entry.mutable_mark()->set_actor(event.actor);
          entry.mutable_mark()->set_reason(event.reason);
          SetTime(absl::ToUnixMicros(event.time), *entry.mutable_mark()->mutable_time());
          for (const storage::EventChange& change : event.changes) {
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
