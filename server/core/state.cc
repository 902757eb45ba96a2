#include "server/core/state.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "domain/status_macros.h"

namespace kobling::server {
namespace {

template <typename Row, typename KeyOf>
void UpsertBy(std::vector<Row>& rows, const Row& row, const KeyOf& key_of) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), row,
                                   [&](const Row& a, const Row& b) { return key_of(a) < key_of(b); });
  if (at != rows.end() && key_of(*at) == key_of(row)) {
    *at = row;
  } else {
    rows.insert(at, row);
  }
}

constexpr auto kByNumber = [](const auto& row) {
  return std::make_tuple(std::string_view(row.register_id()), row.number());
};

}  // namespace

absl::StatusOr<std::unique_ptr<State>> State::Load(const storage::Reader& store, const storage::SetStore& sets) {
  auto state = std::make_unique<State>();
  KOBLING_ASSIGN_OR_RETURN(state->data_.registers, storage::RegisterStore::Load(store));
  KOBLING_ASSIGN_OR_RETURN(state->data_.callers, storage::CallerStore::Load(store));
  KOBLING_ASSIGN_OR_RETURN(auto projects, storage::ProjectStore::Load(store));
  for (auto& [id, rows] : projects) {
    Project& project = state->data_.projects[id];
    project.rows = std::move(rows);
    KOBLING_RETURN_IF_ERROR(LoadMemberships(sets, project));
  }
  KOBLING_ASSIGN_OR_RETURN(auto lists, storage::ReservationStore::Load(store));
  for (auto& [id, versions] : lists) {
    ReservationList& list = state->data_.reservations[id];
    for (const records::ReservationListRecord& version : versions) {
      KOBLING_ASSIGN_OR_RETURN(storage::NumberSet added, sets.Get(version.added_set()));
      KOBLING_ASSIGN_OR_RETURN(storage::NumberSet removed, sets.Get(version.removed_set()));
      list.identifiers |= added;
      list.identifiers -= removed;
      list.added.push_back(std::move(added));
      list.removed.push_back(std::move(removed));
    }
    list.identifiers.runOptimize();
    list.versions = std::move(versions);
  }
  return state;
}

absl::Status LoadMemberships(const storage::SetStore& sets, Project& project) {
  if (project.rows.project.has_memberships_deleted()) {
    return absl::OkStatus();
  }
  for (const records::SubmissionRecord& submission : project.rows.submissions) {
    if (submission.withdrawn() && !submission.withdrawn_after_issue()) {
      continue;
    }
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet index, sets.Get(submission.index_set()));
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet relatives, sets.Get(submission.relative_set()));
    if (submission.withdrawn()) {
      project.former |= index;
      project.former |= relatives;
    } else {
      project.index |= index;
      project.relatives |= relatives;
    }
  }
  for (const records::KeyFileRecord& key_file : project.rows.key_files) {
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet current, sets.Get(key_file.current_set()));
    project.former |= current;
  }
  project.former -= project.index;
  project.former -= project.relatives;
  for (storage::NumberSet* set : {&project.index, &project.relatives, &project.former}) {
    set->runOptimize();
    set->shrinkToFit();
  }
  return absl::OkStatus();
}

const Project* FindProject(const StateData& state, std::string_view id) {
  const auto found = state.projects.find(std::string(id));
  return found == state.projects.end() ? nullptr : &found->second;
}

const records::SourceRecord* FindSource(const records::CaseRecord& project_case, std::string_view register_id) {
  const auto& sources = project_case.sources();
  const auto found = std::find_if(sources.begin(), sources.end(), [&](const records::SourceRecord& source) {
    return source.register_id() == register_id;
  });
  return found == sources.end() ? nullptr : &*found;
}

records::SourceProgressRecord ProgressOf(const records::ProjectRecord& project, std::string_view register_id) {
  for (const records::SourceProgressRecord& progress : project.progress()) {
    if (progress.register_id() == register_id) {
      return progress;
    }
  }
  return {};
}

records::SourceProgressRecord& MutableProgressOf(records::ProjectRecord& project, std::string_view register_id) {
  for (records::SourceProgressRecord& progress : *project.mutable_progress()) {
    if (progress.register_id() == register_id) {
      return progress;
    }
  }
  records::SourceProgressRecord& progress = *project.add_progress();
  progress.set_register_id(std::string(register_id));
  return progress;
}

bool IsImported(const records::KeyFileRecord& key_file) {
  return key_file.kind() == records::KEY_FILE_KIND_RECORD_IMPORTED;
}

bool IsCorrection(const records::KeyFileRecord& key_file) {
  return key_file.kind() == records::KEY_FILE_KIND_RECORD_CORRECTION;
}

bool WasHandedOut(const records::KeyFileRecord& key_file) {
  if (IsImported(key_file)) {
    return !key_file.withdrawn();
  }
  return key_file.has_first_fetched() || (!key_file.withdrawn() && !key_file.expired());
}

const records::KeyFileRecord* CorrectionSince(const storage::ProjectRows& rows,
                                              const records::KeyFileRecord& key_file) {
  const auto found = std::find_if(rows.key_files.begin(), rows.key_files.end(), [&](const auto& later) {
    return IsCorrection(later) && later.register_id() == key_file.register_id() && !later.withdrawn() &&
           WasHandedOut(later) && later.event_index() > key_file.event_index();
  });
  return found == rows.key_files.end() ? nullptr : &*found;
}

const std::string& CoveredSetOf(const records::KeyFileRecord& key_file) {
  const bool goes_on = key_file.kind() == records::KEY_FILE_KIND_RECORD_DELTA || IsCorrection(key_file);
  return goes_on ? key_file.covered_set() : key_file.set();
}

storage::NumberSet EverybodyIn(const Project& project) { return project.index | project.relatives | project.former; }

bool HasStandingReport(const storage::ProjectRows& rows, const records::KeyFileRecord& key_file) {
  return std::any_of(rows.usage.begin(), rows.usage.end(), [&](const records::UsageRecord& usage) {
    return !usage.replaced() && usage.register_id() == key_file.register_id() &&
           usage.key_file_number() == key_file.number();
  });
}

bool OwesReport(const storage::ProjectRows& rows, const records::KeyFileRecord& key_file) {
  return WasHandedOut(key_file) && !IsImported(key_file) && !IsCorrection(key_file) &&
         !HasStandingReport(rows, key_file);
}

void Upsert(std::vector<records::SubmissionRecord>& rows, const records::SubmissionRecord& row) {
  UpsertBy(rows, row, kByNumber);
}
void Upsert(std::vector<records::MatchRecord>& rows, const records::MatchRecord& row) {
  UpsertBy(rows, row, kByNumber);
}
void Upsert(std::vector<records::KeyFileRecord>& rows, const records::KeyFileRecord& row) {
  UpsertBy(rows, row, kByNumber);
}
void Upsert(std::vector<records::CorrectionRecord>& rows, const records::CorrectionRecord& row) {
  UpsertBy(rows, row, [](const auto& correction) { return correction.number(); });
}
void Upsert(std::vector<records::UsageRecord>& rows, const records::UsageRecord& row) {
  UpsertBy(rows, row,
           [](const auto& usage) { return std::make_tuple(std::string_view(usage.register_id()), usage.sequence()); });
}

}  // namespace kobling::server
