#include "server/use_cases/key_files.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "crypto/key_file_comment.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "domain/text.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/event_sets.h"
#include "server/core/key_file_maker.h"
#include "server/core/log_publisher.h"
#include "server/core/project_case.h"
#include "server/use_cases/key_file_plan.h"
#include "server/use_cases/series_import.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr int kMostCommits = 5;  // of one issue that identity events overtake

std::string Hex(const crypto::Digest& digest) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

crypto::Digest FromHex(const std::string& hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  crypto::Digest digest{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  return digest;
}

crypto::KeyFileKind KindOf(records::KeyFileKindRecord kind) {
  switch (kind) {
    case records::KEY_FILE_KIND_RECORD_DELTA:
      return crypto::KeyFileKind::kDelta;
    case records::KEY_FILE_KIND_RECORD_CORRECTION:
      return crypto::KeyFileKind::kCorrection;
    default:
      return crypto::KeyFileKind::kFull;
  }
}

// What the file says of itself, under its signature.
absl::StatusOr<crypto::KeyFileComment> CommentOf(const records::KeyFileRecord& record, const KeyFilePlan& plan,
                                                 const KeyFileText& text) {
  KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId project_id, domain::ProjectId::Parse(record.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const domain::RegisterId register_id, domain::RegisterId::Parse(record.register_id()));
  crypto::KeyFileComment comment{
      .project = project_id,
      .register_id = register_id,
      .number = record.number(),
      .kind = KindOf(plan.content.kind),
      .since = record.since(),
      .withdrawn = record.withdrawn_rows(),
      .rows = record.rows(),
      .persons = text.persons,
      .duplicates = plan.duplicates,
      .key_version = record.key_version(),
      .map_version = record.map_version(),
      .reservations = {},
      .delimiter = crypto::KeyFileDelimiter::kSemicolon,
      .recipient = record.recipient_fingerprint(),
      .expires = *ParseDate(record.expiry_date()),
      .previous = std::nullopt,
      .event = record.event_index(),
  };
  for (const records::AppliedReservationListRecord& list : record.reservation_lists()) {
    // Lists of other registers are nothing for this one.
    if (list.register_id().empty() || list.register_id() == record.register_id()) {
      comment.reservations.push_back({.is_national = list.register_id().empty(), .version = list.version()});
    }
  }
  if (!plan.previous_sha256.empty()) {
    comment.previous = FromHex(plan.previous_sha256);
  }
  return comment;
}

void DescribeIssue(const records::KeyFileRecord& record, transparency::Event& event) {
  event.project = record.project_id();
  event.register_id = record.register_id();
  event.object = KeyFileObject(record.number());
  event.counts = {{"rows", record.rows()}, {"persons", record.persons()}, {"sealed_bytes", record.sealed_bytes()}};
  event.changes = {{"recipient_fingerprint", "", record.recipient_fingerprint()},
                   {"sealed_sha256", "", record.sealed_sha256()},
                   {"plaintext_digest", "", absl::BytesToHexString(record.plaintext_digest())}};
  if (record.kind() == records::KEY_FILE_KIND_RECORD_DELTA) {
    event.counts.emplace_back("withdrawn_rows", record.withdrawn_rows());
    event.changes.push_back({"since", "", std::to_string(record.since())});
  }
  if (IsCorrection(record)) {
    event.changes.push_back({"kind", "", "correction"});
  }
  for (const records::AppliedReservationListRecord& list : record.reservation_lists()) {
    // The register sees this event; other registers' lists stand in the record.
    if (list.register_id().empty() || list.register_id() == record.register_id()) {
      event.changes.push_back({list.register_id().empty() ? "reservations[national]" : "reservations[own]", "",
                               std::to_string(list.version())});
    }
  }
}

// What a register is not to know: how many people were left out of its file, and the lists of other registers.
api::KeyFile ForCaller(const Call& call, const records::KeyFileRecord& record) {
  api::KeyFile key_file = ToApi(record);
  if (call.caller.role != Role::kRegister) {
    return key_file;
  }
  key_file.clear_reserved();
  key_file.clear_annulled();
  auto& lists = *key_file.mutable_reservation_lists();
  lists.erase(std::remove_if(lists.begin(), lists.end(),
                             [&](const api::AppliedReservationList& list) {
                               return !list.register_id().empty() && list.register_id() != call.caller.id.text();
                             }),
              lists.end());
  return key_file;
}

// A revoked key may be in the wrong hands, so that what is sealed to it is given to nobody any more.
absl::Status CheckNotRevoked(const StateData& state, const records::KeyFileRecord& key_file) {
  for (const records::RecipientKeyRecord& key : state.registers.at(key_file.register_id()).keys()) {
    if (key.recipient() == key_file.recipient() && key.state() == records::RECIPIENT_KEY_STATE_RECORD_REVOKED) {
      return MakeError(Reason::kRecipientKeyState,
                       {{DetailKey::kKeyFile, std::uint64_t{key_file.number()}},
                        {DetailKey::kState, "REVOKED"},
                        {DetailKey::kHint, "the key file is sealed to it; ask the key officer for a new key file"}});
    }
  }
  return absl::OkStatus();
}

// Nobody is told to move the data of somebody whom the history has made somebody else since.
absl::Status CheckNotOvertaken(const Core& core, const records::KeyFileRecord& key_file) {
  if (!IsCorrection(key_file)) {
    return absl::OkStatus();
  }
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet rows, core.sets.Get(key_file.set()));
  if (core.identities.ChangedSince(key_file.map_version(), rows).isEmpty()) {
    return absl::OkStatus();
  }
  return MakeError(Reason::kKeyFileOutdated,
                   {{DetailKey::kKeyFile, std::uint64_t{key_file.number()}},
                    {DetailKey::kHint, "ask the key officer to withdraw this correction and to make another"}});
}

