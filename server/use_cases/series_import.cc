#include "server/use_cases/series_import.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/event_sets.h"
#include "server/core/lawful_case.h"
#include "server/core/project_case.h"
#include "storage/series_store.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kShortText = 400;

storage::SeriesImportId ImportOf(const records::KeyFileRecord& record) {
  return {.project = record.project_id(), .register_id = record.register_id(), .key_file = record.number()};
}

// The report that came with the import, or null.
const records::UsageRecord* FindUsage(const storage::ProjectRows& rows, const records::KeyFileRecord& key_file) {
  const auto found = std::find_if(rows.usage.begin(), rows.usage.end(), [&](const records::UsageRecord& usage) {
    return !usage.replaced() && usage.register_id() == key_file.register_id() &&
           usage.key_file_number() == key_file.number();
  });
  return found == rows.usage.end() ? nullptr : &*found;
}

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

SeriesImport::SeriesImport(const Core& core, const Call& call, StreamContext context,
                           const api::ImportSeriesHeader& header)
    : core_(core),
      call_(call),
      rows_in_use_(context.rows_in_use),
      header_(header),
      content_(core.keys.digest.Start("series")),
      rows_(core.directory, context.rules, context.rows_in_use, core.config.limits.max_stream_rows) {}

absl::StatusOr<std::unique_ptr<SeriesImport>> SeriesImport::Begin(const Core& core, const Call& call,
                                                                  StreamContext context,
                                                                  const api::ImportSeriesHeader& header) {
  {
    // Authorised before anything else is looked at.
    const State::View state = core.state.Read();
    KOBLING_RETURN_IF_ERROR(VisibleProject(*state, call.caller, header.project_id()).status());
  }
  std::unique_ptr<SeriesImport> import(new SeriesImport(core, call, context, header));
  KOBLING_RETURN_IF_ERROR(import->CheckHeader());
  KOBLING_ASSIGN_OR_RETURN(const auto answered,
                           storage::RequestLedger::Get(core.store, call.caller.id.text(), header.request_id()));
  if (!answered.has_value()) {  // a repeated request gets its answer even if the project has moved on
    KOBLING_RETURN_IF_ERROR(import->CheckOpen().status());
  }
  return import;
}

absl::Status SeriesImport::CheckHeader() const {
  KOBLING_RETURN_IF_ERROR(CheckRequestId(header_.request_id()));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("issued_on", header_.issued_on()));
  KOBLING_RETURN_IF_ERROR(CheckDate("issued_on", header_.issued_on()));
  const std::string today = DateText(DayOf(core_.clock.Now()));
  if (header_.issued_on() > today) {
    return MakeError(
        Reason::kDateOrder,
        {{DetailKey::kField, "issued_on"}, {DetailKey::kLimit, today}, {DetailKey::kHint, "the day has not come yet"}});
  }
  if (header_.delivered_on().empty() && header_.delivery_reference().empty() && header_.recipient().empty()) {
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("delivered_on", header_.delivered_on()));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("delivery_reference", header_.delivery_reference(), kShortText));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("recipient", header_.recipient(), kShortText));
  KOBLING_RETURN_IF_ERROR(CheckDate("delivered_on", header_.delivered_on()));
  if (header_.delivered_on() > today || header_.delivered_on() < header_.issued_on()) {
    return MakeError(Reason::kDateOrder,
                     {{DetailKey::kField, "delivered_on"}, {DetailKey::kHint, "a day from issued_on until today"}});
  }
  return absl::OkStatus();
}

absl::StatusOr<SeriesImport::Standing> SeriesImport::CheckOpen() const {
  const State::View state = core_.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call_.caller, header_.project_id()));
  KOBLING_RETURN_IF_ERROR(OwnSource(*project, call_.caller).status());
  const records::ProjectRecord& record = project->rows.project;
  if (!IsMadeElsewhere(record.project_case())) {
    return MakeError(Reason::kSeriesOriginMissing, {{DetailKey::kProject, record.id()}});
  }
  KOBLING_RETURN_IF_ERROR(CheckState(record, records::PROJECT_STATE_RECORD_ACTIVE));
  Standing standing;
  for (const records::KeyFileRecord& key_file : project->rows.key_files) {
    if (!key_file.withdrawn()) {
      standing.emplace_back(key_file.register_id(), key_file.number());
    }
  }
  return standing;
}

