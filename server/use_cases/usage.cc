#include "server/use_cases/usage.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/event_sets.h"
#include "server/core/issued_series.h"
#include "server/core/key_file_maker.h"
#include "server/core/project_case.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::Lopenummer;
using domain::MakeError;
using domain::Reason;

constexpr std::array<char, Lopenummer::kLength> kKeptBack = {};
constexpr std::size_t kShortText = 400;
constexpr std::size_t kFaultsPerPart = 20'000;

// The register's report of a delivery that stands, or null.
const records::UsageRecord* FindReport(const Project& project, std::string_view register_id,
                                       std::string_view reference) {
  for (const records::UsageRecord& usage : project.rows.usage) {
    if (!usage.replaced() && usage.register_id() == register_id && usage.delivery_reference() == reference) {
      return &usage;
    }
  }
  return nullptr;
}

bool SameContent(const records::UsageRecord& a, const records::UsageRecord& b) {
  return a.key_file_number() == b.key_file_number() && a.used_set() == b.used_set() && a.recipient() == b.recipient() &&
         a.delivered_on() == b.delivered_on();
}

// Every representative whose løpenummer the register was ever told for one of the identifiers.
storage::NumberSet AllTold(const ToldNumbers& told, const storage::NumberSet& identifiers) {
  storage::NumberSet all = identifiers - told.identifiers();
  for (const std::uint32_t identifier : told.identifiers()) {
    for (const std::uint32_t representative : told.All(identifier)) {
      all.add(representative);
    }
  }
  return all;
}

// The identifiers for which the register was told a løpenummer of these representatives: after a split, those of
// several persons, since nobody can say any more whose data it was.
storage::NumberSet WhoWasTold(const ToldNumbers& told, const storage::NumberSet& identifiers,
                              const storage::NumberSet& representatives) {
  storage::NumberSet who = (identifiers - told.identifiers()) & representatives;
  for (const std::uint32_t identifier : told.identifiers()) {
    const std::vector<std::uint32_t> all = told.All(identifier);
    if (std::any_of(all.begin(), all.end(), [&](std::uint32_t each) { return representatives.contains(each); })) {
      who.add(identifier);
    }
  }
  return who;
}

api::KeyFileUsage Describe(const storage::ProjectRows& rows, const records::KeyFileRecord& key_file) {
  api::KeyFileUsage line;
  line.set_project_id(key_file.project_id());
  line.set_register_id(key_file.register_id());
  line.set_key_file_number(key_file.number());
  *line.mutable_issued() = ToApi(key_file.issued());
  line.set_persons(key_file.persons());
  line.set_due_date(key_file.usage_due_date());
  for (const records::UsageRecord& usage : rows.usage) {
    if (usage.register_id() == key_file.register_id() && usage.key_file_number() == key_file.number()) {
      *line.add_reports() = ToApi(usage);
    }
  }
  return line;
}

}  // namespace

UsageStream::~UsageStream() { rows_in_use_.Return(rows_); }

absl::StatusOr<std::unique_ptr<UsageStream>> UsageStream::Begin(const Core& core, const Call& call,
                                                                StreamRows& rows_in_use,
                                                                const api::ReportHeader& header) {
  std::unique_ptr<UsageStream> stream(new UsageStream(core, call, rows_in_use, header));
  {
    const State::View state = core.state.Read();
    KOBLING_RETURN_IF_ERROR(VisibleProject(*state, call.caller, header.project_id()).status());
  }
  KOBLING_RETURN_IF_ERROR(stream->CheckHeader());
  KOBLING_ASSIGN_OR_RETURN(const auto answered,
                           storage::RequestLedger::Get(core.store, call.caller.id.text(), header.request_id()));
  if (!answered.has_value()) {  // a repeated request gets its answer even if the project has moved on
    KOBLING_RETURN_IF_ERROR(stream->FindOwnKeyFile().status());
  }
  return stream;
}

