#include "server/use_cases/corrections.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/event_sets.h"
#include "server/core/project_case.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

std::string CorrectionObject(std::uint32_t number) { return "correction " + std::to_string(number); }

// What a register was told otherwise than it would be now.
struct WaitingRegister {
  std::string register_id;
  storage::NumberSet confirmed;  // a correction file may tell of these
  storage::NumberSet waiting;    // somebody has to propose or confirm it first
};

// What a correction would do now.
struct Findings {
  std::uint64_t map_version = 0;
  storage::Settlement settlement;
  std::vector<WaitingRegister> registers;

  storage::NumberSet Waiting() const {
    storage::NumberSet all;
    for (const WaitingRegister& one : registers) {
      all |= one.waiting;
    }
    return all;
  }
};

// What one register was told, against what the project would tell now and after the settlement.
WaitingRegister Compare(const Core& core, const std::string& register_id, const ToldNumbers& told,
                        const storage::NumberSet& confirmed, const storage::IssuedNumbers& issued,
                        const storage::IssuedNumbers& settled) {
  const storage::RepresentativeTable now = core.identities.RepresentativesOf(issued, told.identifiers());
  const storage::RepresentativeTable then = core.identities.RepresentativesOf(settled, told.identifiers());
  WaitingRegister one{.register_id = register_id, .confirmed = {}, .waiting = {}};
  for (const std::uint32_t identifier : told.identifiers()) {
    const auto differs = [&](std::uint32_t right) { return told.ToCorrect(identifier, right) != right; };
    if (confirmed.contains(identifier) && differs(now.Of(identifier))) {
      one.confirmed.add(identifier);
    } else if (differs(then.Of(identifier))) {
      one.waiting.add(identifier);
    }
  }
  return one;
}

// What a correction would do in each of the projects. The identity history is gone through once for all of them.
absl::StatusOr<std::vector<Findings>> Examine(const Core& core, const std::vector<storage::ProjectRows>& projects) {
  std::vector<Findings> all(projects.size());
  std::vector<storage::IssuedNumbers> issued(projects.size());  // of those with a history: there may be many projects
  std::vector<ToldNumbers::FilesOfRegister> files;
  std::vector<std::pair<std::size_t, std::string>> owners;  // the project and the register of each
  const std::uint64_t map_version = core.identities.version();
  for (std::size_t i = 0; i < projects.size(); ++i) {
    KOBLING_ASSIGN_OR_RETURN(issued[i], IssuedBefore(core, projects[i], kNow));
    issued[i].issued = core.identities.WithHistory(issued[i].issued);
    std::set<std::string> register_ids;
    for (const records::KeyFileRecord& key_file : projects[i].key_files) {
      const records::SourceRecord* const source =
          FindSource(projects[i].project.project_case(), key_file.register_id());
      if (source != nullptr && !source->withdrawn()) {  // who has left the project gets no more files
        register_ids.insert(key_file.register_id());
      }
    }
    for (const std::string& register_id : register_ids) {
      files.push_back({&projects[i], FetchedBy(projects[i], register_id), &issued[i].issued});
      owners.emplace_back(i, register_id);
    }
  }
  KOBLING_ASSIGN_OR_RETURN(const std::vector<ToldNumbers> told, ToldNumbers::ReadAll(core, files));
  std::size_t at = 0;
  for (std::size_t i = 0; i < projects.size(); ++i) {
    Findings& findings = all[i];
    findings.map_version = map_version;
    findings.settlement = core.identities.Settle(issued[i]);
    storage::IssuedNumbers settled = issued[i];
    settled.retirements.push_back({.retired = findings.settlement.retired,
                                   .staying = findings.settlement.staying,
                                   .map_version = findings.map_version});
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet confirmed, ConfirmedConcerned(core, projects[i]));
    for (; at < owners.size() && owners[at].first == i; ++at) {
      WaitingRegister one = Compare(core, owners[at].second, told[at], confirmed, issued[i], settled);
      if (!one.confirmed.isEmpty() || !one.waiting.isEmpty()) {
        findings.registers.push_back(std::move(one));
      }
    }
  }
  return all;
}

