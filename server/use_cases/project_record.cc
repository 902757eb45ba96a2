#include "server/use_cases/project_record.h"

#include <algorithm>

#include "domain/error.h"
#include "server/core/access.h"

namespace kobling::server {
namespace {

bool IsAuthor(const Call& call, const records::ProjectRecord& project) {
  return std::find(project.authors().begin(), project.authors().end(), call.caller.id.text()) !=
         project.authors().end();
}

}  // namespace

void AddAuthor(const Call& call, records::ProjectRecord& project) {
  if (!IsAuthor(call, project)) {
    project.add_authors(call.caller.id.text());
  }
}

absl::Status CheckNoAuthor(const Call& call, const records::ProjectRecord& project) {
  if (IsAuthor(call, project)) {
    return domain::MakeError(domain::Reason::kSameIdentity, {{domain::DetailKey::kProject, project.id()}});
  }
  return absl::OkStatus();
}

const Project* FindByCaseNumber(const StateData& state, const std::string& case_number) {
  if (case_number.empty()) {
    return nullptr;
  }
  const auto found = std::find_if(state.projects.begin(), state.projects.end(), [&](const auto& entry) {
    return entry.second.rows.project.project_case().case_number() == case_number;
  });
  return found == state.projects.end() ? nullptr : &found->second;
}

records::CaseVersionRecord NextVersion(const records::MarkRecord& changed, records::ProjectRecord& project) {
  project.set_case_version(project.case_version() + 1);
  records::CaseVersionRecord version;
  version.set_project_id(project.id());
  version.set_number(project.case_version());
  *version.mutable_project_case() = project.project_case();
  *version.mutable_changed() = changed;
  version.set_state(project.state());
  return version;
}

void SetState(records::ProjectRecord& project, records::ProjectStateRecord state, Change& change) {
  change.event.changes.push_back({"state", StateName(project.state()), StateName(state)});
  project.set_state(state);
}

}  // namespace kobling::server