absl::StatusOr<records::KeyFileRecord> UsageStream::FindOwnKeyFile() const {
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call_.caller, header_.project_id()));
  const records::ProjectRecord& record = project->rows.project;
  if (record.state() != records::PROJECT_STATE_RECORD_CLOSED) {
    KOBLING_RETURN_IF_ERROR(CheckState(record, records::PROJECT_STATE_RECORD_ACTIVE));
  }
  KOBLING_RETURN_IF_ERROR(CheckMadeHere(record));  // an import tells the use as well
  for (const records::KeyFileRecord& key_file : project->rows.key_files) {
    if (key_file.register_id() == call_.caller.id.text() && key_file.number() == header_.key_file_number()) {
      if (!WasHandedOut(key_file)) {
        return MakeError(Reason::kKeyFileWithdrawn, {{DetailKey::kKeyFile, std::uint64_t{key_file.number()}}});
      }
      if (header_.delivered_on() < DateText(DayOf(absl::FromUnixMicros(key_file.issued().time_us())))) {
        return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "delivered_on"},
                                                   {DetailKey::kHint, "the key file was issued after that day"}});
      }
      return key_file;
    }
  }
  return MakeError(Reason::kKeyFileNotFound, {{DetailKey::kKeyFile, std::uint64_t{header_.key_file_number()}}});
}

absl::Status UsageStream::CheckHeader() const {
  KOBLING_RETURN_IF_ERROR(CheckRequestId(header_.request_id()));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("delivery_reference", header_.delivery_reference(), kShortText));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("recipient", header_.recipient(), kShortText));
  KOBLING_RETURN_IF_ERROR(CheckText("corrects_reference", header_.corrects_reference(), kShortText));
  KOBLING_RETURN_IF_ERROR(CheckText("correction_reason", header_.correction_reason()));
  if (header_.delivered_on().empty()) {
    return MakeError(Reason::kFieldMissing, {{DetailKey::kField, "delivered_on"}});
  }
  KOBLING_RETURN_IF_ERROR(CheckDate("delivered_on", header_.delivered_on()));
  if (header_.delivered_on() > DateText(DayOf(core_.clock.Now()))) {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, "delivered_on"}, {DetailKey::kHint, "the day of delivery has not come yet"}});
  }
  if (!header_.corrects_reference().empty() && header_.correction_reason().empty()) {
    return MakeError(Reason::kFieldMissing, {{DetailKey::kField, "correction_reason"}});
  }
  return absl::OkStatus();
}

void UsageStream::AddFault(std::uint64_t row, Reason reason, std::vector<api::RowFault>& faults) {
  ++fault_counts_[reason];
  api::RowFault& fault = faults.emplace_back();
  fault.set_row(row);
  fault.set_reason(static_cast<std::uint32_t>(reason));
}

absl::Status UsageStream::Add(const api::LopenummerBatch& batch, std::vector<api::RowFault>& faults) {
  const std::string& bytes = batch.lopenumre();
  content_.Update(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  const std::size_t rows = bytes.size() / Lopenummer::kLength;
  if (header_.none_used() || rows == 0 || bytes.size() % Lopenummer::kLength != 0 || batch.first_row() != rows_) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kRow, batch.first_row()}});
  }
  if (rows > kMaxBatchRows) {
    return MakeError(Reason::kMessageTooLarge, {{DetailKey::kLimit, kMaxBatchRows}});
  }
  if (rows_ + rows > core_.config.limits.max_stream_rows) {
    return MakeError(Reason::kTooManyRows, {{DetailKey::kLimit, core_.config.limits.max_stream_rows}});
  }
  if (!rows_in_use_.Take(rows)) {
    return MakeError(Reason::kServerBusy);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const std::string_view text(bytes.data() + i * Lopenummer::kLength, Lopenummer::kLength);
    if (std::memcmp(text.data(), kKeptBack.data(), kKeptBack.size()) == 0) {
      ++kept_back_;
      continue;
    }
    const Lopenummer::ParseResult parsed = Lopenummer::Parse(text);
    if (!parsed.lopenummer.has_value()) {
      AddFault(rows_ + i, parsed.fault, faults);
      continue;
    }
    entries_.push_back({parsed.lopenummer->bits(), static_cast<std::uint32_t>(rows_ + i)});
  }
  rows_ += rows;
  return absl::OkStatus();
}

