// What the server knows without asking the disk: all records of registers and projects, and who is in which project.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/number_set.h"
#include "storage/project_store.h"
#include "storage/set_store.h"

namespace kobling::server {

namespace records = ::kobling::storage::v1;

// One project. `index` and `relatives` are the union of the submissions that stand; somebody may be in both. `former`
// are the other identifiers that key files may have given out: those of submissions that were withdrawn after an issue,
// and current numbers of people who were submitted under others. All are empty once the memberships were deleted.
struct Project {
  storage::ProjectRows rows;
  storage::NumberSet index;
  storage::NumberSet relatives;
  storage::NumberSet former;
};

// One list of reservations: its versions, oldest first, whom each added and removed, and whom it holds now.
struct ReservationList {
  std::vector<records::ReservationListRecord> versions;
  std::vector<storage::NumberSet> added;
  std::vector<storage::NumberSet> removed;
  storage::NumberSet identifiers;
};

struct StateData {
  std::map<std::string, records::RegisterRecord> registers;
  std::map<std::string, Project> projects;
  std::map<std::string, records::CallerRecord> callers;
  std::map<std::string, ReservationList> reservations;  // by register; the national list has the empty id
};

// Read by many, changed by the committer alone, after the change is durable. Never keep a reference beyond its view,
// and never hold a view while a change is committed by the same thread.
class State {
 public:
  // Reads all records, and the sets of all submissions that stand, except in projects whose memberships were deleted.
  static absl::StatusOr<std::unique_ptr<State>> Load(const storage::Reader& store, const storage::SetStore& sets);

  class View {
   public:
    const StateData* operator->() const { return data_; }
    const StateData& operator*() const { return *data_; }

   private:
    friend class State;
    View(std::shared_lock<std::shared_mutex> lock, const StateData* data) : lock_(std::move(lock)), data_(data) {}
    std::shared_lock<std::shared_mutex> lock_;
    const StateData* data_;
  };
  View Read() const { return View(std::shared_lock(mutex_), &data_); }

  template <typename Mutation>
  void Change(const Mutation& mutation) {
    const std::unique_lock lock(mutex_);
    mutation(data_);
  }

 private:
  mutable std::shared_mutex mutex_;
  StateData data_;
};

// Reads the project's memberships from its stored sets.
absl::Status LoadMemberships(const storage::SetStore& sets, Project& project);

// The project's part of the state, or null.
const Project* FindProject(const StateData& state, std::string_view id);

// The source of a case, or null.
const records::SourceRecord* FindSource(const records::CaseRecord& project_case, std::string_view register_id);

// How far a source has come; a source without progress has the default.
records::SourceProgressRecord ProgressOf(const records::ProjectRecord& project, std::string_view register_id);
records::SourceProgressRecord& MutableProgressOf(records::ProjectRecord& project, std::string_view register_id);

// Numbers that were made elsewhere and imported: no file, and nobody is asked for a report.
bool IsImported(const records::KeyFileRecord& key_file);

// Løpenumre that changed after they were told. Nothing is delivered with such a file alone, so that no report is owed.
bool IsCorrection(const records::KeyFileRecord& key_file);

// Whether the register may hold the key file: it was neither taken back nor did it expire before the first fetch. Such
// a file is shown to citizens and is to be reported on, whatever became of it since. What was imported counts until the
// import is taken back.
bool WasHandedOut(const records::KeyFileRecord& key_file);

// The standing correction that was issued to the register after the key file, or null: the register is not to take the
// key file in any more.
const records::KeyFileRecord* CorrectionSince(const storage::ProjectRows& rows, const records::KeyFileRecord& key_file);

// Name of the set of what the register holds with this key file and those that it goes on from.
const std::string& CoveredSetOf(const records::KeyFileRecord& key_file);

// Everybody whose number may have been handed out, and who counts against the approved number.
storage::NumberSet EverybodyIn(const Project& project);

// Whether a report of the key file's use stands.
bool HasStandingReport(const storage::ProjectRows& rows, const records::KeyFileRecord& key_file);

// The register holds the key file and has not reported any use of it.
bool OwesReport(const storage::ProjectRows& rows, const records::KeyFileRecord& key_file);

// Puts a row in the place of the one with the same register and number, or adds it in order.
void Upsert(std::vector<records::SubmissionRecord>& rows, const records::SubmissionRecord& row);
void Upsert(std::vector<records::MatchRecord>& rows, const records::MatchRecord& row);
void Upsert(std::vector<records::KeyFileRecord>& rows, const records::KeyFileRecord& row);
void Upsert(std::vector<records::UsageRecord>& rows, const records::UsageRecord& row);
void Upsert(std::vector<records::CorrectionRecord>& rows, const records::CorrectionRecord& row);

}  // namespace kobling::server
