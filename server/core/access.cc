#include "server/core/access.h"

#include "domain/error.h"
#include "server/core/lawful_case.h"

namespace kobling::server {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

absl::StatusOr<const Project*> VisibleProject(const StateData& state, const Caller& caller,
                                              std::string_view project_id) {
  const Project* const project = FindProject(state, project_id);
  if (caller.role == Role::kRegister) {
    if (project == nullptr || FindSource(project->rows.project.project_case(), caller.id.text()) == nullptr) {
      return MakeError(Reason::kNotPermitted);
    }
    return project;
  }
  if (project == nullptr) {
    return MakeError(Reason::kProjectNotFound, {{DetailKey::kProject, project_id}});
  }
  return project;
}

namespace {

absl::StatusOr<const records::SourceRecord*> NotWithdrawn(const Project& project, const records::SourceRecord* source) {
  if (source->withdrawn()) {
    return MakeError(Reason::kSourceWithdrawn,
                     {{DetailKey::kProject, project.rows.project.id()}, {DetailKey::kRegister, source->register_id()}});
  }
  return source;
}

}  // namespace

absl::StatusOr<const records::SourceRecord*> OwnSource(const Project& project, const Caller& caller) {
  const records::SourceRecord* const source = FindSource(project.rows.project.project_case(), caller.id.text());
  if (source == nullptr) {
    return MakeError(Reason::kNotPermitted);
  }
  return NotWithdrawn(project, source);
}

absl::StatusOr<const records::SourceRecord*> SourceOf(const Project& project, std::string_view register_id) {
  const records::SourceRecord* const source = FindSource(project.rows.project.project_case(), register_id);
  if (source == nullptr) {
    return MakeError(Reason::kSourceNotFound,
                     {{DetailKey::kProject, project.rows.project.id()}, {DetailKey::kRegister, register_id}});
  }
  return NotWithdrawn(project, source);
}

absl::StatusOr<std::string> WantedRegister(const Caller& caller, std::string_view asked) {
  if (caller.role != Role::kRegister) {
    return std::string(asked);
  }
  if (!asked.empty() && asked != caller.id.text()) {
    return MakeError(Reason::kNotPermitted);
  }
  return caller.id.text();
}

absl::Status CheckMadeHere(const records::ProjectRecord& project) {
  if (IsMadeElsewhere(project.project_case())) {
    return MakeError(Reason::kSeriesImported, {{DetailKey::kProject, project.id()}});
  }
  return absl::OkStatus();
}

absl::Status CheckRunning(const records::ProjectRecord& project, std::string_view today) {
  if (absl::Status status = CheckState(project, records::PROJECT_STATE_RECORD_ACTIVE); !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckMadeHere(project); !status.ok()) {
    return status;
  }
  if (project.project_case().end_date() < today) {
    return MakeError(Reason::kProjectEnded,
                     {{DetailKey::kProject, project.id()}, {DetailKey::kLimit, project.project_case().end_date()}});
  }
  if (project.project_case().start_date() > today) {
    return MakeError(Reason::kProjectState, {{DetailKey::kProject, project.id()},
                                             {DetailKey::kField, "start_date"},
                                             {DetailKey::kHint, "the project's first day has not come yet"}});
  }
  return absl::OkStatus();
}

absl::Status CheckState(const records::ProjectRecord& project, records::ProjectStateRecord expected) {
  if (project.state() == expected) {
    return absl::OkStatus();
  }
  if (project.state() == records::PROJECT_STATE_RECORD_KEY_DESTROYED) {
    return MakeError(Reason::kKeyDestroyed, {{DetailKey::kProject, project.id()}});
  }
  return MakeError(Reason::kProjectState, {{DetailKey::kProject, project.id()},
                                           {DetailKey::kState, StateName(project.state())},
                                           {DetailKey::kExpected, StateName(expected)}});
}

std::string StateName(records::ProjectStateRecord state) {
  constexpr std::string_view kPrefix = "PROJECT_STATE_RECORD_";
  return records::ProjectStateRecord_Name(state).substr(kPrefix.size());
}

}  // namespace kobling::server