// What the register was told for the identifiers by this file and by every other one that it has: a delivery may be
// made with an older løpenummer, or with one of a correction.
absl::StatusOr<ToldNumbers> UsageStream::ToldWith(const records::KeyFileRecord& key_file,
                                                  const storage::NumberSet& identifiers) const {
  storage::ProjectRows rows;
  {
    const State::View state = core_.state.Read();
    rows = FindProject(*state, key_file.project_id())->rows;
  }
  std::vector<records::KeyFileRecord> files = FetchedBy(rows, key_file.register_id());
  if (!key_file.has_first_fetched()) {
    files.push_back(key_file);
  }
  return ToldNumbers::Read(core_, rows, files, identifiers);
}

absl::StatusOr<storage::NumberSet> UsageStream::Resolve(const records::KeyFileRecord& key_file,
                                                        records::UsageRecord& record, const FaultSink& faults) {
  storage::NumberSet used;
  if (entries_.empty()) {
    return used;
  }
  KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId project_id, domain::ProjectId::Parse(key_file.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const crypto::LinkagePrf prf,
                           core_.keys.ProjectPrf(core_.store, project_id, key_file.key_version()));
  const std::lock_guard lock(rows_in_use_.everybody());
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet issued, core_.sets.Get(CoveredSetOf(key_file)));
  KOBLING_ASSIGN_OR_RETURN(const ToldNumbers told, ToldWith(key_file, issued));
  KOBLING_ASSIGN_OR_RETURN(const LopenummerTable table, LopenummerTable::Compute(core_, prf, AllTold(told, issued)));
  std::vector<Entry> known(table.persons());
  for (std::uint32_t i = 0; i < known.size(); ++i) {
    known[i] = {table.at(i).bits(), i};
  }
  const auto by_bits = [](const Entry& a, const Entry& b) { return a.bits < b.bits; };
  std::sort(known.begin(), known.end(), by_bits);
  std::sort(entries_.begin(), entries_.end(), by_bits);

  std::vector<std::uint32_t> representatives;
  std::vector<std::uint32_t> not_issued;
  std::uint64_t duplicates = 0;
  auto at = known.begin();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    while (at != known.end() && at->bits < entries_[i].bits) {
      ++at;
    }
    if (at == known.end() || at->bits != entries_[i].bits) {
      not_issued.push_back(entries_[i].row);
    } else if (i > 0 && entries_[i - 1].bits == entries_[i].bits) {
      ++duplicates;
    } else {
      representatives.push_back(table.numbers()[at->row]);
    }
  }
  std::sort(not_issued.begin(), not_issued.end());
  std::vector<api::RowFault> part;  // sent as they are made: there may be as many as rows
  for (const std::uint32_t row : not_issued) {
    AddFault(row, Reason::kLopenummerNotIssued, part);
    if (part.size() == kFaultsPerPart) {
      KOBLING_RETURN_IF_ERROR(faults(part));
      part.clear();
    }
  }
  KOBLING_RETURN_IF_ERROR(faults(part));
  record.set_used(representatives.size());
  record.set_duplicates(duplicates);
  used = WhoWasTold(told, issued, storage::MakeNumberSet(representatives));
  used.runOptimize();
  return used;
}

