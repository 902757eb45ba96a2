#include "server/use_cases/reservations.h"

#include <span>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/event_sets.h"
#include "server/core/project_case.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kNationalList = "national list";

void AddCounts(const api::StreamCounts& counts, transparency::Event& event) {
  std::uint64_t faults = 0;
  for (const api::FaultCount& fault : counts.faults()) {
    faults += fault.rows();
  }
  event.counts = {{"rows", counts.rows()}, {"kept_back", counts.kept_back()}, {"faults", faults}};
}

}  // namespace

ReservationStream::ReservationStream(const Core& core, const Call& call, StreamContext context,
                                     const api::ReservationHeader& header)
    : core_(core),
      call_(call),
      header_(header),
      list_(call.caller.role == Role::kRegister ? call.caller.id.text() : std::string()),
      content_(core.keys.digest.Start("reservations")),
      identifiers_(core.directory, context.rules, context.rows_in_use,
                   {core.config.limits.max_stream_rows, 1, RequiredCatalogue(core)}) {}

absl::StatusOr<std::unique_ptr<ReservationStream>> ReservationStream::Begin(const Core& core, const Call& call,
                                                                            StreamContext context,
                                                                            const api::ReservationHeader& header) {
  std::unique_ptr<ReservationStream> stream(new ReservationStream(core, call, context, header));
  KOBLING_RETURN_IF_ERROR(stream->CheckHeader());
  return stream;
}

absl::Status ReservationStream::CheckHeader() const {
  KOBLING_RETURN_IF_ERROR(CheckRequestId(header_.request_id()));
  if (!list_.empty() && !core_.state.Read()->registers.contains(list_)) {
    return MakeError(Reason::kNotPermitted);
  }
  if (!api::ReservationMode_IsValid(header_.mode()) || header_.mode() == api::RESERVATION_MODE_UNSPECIFIED) {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, "mode"}, {DetailKey::kHint, "REPLACE, ADD or REMOVE"}});
  }
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("legal_reference", header_.legal_reference()));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("list_date", header_.list_date()));
  KOBLING_RETURN_IF_ERROR(CheckDate("list_date", header_.list_date()));
  const std::string today = DateText(DayOf(core_.clock.Now()));
  if (header_.list_date() > today) {
    return MakeError(Reason::kDateOrder, {{DetailKey::kField, "list_date"},
                                          {DetailKey::kLimit, today},
                                          {DetailKey::kHint, "the day of the list has not come yet"}});
  }
  return absl::OkStatus();
}

absl::Status ReservationStream::Add(const api::IdentifierBatch& batch, std::vector<api::RowFault>& faults) {
  content_.Update(
      std::span(reinterpret_cast<const std::uint8_t*>(batch.identifiers().data()), batch.identifiers().size()));
  return identifiers_.Add(batch, faults);
}

absl::StatusOr<api::LoadReservationsResponse> ReservationStream::Commit(const api::ReservationCommit& commit) {
  if (commit.rows() != identifiers_.rows(0)) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kField, "rows"}});
  }
  const std::uint64_t bad = identifiers_.faulty_rows() + identifiers_.kept_back_index_rows();
  if (header_.mode() == api::RESERVATION_MODE_REPLACE && bad > 0 && !header_.leave_out_invalid()) {
    return MakeError(Reason::kInvalidRowsRefused, {{DetailKey::kCount, bad}});
  }
  StreamedIdentifiers stream = identifiers_.Finish();
  if (stream.counts.valid_rows() == 0) {
    // The wrong file, most likely; whoever wants an empty list takes its people out of it.
    return MakeError(Reason::kNothingValid,
                     {{DetailKey::kRegister, list_}, {DetailKey::kHint, "to empty a list, remove its people"}});
  }
  const crypto::Digest content = content_.Finish();
  const std::string digest =
      RequestDigest(core_, call_, header_.SerializeAsString() + std::string(content.begin(), content.end()));
  std::optional<std::string> earlier;
  api::LoadReservationsResponse response;
  const absl::Status status = core_.committer.Commit([&](Change& change) -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(earlier, EarlierAnswer(core_, call_, header_.request_id(), digest));
    if (earlier.has_value()) {
      return NothingToChange();
    }
    ResolveStrangers(core_.directory, stream);
    if (header_.mode() == api::RESERVATION_MODE_REMOVE) {
      stream.strangers.clear();  // nobody whom the directory does not know can be in a list
    }
    change.event = MakeEvent(call_);
    change.event.request_id = header_.request_id();
    change.event.register_id = list_;
    AddCounts(stream.counts, change.event);
    KOBLING_ASSIGN_OR_RETURN(response, Store(stream, change));
    RememberAnswer(core_, call_, header_.request_id(), digest, response.SerializeAsString(), change);
    return absl::OkStatus();
  });
  if (earlier.has_value()) {
    return ParseAnswer<api::LoadReservationsResponse>(*earlier);
  }
  KOBLING_RETURN_IF_ERROR(status);
  return response;
}

