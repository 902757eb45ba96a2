#include "server/use_cases/scrub.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/status_macros.h"
#include "server/core/issued_series.h"

namespace kobling::server {
namespace {

// Counts one kind of thing.
class Line {
 public:
  explicit Line(std::string_view what) { line_.set_what(std::string(what)); }

  void Check(bool is_right, const std::string& where) {
    line_.set_checked(line_.checked() + 1);
    if (!is_right) {
      line_.set_wrong(line_.wrong() + 1);
      if (line_.first_wrong().empty()) {
        line_.set_first_wrong(where);
      }
    }
  }

  const api::ScrubLine& line() const { return line_; }

 private:
  api::ScrubLine line_;
};

std::vector<storage::ProjectRows> ReadableProjects(const Core& core) {
  std::vector<storage::ProjectRows> projects;
  const State::View state = core.state.Read();
  for (const auto& [id, project] : state->projects) {
    if (!project.rows.project.has_memberships_deleted()) {
      projects.push_back(project.rows);
    }
  }
  return projects;
}

Line CheckDirectory(const Core& core) {
  Line line("identifiers that can be read");
  storage::NumberSet all;
  all.addRange(0, core.directory.size());
  std::uint64_t read = 0;
  const absl::Status status = core.directory.ForEach(
      all, [&](domain::IdentifierNumber /*number*/, const domain::NationalId& /*identifier*/) { ++read; });
  line.Check(status.ok() && read == all.cardinality(),
             "after identifier " + std::to_string(read) + " of the directory");
  return line;
}

Line CheckIdentityMap(const Core& core) {
  Line line("identity map, in itself and against the history");
  const std::string_view inconsistency = core.identities.FirstInconsistency();
  line.Check(inconsistency.empty(), std::string(inconsistency));
  // The feed goes on meanwhile, so that the map may be newer than what was read.
  storage::IdentityReplay replay(core.identity_log);
  for (bool compared = false; !compared;) {
    const std::uint64_t version = core.identities.version();
    const absl::StatusOr<const storage::IdentityMap*> made = replay.AdvanceTo(version);
    const bool is_equal = made.ok() && (*made)->IsEqualTo(core.identities);
    compared = is_equal || core.identities.version() == version;
    if (compared) {
      line.Check(is_equal, "the history makes another map");
    }
  }
  return line;
}

// The sets that must be there; a project names two more that are only compared by name.
std::set<storage::SetId> StoredSetsOf(const storage::ProjectRows& rows) {
  std::set<storage::SetId> sets;
  for (const auto& row : rows.submissions) {
    sets.insert({row.index_set(), row.relative_set()});
  }
  for (const auto& row : rows.matches) {
    sets.insert(row.matched_set());
  }
  for (const auto& row : rows.key_files) {
    sets.insert({row.set(), row.withdrawn_set(), row.covered_set(), row.representative_set(), row.current_set()});
  }
  for (const auto& row : rows.usage) {
    sets.insert(row.used_set());
  }
  for (const auto& row : rows.corrections) {
    sets.insert({row.retired_set(), row.staying_set(), row.concerned_set(), row.changed_set()});
  }
  sets.erase(storage::SetId());
  return sets;
}

Line CheckSets(const Core& core, const std::vector<storage::ProjectRows>& projects) {
  Line line("sets of projects");
  std::set<storage::SetId> seen;
  const std::uint32_t size = core.directory.size();
  for (const storage::ProjectRows& rows : projects) {
    for (const storage::SetId& id : StoredSetsOf(rows)) {
      if (seen.insert(id).second) {
        const auto set = core.sets.Get(id);
        line.Check(set.ok() && (set->isEmpty() || set->maximum() < size) && core.sets.NameOf(*set) == id,
                   "a set of project " + rows.project.id());
      }
    }
  }
  return line;
}

Line CheckMemberships(const Core& core, const std::vector<storage::ProjectRows>& projects) {
  Line line("memberships of projects, in memory and stored");
  for (const storage::ProjectRows& rows : projects) {
    const std::string& id = rows.project.id();
    Project in_memory;
    {
      const State::View state = core.state.Read();
      in_memory = *FindProject(*state, id);
    }
    Project stored;
    stored.rows = in_memory.rows;
    const absl::Status status = LoadMemberships(core.sets, stored);
    line.Check(status.ok() && stored.index == in_memory.index && stored.relatives == in_memory.relatives &&
                   stored.former == in_memory.former,
               "project " + id);
  }
  return line;
}

// What each key file gave out must be what the history as it was then gives.
Line CheckKeyFiles(const Core& core, const std::vector<storage::ProjectRows>& projects) {
  Line line("key files and what they gave out");
  std::vector<std::pair<const storage::ProjectRows*, const records::KeyFileRecord*>> key_files;
  for (const storage::ProjectRows& rows : projects) {
    for (const records::KeyFileRecord& key_file : rows.key_files) {
      if (!IsImported(key_file)) {
        key_files.emplace_back(&rows, &key_file);
      }
    }
  }
  std::sort(key_files.begin(), key_files.end(),
            [](const auto& a, const auto& b) { return a.second->event_index() < b.second->event_index(); });
  storage::IdentityReplay replay(core.identity_log);
  for (const auto& [rows, key_file] : key_files) {
    const auto identifiers = core.sets.Get(key_file->set());
    bool is_right = identifiers.ok();
    if (is_right) {
      const auto table = RepresentativesAtIssue(core, replay, *rows, *key_file, *identifiers);
      const storage::SetId& given_out =
          key_file->representative_set().empty() ? key_file->set() : key_file->representative_set();
      is_right = table.ok() && core.sets.NameOf(table->AllOf(*identifiers)) == given_out;
    }
    line.Check(is_right, "project " + rows->project.id() + ", key file " + key_file->register_id() + ' ' +
                             std::to_string(key_file->number()));
  }
  return line;
}

Line CheckCorrections(const Core& core, const std::vector<storage::ProjectRows>& projects) {
  Line line("corrections, which retire only what was given out");
  for (const storage::ProjectRows& rows : projects) {
    for (const records::CorrectionRecord& correction : rows.corrections) {
      const auto retired = core.sets.Get(correction.retired_set());
      const auto issued = IssuedBefore(core, rows, kNow);
      line.Check(retired.ok() && issued.ok() && retired->isSubset(issued->issued),
                 "project " + rows.project.id() + ", correction " + std::to_string(correction.number()));
    }
  }
  return line;
}

}  // namespace

absl::StatusOr<api::ScrubReport> Scrub::Run(const Call& /*call*/, const api::ScrubRequest& /*request*/) const {
  const std::vector<storage::ProjectRows> projects = ReadableProjects(core_);
  api::ScrubReport report;
  report.set_sound(true);
  for (const Line& line :
       {CheckDirectory(core_), CheckIdentityMap(core_), CheckSets(core_, projects), CheckMemberships(core_, projects),
        CheckKeyFiles(core_, projects), CheckCorrections(core_, projects)}) {
    *report.add_lines() = line.line();
    report.set_sound(report.sound() && line.line().wrong() == 0);
  }
  return report;
}

}  // namespace kobling::server