absl::Status SeriesImport::Add(const api::SeriesBatch& batch, std::vector<api::RowFault>& faults) {
  KOBLING_RETURN_IF_ERROR(rows_.Add(batch, faults));
  std::string row;  // the same however the rows are cut into batches
  for (int i = 0; i < batch.numbers_size(); ++i) {
    row.assign(batch.identifiers(), static_cast<std::size_t>(i) * domain::NationalId::kLength,
               domain::NationalId::kLength);
    domain::AppendBigEndian(row, static_cast<std::uint32_t>(batch.numbers(i).size()));
    row += batch.numbers(i);
    content_.Update(Bytes(row));
  }
  return absl::OkStatus();
}

absl::StatusOr<api::ImportSeriesResponse> SeriesImport::Commit(const api::ImportSeriesCommit& commit,
                                                               const FaultSink& faults) {
  if (commit.rows() != rows_.size()) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kField, "rows"}});
  }
  const crypto::Digest content = content_.Finish();
  const std::string digest =
      RequestDigest(core_, call_, header_.SerializeAsString() + std::string(content.begin(), content.end()));
  KOBLING_ASSIGN_OR_RETURN(std::optional<std::string> earlier,
                           EarlierAnswer(core_, call_, header_.request_id(), digest));
  if (earlier.has_value()) {
    return ParseAnswer<api::ImportSeriesResponse>(*earlier);
  }
  KOBLING_ASSIGN_OR_RETURN(const Standing standing, CheckOpen());
  KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId project_id, domain::ProjectId::Parse(header_.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const crypto::RecordSealer sealer, core_.keys.SeriesSealer(core_.store, project_id));
  std::vector<api::RowFault> conflicts;
  {
    const std::lock_guard lock(rows_in_use_.everybody());
    KOBLING_ASSIGN_OR_RETURN(std::vector<storage::SeriesRow> imported,
                             storage::SeriesStore::LoadProject(core_.store, header_.project_id(), sealer));
    rows_.Finish(std::move(imported), conflicts);
  }
  KOBLING_RETURN_IF_ERROR(faults(conflicts));
  if (rows_.rows().empty()) {
    return MakeError(Reason::kNothingValid, {{DetailKey::kProject, header_.project_id()}});
  }
  StreamedIdentifiers stream = rows_.Identifiers();
  std::vector<SeriesLine> lines;
  lines.reserve(rows_.rows().size());
  for (const SeriesRows::Row& row : rows_.rows()) {
    lines.push_back({row.number, row.entry.identifier});
  }
  const SeriesText text = MakeSeriesText(core_, std::move(lines));
  api::ImportSeriesResponse response;
  const absl::Status status = core_.committer.Commit([&](Change& change) -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(earlier, EarlierAnswer(core_, call_, header_.request_id(), digest));
    if (earlier.has_value()) {
      return NothingToChange();
    }
    KOBLING_ASSIGN_OR_RETURN(const Standing now, CheckOpen());
    if (now != standing) {  // the rows were compared with other imports than those that stand
      return MakeError(Reason::kPreconditionFailed, {{DetailKey::kProject, header_.project_id()}});
    }
    change.event = MakeEvent(call_);
    change.event.request_id = header_.request_id();
    KOBLING_ASSIGN_OR_RETURN(response, Store(stream, text, sealer, change));
    RememberAnswer(core_, call_, header_.request_id(), digest, response.SerializeAsString(), change);
    return absl::OkStatus();
  });
  if (earlier.has_value()) {
    return ParseAnswer<api::ImportSeriesResponse>(*earlier);
  }
  KOBLING_RETURN_IF_ERROR(status);
  return response;
}

records::KeyFileRecord SeriesImport::MakeKeyFile(const StreamedIdentifiers& stream, const SeriesText& text) const {
  records::KeyFileRecord record;
  record.set_project_id(header_.project_id());
  record.set_register_id(call_.caller.id.text());
  record.set_kind(records::KEY_FILE_KIND_RECORD_IMPORTED);
  record.set_expired(true);  // there is no sealed file
  record.set_rows(stream.counts.identifiers());
  record.set_persons(text.persons);
  record.set_plaintext_digest(std::string(text.digest.begin(), text.digest.end()));
  record.set_event_index(core_.committer.NextEventIndex());
  const State::View state = core_.state.Read();
  const Project& project = *FindProject(*state, header_.project_id());
  const records::CaseRecord& project_case = project.rows.project.project_case();
  record.set_scope(FindSource(project_case, record.register_id())->scope());
  const auto own = std::count_if(project.rows.key_files.begin(), project.rows.key_files.end(),
                                 [&](const auto& other) { return other.register_id() == record.register_id(); });
  record.set_number(static_cast<std::uint32_t>(own) + 1);
  records::MarkRecord& issued = *record.mutable_issued();
  issued.set_actor(record.register_id());
  issued.set_time_us(absl::ToUnixMicros(NoonOf(*ParseDate(header_.issued_on()))));
  issued.set_reason("imported; made elsewhere: " + project_case.series_origin());
  return record;
}