absl::StatusOr<api::LoadReservationsResponse> ReservationStream::Store(const StreamedIdentifiers& stream,
                                                                       Change& change) const {
  storage::NumberSet members;
  std::uint32_t versions = 0;
  records::ReservationListRecord newest;
  {
    const State::View state = core_.state.Read();
    if (const auto found = state->reservations.find(list_); found != state->reservations.end()) {
      members = found->second.identifiers;
      versions = static_cast<std::uint32_t>(found->second.versions.size());
      newest = found->second.versions.back();
    }
  }
  if (header_.list_date() < newest.list_date()) {
    return MakeError(Reason::kDateOrder, {{DetailKey::kField, "list_date"},
                                          {DetailKey::kLimit, newest.list_date()},
                                          {DetailKey::kHint, "a newer list is loaded already"}});
  }
  KOBLING_ASSIGN_OR_RETURN(NumberedIdentifiers numbered, NumberIdentifiers(core_, stream));
  storage::NumberSet added;
  storage::NumberSet removed;
  if (header_.mode() == api::RESERVATION_MODE_REMOVE) {
    removed = core_.identities.OfPersonsIn(numbered.index, members);  // under whatever number they came in
  } else {
    added = numbered.index - members;
  }
  if (header_.mode() == api::RESERVATION_MODE_REPLACE) {
    removed = members - numbered.index;
  }
  const std::string what = list_.empty() ? std::string(kNationalList) : "list of " + list_;
  api::LoadReservationsResponse response;
  const bool same_basis = versions > 0 && newest.list_date() == header_.list_date() &&
                          newest.legal_reference() == header_.legal_reference();
  if (added.isEmpty() && removed.isEmpty() && same_basis) {
    change.event.object = what + ", unchanged";
    *response.mutable_result() = ToApi(newest);
    response.set_unchanged(true);
    return response;
  }
  records::ReservationListRecord record;
  record.set_register_id(list_);
  record.set_version(versions + 1);
  record.set_mode(static_cast<std::uint32_t>(header_.mode()));
  record.set_list_date(header_.list_date());
  record.set_legal_reference(header_.legal_reference());
  *record.mutable_counts() = ToRecord(stream.counts);
  record.set_added(added.cardinality());
  record.set_removed(removed.cardinality());
  record.set_identifiers(members.cardinality() + added.cardinality() - removed.cardinality());
  added.runOptimize();
  removed.runOptimize();
  KOBLING_ASSIGN_OR_RETURN(*record.mutable_added_set(), core_.sets.Put(added, change.batch));
  KOBLING_ASSIGN_OR_RETURN(*record.mutable_removed_set(), core_.sets.Put(removed, change.batch));
  *record.mutable_loaded() = MakeMark(core_, call_);
  change.Put(record);
  PublishNumbers(core_, numbered, change);
  change.event.object = what + ", version " + std::to_string(record.version());
  change.event.counts.insert(
      change.event.counts.end(),
      {{"added", record.added()}, {"removed", record.removed()}, {"identifiers", record.identifiers()}});
  change.event.changes = {{"list_date", "", record.list_date()}, {"legal_reference", "", record.legal_reference()}};
  DescribeSet(core_, "added_set", record.added_set(), change.event);
  DescribeSet(core_, "removed_set", record.removed_set(), change.event);
  change.Then([id = list_, added = std::move(added), removed = std::move(removed)](StateData& state) {
    ReservationList& list = state.reservations[id];
    list.identifiers |= added;
    list.identifiers -= removed;
    list.added.push_back(added);
    list.removed.push_back(removed);
  });
  *response.mutable_result() = ToApi(record);
  return response;
}

absl::StatusOr<api::ListReservationListsResponse> ReservationLists::List(
    const Call& call, const api::ListReservationListsRequest& request) const {
  const std::string& own = call.caller.id.text();
  const Role role = call.caller.role;
  if (role == Role::kRegister && !request.register_id().empty() && request.register_id() != own) {
    return MakeError(Reason::kNotPermitted);
  }
  const auto may_see = [&](const std::string& list) {
    return list.empty() || (role != Role::kIdentityFeed && (role != Role::kRegister || list == own));
  };
  api::ListReservationListsResponse response;
  const State::View state = core_.state.Read();
  for (const auto& [id, list] : state->reservations) {
    if (!may_see(id) || (!request.register_id().empty() && request.register_id() != id)) {
      continue;
    }
    const std::size_t first = request.all_versions() ? 0 : list.versions.size() - 1;
    for (std::size_t i = first; i < list.versions.size(); ++i) {
      *response.add_lists() = ToApi(list.versions[i]);
    }
  }
  return response;
}

}  // namespace kobling::server