// The plaintext of an issued file once more.
absl::StatusOr<KeyFileText> ComputeText(const Core& core, const storage::ProjectRows& project,
                                        const records::KeyFileRecord& record) {
  KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId project_id, domain::ProjectId::Parse(record.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const KeyFileContent content, ContentOf(core, project, record));
  KOBLING_ASSIGN_OR_RETURN(const crypto::LinkagePrf prf,
                           core.keys.ProjectPrf(core.store, project_id, record.key_version()));
  KOBLING_ASSIGN_OR_RETURN(const LopenummerTable lopenumre,
                           LopenummerTable::Compute(core, prf, content.Representatives()));
  return MakeKeyFileText(core, content, lopenumre);
}

}  // namespace

std::string KeyFileObject(std::uint32_t number) { return "keyfile " + std::to_string(number); }

// The record of the file that the plan leads to, without what only the sealing tells.
absl::StatusOr<records::KeyFileRecord> KeyFiles::MakeRecord(const KeyFilePlan& plan) const {
  KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId project_id, domain::ProjectId::Parse(plan.project.id()));
  KOBLING_ASSIGN_OR_RETURN(const domain::RegisterId register_id, domain::RegisterId::Parse(plan.source.register_id()));
  const absl::CivilDay today = DayOf(core_.clock.Now());
  records::KeyFileRecord record;
  record.set_project_id(plan.project.id());
  record.set_register_id(plan.source.register_id());
  record.set_number(plan.number);
  record.set_kind(plan.content.kind);
  record.set_since(plan.since);
  record.set_scope(plan.source.scope());
  record.set_key_version(plan.project.key_version());
  record.set_map_version(plan.content.representatives.map_version());
  record.set_representatives_digest(plan.representatives_digest);
  record.mutable_told_by()->Add(plan.told_by.begin(), plan.told_by.end());
  record.set_recipient(plan.recipient.recipient());
  record.set_recipient_fingerprint(plan.recipient.fingerprint());
  record.set_expiry_date(DateText(today + core_.config.key_file_expiry_days));
  const std::uint32_t due_days = plan.source.usage_due_days();
  if (!IsCorrection(record)) {  // nothing is delivered with it alone
    record.set_usage_due_date(DateText(today + (due_days == 0 ? core_.config.usage_due_days : due_days)));
  }
  record.set_file_name(register_id.text() + '_' + project_id.text() + '_' + absl::StrFormat("%04d", plan.number) +
                       ".csv.age");
  return record;
}