std::optional<records::UsageRecord> SeriesImport::MakeUsage(const records::KeyFileRecord& key_file) const {
  if (header_.delivered_on().empty()) {
    return std::nullopt;
  }
  records::UsageRecord usage;
  usage.set_project_id(key_file.project_id());
  usage.set_register_id(key_file.register_id());
  usage.set_key_file_number(key_file.number());
  usage.set_delivery_reference(header_.delivery_reference());
  usage.set_version(1);
  usage.set_delivered_on(header_.delivered_on());
  usage.set_recipient(header_.recipient());
  usage.set_used_set(key_file.set());
  usage.set_used(key_file.persons());
  usage.set_rows(key_file.persons());
  *usage.mutable_reported() = MakeMark(core_, call_);
  return usage;
}

std::optional<records::KeyFileRecord> SeriesImport::FindEqual(const records::KeyFileRecord& wanted) const {
  const State::View state = core_.state.Read();
  const storage::ProjectRows& rows = FindProject(*state, header_.project_id())->rows;
  for (const records::KeyFileRecord& other : rows.key_files) {
    if (other.withdrawn() || other.register_id() != wanted.register_id() || other.set() != wanted.set() ||
        other.plaintext_digest() != wanted.plaintext_digest() ||
        other.issued().time_us() != wanted.issued().time_us()) {
      continue;
    }
    const records::UsageRecord* const usage = FindUsage(rows, other);
    const bool same_delivery = usage == nullptr ? header_.delivered_on().empty()
                                                : usage->delivered_on() == header_.delivered_on() &&
                                                      usage->delivery_reference() == header_.delivery_reference() &&
                                                      usage->recipient() == header_.recipient();
    if (same_delivery) {
      return other;
    }
  }
  return std::nullopt;
}

std::vector<storage::SeriesRow> SeriesImport::SeriesOf(const storage::Allotment& allotment) const {
  std::vector<crypto::Tag> tags;
  tags.reserve(rows_.rows().size());
  for (const SeriesRows::Row& row : rows_.rows()) {
    tags.push_back(row.entry.tag);
  }
  std::vector<std::uint32_t> identifiers(tags.size());
  core_.directory.Find(tags, identifiers);
  std::vector<storage::SeriesRow> series;
  series.reserve(tags.size());
  std::uint32_t next = allotment.first;  // numbers were given to the unknown in the order of the rows, which is by tag
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const bool is_new = identifiers[i] == storage::Directory::kAbsent;
    series.push_back({.identifier = is_new ? next++ : identifiers[i], .number = rows_.rows()[i].number});
  }
  return series;
}

void SeriesImport::Describe(const records::KeyFileRecord& record, std::string_view remark,
                            const api::StreamCounts& counts, transparency::Event& event) const {
  event.project = record.project_id();
  event.register_id = record.register_id();
  event.object = absl::StrFormat("keyfile %d%s", record.number(), remark);
  event.reason = record.issued().reason();
  std::uint64_t faults = 0;
  for (const api::FaultCount& fault : counts.faults()) {
    faults += fault.rows();
  }
  event.counts = {{"rows", counts.rows()},
                  {"kept_back", counts.kept_back()},
                  {"duplicates", counts.duplicates()},
                  {"identifiers", counts.identifiers()},
                  {"persons", record.persons()},
                  {"faults", faults}};
  event.changes = {{"issued_on", "", header_.issued_on()},
                   {"plaintext_digest", "", absl::BytesToHexString(record.plaintext_digest())}};
  if (!header_.delivered_on().empty()) {
    event.changes.push_back({"delivery_reference", "", header_.delivery_reference()});
    event.changes.push_back({"delivered_on", "", header_.delivered_on()});
    event.changes.push_back({"recipient", "", header_.recipient()});
  }
  DescribeSet(core_, "set", record.set(), event);
}