absl::StatusOr<api::ReportResponse> UsageStream::Commit(const api::ReportCommit& commit, const FaultSink& faults) {
  if (commit.rows() != rows_) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kField, "rows"}});
  }
  const crypto::Digest content = content_.Finish();
  const std::string digest =
      RequestDigest(core_, call_, header_.SerializeAsString() + std::string(content.begin(), content.end()));
  KOBLING_ASSIGN_OR_RETURN(std::optional<std::string> earlier,
                           EarlierAnswer(core_, call_, header_.request_id(), digest));
  if (earlier.has_value()) {
    return ParseAnswer<api::ReportResponse>(*earlier);
  }
  KOBLING_ASSIGN_OR_RETURN(const records::KeyFileRecord key_file, FindOwnKeyFile());
  records::UsageRecord record;
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet used, Resolve(key_file, record, faults));
  if (used.isEmpty() && !header_.none_used()) {
    return MakeError(Reason::kNothingValid, {{DetailKey::kKeyFile, std::uint64_t{key_file.number()}}});
  }
  record.set_project_id(header_.project_id());
  record.set_register_id(call_.caller.id.text());
  record.set_key_file_number(header_.key_file_number());
  record.set_delivery_reference(header_.delivery_reference());
  record.set_delivered_on(header_.delivered_on());
  record.set_recipient(header_.recipient());
  record.set_used_set(core_.sets.NameOf(used));
  record.set_rows(rows_);
  record.set_corrects_reference(header_.corrects_reference());
  record.set_correction_reason(header_.correction_reason());
  for (const auto& [reason, rows] : fault_counts_) {
    records::FaultCountRecord& fault = *record.add_faults();
    fault.set_reason(static_cast<std::uint32_t>(reason));
    fault.set_rows(rows);
  }
  std::uint64_t fault_rows = 0;
  for (const auto& [reason, rows] : fault_counts_) {
    fault_rows += rows;
  }
  api::ReportResponse response;
  const absl::Status status = core_.committer.Commit([&](Change& change) -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(earlier, EarlierAnswer(core_, call_, header_.request_id(), digest));
    if (earlier.has_value()) {
      return NothingToChange();
    }
    KOBLING_RETURN_IF_ERROR(FindOwnKeyFile().status());  // not withdrawn meanwhile
    change.event = MakeEvent(call_);
    change.event.request_id = header_.request_id();
    change.event.project = record.project_id();
    change.event.register_id = record.register_id();
    change.event.object = "keyfile " + std::to_string(record.key_file_number());
    change.event.reason = record.correction_reason();
    change.event.changes = {{"delivery_reference", record.corrects_reference(), record.delivery_reference()},
                            {"delivered_on", "", record.delivered_on()},
                            {"recipient", "", record.recipient()}};
    change.event.counts = {{"rows", rows_}, {"used", record.used()}, {"kept_back", kept_back_}, {"faults", fault_rows}};
    KOBLING_ASSIGN_OR_RETURN(response, Store(record, used, change));
    RememberAnswer(core_, call_, header_.request_id(), digest, response.SerializeAsString(), change);
    return absl::OkStatus();
  });
  if (earlier.has_value()) {
    return ParseAnswer<api::ReportResponse>(*earlier);
  }
  KOBLING_RETURN_IF_ERROR(status);
  return response;
}