absl::StatusOr<api::KeyFile> KeyFiles::Issue(const Call& call, const api::IssueKeyFileRequest& request) const {
  KOBLING_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  // One at a time: an issue uses all that the machine has, and two of the same file would meet on the disk.
  const std::lock_guard lock(issue_mutex_);
  const std::string digest = RequestDigest(core_, call, request.SerializeAsString());
  KOBLING_ASSIGN_OR_RETURN(const auto earlier, EarlierAnswer(core_, call, request.request_id(), digest));
  if (earlier.has_value()) {
    return ParseAnswer<api::KeyFile>(*earlier);
  }
  KOBLING_ASSIGN_OR_RETURN(KeyFilePlan plan, PlanKeyFile(core_, call, request));
  KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId project_id, domain::ProjectId::Parse(plan.project.id()));
  KOBLING_ASSIGN_OR_RETURN(const crypto::LinkagePrf prf,
                           core_.keys.ProjectPrf(core_.store, project_id, plan.project.key_version()));
  // Løpenumre must be distinct in the whole project, not only in this file. Once found so, a set stays so.
  const bool known_distinct = plan.project.distinct_set() == plan.everybody_id;
  KOBLING_ASSIGN_OR_RETURN(
      const LopenummerTable lopenumre,
      LopenummerTable::Compute(core_, prf, known_distinct ? plan.content.Representatives() : plan.everybody));
  KOBLING_ASSIGN_OR_RETURN(const crypto::AgeRecipient recipient,
                           crypto::AgeRecipient::Parse(plan.recipient.recipient()));
  KOBLING_ASSIGN_OR_RETURN(records::KeyFileRecord record, MakeRecord(plan));
  KOBLING_ASSIGN_OR_RETURN(PendingKeyFile file, folder_.Begin(record.file_name()));
  KOBLING_ASSIGN_OR_RETURN(const SealedKeyFile sealed, SealKeyFile(core_, plan.content, lopenumre, recipient, file));
  record.set_rows(sealed.text.rows);
  record.set_withdrawn_rows(sealed.text.withdrawn_rows);
  record.set_persons(plan.content.representatives.AllOf(plan.covered).cardinality());
  record.set_plaintext_digest(std::string(sealed.text.digest.begin(), sealed.text.digest.end()));
  record.set_sealed_bytes(sealed.sealed_bytes);
  record.set_sealed_sha256(Hex(sealed.sha256));
  KOBLING_RETURN_IF_ERROR(file.Keep());
  // Should the commit fail, the file stays: a failed write may turn out to be there at the next start, which deletes
  // the file if it is not. The next issue of the same number writes over it.
  const storage::SetId checked = plan.everybody_id;
  absl::StatusOr<api::KeyFile> issued = CommitIssue(call, request, plan, record, sealed);
  // The feed does not wait for an issue. What it brought meanwhile most often changes nothing in the file.
  for (int attempt = 1; attempt < kMostCommits && domain::ReasonOf(issued.status()) == Reason::kPreconditionFailed;
       ++attempt) {
    KOBLING_ASSIGN_OR_RETURN(plan, PlanAgain(core_, call, request, plan, IdentitiesOf::kToday));
    plan.everybody_id = checked;  // løpenumre are computed once; who has come since is not known to have a distinct one
    issued = CommitIssue(call, request, plan, record, sealed);
  }
  return issued;
}