absl::StatusOr<api::ImportSeriesResponse> SeriesImport::Store(StreamedIdentifiers& stream, const SeriesText& text,
                                                              const crypto::RecordSealer& sealer,
                                                              Change& change) const {
  ResolveStrangers(core_.directory, stream);
  KOBLING_ASSIGN_OR_RETURN(NumberedIdentifiers numbered, NumberIdentifiers(core_, stream));
  records::KeyFileRecord record = MakeKeyFile(stream, text);
  record.set_set(numbered.index_id);
  api::ImportSeriesResponse response;
  *response.mutable_counts() = stream.counts;
  if (const std::optional<records::KeyFileRecord> equal = FindEqual(record); equal.has_value()) {
    Describe(*equal, ", imported before", stream.counts, change.event);
    *response.mutable_result() = ToApi(*equal);
    response.set_already_imported(true);
    return response;
  }
  if (std::optional<records::UsageRecord> usage = MakeUsage(record); usage.has_value()) {
    std::uint32_t reports = 0;
    const State::View state = core_.state.Read();
    for (const records::UsageRecord& other : FindProject(*state, header_.project_id())->rows.usage) {
      reports += other.register_id() == usage->register_id() ? 1 : 0;
      if (!other.replaced() && other.register_id() == usage->register_id() &&
          other.delivery_reference() == usage->delivery_reference()) {
        return MakeError(Reason::kDeliveryExists, {{DetailKey::kField, "delivery_reference"}});
      }
    }
    usage->set_sequence(reports + 1);
    change.Put(*usage);
  }
  KOBLING_RETURN_IF_ERROR(core_.sets.Put(numbered.index, change.batch).status());
  records::SubmissionRecord submission;
  submission.set_project_id(record.project_id());
  submission.set_register_id(record.register_id());
  submission.set_number(record.number());
  submission.set_index_set(numbered.index_id);
  *submission.mutable_counts() = ToRecord(stream.counts);
  *submission.mutable_submitted() = MakeMark(core_, call_);
  change.Put(submission);
  change.Put(record);
  storage::SeriesStore::Put(ImportOf(record), SeriesOf(numbered.allotment), sealer, change.batch);
  Describe(record, "", stream.counts, change.event);
  change.Then([project = header_.project_id(), index = std::move(numbered.index)](StateData& state) {
    state.projects[project].index |= index;
  });
  PublishNumbers(core_, numbered, change);
  *response.mutable_result() = ToApi(record);
  return response;
}

absl::StatusOr<KeyFileText> ReadImportedText(const Core& core, const records::KeyFileRecord& record) {
  if (record.withdrawn()) {
    return MakeError(Reason::kKeyFileWithdrawn, {{DetailKey::kKeyFile, std::uint64_t{record.number()}}});
  }
  KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId project_id, domain::ProjectId::Parse(record.project_id()));
  KOBLING_ASSIGN_OR_RETURN(const crypto::RecordSealer sealer, core.keys.SeriesSealer(core.store, project_id));
  KOBLING_ASSIGN_OR_RETURN(std::vector<storage::SeriesRow> series,
                           storage::SeriesStore::Load(core.store, ImportOf(record), sealer));
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet set, core.sets.Get(record.set()));
  std::sort(series.begin(), series.end(),
            [](const storage::SeriesRow& a, const storage::SeriesRow& b) { return a.identifier < b.identifier; });
  std::vector<std::uint32_t> identifiers;
  identifiers.reserve(series.size());
  for (const storage::SeriesRow& row : series) {
    identifiers.push_back(row.identifier);
  }
  if (series.size() != set.cardinality() || storage::MakeNumberSet(identifiers) != set) {
    return MakeError(Reason::kRecordCorrupt, {{DetailKey::kHint, "rows of an imported series are missing"}});
  }
  std::vector<SeriesLine> lines;
  lines.reserve(series.size());
  KOBLING_RETURN_IF_ERROR(
      core.directory.ForEach(set, [&](domain::IdentifierNumber /*number*/, const domain::NationalId& identifier) {
        lines.push_back({series[lines.size()].number, identifier});
      }));
  KeyFileText result;
  result.rows = lines.size();
  const SeriesText text = MakeSeriesText(core, std::move(lines));
  result.persons = text.persons;
  result.digest = text.digest;
  return result;
}

}  // namespace kobling::server
