// What the days alone do to key files; part of key_files.h.
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "domain/status_macros.h"
#include "server/core/dates.h"
#include "server/use_cases/key_files.h"

namespace kobling::server {

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