// Stores what the file holds, and names it in the record.
absl::Status KeyFiles::PutSets(const KeyFilePlan& plan, records::KeyFileRecord& record, Change& change) const {
  KOBLING_ASSIGN_OR_RETURN(*record.mutable_set(), core_.sets.Put(plan.content.rows, change.batch));
  if (plan.since != 0) {
    KOBLING_ASSIGN_OR_RETURN(*record.mutable_withdrawn_set(), core_.sets.Put(plan.content.withdrawn, change.batch));
    KOBLING_ASSIGN_OR_RETURN(*record.mutable_covered_set(), core_.sets.Put(plan.covered, change.batch));
  }
  const storage::NumberSet given_out = plan.content.representatives.AllOf(plan.content.rows);
  if (!(given_out == plan.content.rows)) {
    KOBLING_ASSIGN_OR_RETURN(*record.mutable_representative_set(), core_.sets.Put(given_out, change.batch));
  }
  if (!plan.current.isEmpty()) {
    KOBLING_ASSIGN_OR_RETURN(*record.mutable_current_set(), core_.sets.Put(plan.current, change.batch));
    change.Then([project = record.project_id(), current = plan.current](StateData& state) {
      state.projects[project].former |= current;
    });
  }
  return absl::OkStatus();
}

absl::StatusOr<api::KeyFile> KeyFiles::CommitIssue(const Call& call, const api::IssueKeyFileRequest& request,
                                                   const KeyFilePlan& plan, const records::KeyFileRecord& planned,
                                                   const SealedKeyFile& sealed) const {
  return ChangeOnce<api::KeyFile>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::KeyFile> {
    KOBLING_ASSIGN_OR_RETURN(const KeyFilePlan now, PlanAgain(core_, call, request, plan, IdentitiesOf::kThePlan));
    records::KeyFileRecord record = planned;
    // The rows are the same, but they may be so by a later version of a list.
    record.mutable_reservation_lists()->Add(now.reservation_lists.begin(), now.reservation_lists.end());
    record.set_reserved(now.reserved);
    // The same løpenumre, but perhaps by a later version of the map and after another correction.
    record.set_map_version(now.content.representatives.map_version());
    record.set_annulled(now.annulled);
    record.set_event_index(core_.committer.NextEventIndex());
    KOBLING_ASSIGN_OR_RETURN(const crypto::KeyFileComment comment, CommentOf(record, now, sealed.text));
    KOBLING_ASSIGN_OR_RETURN(std::string signature,
                             core_.keys.signer.Sign(sealed.hash, crypto::FormatKeyFileComment(comment)));
    record.set_signature(std::move(signature));
    KOBLING_RETURN_IF_ERROR(PutSets(now, record, change));
    *record.mutable_issued() = MakeMark(core_, call);
    change.Put(record);
    if (now.project.distinct_set() != plan.everybody_id && now.everybody_id == plan.everybody_id) {
      records::ProjectRecord project = now.project;
      project.set_distinct_set(plan.everybody_id);
      change.Put(project);
    }
    DescribeIssue(record, change.event);
    DescribeSet(core_, "set", record.set(), change.event);
    DescribeSet(core_, "withdrawn_set", record.withdrawn_set(), change.event);
    DescribeSet(core_, "covered_set", record.covered_set(), change.event);
    return ToApi(record);
  });
}

