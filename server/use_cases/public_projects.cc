#include "server/use_cases/public_projects.h"

#include <string>

#include "server/core/copy_fields.h"

namespace kobling::server {
namespace {

bool IsPublic(records::ProjectStateRecord state) {
  return state == records::PROJECT_STATE_RECORD_ACTIVE || state == records::PROJECT_STATE_RECORD_CLOSED ||
         state == records::PROJECT_STATE_RECORD_KEY_DESTROYED;
}

// The room's name; for a room that the rules have no name for, what the case says.
std::string RoomName(const records::CaseRecord& project_case, const CaseRules& rules) {
  const AnalysisRoom* const room = rules.FindRoom(project_case.analysis_room());
  if (room == nullptr || room->needs_details) {
    return project_case.analysis_room_details().empty() ? project_case.analysis_room()
                                                        : project_case.analysis_room_details();
  }
  return room->name;
}

}  // namespace

api::ListPublicProjectsResponse PublicProjects::List() const {
  api::ListPublicProjectsResponse response;
  const State::View state = core_.state.Read();
  for (const auto& [id, project] : state->projects) {
    const records::ProjectRecord& record = project.rows.project;
    if (!IsPublic(record.state())) {
      continue;
    }
    const records::CaseRecord& project_case = record.project_case();
    api::PublicProject& shown = *response.add_projects();
    CopySameFields(project_case, shown);
    shown.set_id(id);
    shown.set_state(static_cast<api::ProjectState>(static_cast<int>(record.state())));
    shown.set_analysis_room(RoomName(project_case, core_.config.case_rules));
    const auto linkage_register = state->registers.find(project_case.linkage_register_id());
    if (linkage_register != state->registers.end()) {
      shown.set_linkage_register_name(linkage_register->second.name());
    }
    for (const records::SourceRecord& source : project_case.sources()) {
      api::PublicSource& added = *shown.add_registers();
      CopySameFields(source, added);
      added.set_register_name(state->registers.at(source.register_id()).name());
    }
  }
  return response;
}

}  // namespace kobling::server
