#include "server/use_cases/endings.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "domain/error.h"
#include "domain/ids.h"
#include "domain/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/core/access.h"
#include "server/core/dates.h"
#include "server/core/lawful_case.h"
#include "server/core/project_case.h"
#include "server/use_cases/project_record.h"
#include "server/use_cases/projects.h"
#include "storage/series_store.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kServerItself = "koblingd";

// The key files that a register holds and has not reported any use of.
std::vector<records::KeyFileRecord> OutstandingUsage(const storage::ProjectRows& rows) {
  std::vector<records::KeyFileRecord> outstanding;
  for (const records::KeyFileRecord& key_file : rows.key_files) {
    if (OwesReport(rows, key_file)) {
      outstanding.push_back(key_file);
    }
  }
  return outstanding;
}

std::string ObjectOf(const records::KeyFileRecord& key_file) { return "keyfile " + std::to_string(key_file.number()); }

std::string WaitsFor(const records::KeyFileRecord& key_file) {
  return "no report of use: " + key_file.register_id() + ' ' + ObjectOf(key_file);
}

storage::ProjectRows RowsOf(const Core& core, const std::string& project_id) {
  const State::View state = core.state.Read();
  return FindProject(*state, project_id)->rows;
}

// Destroys the key within a change, and with it what was sealed in key files or imported. Returns the names of the
// files, which are to be removed once the change is durable.
std::vector<std::string> DestroyKeyInChange(const storage::ProjectRows& rows, const records::MarkRecord& mark,
                                            records::ProjectRecord& project, Change& change) {
  std::vector<std::string> files;
  for (records::KeyFileRecord key_file : rows.key_files) {
    if (!key_file.withdrawn() && !key_file.expired()) {
      files.push_back(key_file.file_name());
      key_file.set_expired(true);
      change.Put(key_file);
    }
  }
  ServiceKeys::DeleteKeysOf(project.id(), project.key_version(), change.batch);
  if (IsMadeElsewhere(project.project_case())) {
    storage::SeriesStore::DeleteProject(project.id(), change.batch);
  }
  SetState(project, records::PROJECT_STATE_RECORD_KEY_DESTROYED, change);
  *project.mutable_key_destroyed() = mark;
  project.clear_destruction_blocked();
  if (!project.destruction_on().empty()) {
    project.set_destruction_on(DateText(DayOf(absl::FromUnixMicros(mark.time_us()))));
  }
  change.event.reason = mark.reason();
  return files;
}

// A deleted row stays readable in older files of the store until they are rewritten. The sealed files go too; should
// one resist, the hourly upkeep tries again.
absl::Status EraseTraces(const Core& core, const KeyFileFolder& key_files, const std::vector<std::string>& files) {
  KOBLING_RETURN_IF_ERROR(core.store.Purge(storage::Family::kKeys));
  KOBLING_RETURN_IF_ERROR(storage::SeriesStore::PurgeDeleted(core.store));
  for (const std::string& file : files) {
    key_files.Remove(file).IgnoreError();
  }
  return absl::OkStatus();
}

// The sets that a row names: its fields of bytes that are no digests.
void AddSetsOf(const google::protobuf::Message& row, std::set<storage::SetId>& sets) {
  for (int i = 0; i < row.GetDescriptor()->field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *row.GetDescriptor()->field(i);
    if (field.type() == google::protobuf::FieldDescriptor::TYPE_BYTES && !field.is_repeated() &&
        !absl::EndsWith(field.name(), "_digest")) {
      sets.insert(row.GetReflection()->GetString(row, &field));
    }
  }
}

std::set<storage::SetId> SetsOf(const storage::ProjectRows& rows) {
  std::set<storage::SetId> sets;
  AddSetsOf(rows.project, sets);
  const auto add = [&](const auto& all) {
    for (const auto& row : all) {
      AddSetsOf(row, sets);
    }
  };
  add(rows.submissions);
  add(rows.matches);
  add(rows.key_files);
  add(rows.usage);
  add(rows.corrections);
  return sets;
}

std::optional<absl::CivilDay> DayWhenKeyWasDestroyed(const records::ProjectRecord& project) {
  if (!project.has_key_destroyed()) {
    return std::nullopt;
  }
  return DayOf(absl::FromUnixMicros(project.key_destroyed().time_us()));
}

records::MarkRecord ServersMark(const Core& core, std::string reason) {
  records::MarkRecord mark;
  mark.set_actor(std::string(kServerItself));
  mark.set_time_us(absl::ToUnixMicros(core.clock.Now()));
  mark.set_reason(std::move(reason));
  return mark;
}

}  // namespace

