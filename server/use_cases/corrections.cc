#include "server/use_cases/corrections.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

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

absl::StatusOr<Findings> Examine(const Core& core, const storage::ProjectRows& project) {
  Findings findings;
  findings.map_version = core.identities.version();
  KOBLING_ASSIGN_OR_RETURN(const storage::IssuedNumbers issued, IssuedBefore(core, project, kNow));
  findings.settlement = core.identities.Settle(issued);
  storage::IssuedNumbers settled = issued;
  settled.retirements.push_back({.retired = findings.settlement.retired,
                                 .staying = findings.settlement.staying,
                                 .map_version = findings.map_version});
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet confirmed, ConfirmedConcerned(core, project));
  std::set<std::string> register_ids;
  for (const records::KeyFileRecord& key_file : project.key_files) {
    register_ids.insert(key_file.register_id());
  }
  for (const std::string& register_id : register_ids) {
    const std::vector<records::KeyFileRecord> fetched = FetchedBy(project, register_id);
    storage::NumberSet rows;
    for (const records::KeyFileRecord& key_file : fetched) {
      KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet set, core.sets.Get(key_file.set()));
      rows |= set;
    }
    KOBLING_ASSIGN_OR_RETURN(const ToldNumbers told, ToldNumbers::Read(core, project, fetched, rows));
    const storage::RepresentativeTable now = core.identities.RepresentativesOf(issued, told.identifiers());
    const storage::RepresentativeTable then = core.identities.RepresentativesOf(settled, told.identifiers());
    WaitingRegister one{.register_id = register_id, .confirmed = {}, .waiting = {}};
    for (const std::uint32_t identifier : told.identifiers()) {
      const std::uint32_t before = told.ToCorrect(identifier);
      if (confirmed.contains(identifier) && before != now.Of(identifier)) {
        one.confirmed.add(identifier);
      } else if (before != then.Of(identifier)) {
        one.waiting.add(identifier);
      }
    }
    if (!one.confirmed.isEmpty() || !one.waiting.isEmpty()) {
      findings.registers.push_back(std::move(one));
    }
  }
  return findings;
}

bool IsNothing(const Findings& findings) {
  return findings.settlement.retired.isEmpty() && findings.Waiting().isEmpty();
}

// Whether nobody waits for a file of the correction.
bool IsSent(const storage::ProjectRows& rows, const records::CorrectionRecord& correction) {
  const auto& registers = correction.registers();
  return correction.state() != records::CORRECTION_STATE_RECORD_CONFIRMED ||
         std::all_of(registers.begin(), registers.end(), [&](const std::string& register_id) {
           return std::any_of(rows.key_files.begin(), rows.key_files.end(), [&](const auto& key_file) {
             return IsCorrection(key_file) && key_file.register_id() == register_id &&
                    key_file.event_index() > correction.event_index() && key_file.has_first_fetched();
           });
         });
}

// Whether something may wait in the project, without looking at what each register was told.
bool MayWait(const Core& core, const Project& project) {
  const storage::ProjectRows& rows = project.rows;
  if (rows.key_files.empty() || rows.project.state() != records::PROJECT_STATE_RECORD_ACTIVE) {
    return false;
  }
  std::uint64_t map_version = rows.key_files.front().map_version();
  for (const records::KeyFileRecord& key_file : rows.key_files) {
    map_version = std::min(map_version, key_file.map_version());
  }
  const records::CorrectionRecord* confirmed = nullptr;
  for (const records::CorrectionRecord& correction : rows.corrections) {
    if (correction.state() == records::CORRECTION_STATE_RECORD_PROPOSED || !IsSent(rows, correction)) {
      return true;
    }
    if (correction.state() == records::CORRECTION_STATE_RECORD_CONFIRMED) {
      map_version = correction.map_version();
      confirmed = &correction;
    }
  }
  // What was issued before the last correction and fetched after it was proposed is not in it.
  const bool was_told_late =
      confirmed != nullptr && std::any_of(rows.key_files.begin(), rows.key_files.end(), [&](const auto& key_file) {
        return key_file.event_index() < confirmed->event_index() && key_file.has_first_fetched() &&
               key_file.first_fetched().time_us() > confirmed->proposed().time_us();
      });
  return was_told_late || !core.identities.ChangedSince(map_version, EverybodyIn(project)).isEmpty();
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
  KOBLING_RETURN_IF_ERROR(CheckRunning(project->rows.project, DateText(DayOf(core.clock.Now()))));
  KOBLING_RETURN_IF_ERROR(CheckMadeHere(project->rows.project));
  return project->rows;
}

