#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/event_sets.h"
#include "server/core/project_case.h"
#include "server/core/source_rows.h"
#include "server/use_cases/key_files.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// More than one faulty row in 200 looks like numbers made up rather than held; below this many rows chance decides.
constexpr std::uint64_t kFaultyShare = 200;
constexpr std::uint64_t kFewRows = 1000;

std::string MatchObject(std::uint32_t number) { return "match " + std::to_string(number); }

// The newest window of the source, or null.
const records::MatchRecord* Newest(const Project& project, std::string_view register_id) {
  const records::MatchRecord* newest = nullptr;
  for (const records::MatchRecord& match : project.rows.matches) {
    if (match.register_id() == register_id) {
      newest = &match;
    }
  }
  return newest;
}

std::string ParkedBecause(const records::MatchRecord& window, const api::StreamCounts& counts) {
  if (counts.rows() > window.max_rows()) {
    return "more rows than the window allows";
  }
  std::uint64_t faulty = 0;
  for (const api::FaultCount& fault : counts.faults()) {
    faulty += fault.rows();
  }
  if (counts.rows() >= kFewRows && faulty * kFaultyShare > counts.rows()) {
    return "many rows are no valid identifiers, or nobody's";
  }
  return {};
}

}  // namespace

MatchStream::MatchStream(const Core& core, const Call& call, StreamContext context, const api::MatchHeader& header)
    : core_(core),
      call_(call),
      header_(header),
      content_(core.keys.digest.Start("match")),
      identifiers_(core.directory, context.rules, context.rows_in_use,
                   {core.config.limits.max_stream_rows, 1, RequiredCatalogue(core)}) {}

absl::StatusOr<std::unique_ptr<MatchStream>> MatchStream::Begin(const Core& core, const Call& call,
                                                                StreamContext context, const api::MatchHeader& header) {
  {
    const State::View state = core.state.Read();
    KOBLING_RETURN_IF_ERROR(VisibleProject(*state, call.caller, header.project_id()).status());
  }
  KOBLING_RETURN_IF_ERROR(CheckRequestId(header.request_id()));
  std::unique_ptr<MatchStream> stream(new MatchStream(core, call, context, header));
  KOBLING_ASSIGN_OR_RETURN(const auto answered,
                           storage::RequestLedger::Get(core.store, call.caller.id.text(), header.request_id()));
  if (!answered.has_value()) {
    KOBLING_ASSIGN_OR_RETURN(const records::MatchRecord window, stream->OpenWindow());
    stream->window_ = window.number();
  }
  return stream;
}

absl::Status MatchStream::Add(const api::IdentifierBatch& batch, std::vector<api::RowFault>& faults) {
  content_.Update(
      std::span(reinterpret_cast<const std::uint8_t*>(batch.identifiers().data()), batch.identifiers().size()));
  return identifiers_.Add(batch, faults);
}

absl::StatusOr<records::MatchRecord> MatchStream::OpenWindow() const {
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call_.caller, header_.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const records::SourceRecord* const source, OwnSource(*project, call_.caller));
  KOBLING_RETURN_IF_ERROR(CheckRunning(project->rows.project, DateText(DayOf(core_.clock.Now()))));
  if (source->scope() != records::SCOPE_RECORD_INTERSECTION) {
    return MakeError(Reason::kScopeDoesNotMatch, {{DetailKey::kProject, header_.project_id()}});
  }
  if (!CheckPopulationComplete(project->rows.project).ok()) {
    // Which register is late is not this one's business.
    return MakeError(Reason::kPopulationIncomplete, {{DetailKey::kProject, header_.project_id()}});
  }
  const records::MatchRecord* const window = Newest(*project, source->register_id());
  if (window == nullptr) {
    return MakeError(Reason::kMatchWindowMissing, {{DetailKey::kProject, header_.project_id()}});
  }
  if (window->state() != records::MATCH_STATE_RECORD_OPEN) {
    return MakeError(Reason::kMatchWindowUsed, {{DetailKey::kProject, header_.project_id()}});
  }
  return *window;
}

