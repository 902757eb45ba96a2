#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/event_sets.h"
#include "server/core/project_case.h"
#include "server/use_cases/population.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr int kMaxColumns = 20;
constexpr std::size_t kMaxColumnName = 100;

absl::Status CheckHeader(const api::SubmitHeader& header) {
  KOBLING_RETURN_IF_ERROR(CheckRequestId(header.request_id()));
  if (header.columns().empty() || header.columns_size() > kMaxColumns) {
    return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "columns"}, {DetailKey::kLimit, kMaxColumns}});
  }
  for (const std::string& column : header.columns()) {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("columns", column, kMaxColumnName));
  }
  return absl::OkStatus();
}

void AddCounts(const api::StreamCounts& counts, transparency::Event& event) {
  event.counts.insert(event.counts.end(), {{"rows", counts.rows()},
                                           {"kept_back", counts.kept_back()},
                                           {"duplicates", counts.duplicates()},
                                           {"identifiers", counts.identifiers()},
                                           {"relatives", counts.relatives()}});
  std::uint64_t faults = 0;
  for (const api::FaultCount& fault : counts.faults()) {
    faults += fault.rows();
  }
  event.counts.emplace_back("faults", faults);
}

// A submission of the register that stands and has the same people.
const records::SubmissionRecord* FindEqual(const Project& project, const records::SubmissionRecord& wanted) {
  const auto found = std::find_if(
      project.rows.submissions.begin(), project.rows.submissions.end(), [&](const records::SubmissionRecord& other) {
        return !other.withdrawn() && other.register_id() == wanted.register_id() &&
               other.index_set() == wanted.index_set() && other.relative_set() == wanted.relative_set();
      });
  return found == project.rows.submissions.end() ? nullptr : &*found;
}

}  // namespace

SubmissionStream::SubmissionStream(const Core& core, const Call& call, StreamContext context,
                                   const api::SubmitHeader& header)
    : core_(core),
      call_(call),
      header_(header),
      identifiers_(core.directory, context.rules, context.rows_in_use,
                   {core.config.limits.max_stream_rows, static_cast<std::uint32_t>(header.columns_size()),
                    RequiredCatalogue(core)}) {}

absl::StatusOr<std::unique_ptr<SubmissionStream>> SubmissionStream::Begin(const Core& core, const Call& call,
                                                                          StreamContext context,
                                                                          const api::SubmitHeader& header) {
  {
    // Authorised before anything else is looked at.
    const State::View state = core.state.Read();
    KOBLING_RETURN_IF_ERROR(VisibleProject(*state, call.caller, header.project_id()).status());
  }
  KOBLING_RETURN_IF_ERROR(CheckHeader(header));
  std::unique_ptr<SubmissionStream> stream(new SubmissionStream(core, call, context, header));
  KOBLING_ASSIGN_OR_RETURN(const auto answered,
                           storage::RequestLedger::Get(core.store, call.caller.id.text(), header.request_id()));
  if (!answered.has_value()) {  // a repeated request gets its answer even if the project has moved on
    KOBLING_RETURN_IF_ERROR(stream->CheckOpen().status());
  }
  return stream;
}

absl::Status SubmissionStream::Add(const api::IdentifierBatch& batch, std::vector<api::RowFault>& faults) {
  return identifiers_.Add(batch, faults);
}

absl::StatusOr<records::ProjectRecord> SubmissionStream::CheckOpen() const {
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call_.caller, header_.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const records::SourceRecord* const source, OwnSource(*project, call_.caller));
  const records::ProjectRecord& record = project->rows.project;
  KOBLING_RETURN_IF_ERROR(CheckRunning(record, DateText(DayOf(core_.clock.Now()))));
  if (!source->defines_population()) {
    return MakeError(Reason::kSourceNotDefining, {{DetailKey::kProject, record.id()}});
  }
  const records::SourceProgressRecord progress = ProgressOf(record, source->register_id());
  if (progress.locked()) {
    return MakeError(Reason::kSourceLocked, {{DetailKey::kProject, record.id()}});
  }
  if (progress.complete()) {
    return MakeError(Reason::kPopulationComplete, {{DetailKey::kProject, record.id()}});
  }
  return record;
}

absl::Status SubmissionStream::CheckWhole(const api::SubmitCommit& commit) const {
  if (commit.rows_per_column_size() != header_.columns_size()) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kField, "rows_per_column"}});
  }
  for (int column = 0; column < commit.rows_per_column_size(); ++column) {
    if (commit.rows_per_column(column) != identifiers_.rows(static_cast<std::uint32_t>(column))) {
      return MakeError(Reason::kStreamProtocol, {{DetailKey::kColumn, static_cast<std::uint64_t>(column)}});
    }
  }
  const std::uint64_t bad =
      identifiers_.faulty_rows() + std::max(commit.kept_back(), identifiers_.kept_back_index_rows());
  if (header_.refuse_invalid() && bad > 0) {
    return MakeError(Reason::kInvalidRowsRefused, {{DetailKey::kCount, bad}});
  }
  return absl::OkStatus();
}