absl::StatusOr<records::CorrectionRecord> FindProposed(const storage::ProjectRows& rows, std::uint32_t number) {
  for (const records::CorrectionRecord& correction : rows.corrections) {
    if (correction.number() == number && correction.state() == records::CORRECTION_STATE_RECORD_PROPOSED) {
      return correction;
    }
  }
  return MakeError(Reason::kCorrectionNotFound,
                   {{DetailKey::kProject, rows.project.id()}, {DetailKey::kPosition, std::uint64_t{number}}});
}

void DescribeCorrection(const records::CorrectionRecord& record, const std::string& reason, storage::Event& event) {
  event.project = record.project_id();
  event.object = CorrectionObject(record.number());
  event.reason = reason;
  event.counts = {{"merged_persons", record.merged_persons()}, {"identifiers", record.identifiers()}};
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
  api::ListCorrectionsResponse response;
  storage::ProjectRows rows;
  {
    const State::View state = core_.state.Read();
    if (!request.project_id().empty()) {
      KOBLING_RETURN_IF_ERROR(VisibleProject(*state, call.caller, request.project_id()).status());
    }
    for (const auto& [id, project] : state->projects) {
      if (!request.project_id().empty() && request.project_id() != id) {
        continue;
      }
      for (const records::CorrectionRecord& correction : project.rows.corrections) {
        *response.add_corrections() = ToApi(correction);
      }
      if (request.project_id() == id) {
        rows = project.rows;
      } else if (MayWait(core_, project)) {
        response.add_projects_to_review(id);
      }
    }
  }
  if (rows.project.state() == records::PROJECT_STATE_RECORD_ACTIVE) {
    KOBLING_ASSIGN_OR_RETURN(const Findings findings, Examine(core_, rows));
    for (const WaitingRegister& one : findings.registers) {
      api::RegisterCorrection& line = *response.add_registers();
      line.set_project_id(request.project_id());
      line.set_register_id(one.register_id);
      line.set_confirmed_rows(one.confirmed.cardinality());
      line.set_waiting_rows(one.waiting.cardinality());
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
  KOBLING_ASSIGN_OR_RETURN(const storage::ProjectRows planned, OpenProject(core_, call, request.project_id()));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
  KOBLING_ASSIGN_OR_RETURN(const Findings findings, Examine(core_, planned));
  return ChangeOnce<api::Correction>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Correction> {
    KOBLING_ASSIGN_OR_RETURN(const storage::ProjectRows rows, OpenProject(core_, call, request.project_id()));
    for (const records::CorrectionRecord& other : rows.corrections) {
      if (other.state() == records::CORRECTION_STATE_RECORD_PROPOSED) {
        return MakeError(Reason::kCorrectionPending, {{DetailKey::kProject, request.project_id()},
                                                      {DetailKey::kPosition, std::uint64_t{other.number()}}});
      }
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
    DescribeCorrection(record, request.reason(), change.event);
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
      return MakeError(Reason::kSameIdentity, {{DetailKey::kPosition, std::uint64_t{request.number()}}});
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
    DescribeCorrection(record, request.reason(), change.event);
    return ToApi(record);
  });
}

absl::StatusOr<api::Correction> Corrections::Reject(const Call& call,
                                                    const api::RejectCorrectionRequest& request) const {
  return ChangeOnce<api::Correction>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Correction> {
    KOBLING_ASSIGN_OR_RETURN(const storage::ProjectRows rows, OpenProject(core_, call, request.project_id()));
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_ASSIGN_OR_RETURN(records::CorrectionRecord record, FindProposed(rows, request.number()));
    record.set_state(records::CORRECTION_STATE_RECORD_REJECTED);
    *record.mutable_decided() = MakeMark(core_, call, request.reason());
    change.Put(record);
    DescribeCorrection(record, request.reason(), change.event);
    return ToApi(record);
  });
}

}  // namespace kobling::server