absl::StatusOr<api::Project> Projects::DestroyKey(const Call& call,
                                                  const api::DestroyProjectKeyRequest& request) const {
  std::vector<std::string> files;
  auto destroyed = EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_RETURN_IF_ERROR(CheckText("waiver_reason", request.waiver_reason()));
    if (request.confirmation() != project.id()) {
      return MakeError(Reason::kConfirmationMismatch, {{DetailKey::kProject, project.id()}});
    }
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_CLOSED));
    const storage::ProjectRows rows = RowsOf(core_, project.id());
    const std::vector<records::KeyFileRecord> outstanding = OutstandingUsage(rows);
    if (!outstanding.empty() && request.waiver_reason().empty() && !project.has_usage_waived()) {
      return MakeError(Reason::kUsageOutstanding, {{DetailKey::kRegister, outstanding.front().register_id()},
                                                   {DetailKey::kKeyFile, std::uint64_t{outstanding.front().number()}}});
    }
    files = DestroyKeyInChange(rows, MakeMark(core_, call, request.reason()), project, change);
    if (!outstanding.empty() && !request.waiver_reason().empty()) {
      *project.mutable_usage_waived() = MakeMark(core_, call, request.waiver_reason());
      change.event.changes.push_back({"waiver_reason", "", request.waiver_reason()});
    }
    return absl::OkStatus();
  });
  if (destroyed.ok()) {
    KOBLING_RETURN_IF_ERROR(EraseTraces(core_, key_files_, files));
  }
  return destroyed;
}

absl::StatusOr<api::Project> Projects::WaiveUsage(const Call& call, const api::WaiveUsageRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_CLOSED));
    const std::vector<records::KeyFileRecord> outstanding = OutstandingUsage(RowsOf(core_, project.id()));
    if (outstanding.empty()) {
      return MakeError(Reason::kUsageComplete, {{DetailKey::kProject, project.id()}});
    }
    *project.mutable_usage_waived() = MakeMark(core_, call, request.reason());
    change.event.reason = request.reason();
    for (const records::KeyFileRecord& key_file : outstanding) {
      change.event.changes.push_back({"waived", "", key_file.register_id() + ' ' + ObjectOf(key_file)});
    }
    return absl::OkStatus();
  });
}

Endings::Step Endings::NextStep(const storage::ProjectRows& rows, absl::CivilDay today) const {
  const records::ProjectRecord& project = rows.project;
  const std::optional<absl::CivilDay> deletion = ParseDate(project.project_case().deletion_date());
  switch (project.state()) {
    case records::PROJECT_STATE_RECORD_ACTIVE:
      return deletion.has_value() && *deletion <= today && !project.has_destruction_warned() ? Step::kWarn
                                                                                             : Step::kNone;
    case records::PROJECT_STATE_RECORD_CLOSED: {
      if (project.destruction_on().empty()) {
        return deletion.has_value() && *deletion - core_.config.destruction_warning_days <= today ? Step::kWarn
                                                                                                  : Step::kNone;
      }
      if (project.destruction_on() > DateText(today)) {
        return Step::kNone;
      }
      const std::vector<records::KeyFileRecord> outstanding = OutstandingUsage(rows);
      if (outstanding.empty() || project.has_usage_waived()) {
        return Step::kDestroyKey;
      }
      return project.destruction_blocked().reason() == WaitsFor(outstanding.front()) ? Step::kNone : Step::kPostpone;
    }
    case records::PROJECT_STATE_RECORD_KEY_DESTROYED: {
      const std::optional<absl::CivilDay> destroyed = DayWhenKeyWasDestroyed(project);
      const int years = static_cast<int>(core_.config.memberships_years);
      if (project.has_memberships_deleted()) {
        return project.memberships_erased() ? Step::kNone : Step::kEraseMemberships;
      }
      return years != 0 && destroyed.has_value() &&
                     absl::CivilDay(destroyed->year() + years, destroyed->month(), destroyed->day()) <= today
                 ? Step::kDeleteMemberships
                 : Step::kNone;
    }
    default:
      return Step::kNone;
  }
}

void Endings::Warn(absl::CivilDay today, records::ProjectRecord& project, Change& change) const {
  const std::string& deletion = project.project_case().deletion_date();
  std::string reason = "the deletion date " + deletion + " has come, and the project is not closed";
  if (project.state() == records::PROJECT_STATE_RECORD_CLOSED) {
    // Never without a warning before it, whatever time the server stood still or the clock was set.
    project.set_destruction_on(std::max(deletion, DateText(today + core_.config.destruction_warning_days)));
    reason = "the key is to be destroyed on " + project.destruction_on() + "; the deletion date is " + deletion;
    change.event.changes.push_back({"destruction_on", "", project.destruction_on()});
  }
  change.event.operation = "project.warn-destruction";
  change.event.reason = reason;
  *project.mutable_destruction_warned() = ServersMark(core_, std::move(reason));
}