absl::StatusOr<api::ReportResponse> UsageStream::Store(records::UsageRecord record, const storage::NumberSet& used,
                                                       Change& change) const {
  api::ReportResponse response;
  const State::View state = core_.state.Read();
  const Project& project = *FindProject(*state, record.project_id());
  std::uint32_t reports = 0;
  for (const records::UsageRecord& usage : project.rows.usage) {
    reports += usage.register_id() == record.register_id() ? 1 : 0;
  }
  const records::UsageRecord* const same = FindReport(project, record.register_id(), record.delivery_reference());
  record.set_version(1);
  if (!record.corrects_reference().empty() &&
      (same == nullptr || !SameContent(*same, record) || record.corrects_reference() != record.delivery_reference())) {
    const records::UsageRecord* const corrected =
        FindReport(project, record.register_id(), record.corrects_reference());
    if (corrected == nullptr) {
      const auto& all = project.rows.usage;
      const bool was_replaced = std::any_of(all.begin(), all.end(), [&](const records::UsageRecord& usage) {
        return usage.register_id() == record.register_id() && usage.delivery_reference() == record.corrects_reference();
      });
      return MakeError(Reason::kDeliveryNotFound,
                       {{DetailKey::kField, "corrects_reference"},
                        {DetailKey::kHint, was_replaced ? "that report was replaced; correct the one that replaced it"
                                                        : "usage status lists the deliveries"}});
    }
    records::UsageRecord replaced = *corrected;
    replaced.set_replaced(true);
    change.Put(replaced);
    record.set_version(corrected->version() + 1);
  }
  if (same != nullptr && SameContent(*same, record)) {
    *response.mutable_result() = ToApi(*same);
    response.set_already_reported(true);
    return response;
  }
  for (const records::UsageRecord& other : project.rows.usage) {
    const bool stands = !other.replaced() && other.register_id() == record.register_id() &&
                        other.key_file_number() == record.key_file_number() &&
                        other.delivery_reference() != record.corrects_reference();
    // Nothing was delivered with the file, or something was: both cannot stand.
    if (stands && other.delivery_reference() != record.delivery_reference() &&
        (other.used() == 0) != (record.used() == 0)) {
      return MakeError(Reason::kDeliveryExists,
                       {{DetailKey::kField, "none_used"},
                        {DetailKey::kHint, "another report of this key file says otherwise; correct it"}});
    }
  }
  if (same != nullptr && record.corrects_reference() != record.delivery_reference()) {
    return MakeError(Reason::kDeliveryExists, {{DetailKey::kField, "delivery_reference"}});
  }
  KOBLING_RETURN_IF_ERROR(core_.sets.Put(used, change.batch).status());
  record.set_sequence(reports + 1);
  *record.mutable_reported() = MakeMark(core_, call_);
  DescribeSet(core_, "used_set", record.used_set(), change.event);
  change.Put(record);
  *response.mutable_result() = ToApi(record);
  return response;
}

absl::StatusOr<api::GetUsageStatusResponse> Usage::Status(const Call& call,
                                                          const api::GetUsageStatusRequest& request) const {
  const State::View state = core_.state.Read();
  if (!request.project_id().empty()) {
    KOBLING_RETURN_IF_ERROR(VisibleProject(*state, call.caller, request.project_id()).status());
  }
  KOBLING_ASSIGN_OR_RETURN(const std::string wanted, WantedRegister(call.caller, ""));
  const std::string today = DateText(DayOf(core_.clock.Now()));
  api::GetUsageStatusResponse response;
  for (const auto& [id, project] : state->projects) {
    if (!request.project_id().empty() && request.project_id() != id) {
      continue;
    }
    for (const records::KeyFileRecord& key_file : project.rows.key_files) {
      const records::ProjectRecord& record = project.rows.project;
      // Nothing more is asked of anybody once it was waived, or nothing can be reported any more.
      const bool is_awaited =
          !record.has_usage_waived() && record.state() != records::PROJECT_STATE_RECORD_KEY_DESTROYED;
      const bool overdue = is_awaited && OwesReport(project.rows, key_file) && key_file.usage_due_date() < today;
      const bool is_shown =
          WasHandedOut(key_file) && (!IsCorrection(key_file) || HasStandingReport(project.rows, key_file));
      if (is_shown && (wanted.empty() || key_file.register_id() == wanted) && (overdue || !request.overdue_only())) {
        api::KeyFileUsage& line = *response.add_key_files();
        line = Describe(project.rows, key_file);
        line.set_overdue(overdue);
      }
    }
  }
  return response;
}

}  // namespace kobling::server
