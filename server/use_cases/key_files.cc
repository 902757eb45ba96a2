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
#include "server/core/key_file_maker.h"
#include "server/core/lawful_case.h"
#include "server/core/project_case.h"
#include "server/use_cases/registers.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

std::string KeyFileObject(std::uint32_t number) { return "keyfile " + std::to_string(number); }

std::string Hex(const crypto::Digest& digest) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

crypto::Digest FromHex(const std::string& hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  crypto::Digest digest{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  return digest;
}

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

}  // namespace

// Everything that an issue depends on, as it is before the sealing and must still be at the commit.
struct KeyFiles::Plan {
  records::ProjectRecord project;
  records::SourceRecord source;
  records::RecipientKeyRecord recipient;
  storage::NumberSet rows;
  storage::NumberSet everybody;
  storage::SetId rows_id;
  storage::SetId everybody_id;
  std::uint64_t duplicates = 0;
  std::uint32_t number = 1;
  std::string previous_sha256;
};

// Whether the key file can be fetched and holds what the plan would issue.
bool KeyFiles::IsSameFile(const records::KeyFileRecord& key_file, const Plan& plan) {
  return !key_file.withdrawn() && !key_file.expired() && key_file.set() == plan.rows_id &&
         key_file.scope() == plan.source.scope() && key_file.recipient() == plan.recipient.recipient() &&
         key_file.key_version() == plan.project.key_version();
}

