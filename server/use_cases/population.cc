#include "server/use_cases/population.h"

#include <algorithm>
#include <string>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/lawful_case.h"
#include "server/core/project_case.h"
#include "storage/series_store.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

absl::StatusOr<records::SubmissionRecord> FindSubmission(const Project& project, std::string_view register_id,
                                                         std::uint32_t number) {
  const auto& submissions = project.rows.submissions;
  const auto found =
      std::find_if(submissions.begin(), submissions.end(), [&](const records::SubmissionRecord& submission) {
        return submission.register_id() == register_id && submission.number() == number;
      });
  if (found == submissions.end()) {
    return MakeError(Reason::kSubmissionNotFound,
                     {{DetailKey::kRegister, register_id}, {DetailKey::kSubmission, std::uint64_t{number}}});
  }
  return *found;
}

// Withdraws what came with a submission that was an import: the key file of the same number, the report of its use, and
// the numbers themselves.
void TakeBackImport(const Project& project, const records::SubmissionRecord& submission,
                    const records::MarkRecord& mark, Change& change) {
  const auto is_of_it = [&](const auto& row, std::uint32_t key_file) {
    return row.register_id() == submission.register_id() && key_file == submission.number();
  };
  for (records::KeyFileRecord key_file : project.rows.key_files) {
    if (!IsImported(key_file) || !is_of_it(key_file, key_file.number())) {
      continue;
    }
    key_file.set_withdrawn(true);
    *key_file.mutable_withdrawal() = mark;
    change.Put(key_file);
    for (records::UsageRecord usage : project.rows.usage) {
      if (is_of_it(usage, usage.key_file_number())) {
        usage.set_replaced(true);
        change.Put(usage);
      }
    }
    storage::SeriesStore::Delete({submission.project_id(), submission.register_id(), submission.number()},
                                 change.batch);
  }
}

}  // namespace

absl::StatusOr<api::ListSubmissionsResponse> Population::List(const Call& call,
                                                              const api::ListSubmissionsRequest& request) const {
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const std::string wanted, WantedRegister(call.caller, request.register_id()));
  api::ListSubmissionsResponse response;
  for (const records::SubmissionRecord& submission : project->rows.submissions) {
    if (wanted.empty() || submission.register_id() == wanted) {
      *response.add_submissions() = ToApi(submission);
    }
  }
  return response;
}

absl::StatusOr<api::Submission> Population::Get(const Call& call, const api::GetSubmissionRequest& request) const {
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const std::string wanted, WantedRegister(call.caller, request.register_id()));
  if (wanted.empty()) {
    return MakeError(Reason::kFieldMissing, {{DetailKey::kField, "register_id"}});
  }
  KOBLING_ASSIGN_OR_RETURN(const records::SubmissionRecord submission,
                           FindSubmission(*project, wanted, request.number()));
  return ToApi(submission);
}

