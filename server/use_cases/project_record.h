// Small steps that every change of a project's record takes.
#pragma once

#include "absl/status/status.h"
#include "server/core/core.h"

namespace kobling::server {

// The caller has written a part of the case and may not activate it.
void AddAuthor(const Call& call, records::ProjectRecord& project);

// Fails with SAME_IDENTITY if the caller has written a part of the case: nobody confirms what they wrote.
absl::Status CheckNoAuthor(const Call& call, const records::ProjectRecord& project);

// The project with the caller's own case number; null if there is none or the number is empty.
const Project* FindByCaseNumber(const StateData& state, const std::string& case_number);

// The next version of the case: the case and the state as they are from this change on.
records::CaseVersionRecord NextVersion(const records::MarkRecord& changed, records::ProjectRecord& project);

// Sets the state, and says so in the change's event.
void SetState(records::ProjectRecord& project, records::ProjectStateRecord state, Change& change);

}  // namespace kobling::server