absl::StatusOr<KeyFiles::Plan> KeyFiles::MakePlan(const Call& call, const api::IssueKeyFileRequest& request) const {
  Plan plan;
  std::vector<storage::SetId> row_sets;
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const records::SourceRecord* const source, SourceOf(*project, request.register_id()));
  const std::string today = DateText(DayOf(core_.clock.Now()));
  KOBLING_RETURN_IF_ERROR(CheckRunning(project->rows.project, today));
  KOBLING_RETURN_IF_ERROR(
      CheckLawful(*source, state->registers.at(source->register_id()), core_.config.case_rules, today));
  KOBLING_RETURN_IF_ERROR(CheckPopulationComplete(project->rows.project));
  KOBLING_ASSIGN_OR_RETURN(plan.recipient, UsableRecipientKey(*state, source->register_id(), today));
  plan.project = project->rows.project;
  plan.source = *source;
  plan.everybody = project->index | project->relatives;
  switch (source->scope()) {
    case records::SCOPE_RECORD_OWN:
      for (const records::SubmissionRecord& submission : project->rows.submissions) {
        if (!submission.withdrawn() && submission.register_id() == source->register_id()) {
          row_sets.push_back(submission.index_set());
          row_sets.push_back(submission.relative_set());
          plan.duplicates += submission.counts().duplicates();
        }
      }
      break;
    case records::SCOPE_RECORD_INTERSECTION: {
      const records::MatchRecord* newest = nullptr;
      for (const records::MatchRecord& match : project->rows.matches) {
        newest = match.register_id() == source->register_id() ? &match : newest;
      }
      if (newest == nullptr || newest->state() == records::MATCH_STATE_RECORD_OPEN) {
        return MakeError(Reason::kMatchMissing, {{DetailKey::kRegister, source->register_id()}});
      }
      if (newest->state() == records::MATCH_STATE_RECORD_PARKED) {
        return MakeError(Reason::kMatchParked,
                         {{DetailKey::kRegister, source->register_id()}, {DetailKey::kHint, newest->parked_because()}});
      }
      KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet population, PopulationFor(core_, *project, *source));
      if (newest->population_set() != core_.sets.NameOf(population)) {
        return MakeError(Reason::kMatchMissing, {{DetailKey::kRegister, source->register_id()},
                                                 {DetailKey::kHint, "the population has changed since the match"}});
      }
      row_sets.push_back(newest->matched_set());
      plan.duplicates = newest->counts().duplicates();
      break;
    }
    default: {
      KOBLING_ASSIGN_OR_RETURN(plan.rows, PopulationFor(core_, *project, *source));
    }
  }
  for (const storage::SetId& id : row_sets) {
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet set, core_.sets.Get(id));
    plan.rows |= set;
  }
  if (plan.rows.isEmpty()) {
    return MakeError(Reason::kNothingToIssue, {{DetailKey::kRegister, source->register_id()}});
  }
  plan.rows.runOptimize();
  plan.everybody.runOptimize();
  plan.rows_id = core_.sets.NameOf(plan.rows);
  plan.everybody_id = core_.sets.NameOf(plan.everybody);
  for (const records::KeyFileRecord& key_file : project->rows.key_files) {
    if (key_file.register_id() == source->register_id()) {
      if (IsSameFile(key_file, plan) && key_file.map_version() == core_.identities.version() &&
          key_file.expiry_date() >= today) {
        return MakeError(Reason::kKeyFileStands, {{DetailKey::kRegister, source->register_id()},
                                                  {DetailKey::kKeyFile, std::uint64_t{key_file.number()}}});
      }
      plan.number = key_file.number() + 1;
      plan.previous_sha256 = key_file.sealed_sha256();
    }
  }
  return plan;
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
  KOBLING_ASSIGN_OR_RETURN(const Plan plan, MakePlan(call, request));
  KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId project_id, domain::ProjectId::Parse(plan.project.id()));
  KOBLING_ASSIGN_OR_RETURN(const domain::RegisterId register_id, domain::RegisterId::Parse(plan.source.register_id()));
  KOBLING_ASSIGN_OR_RETURN(const crypto::LinkagePrf prf,
                           core_.keys.ProjectPrf(core_.store, project_id, plan.project.key_version()));
  // Løpenumre must be distinct in the whole project, not only in this file. Once found so, a set stays so.
  const bool known_distinct = plan.project.distinct_set() == plan.everybody_id;
  const storage::NumberSet& computed = known_distinct ? plan.rows : plan.everybody;
  KOBLING_ASSIGN_OR_RETURN(
      const LopenummerTable lopenumre,
      LopenummerTable::Compute(core_, prf, core_.identities.RepresentativesOf(project_id, computed)));
  KOBLING_ASSIGN_OR_RETURN(const crypto::AgeRecipient recipient,
                           crypto::AgeRecipient::Parse(plan.recipient.recipient()));

  const absl::CivilDay today = DayOf(core_.clock.Now());
  records::KeyFileRecord record;
  record.set_project_id(plan.project.id());
  record.set_register_id(plan.source.register_id());
  record.set_number(plan.number);
  record.set_scope(plan.source.scope());
  record.set_key_version(plan.project.key_version());
  record.set_map_version(core_.identities.version());
  record.set_recipient(plan.recipient.recipient());
  record.set_recipient_fingerprint(plan.recipient.fingerprint());
  record.set_expiry_date(DateText(today + core_.config.key_file_expiry_days));
  const std::uint32_t due_days = plan.source.usage_due_days();
  record.set_usage_due_date(DateText(today + (due_days == 0 ? core_.config.usage_due_days : due_days)));
  record.set_file_name(register_id.text() + '_' + project_id.text() + '_' + absl::StrFormat("%04d", plan.number) +
                       ".csv.age");
  KOBLING_ASSIGN_OR_RETURN(PendingKeyFile file, folder_.Begin(record.file_name()));
  KOBLING_ASSIGN_OR_RETURN(const SealedKeyFile sealed,
                           SealKeyFile(core_, project_id, plan.rows, lopenumre, recipient, file));
  record.set_rows(sealed.rows);
  record.set_persons(sealed.persons);
  record.set_sealed_bytes(sealed.sealed_bytes);
  record.set_sealed_sha256(Hex(sealed.sha256));
  KOBLING_RETURN_IF_ERROR(file.Keep());
  // Should the commit fail, the file stays: a failed write may turn out to be there at the next start, which deletes
  // the file if it is not. The next issue of the same number writes over it.
  return CommitIssue(call, request, plan, record, sealed.hash);
}