absl::StatusOr<api::SubmitResponse> SubmissionStream::Commit(const api::SubmitCommit& commit) {
  KOBLING_RETURN_IF_ERROR(CheckWhole(commit));
  StreamedIdentifiers stream = identifiers_.Finish();
  if (stream.counts.identifiers() == 0) {
    return MakeError(Reason::kNothingValid, {{DetailKey::kProject, header_.project_id()}});
  }
  if (header_.dry_run()) {
    // The approved number is not checked: an answer to that, without a trace, would tell who is already in the project.
    api::SubmitResponse response;
    response.mutable_result()->set_project_id(header_.project_id());
    response.mutable_result()->set_register_id(call_.caller.id.text());
    response.mutable_result()->set_state(api::SUBMISSION_STATE_DRY_RUN);
    *response.mutable_result()->mutable_counts() = stream.counts;
    *response.mutable_result()->mutable_columns() = header_.columns();
    return response;
  }
  std::optional<std::string> earlier;
  std::optional<absl::Status> refused;
  api::SubmitResponse response;
  const absl::Status status = core_.committer.Commit([&](Change& change) -> absl::Status {
    ResolveStrangers(core_.directory, stream);
    // Refused before numbers are sealed: that is work for as long as the stream is, and everybody else waits.
    KOBLING_ASSIGN_OR_RETURN(const auto answered,
                             storage::RequestLedger::Get(core_.store, call_.caller.id.text(), header_.request_id()));
    if (!answered.has_value()) {
      KOBLING_ASSIGN_OR_RETURN(records::ProjectRecord project, CheckOpen());
      if (PassesApprovedNumber(stream)) {
        refused = MakeError(Reason::kBudgetExceeded, {{DetailKey::kProject, header_.project_id()}});
        LockSource(std::move(project), change);
        return absl::OkStatus();
      }
    }
    KOBLING_ASSIGN_OR_RETURN(NumberedIdentifiers numbered, NumberIdentifiers(core_, stream));
    const std::string digest =
        RequestDigest(core_, call_, header_.SerializeAsString() + numbered.index_id + '/' + numbered.relative_id);
    KOBLING_ASSIGN_OR_RETURN(earlier, EarlierAnswer(core_, call_, header_.request_id(), digest));
    if (earlier.has_value()) {
      return NothingToChange();
    }
    FillEvent(change.event);
    AddCounts(stream.counts, change.event);
    KOBLING_ASSIGN_OR_RETURN(response, Store(std::move(numbered), stream.counts, change));
    RememberAnswer(core_, call_, header_.request_id(), digest, response.SerializeAsString(), change);
    return absl::OkStatus();
  });
  if (earlier.has_value()) {
    return ParseAnswer<api::SubmitResponse>(*earlier);
  }
  KOBLING_RETURN_IF_ERROR(status);
  if (refused.has_value()) {
    return *refused;
  }
  return response;
}

void SubmissionStream::FillEvent(transparency::Event& event) const {
  event = MakeEvent(call_);
  event.request_id = header_.request_id();
  event.project = header_.project_id();
  event.register_id = call_.caller.id.text();
}

bool SubmissionStream::PassesApprovedNumber(const StreamedIdentifiers& stream) const {
  const State::View state = core_.state.Read();
  const Project& project = *FindProject(*state, header_.project_id());
  const std::uint64_t known =
      core_.identities.CountPersonsInEither(EverybodyIn(project), stream.index | stream.relatives);
  // A stranger has no other identifier that the directory knows, so each is a person.
  return known + stream.strangers.size() > project.rows.project.project_case().approved_persons();
}

void SubmissionStream::LockSource(records::ProjectRecord project, Change& change) const {
  const std::uint64_t approved = project.project_case().approved_persons();
  MutableProgressOf(project, call_.caller.id.text()).set_locked(true);
  change.Put(project);
  FillEvent(change.event);
  change.event.operation = "population.lock-source";
  change.event.counts = {{"approved_persons", approved}};
  change.event.changes = {{"locked", "no", "yes"}};
}

absl::StatusOr<api::SubmitResponse> SubmissionStream::Store(NumberedIdentifiers numbered,
                                                            const api::StreamCounts& counts, Change& change) const {
  records::SubmissionRecord record;
  record.set_project_id(header_.project_id());
  record.set_register_id(call_.caller.id.text());
  record.set_index_set(numbered.index_id);
  record.set_relative_set(numbered.relative_id);
  api::SubmitResponse response;
  {
    const State::View state = core_.state.Read();
    const Project& project = *FindProject(*state, header_.project_id());
    if (const records::SubmissionRecord* equal = FindEqual(project, record); equal != nullptr) {
      change.event.object = "submission " + std::to_string(equal->number());
      *response.mutable_result() = ToApi(*equal);
      response.set_already_submitted(true);
      return response;
    }
    const auto own = std::count_if(project.rows.submissions.begin(), project.rows.submissions.end(),
                                   [&](const auto& other) { return other.register_id() == record.register_id(); });
    record.set_number(static_cast<std::uint32_t>(own) + 1);
  }
  KOBLING_RETURN_IF_ERROR(core_.sets.Put(numbered.index, change.batch).status());
  KOBLING_RETURN_IF_ERROR(core_.sets.Put(numbered.relatives, change.batch).status());
  *record.mutable_counts() = ToRecord(counts);
  *record.mutable_columns() = header_.columns();
  *record.mutable_submitted() = MakeMark(core_, call_);
  change.event.object = "submission " + std::to_string(record.number());
  DescribeSet(core_, "index_set", record.index_set(), change.event);
  DescribeSet(core_, "relative_set", record.relative_set(), change.event);
  change.Put(record);
  change.Then([project = header_.project_id(), index = std::move(numbered.index),
               relatives = std::move(numbered.relatives)](StateData& state) {
    state.projects[project].index |= index;
    state.projects[project].relatives |= relatives;
    state.projects[project].former -= index;
    state.projects[project].former -= relatives;
  });
  PublishNumbers(core_, numbered, change);
  *response.mutable_result() = ToApi(record);
  return response;
}

}  // namespace kobling::server