absl::StatusOr<api::Submission> Population::Withdraw(const Call& call,
                                                     const api::WithdrawSubmissionRequest& request) const {
  auto withdrawn =
      ChangeOnce<api::Submission>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Submission> {
        records::SubmissionRecord submission;
        records::ProjectRecord record;
        std::vector<records::SubmissionRecord> all;
        storage::NumberSet former;
        {
          const State::View state = core_.state.Read();
          KOBLING_ASSIGN_OR_RETURN(const Project* const project,
                                   VisibleProject(*state, call.caller, request.project_id()));
          KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
          KOBLING_RETURN_IF_ERROR(CheckState(project->rows.project, records::PROJECT_STATE_RECORD_ACTIVE));
          KOBLING_ASSIGN_OR_RETURN(submission, FindSubmission(*project, call.caller.id.text(), request.number()));
          if (submission.withdrawn()) {
            return MakeError(Reason::kSubmissionNotFound, {{DetailKey::kSubmission, std::uint64_t{request.number()}},
                                                           {DetailKey::kState, "withdrawn"}});
          }
          // Of an import that was a mistake nobody is told: it was about what had happened, and had not.
          submission.set_withdrawn_after_issue(!project->rows.key_files.empty() &&
                                               !IsMadeElsewhere(project->rows.project.project_case()));
          TakeBackImport(*project, submission, MakeMark(core_, call, request.reason()), change);
          former = project->former;
          all = project->rows.submissions;
          record = project->rows.project;
        }
        records::SourceProgressRecord& progress = MutableProgressOf(record, call.caller.id.text());
        if (progress.locked()) {
          return MakeError(Reason::kSourceLocked, {{DetailKey::kProject, record.id()}});
        }
        // After an issue it is the key officer who opens a part again.
        if (progress.complete() && !submission.withdrawn_after_issue()) {
          change.event.changes = {{"complete", "yes", "no"}};
          progress.set_complete(false);
          change.Put(record);
        }
        submission.set_withdrawn(true);
        *submission.mutable_withdrawal() = MakeMark(core_, call, request.reason());
        // Who else named the same people is only known from the sets of the other submissions.
        storage::NumberSet index;
        storage::NumberSet relatives;
        for (const records::SubmissionRecord& other : all) {
          const bool stands = !other.withdrawn() && !(other.register_id() == submission.register_id() &&
                                                      other.number() == submission.number());
          if (stands) {
            KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet other_index, core_.sets.Get(other.index_set()));
            KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet other_relatives, core_.sets.Get(other.relative_set()));
            index |= other_index;
            relatives |= other_relatives;
          }
        }
        if (submission.withdrawn_after_issue()) {
          // Their numbers may be in a register's hands: they are still told of the project, and still count.
          for (const storage::SetId& set : {submission.index_set(), submission.relative_set()}) {
            KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet taken_back, core_.sets.Get(set));
            former |= taken_back;
          }
          former -= index;
          former -= relatives;
        }
        change.Put(submission);
        change.Then([id = request.project_id(), index = std::move(index), relatives = std::move(relatives),
                     former = std::move(former)](StateData& state) {
          state.projects[id].index = index;
          state.projects[id].relatives = relatives;
          state.projects[id].former = former;
        });
        change.event.project = request.project_id();
        change.event.register_id = call.caller.id.text();
        change.event.object = "submission " + std::to_string(request.number());
        change.event.reason = request.reason();
        change.event.counts = {{"identifiers", submission.counts().identifiers()}};
        return ToApi(submission);
      });
  KOBLING_RETURN_IF_ERROR(withdrawn.status());
  KOBLING_RETURN_IF_ERROR(storage::SeriesStore::PurgeDeleted(core_.store));
  return withdrawn;
}

absl::StatusOr<api::CompletePopulationResponse> Population::Complete(
    const Call& call, const api::CompletePopulationRequest& request) const {
  return ChangeOnce<api::CompletePopulationResponse>(
      core_, call, request, [&](Change& change) -> absl::StatusOr<api::CompletePopulationResponse> {
        records::ProjectRecord record;
        std::vector<records::SubmissionRecord> own;
        {
          const State::View state = core_.state.Read();
          KOBLING_ASSIGN_OR_RETURN(const Project* const project,
                                   VisibleProject(*state, call.caller, request.project_id()));
          KOBLING_ASSIGN_OR_RETURN(const records::SourceRecord* const source, OwnSource(*project, call.caller));
          KOBLING_RETURN_IF_ERROR(CheckState(project->rows.project, records::PROJECT_STATE_RECORD_ACTIVE));
          KOBLING_RETURN_IF_ERROR(CheckMadeHere(project->rows.project));
          if (!source->defines_population()) {
            return MakeError(Reason::kSourceNotDefining, {{DetailKey::kProject, request.project_id()}});
          }
          record = project->rows.project;
          for (const records::SubmissionRecord& submission : project->rows.submissions) {
            if (!submission.withdrawn() && submission.register_id() == call.caller.id.text()) {
              own.push_back(submission);
            }
          }
        }
        records::SourceProgressRecord& progress = MutableProgressOf(record, call.caller.id.text());
        if (progress.locked()) {
          return MakeError(Reason::kSourceLocked, {{DetailKey::kProject, record.id()}});
        }
        if (own.empty()) {
          return MakeError(Reason::kPopulationEmpty, {{DetailKey::kProject, record.id()}});
        }
        change.event.changes = {{"complete", progress.complete() ? "yes" : "no", "yes"}};
        progress.set_complete(true);
        change.Put(record);
        storage::NumberSet identifiers;
        for (const records::SubmissionRecord& submission : own) {
          KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet set, core_.sets.Get(submission.index_set()));
          identifiers |= set;
        }
        api::CompletePopulationResponse response;
        response.set_submissions(static_cast<std::uint32_t>(own.size()));
        response.set_identifiers(identifiers.cardinality());
        change.event.project = record.id();
        change.event.register_id = call.caller.id.text();
        change.event.counts = {{"submissions", own.size()}, {"identifiers", identifiers.cardinality()}};
        return response;
      });
}

}  // namespace kobling::server