absl::StatusOr<api::ReproduceKeyFileResponse> KeyFiles::Reproduce(const Call& call,
                                                                  const api::ReproduceKeyFileRequest& request) const {
  if (request.purpose().find_first_not_of(' ') == std::string::npos) {
    return MakeError(Reason::kPurposeMissing);
  }
  KOBLING_RETURN_IF_ERROR(CheckText("purpose", request.purpose()));
  const std::lock_guard lock(issue_mutex_);  // as much work as an issue
  records::KeyFileRecord record;
  storage::ProjectRows rows;
  {
    const State::View state = core_.state.Read();
    KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
    KOBLING_ASSIGN_OR_RETURN(record, FindKeyFile(*project, request.register_id(), request.number()));
    if (project->rows.project.state() == records::PROJECT_STATE_RECORD_KEY_DESTROYED) {
      return MakeError(Reason::kKeyDestroyed, {{DetailKey::kProject, request.project_id()}});
    }
    rows = project->rows;
  }
  if (record.plaintext_digest().empty()) {
    return MakeError(Reason::kPreconditionFailed,
                     {{DetailKey::kKeyFile, std::uint64_t{record.number()}},
                      {DetailKey::kHint, "it was issued by a version of the server that recorded no digest"}});
  }
  KOBLING_ASSIGN_OR_RETURN(const KeyFileText text,
                           IsImported(record) ? ReadImportedText(core_, record) : ComputeText(core_, rows, record));
  const std::string digest(text.digest.begin(), text.digest.end());
  api::ReproduceKeyFileResponse response;
  *response.mutable_key_file() = ToApi(record);
  response.set_plaintext_digest(absl::BytesToHexString(digest));
  response.set_equal(digest == record.plaintext_digest());
  transparency::Event event = MakeEvent(call);
  event.purpose = request.purpose();
  event.project = record.project_id();
  event.register_id = record.register_id();
  event.object = KeyFileObject(record.number());
  event.counts = {{"rows", text.rows}, {"persons", text.persons}};
  event.changes = {{"equal", "", response.equal() ? "yes" : "no"}};
  KOBLING_RETURN_IF_ERROR(core_.committer.Record(std::move(event)));
  return response;
}

absl::StatusOr<api::ListKeyFilesResponse> KeyFiles::List(const Call& call,
                                                         const api::ListKeyFilesRequest& request) const {
  const State::View state = core_.state.Read();
  if (!request.project_id().empty()) {
    KOBLING_RETURN_IF_ERROR(VisibleProject(*state, call.caller, request.project_id()).status());
  }
  KOBLING_ASSIGN_OR_RETURN(const std::string wanted, WantedRegister(call.caller, request.register_id()));
  api::ListKeyFilesResponse response;
  for (const auto& [id, project] : state->projects) {
    if (!request.project_id().empty() && request.project_id() != id) {
      continue;
    }
    for (const records::KeyFileRecord& key_file : project.rows.key_files) {
      if (wanted.empty() || key_file.register_id() == wanted) {
        *response.add_key_files() = ForCaller(call, key_file);
      }
    }
  }
  return response;
}

absl::StatusOr<api::KeyFile> KeyFiles::Get(const Call& call, const api::GetKeyFileRequest& request) const {
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const std::string wanted, WantedRegister(call.caller, request.register_id()));
  if (wanted.empty()) {
    return MakeError(Reason::kFieldMissing, {{DetailKey::kField, "register_id"}});
  }
  KOBLING_ASSIGN_OR_RETURN(const records::KeyFileRecord record, FindKeyFile(*project, wanted, request.number()));
  return ForCaller(call, record);
}

