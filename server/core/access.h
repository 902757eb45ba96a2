// Which objects a caller may see, after the policy table has said which methods.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/core.h"

namespace kobling::server {

// A project that the caller may see: staff see all, a register those that it is a source of. A register gets
// NOT_PERMITTED for any other id, whether it exists or not; staff get PROJECT_NOT_FOUND for one that does not exist.
absl::StatusOr<const Project*> VisibleProject(const StateData& state, const Caller& caller,
                                              std::string_view project_id);

// The caller's own source in the project; NOT_PERMITTED without one, SOURCE_WITHDRAWN if it has left the project.
absl::StatusOr<const records::SourceRecord*> OwnSource(const Project& project, const Caller& caller);

// A source of the project by register. Fails with SOURCE_NOT_FOUND or SOURCE_WITHDRAWN. For staff.
absl::StatusOr<const records::SourceRecord*> SourceOf(const Project& project, std::string_view register_id);

// Whose rows a list shows: a register's own, and NOT_PERMITTED if it asks for another's; for staff what was asked for,
// empty for all.
absl::StatusOr<std::string> WantedRegister(const Caller& caller, std::string_view asked);

// The project's numbers are made here. Fails with SERIES_IMPORTED if they were made elsewhere.
absl::Status CheckMadeHere(const records::ProjectRecord& project);

// The project is active, its numbers are made here, and today is one of its days. Fails with PROJECT_STATE,
// SERIES_IMPORTED or PROJECT_ENDED.
absl::Status CheckRunning(const records::ProjectRecord& project, std::string_view today);

// The project is in the state. Fails with PROJECT_STATE, naming the state that it is in.
absl::Status CheckState(const records::ProjectRecord& project, records::ProjectStateRecord expected);

// "ACTIVE".
std::string StateName(records::ProjectStateRecord state);

}  // namespace kobling::server