// From here on nobody asks for the project's sets any more; only then may they go.
void Endings::DeleteMemberships(records::ProjectRecord& project, Change& change) const {
  const std::string project_id = project.id();
  project.set_persons(core_.identities.CountPersons(EverybodyIn(*FindProject(*core_.state.Read(), project_id))));
  const std::string destroyed = DateText(*DayWhenKeyWasDestroyed(project));
  change.event.operation = "project.delete-memberships";
  change.event.reason = "the key was destroyed on " + destroyed + "; who was included is kept for " +
                        std::to_string(core_.config.memberships_years) + " years after that";
  change.event.counts = {{"persons", project.persons()}};
  *project.mutable_memberships_deleted() = ServersMark(core_, change.event.reason);
  change.Then([project_id](StateData& state) {
    state.projects[project_id].index = storage::NumberSet();
    state.projects[project_id].relatives = storage::NumberSet();
    state.projects[project_id].former = storage::NumberSet();
  });
}

void Endings::EraseMemberships(records::ProjectRecord& project, Change& change) const {
  std::set<storage::SetId> own;
  std::set<storage::SetId> others;
  {
    const State::View state = core_.state.Read();
    for (const auto& [id, other] : state->projects) {
      if (id == project.id()) {
        own = SetsOf(other.rows);
      } else if (!other.rows.project.has_memberships_deleted()) {
        others.merge(SetsOf(other.rows));
      }
    }
    for (const auto& [id, list] : state->reservations) {
      for (const records::ReservationListRecord& version : list.versions) {
        AddSetsOf(version, others);
      }
    }
  }
  for (const storage::SetId& set : own) {
    if (!others.contains(set)) {  // equal sets are stored once
      storage::SetStore::Delete(set, change.batch);
    }
  }
  project.set_memberships_erased(true);
  change.event.operation = "project.erase-memberships";
}

absl::Status Endings::TakeNextStep(const std::string& project_id, absl::CivilDay today) const {
  Step step = Step::kNone;
  records::ProjectRecord project;
  std::vector<std::string> files;
  const absl::Status status = core_.committer.Commit([&](Change& change) -> absl::Status {
    const storage::ProjectRows rows = RowsOf(core_, project_id);
    step = NextStep(rows, today);
    project = rows.project;
    change.event.actor = std::string(kServerItself);
    change.event.role = "server";
    change.event.project = project_id;
    switch (step) {
      case Step::kNone:  // somebody was faster
        return NothingToChange();
      case Step::kWarn:
        Warn(today, project, change);
        break;
      case Step::kPostpone: {
        const records::KeyFileRecord first = OutstandingUsage(rows).front();
        change.event.operation = "project.postpone-destruction";
        change.event.register_id = first.register_id();
        change.event.object = ObjectOf(first);
        change.event.reason = WaitsFor(first);
        *project.mutable_destruction_blocked() = ServersMark(core_, change.event.reason);
        break;
      }
      case Step::kDestroyKey: {
        const records::MarkRecord mark =
            ServersMark(core_, "the deletion date " + project.project_case().deletion_date() + " has come");
        change.event.operation = "project.destroy-key";
        files = DestroyKeyInChange(rows, mark, project, change);
        change.event.changes.push_back({"waiver_reason", "", project.usage_waived().reason()});
        change.Put(NextVersion(mark, project));
        break;
      }
      case Step::kDeleteMemberships:
        DeleteMemberships(project, change);
        break;
      case Step::kEraseMemberships:
        EraseMemberships(project, change);
        break;
    }
    change.Put(project);
    return absl::OkStatus();
  });
  if (step == Step::kNone) {
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(status);
  KOBLING_ASSIGN_OR_RETURN(const domain::ProjectId id, domain::ProjectId::Parse(project_id));
  switch (step) {
    case Step::kWarn:
      if (const auto day = ParseDate(project.destruction_on()); day.has_value()) {
        log_.Warning("a project's key will be destroyed", {Field("project", id), Field("days", *day - today)});
      } else {
        log_.Warning("a project has reached its deletion date and is not closed", {Field("project", id)});
      }
      return absl::OkStatus();
    case Step::kPostpone:
      log_.Warning("a project's key is not destroyed, since a report of use is missing", {Field("project", id)});
      return absl::OkStatus();
    case Step::kDestroyKey:
      log_.Info("a project's key was destroyed", {Field("project", id)});
      return EraseTraces(core_, key_files_, files);
    case Step::kEraseMemberships:
      return absl::OkStatus();
    default:
      log_.Info("the memberships of a project were deleted", {Field("project", id)});
      return TakeNextStep(project_id, today);
  }
}

absl::Status Endings::Upkeep() const {
  const absl::CivilDay today = DayOf(core_.clock.Now());
  std::vector<std::string> due;
  {
    const State::View state = core_.state.Read();
    for (const auto& [id, project] : state->projects) {
      if (NextStep(project.rows, today) != Step::kNone) {
        due.push_back(id);
      }
    }
  }
  absl::Status result;
  for (const std::string& id : due) {
    result.Update(TakeNextStep(id, today));  // the others do not wait for one that cannot be done
  }
  result.Update(storage::SeriesStore::PurgeDeleted(core_.store));
  result.Update(storage::SetStore::PurgeDeleted(core_.store));
  return result;
}

}  // namespace kobling::server