absl::StatusOr<api::KeyFile> KeyFiles::CommitIssue(const Call& call, const api::IssueKeyFileRequest& request,
                                                   const Plan& plan, const records::KeyFileRecord& sealed,
                                                   const crypto::MinisignHash& hash) const {
  return ChangeOnce<api::KeyFile>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::KeyFile> {
    KOBLING_ASSIGN_OR_RETURN(const Plan now, MakePlan(call, request));
    if (now.rows_id != plan.rows_id || now.number != plan.number || now.recipient.number() != plan.recipient.number() ||
        now.project.key_version() != plan.project.key_version() || now.source.scope() != plan.source.scope()) {
      return MakeError(Reason::kPreconditionFailed, {{DetailKey::kProject, plan.project.id()}});
    }
    records::KeyFileRecord record = sealed;
    KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId project_id, domain::ProjectId::Parse(record.project_id()));
    KOBLING_ASSIGN_OR_RETURN(const domain::RegisterId register_id, domain::RegisterId::Parse(record.register_id()));
    record.set_event_index(core_.committer.NextEventIndex());
    crypto::KeyFileComment comment{
        .project = project_id,
        .register_id = register_id,
        .number = record.number(),
        .kind = crypto::KeyFileKind::kFull,
        .rows = record.rows(),
        .persons = record.persons(),
        .duplicates = plan.duplicates,
        .key_version = record.key_version(),
        .map_version = record.map_version(),
        .delimiter = crypto::KeyFileDelimiter::kSemicolon,
        .recipient = record.recipient_fingerprint(),
        .expires = *ParseDate(record.expiry_date()),
        .previous = std::nullopt,
        .event = record.event_index(),
    };
    if (!plan.previous_sha256.empty()) {
      comment.previous = FromHex(plan.previous_sha256);
    }
    KOBLING_ASSIGN_OR_RETURN(std::string signature,
                             core_.keys.signer.Sign(hash, crypto::FormatKeyFileComment(comment)));
    record.set_signature(std::move(signature));
    KOBLING_ASSIGN_OR_RETURN(const storage::SetId set, core_.sets.Put(now.rows, change.batch));
    record.set_set(set);
    *record.mutable_issued() = MakeMark(core_, call);
    change.Put(record);
    if (now.project.distinct_set() != plan.everybody_id && now.everybody_id == plan.everybody_id) {
      records::ProjectRecord project = now.project;
      project.set_distinct_set(plan.everybody_id);
      change.Put(project);
    }
    change.event.project = record.project_id();
    change.event.register_id = record.register_id();
    change.event.object = KeyFileObject(record.number());
    change.event.counts = {
        {"rows", record.rows()}, {"persons", record.persons()}, {"sealed_bytes", record.sealed_bytes()}};
    change.event.changes = {{"recipient_fingerprint", "", record.recipient_fingerprint()},
                            {"sealed_sha256", "", record.sealed_sha256()}};
    return ToApi(record);
  });
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
        *response.add_key_files() = ToApi(key_file);
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
  return ToApi(record);
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
      for (const records::UsageRecord& usage : project->rows.usage) {
        if (!usage.replaced() && usage.register_id() == record.register_id() &&
            usage.key_file_number() == record.number() && usage.used() > 0) {
          return MakeError(Reason::kKeyFileInUse, {{DetailKey::kKeyFile, std::uint64_t{record.number()}}});
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
      *record.mutable_first_fetched() = MakeMark(core_, call);
      change.Put(record);
    }
    return absl::OkStatus();
  });
  KOBLING_RETURN_IF_ERROR(allowed);
  api::FetchKeyFileResponse part;
  *part.mutable_key_file() = ToApi(record);
  KOBLING_RETURN_IF_ERROR(send(part));
  part.clear_key_file();
  return folder_.Read(record.file_name(), request.offset(), [&](std::span<const char> bytes) {
    part.set_data(bytes.data(), bytes.size());
    return send(part);
  });
}

absl::Status KeyFiles::Upkeep() const {
  // No issue is under way meanwhile, whose file would have no record yet.
  const std::lock_guard lock(issue_mutex_);
  const std::string today = DateText(DayOf(core_.clock.Now()));
  std::vector<records::KeyFileRecord> expired;
  std::set<std::string> standing;
  {
    const State::View state = core_.state.Read();
    for (const auto& [id, project] : state->projects) {
      for (const records::KeyFileRecord& key_file : project.rows.key_files) {
        if (key_file.withdrawn() || key_file.expired()) {
          continue;
        }
        if (key_file.expiry_date() < today) {
          expired.push_back(key_file);
        } else {
          standing.insert(key_file.file_name());
        }
      }
    }
  }
  for (const records::KeyFileRecord& planned : expired) {
    KOBLING_RETURN_IF_ERROR(Expire(planned));
  }
  return folder_.KeepOnly(standing);
}

absl::Status KeyFiles::Expire(const records::KeyFileRecord& planned) const {
  return core_.committer.Commit([&](Change& change) -> absl::Status {
    records::KeyFileRecord record;
    {
      const State::View state = core_.state.Read();
      KOBLING_ASSIGN_OR_RETURN(
          record, FindKeyFile(*FindProject(*state, planned.project_id()), planned.register_id(), planned.number()));
    }
    record.set_expired(true);
    change.Put(record);
    change.event.actor = "koblingd";
    change.event.role = "server";
    change.event.operation = "keyfile.expire";
    change.event.project = record.project_id();
    change.event.register_id = record.register_id();
    change.event.object = KeyFileObject(record.number());
    return absl::OkStatus();
  });
}

}  // namespace kobling::server