bool IsProposed(const records::CorrectionRecord& correction) {
  return correction.state() == records::CORRECTION_STATE_RECORD_PROPOSED;
}

bool IsAnyProposed(const storage::ProjectRows& rows) {
  return std::any_of(rows.corrections.begin(), rows.corrections.end(), IsProposed);
}

// Nothing is to be proposed.
bool IsNothing(const Findings& findings) {
  return findings.settlement.retired.isEmpty() && findings.Waiting().isEmpty();
}

// A correction can be proposed and decided in the project.
absl::Status CheckCorrectable(const Core& core, const storage::ProjectRows& rows) {
  KOBLING_RETURN_IF_ERROR(CheckRunning(rows.project, DateText(DayOf(core.clock.Now()))));
  return CheckMadeHere(rows.project);
}

// Whether anything can wait in the project: a proposal, or somebody in it has changed since its first key file.
bool MayWait(const Core& core, const storage::ProjectRows& rows, const storage::NumberSet& everybody) {
  if (rows.key_files.empty() || !CheckCorrectable(core, rows).ok()) {
    return false;
  }
  if (IsAnyProposed(rows)) {
    return true;
  }
  std::uint64_t map_version = rows.key_files.front().map_version();
  for (const records::KeyFileRecord& key_file : rows.key_files) {
    map_version = std::min(map_version, key_file.map_version());
  }
  return !core.identities.ChangedSince(map_version, everybody).isEmpty();
}

api::Correction ToApi(const records::CorrectionRecord& record) {
  api::Correction correction;
  correction.set_project_id(record.project_id());
  correction.set_number(record.number());
  correction.set_state(static_cast<api::CorrectionState>(static_cast<int>(record.state())));
  correction.set_map_version(record.map_version());
  correction.set_merged_persons(record.merged_persons());
  correction.set_identifiers(record.identifiers());
  *correction.mutable_proposed() = server::ToApi(record.proposed());
  if (record.has_decided()) {
    *correction.mutable_decided() = server::ToApi(record.decided());
  }
  return correction;
}

// The project's rows, if a correction can be proposed or decided in it.
absl::StatusOr<storage::ProjectRows> OpenProject(const Core& core, const Call& call, const std::string& project_id) {
  const State::View state = core.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, project_id));
  KOBLING_RETURN_IF_ERROR(CheckCorrectable(core, project->rows));
  return project->rows;
}

absl::StatusOr<records::CorrectionRecord> FindProposed(const storage::ProjectRows& rows, std::uint32_t number) {
  for (const records::CorrectionRecord& correction : rows.corrections) {
    if (correction.number() == number && IsProposed(correction)) {
      return correction;
    }
  }
  return MakeError(Reason::kCorrectionNotFound,
                   {{DetailKey::kProject, rows.project.id()}, {DetailKey::kCorrection, std::uint64_t{number}}});
}

void DescribeCorrection(const Core& core, const records::CorrectionRecord& record, const std::string& reason,
                        transparency::Event& event) {
  event.project = record.project_id();
  event.object = CorrectionObject(record.number());
  event.reason = reason;
  event.counts = {{"merged_persons", record.merged_persons()}, {"identifiers", record.identifiers()}};
  DescribeSet(core, "retired_set", record.retired_set(), event);
  DescribeSet(core, "concerned_set", record.concerned_set(), event);
}

// The answer to the request if it was answered before. What comes before a change may take a second, and may be refused
// because the change was made.
template <typename Response, typename Request>
absl::StatusOr<std::optional<Response>> AnsweredBefore(const Core& core, const Call& call, const Request& request) {
  KOBLING_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const std::string digest = RequestDigest(core, call, request.SerializeAsString());
  KOBLING_ASSIGN_OR_RETURN(const auto earlier, EarlierAnswer(core, call, request.request_id(), digest));
  if (!earlier.has_value()) {
    return std::nullopt;
  }
  return ParseAnswer<Response>(*earlier);
}

}  // namespace

absl::StatusOr<api::ListCorrectionsResponse> Corrections::List(const Call& call,
                                                               const api::ListCorrectionsRequest& request) const {
  return request.project_id().empty() ? ListAll() : ListOne(call, request.project_id());
}

