// How a project ends by itself: a warning, the destruction of its key on the day, and years later the deletion of who
// was included. docs/cases.md tells people the same.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "server/core/core.h"
#include "server/core/key_file_folder.h"
#include "server/runtime/log.h"

namespace kobling::server {

class Endings {
 public:
  Endings(const Core& core, const KeyFileFolder& key_files, Log& log) : core_(core), key_files_(key_files), log_(log) {}

  // Takes every step that is due today, each one change with its event. What was done is in the projects' records, so
  // that a run after a crash, or with a clock that was set, does nothing twice. For one thread at a time.
  absl::Status Upkeep() const;

 private:
  enum class Step { kNone, kWarn, kPostpone, kDestroyKey, kDeleteMemberships, kEraseMemberships };

  Step NextStep(const storage::ProjectRows& rows, absl::CivilDay today) const;
  absl::Status TakeNextStep(const std::string& project_id, absl::CivilDay today) const;

  void Warn(absl::CivilDay today, records::ProjectRecord& project, Change& change) const;
  void DeleteMemberships(records::ProjectRecord& project, Change& change) const;
  void EraseMemberships(records::ProjectRecord& project, Change& change) const;

  const Core& core_;
  const KeyFileFolder& key_files_;
  Log& log_;
};

}  // namespace kobling::server