absl::StatusOr<api::MatchResponse> MatchStream::Commit(const api::MatchCommit& commit) {
  if (commit.rows() != identifiers_.rows(0)) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kField, "rows"}});
  }
  StreamedIdentifiers stream = identifiers_.Finish();
  if (stream.counts.valid_rows() == 0) {
    // The wrong column or file, most likely: the window stays open for the right one.
    return MakeError(Reason::kNothingValid, {{DetailKey::kProject, header_.project_id()}});
  }
  // Strangers, and those outside the population, are forgotten with this object.
  api::MatchResponse response;
  *response.mutable_received() = stream.counts;
  std::optional<std::string> earlier;
  const crypto::Digest content = content_.Finish();
  const std::string digest =
      RequestDigest(core_, call_, header_.SerializeAsString() + std::string(content.begin(), content.end()));
  const absl::Status status = core_.committer.Commit([&](Change& change) -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(earlier, EarlierAnswer(core_, call_, header_.request_id(), digest));
    if (earlier.has_value()) {
      return NothingToChange();
    }
    ResolveStrangers(core_.directory, stream);
    KOBLING_ASSIGN_OR_RETURN(records::MatchRecord window, OpenWindow());
    if (window.number() != window_) {
      // It was opened meanwhile, for another stream than this.
      return MakeError(Reason::kMatchWindowUsed, {{DetailKey::kProject, header_.project_id()}});
    }
    storage::NumberSet matched;
    {
      const State::View state = core_.state.Read();
      const Project& project = *FindProject(*state, header_.project_id());
      KOBLING_ASSIGN_OR_RETURN(const records::SourceRecord* const source, OwnSource(project, call_.caller));
      const SourceInProject part{*state, project, *source};
      KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet population, PopulationFor(core_, part, ApplyReservations::kNo));
      window.set_population_set(core_.sets.NameOf(population));
      KOBLING_ASSIGN_OR_RETURN(UnreservedRows rows,
                               WithoutReserved(core_, part, core_.identities.OfPersonsIn(population, stream.index)));
      matched = std::move(rows.identifiers);
      window.mutable_reservation_lists()->Add(rows.lists.begin(), rows.lists.end());
      window.set_reserved(rows.reserved);
    }
    matched.runOptimize();
    KOBLING_ASSIGN_OR_RETURN(const storage::SetId set, core_.sets.Put(matched, change.batch));
    window.set_matched_set(set);
    window.set_matched_identifiers(matched.cardinality());
    window.set_matched_persons(core_.identities.CountPersons(matched));
    window.set_parked_because(ParkedBecause(window, stream.counts));
    window.set_state(window.parked_because().empty() ? records::MATCH_STATE_RECORD_MATCHED
                                                     : records::MATCH_STATE_RECORD_PARKED);
    *window.mutable_counts() = ToRecord(stream.counts);
    *window.mutable_matched() = MakeMark(core_, call_);
    change.Put(window);
    change.event = MakeEvent(call_);
    change.event.request_id = header_.request_id();
    change.event.project = header_.project_id();
    change.event.register_id = call_.caller.id.text();
    change.event.object = MatchObject(window.number());
    change.event.counts = {{"rows", stream.counts.rows()}, {"identifiers", stream.counts.identifiers()}};
    DescribeSet(core_, "matched_set", window.matched_set(), change.event);
    RememberAnswer(core_, call_, header_.request_id(), digest, response.SerializeAsString(), change);
    return absl::OkStatus();
  });
  if (earlier.has_value()) {
    return ParseAnswer<api::MatchResponse>(*earlier);
  }
  KOBLING_RETURN_IF_ERROR(status);
  return response;
}

absl::StatusOr<api::MatchWindow> Matches::Open(const Call& call, const api::OpenMatchRequest& request) const {
  return ChangeOnce<api::MatchWindow>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::MatchWindow> {
    records::MatchRecord window;
    {
      const State::View state = core_.state.Read();
      KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
      KOBLING_ASSIGN_OR_RETURN(const records::SourceRecord* const source, SourceOf(*project, request.register_id()));
      KOBLING_RETURN_IF_ERROR(CheckRunning(project->rows.project, DateText(DayOf(core_.clock.Now()))));
      if (source->scope() != records::SCOPE_RECORD_INTERSECTION) {
        return MakeError(Reason::kScopeDoesNotMatch, {{DetailKey::kRegister, source->register_id()}});
      }
      KOBLING_RETURN_IF_ERROR(CheckPopulationComplete(project->rows.project));
      if (request.max_rows() == 0 || request.max_rows() > core_.config.limits.max_stream_rows) {
        return MakeError(Reason::kFieldMalformed,
                         {{DetailKey::kField, "max_rows"}, {DetailKey::kLimit, core_.config.limits.max_stream_rows}});
      }
      const records::MatchRecord* const newest = Newest(*project, source->register_id());
      window.set_number(newest == nullptr ? 1 : newest->number() + 1);
      if (newest != nullptr && newest->state() != records::MATCH_STATE_RECORD_SUPERSEDED) {
        records::MatchRecord superseded = *newest;
        superseded.set_state(records::MATCH_STATE_RECORD_SUPERSEDED);
        change.Put(superseded);
      }
    }
    window.set_project_id(request.project_id());
    window.set_register_id(request.register_id());
    window.set_state(records::MATCH_STATE_RECORD_OPEN);
    window.set_max_rows(request.max_rows());
    *window.mutable_opened() = MakeMark(core_, call);
    change.Put(window);
    change.event.project = request.project_id();
    change.event.register_id = request.register_id();
    change.event.object = MatchObject(window.number());
    change.event.counts = {{"max_rows", request.max_rows()}};
    return ToApi(window);
  });
}

absl::StatusOr<api::ListMatchesResponse> Matches::List(const Call& call, const api::ListMatchesRequest& request) const {
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
  api::ListMatchesResponse response;
  for (const records::MatchRecord& match : project->rows.matches) {
    *response.add_matches() = ToApi(match);
  }
  return response;
}

absl::StatusOr<api::MatchWindow> Matches::Release(const Call& call, const api::ReleaseMatchRequest& request) const {
  return ChangeOnce<api::MatchWindow>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::MatchWindow> {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    records::MatchRecord window;
    {
      const State::View state = core_.state.Read();
      KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
      const auto& matches = project->rows.matches;
      const auto found = std::find_if(matches.begin(), matches.end(), [&](const records::MatchRecord& match) {
        return match.register_id() == request.register_id() && match.number() == request.number();
      });
      if (found == matches.end()) {
        return MakeError(Reason::kMatchMissing, {{DetailKey::kRegister, request.register_id()}});
      }
      window = *found;
    }
    if (window.state() != records::MATCH_STATE_RECORD_PARKED) {
      return MakeError(Reason::kMatchWindowUsed, {{DetailKey::kRegister, request.register_id()}});
    }
    window.set_state(records::MATCH_STATE_RECORD_MATCHED);
    *window.mutable_released() = MakeMark(core_, call, request.reason());
    change.Put(window);
    change.event.project = request.project_id();
    change.event.register_id = request.register_id();
    change.event.object = MatchObject(window.number());
    change.event.reason = request.reason();
    change.event.counts = {
        {"rows", window.counts().rows()}};  // what matched is not for the register, who sees this event
    return ToApi(window);
  });
}

}  // namespace kobling::server