absl::StatusOr<api::ListCorrectionsResponse> Corrections::ListOne(const Call& call,
                                                                  const std::string& project_id) const {
  const std::lock_guard lock(examine_mutex_);
  std::vector<storage::ProjectRows> rows(1);
  {
    const State::View state = core_.state.Read();
    KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, project_id));
    rows.front() = project->rows;
  }
  api::ListCorrectionsResponse response;
  for (const records::CorrectionRecord& correction : rows.front().corrections) {
    *response.add_corrections() = ToApi(correction);
  }
  if (!CheckCorrectable(core_, rows.front()).ok()) {
    return response;
  }
  KOBLING_ASSIGN_OR_RETURN(const std::vector<Findings> findings, Examine(core_, rows));
  for (const WaitingRegister& one : findings.front().registers) {
    api::RegisterCorrection& line = *response.add_registers();
    line.set_project_id(project_id);
    line.set_register_id(one.register_id);
    line.set_confirmed_rows(one.confirmed.cardinality());
    line.set_waiting_rows(one.waiting.cardinality());
  }
  return response;
}

absl::StatusOr<api::ListCorrectionsResponse> Corrections::ListAll() const {
  // Others who ask for all projects meanwhile are not kept waiting: enough of them would take every thread.
  const std::unique_lock lock(examine_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) {
    return MakeError(Reason::kServerBusy);
  }
  std::vector<std::string> ids;
  {
    const State::View state = core_.state.Read();
    for (const auto& [id, project] : state->projects) {
      ids.push_back(id);
    }
  }
  api::ListCorrectionsResponse response;
  std::vector<storage::ProjectRows> doubtful;
  for (const std::string& id : ids) {
    storage::ProjectRows rows;
    storage::NumberSet everybody;
    {  // one project at a time, so that nobody waits for all of them
      const State::View state = core_.state.Read();
      const Project& project = *FindProject(*state, id);
      rows = project.rows;
      everybody = EverybodyIn(project);
    }
    for (const records::CorrectionRecord& correction : rows.corrections) {
      *response.add_corrections() = ToApi(correction);
    }
    if (MayWait(core_, rows, everybody)) {
      doubtful.push_back(std::move(rows));
    }
  }
  KOBLING_ASSIGN_OR_RETURN(const std::vector<Findings> findings, Examine(core_, doubtful));
  for (std::size_t i = 0; i < doubtful.size(); ++i) {
    if (IsAnyProposed(doubtful[i]) || !IsNothing(findings[i]) || !findings[i].registers.empty()) {
      response.add_projects_to_review(doubtful[i].project.id());
    }
  }
  return response;
}

absl::StatusOr<api::Correction> Corrections::Propose(const Call& call,
                                                     const api::ProposeCorrectionRequest& request) const {
  KOBLING_ASSIGN_OR_RETURN(const auto answered, AnsweredBefore<api::Correction>(core_, call, request));
  if (answered.has_value()) {
    return *answered;
  }
  KOBLING_RETURN_IF_ERROR(OpenProject(core_, call, request.project_id()).status());
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
  storage::ProjectRows examined;
  Findings findings;
  {
    const std::lock_guard lock(examine_mutex_);
    KOBLING_ASSIGN_OR_RETURN(examined, OpenProject(core_, call, request.project_id()));
    KOBLING_ASSIGN_OR_RETURN(std::vector<Findings> all, Examine(core_, {examined}));
    findings = std::move(all.front());
  }
  return ChangeOnce<api::Correction>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Correction> {
    KOBLING_ASSIGN_OR_RETURN(const storage::ProjectRows rows, OpenProject(core_, call, request.project_id()));
    for (const records::CorrectionRecord& other : rows.corrections) {
      if (IsProposed(other)) {
        return MakeError(Reason::kCorrectionPending, {{DetailKey::kProject, request.project_id()},
                                                      {DetailKey::kCorrection, std::uint64_t{other.number()}}});
      }
    }
    if (!std::equal(rows.corrections.begin(), rows.corrections.end(), examined.corrections.begin(),
                    examined.corrections.end(), [](const auto& a, const auto& b) { return a.state() == b.state(); })) {
      return MakeError(Reason::kPreconditionFailed, {{DetailKey::kProject, request.project_id()}});
    }
    if (IsNothing(findings)) {
      return MakeError(Reason::kNothingToCorrect, {{DetailKey::kProject, request.project_id()}});
    }
    const storage::NumberSet concerned = findings.Waiting();
    records::CorrectionRecord record;
    for (const WaitingRegister& one : findings.registers) {
      record.add_registers(one.register_id);
    }
    record.set_project_id(request.project_id());
    record.set_number(static_cast<std::uint32_t>(rows.corrections.size()) + 1);
    record.set_state(records::CORRECTION_STATE_RECORD_PROPOSED);
    record.set_map_version(findings.map_version);
    record.set_merged_persons(findings.settlement.persons);
    record.set_identifiers(concerned.cardinality());
    *record.mutable_proposed() = MakeMark(core_, call, request.reason());
    KOBLING_ASSIGN_OR_RETURN(*record.mutable_retired_set(), core_.sets.Put(findings.settlement.retired, change.batch));
    KOBLING_ASSIGN_OR_RETURN(*record.mutable_staying_set(), core_.sets.Put(findings.settlement.staying, change.batch));
    KOBLING_ASSIGN_OR_RETURN(*record.mutable_concerned_set(), core_.sets.Put(concerned, change.batch));
    change.Put(record);
    DescribeCorrection(core_, record, request.reason(), change.event);
    return ToApi(record);
  });
}