absl::StatusOr<api::KeyFile> KeyFiles::Withdraw(const Call& call, const api::WithdrawKeyFileRequest& request) const {
  std::string file_name;
  auto withdrawn = ChangeOnce<api::KeyFile>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::KeyFile> {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    records::KeyFileRecord record;
    {
      const State::View state = core_.state.Read();
      KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
      KOBLING_ASSIGN_OR_RETURN(record, FindKeyFile(*project, request.register_id(), request.number()));
      const records::ProjectRecord& project_record = project->rows.project;
      if (project_record.state() != records::PROJECT_STATE_RECORD_CLOSED) {
        KOBLING_RETURN_IF_ERROR(CheckState(project_record, records::PROJECT_STATE_RECORD_ACTIVE));
      }
      KOBLING_RETURN_IF_ERROR(CheckMadeHere(project_record));  // its register withdraws the submission
      for (const records::UsageRecord& usage : project->rows.usage) {
        if (!usage.replaced() && usage.register_id() == record.register_id() &&
            usage.key_file_number() == record.number() && usage.used() > 0) {
          return MakeError(Reason::kKeyFileInUse, {{DetailKey::kKeyFile, std::uint64_t{record.number()}}});
        }
      }
      for (const records::KeyFileRecord& later : project->rows.key_files) {
        if (later.register_id() == record.register_id() && later.since() == record.number() && !later.withdrawn() &&
            WasHandedOut(later)) {
          return MakeError(Reason::kKeyFileContinued, {{DetailKey::kKeyFile, std::uint64_t{later.number()}}});
        }
      }
    }
    if (record.withdrawn()) {
      return MakeError(Reason::kKeyFileWithdrawn, {{DetailKey::kKeyFile, std::uint64_t{record.number()}}});
    }
    record.set_withdrawn(true);
    *record.mutable_withdrawal() = MakeMark(core_, call, request.reason());
    file_name = record.file_name();
    change.Put(record);
    change.event.project = record.project_id();
    change.event.register_id = record.register_id();
    change.event.object = KeyFileObject(record.number());
    change.event.reason = request.reason();
    return ToApi(record);
  });
  if (withdrawn.ok() && !file_name.empty()) {
    folder_.Remove(file_name).IgnoreError();  // should it resist, the hourly upkeep tries again
  }
  return withdrawn;
}

absl::Status KeyFiles::Fetch(const Call& call, const api::FetchKeyFileRequest& request,
                             const std::function<absl::Status(const api::FetchKeyFileResponse&)>& send) const {
  records::KeyFileRecord record;
  std::uint64_t event_index = 0;
  const absl::Status allowed = core_.committer.Commit([&](Change& change) -> absl::Status {
    {
      const State::View state = core_.state.Read();
      KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
      KOBLING_ASSIGN_OR_RETURN(record, FindKeyFile(*project, call.caller.id.text(), request.number()));
    }
    const domain::Detail which(DetailKey::kKeyFile, std::uint64_t{record.number()});
    if (record.withdrawn()) {
      return MakeError(Reason::kKeyFileWithdrawn, {which});
    }
    if (record.expired() || record.expiry_date() < DateText(DayOf(core_.clock.Now()))) {
      return MakeError(Reason::kKeyFileExpired, {which});
    }
    if (!folder_.Holds(record.file_name())) {
      return MakeError(Reason::kKeyFileExpired,
                       {which, {DetailKey::kHint, "the server has lost the file; withdraw it and issue it anew"}});
    }
    if (request.offset() > record.sealed_bytes()) {
      return MakeError(Reason::kKeyFileOffset, {which, {DetailKey::kLimit, record.sealed_bytes()}});
    }
    {
      const State::View state = core_.state.Read();
      KOBLING_RETURN_IF_ERROR(CheckNotRevoked(*state, record));
    }
    change.event = MakeEvent(call);
    change.event.project = record.project_id();
    change.event.register_id = record.register_id();
    change.event.object = KeyFileObject(record.number());
    change.event.counts = {{"offset", request.offset()}, {"persons", record.persons()}};
    if (!record.has_first_fetched()) {
      KOBLING_RETURN_IF_ERROR(CheckNotOvertaken(core_, record));
      *record.mutable_first_fetched() = MakeMark(core_, call);
      change.Put(record);
    }
    event_index = core_.committer.NextEventIndex();
    return absl::OkStatus();
  });
  KOBLING_RETURN_IF_ERROR(allowed);
  // What leaves the service cannot be taken back: first the witness has seen that it leaves.
  KOBLING_RETURN_IF_ERROR(core_.publisher.RequireWitnessed(event_index));
  api::FetchKeyFileResponse part;
  *part.mutable_key_file() = ForCaller(call, record);
  KOBLING_RETURN_IF_ERROR(send(part));
  part.clear_key_file();
  return folder_.Read(record.file_name(), request.offset(), [&](std::span<const char> bytes) {
    part.set_data(bytes.data(), bytes.size());
    return send(part);
  });
}

}  // namespace kobling::server
