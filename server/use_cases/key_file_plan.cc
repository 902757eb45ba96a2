#include "server/use_cases/key_file_plan.h"

#include <algorithm>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/dates.h"
#include "server/core/lawful_case.h"
#include "server/core/source_rows.h"
#include "server/use_cases/registers.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// Whether the key file can be fetched and holds what the plan would issue.
bool IsSameFile(const records::KeyFileRecord& key_file, const KeyFilePlan& plan) {
  const bool is_delta = key_file.kind() == records::KEY_FILE_KIND_RECORD_DELTA;
  return !key_file.withdrawn() && !key_file.expired() &&
         is_delta == (plan.kind == records::KEY_FILE_KIND_RECORD_DELTA) && key_file.since() == plan.since &&
         key_file.set() == plan.rows_id && key_file.withdrawn_set() == plan.withdrawn_id &&
         key_file.scope() == plan.source.scope() && key_file.recipient() == plan.recipient.recipient() &&
         key_file.key_version() == plan.project.key_version();
}

// Turns the plan of a full file into one that goes on from an earlier file.
absl::Status GoOnFrom(const Core& core, const records::KeyFileRecord& earlier, KeyFilePlan& plan) {
  const domain::Detail which(DetailKey::kKeyFile, std::uint64_t{earlier.number()});
  if (earlier.withdrawn()) {
    return MakeError(Reason::kKeyFileWithdrawn,
                     {which, {DetailKey::kHint, "a delta goes on from a file that stands; issue a full one"}});
  }
  // So every file that it goes on from was fetched as well.
  if (!earlier.has_first_fetched()) {
    return MakeError(Reason::kKeyFileNotFetched, {{DetailKey::kRegister, earlier.register_id()}, which});
  }
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet before, core.sets.Get(CoveredSetOf(earlier)));
  plan.kind = records::KEY_FILE_KIND_RECORD_DELTA;
  plan.since = earlier.number();
  plan.duplicates = 0;
  plan.withdrawn = before - plan.covered;
  plan.rows -= before;
  if (plan.rows.isEmpty() && plan.withdrawn.isEmpty()) {
    return MakeError(Reason::kNothingToIssue, {{DetailKey::kRegister, plan.source.register_id()},
                                               which,
                                               {DetailKey::kHint, "nothing has changed since that key file"}});
  }
  return absl::OkStatus();
}

// Numbers the file, and finds one that stands with the same content.
absl::Status PlaceInSeries(const Core& core, const Project& project, const std::string& today, KeyFilePlan& plan) {
  for (const records::KeyFileRecord& key_file : project.rows.key_files) {
    if (key_file.register_id() != plan.source.register_id()) {
      continue;
    }
    if (IsSameFile(key_file, plan) && key_file.map_version() == core.identities.version() &&
        key_file.expiry_date() >= today) {
      return MakeError(Reason::kKeyFileStands, {{DetailKey::kRegister, plan.source.register_id()},
                                                {DetailKey::kKeyFile, std::uint64_t{key_file.number()}}});
    }
    plan.number = key_file.number() + 1;
    plan.previous_sha256 = key_file.sealed_sha256();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<records::KeyFileRecord> FindKeyFile(const Project& project, std::string_view register_id,
                                                   std::uint32_t number) {
  const auto& key_files = project.rows.key_files;
  const auto found = std::find_if(key_files.begin(), key_files.end(), [&](const records::KeyFileRecord& key_file) {
    return key_file.register_id() == register_id && key_file.number() == number;
  });
  if (found == key_files.end()) {
    return MakeError(Reason::kKeyFileNotFound,
                     {{DetailKey::kRegister, register_id}, {DetailKey::kKeyFile, std::uint64_t{number}}});
  }
  return *found;
}

absl::StatusOr<KeyFilePlan> PlanKeyFile(const Core& core, const Call& call, const api::IssueKeyFileRequest& request) {
  KeyFilePlan plan;
  const State::View state = core.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const records::SourceRecord* const source, SourceOf(*project, request.register_id()));
  const std::string today = DateText(DayOf(core.clock.Now()));
  KOBLING_RETURN_IF_ERROR(CheckRunning(project->rows.project, today));
  KOBLING_RETURN_IF_ERROR(
      CheckLawful(*source, state->registers.at(source->register_id()), core.config.case_rules, today));
  KOBLING_RETURN_IF_ERROR(CheckPopulationComplete(project->rows.project));
  KOBLING_ASSIGN_OR_RETURN(plan.recipient, UsableRecipientKey(*state, source->register_id(), today));
  plan.project = project->rows.project;
  plan.source = *source;
  KOBLING_ASSIGN_OR_RETURN(SourceRows rows, RowsOf(core, {*state, *project, *source}));
  plan.rows = std::move(rows.rows.identifiers);
  plan.covered = plan.rows;
  plan.reserved = rows.rows.reserved;
  plan.reservation_lists = std::move(rows.rows.lists);
  plan.duplicates = rows.duplicates;
  if (request.since() != 0) {
    KOBLING_ASSIGN_OR_RETURN(const records::KeyFileRecord earlier,
                             FindKeyFile(*project, source->register_id(), request.since()));
    KOBLING_RETURN_IF_ERROR(GoOnFrom(core, earlier, plan));
  } else if (plan.rows.isEmpty()) {
    return MakeError(Reason::kNothingToIssue, {{DetailKey::kRegister, source->register_id()}});
  }
  plan.everybody = EverybodyIn(*project);
  for (storage::NumberSet* set : {&plan.rows, &plan.withdrawn, &plan.covered, &plan.everybody}) {
    set->runOptimize();
  }
  plan.rows_id = core.sets.NameOf(plan.rows);
  plan.withdrawn_id = core.sets.NameOf(plan.withdrawn);
  plan.everybody_id = core.sets.NameOf(plan.everybody);
  KOBLING_RETURN_IF_ERROR(PlaceInSeries(core, *project, today, plan));
  return plan;
}

bool IsSamePlan(const KeyFilePlan& a, const KeyFilePlan& b) {
  return a.rows_id == b.rows_id && a.withdrawn_id == b.withdrawn_id && a.covered == b.covered && a.number == b.number &&
         a.since == b.since && a.recipient.number() == b.recipient.number() &&
         a.project.key_version() == b.project.key_version() && a.source.scope() == b.source.scope();
}

}  // namespace kobling::server