absl::StatusOr<api::Correction> Corrections::Confirm(const Call& call,
                                                     const api::ConfirmCorrectionRequest& request) const {
  return ChangeOnce<api::Correction>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Correction> {
    KOBLING_ASSIGN_OR_RETURN(const storage::ProjectRows rows, OpenProject(core_, call, request.project_id()));
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_ASSIGN_OR_RETURN(records::CorrectionRecord record, FindProposed(rows, request.number()));
    if (record.proposed().actor() == call.caller.id.text()) {
      return MakeError(Reason::kSameIdentity, {{DetailKey::kCorrection, std::uint64_t{request.number()}}});
    }
    // Nobody confirms what was not proposed: whoever has changed since is left for another correction.
    KOBLING_ASSIGN_OR_RETURN(storage::NumberSet retired, core_.sets.Get(record.retired_set()));
    KOBLING_ASSIGN_OR_RETURN(storage::NumberSet concerned, core_.sets.Get(record.concerned_set()));
    const storage::NumberSet changed = core_.identities.ChangedSince(record.map_version(), retired | concerned);
    retired -= changed;
    concerned -= changed;
    if (retired.isEmpty() && concerned.isEmpty()) {
      return MakeError(Reason::kCorrectionStale, {{DetailKey::kProject, request.project_id()}});
    }
    KOBLING_ASSIGN_OR_RETURN(*record.mutable_changed_set(), core_.sets.Put(changed, change.batch));
    record.set_merged_persons(core_.identities.CountPersons(retired));
    record.set_identifiers(concerned.cardinality());
    record.set_state(records::CORRECTION_STATE_RECORD_CONFIRMED);
    record.set_event_index(core_.committer.NextEventIndex());
    *record.mutable_decided() = MakeMark(core_, call, request.reason());
    change.Put(record);
    DescribeCorrection(core_, record, request.reason(), change.event);
    return ToApi(record);
  });
}

absl::StatusOr<api::Correction> Corrections::Reject(const Call& call,
                                                    const api::RejectCorrectionRequest& request) const {
  return ChangeOnce<api::Correction>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Correction> {
    // Also after the end, when nothing can be confirmed any more.
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    records::CorrectionRecord record;
    {
      const State::View state = core_.state.Read();
      KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
      KOBLING_ASSIGN_OR_RETURN(record, FindProposed(project->rows, request.number()));
    }
    record.set_state(records::CORRECTION_STATE_RECORD_REJECTED);
    *record.mutable_decided() = MakeMark(core_, call, request.reason());
    change.Put(record);
    DescribeCorrection(core_, record, request.reason(), change.event);
    return ToApi(record);
  });
}

}  // namespace kobling::server
