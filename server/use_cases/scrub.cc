#include "server/use_cases/scrub.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/issued_series.h"
#include "server/core/key_file_content.h"

namespace kobling::server {
namespace {

// Counts one kind of thing; what it is stands first in the text.
class Line {
 public:
  explicit Line(std::string_view what) { line_.set_what(std::string(what)); }

  void Check(bool is_right, const std::string& where) { Count(1, is_right ? 0 : 1, where); }
  void Count(std::uint64_t checked, std::uint64_t wrong, const std::string& where) {
    line_.set_checked(line_.checked() + checked);
    line_.set_wrong(line_.wrong() + wrong);
    if (wrong != 0 && line_.first_wrong().empty()) {
      line_.set_first_wrong(where);
    }
  }

  const api::ScrubLine& line() const { return line_; }

 private:
  api::ScrubLine line_;
};

std::vector<storage::ProjectRows> ReadableProjects(const Core& core) {
  std::vector<std::string> ids;
  {
    const State::View state = core.state.Read();
    for (const auto& [id, project] : state->projects) {
      ids.push_back(id);
    }
  }
  std::vector<storage::ProjectRows> projects;
  for (const std::string& id : ids) {  // one at a time, so that nobody waits for all of them
    const State::View state = core.state.Read();
    const Project* const project = FindProject(*state, id);
    if (project != nullptr && !project->rows.project.has_memberships_deleted()) {
      projects.push_back(project->rows);
    }
  }
  return projects;
}

// Whether a fault of the project is one. Its memberships may have been deleted after its rows were read, and with them
// sets; whatever else changes in a project leaves what its rows say as true as it was.
bool IsKept(const Core& core, const std::string& project_id) {
  const State::View state = core.state.Read();
  const Project* const project = FindProject(*state, project_id);
  return project != nullptr && !project->rows.project.has_memberships_deleted();
}

void CheckOf(const Core& core, const storage::ProjectRows& rows, Line& line, bool is_right, const std::string& what) {
  const std::string& id = rows.project.id();
  if (is_right || IsKept(core, id)) {
    line.Check(is_right, "project " + id + what);
  }
}

Line CheckDirectory(const Core& core) {
  Line line("identifiers of the directory");
  constexpr std::uint32_t kAtOnce = 4096;  // so many count as wrong, at most, for one block that cannot be read
  const std::uint32_t size = core.directory.size();
  for (std::uint32_t first = 0; first < size; first += std::min(kAtOnce, size - first)) {
    storage::NumberSet part;
    part.addRange(first, first + std::min(kAtOnce, size - first));
    std::uint64_t read = 0;
    const absl::Status status = core.directory.ForEach(
        part, [&](domain::IdentifierNumber /*number*/, const domain::NationalId& /*identifier*/) { ++read; });
    const std::uint64_t unread = part.cardinality() - read;
    line.Count(part.cardinality(), status.ok() ? unread : std::max<std::uint64_t>(unread, 1),
               "from number " + std::to_string(first + read) + " of the directory on");
  }
  return line;
}

// The feed goes on meanwhile: each part of the map is compared with what the history makes until then.
Line CheckIdentityMap(const Core& core) {
  Line line("persons of the identity map, against its events");
  storage::IdentityReplay replay(core.identity_log);
  storage::NumberSet wrong;  // persons, by their canonical numbers
  bool in_totals = false;
  const storage::IdentityMap* made = nullptr;
  for (std::uint64_t first = 0; first == 0 || first < core.identities.NumbersEnd();) {
    const std::uint64_t version = core.identities.version();
    const absl::StatusOr<const storage::IdentityMap*> advanced = replay.AdvanceTo(version);
    if (!advanced.ok() || (*advanced)->version() != version) {
      line.Count(core.identities.counts().persons, 1, "the history cannot be read, or makes a map of another version");
      return line;
    }
    made = *advanced;
    const auto differences = core.identities.DifferencesInPart(static_cast<std::uint32_t>(first), *made);
    if (!differences.has_value()) {
      continue;  // events have come
    }
    for (const std::uint32_t number : differences->numbers) {
      wrong.add(static_cast<std::uint32_t>(made->Canonical(domain::IdentifierNumber{number})));
    }
    in_totals = differences->in_totals;
    first += storage::IdentityMap::kNumbersInPart;
  }
  line.Count(made->counts().persons, wrong.cardinality(),
             wrong.isEmpty() ? std::string()
                             : "the history makes somebody else of number " + std::to_string(wrong.minimum()) +
                                   " of the directory");
  if (wrong.isEmpty() && in_totals) {
    line.Count(0, 1, "the history makes another number of persons");
  }
  // The two are one in everything, so that this need not hold up the readers of the first.
  const std::string_view inconsistency = made->FirstInconsistency();
  line.Count(0, inconsistency.empty() ? 0 : 1, std::string(inconsistency));
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
  std::set<storage::SetId> seen;  // of projects that were kept when it was read
  for (const storage::ProjectRows& rows : projects) {
    for (const storage::SetId& id : StoredSetsOf(rows)) {
      if (seen.contains(id)) {
        continue;
      }
      const auto set = core.sets.Get(id);
      const bool is_right =
          set.ok() && (set->isEmpty() || set->maximum() < core.directory.size()) && core.sets.NameOf(*set) == id;
      CheckOf(core, rows, line, is_right, ", a set");
      if (is_right || IsKept(core, rows.project.id())) {
        seen.insert(id);
      }
    }
  }
  return line;
}

Line CheckMemberships(const Core& core, const std::vector<storage::ProjectRows>& projects) {
  Line line("projects whose memberships in memory are those stored");
  for (const storage::ProjectRows& rows : projects) {
    Project in_memory;
    {
      const State::View state = core.state.Read();
      const Project* const project = FindProject(*state, rows.project.id());
      in_memory = project == nullptr ? Project() : *project;
    }
    Project stored;
    stored.rows = in_memory.rows;
    const absl::Status status = LoadMemberships(core.sets, stored);
    CheckOf(core, rows, line,
            status.ok() && stored.index == in_memory.index && stored.relatives == in_memory.relatives &&
                stored.former == in_memory.former,
            {});
  }
  return line;
}

// What each key file gave out must be what the history as it was then gives: whose løpenumre, and which to whom.
class KeyFileCheck {
 public:
  KeyFileCheck(const Core& core, const std::vector<storage::ProjectRows>& projects) : core_(core) {
    for (const storage::ProjectRows& rows : projects) {
      for (const records::KeyFileRecord& key_file : rows.key_files) {
        if (IsImported(key_file)) {
          continue;
        }
        key_files_.emplace_back(&rows, &key_file);
        for (const records::KeyFileRecord& behind : FilesBehind(rows, key_file)) {
          ++behind_[KeyOf(behind)].of_later_files;
        }
      }
    }
    // The order of the events, so that one replay serves all, and of the series, so that what a file depends on comes
    // before it.
    std::sort(key_files_.begin(), key_files_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.second->map_version(), a.second->event_index()) <
             std::pair(b.second->map_version(), b.second->event_index());
    });
  }

  Line Run() {
    Line line("key files and what they gave out");
    for (const auto& [rows, key_file] : key_files_) {
      const absl::StatusOr<bool> is_right = IsRight(*rows, *key_file);
      CheckOf(core_, *rows, line, is_right.ok() && *is_right,
              ", key file " + key_file->register_id() + ' ' + std::to_string(key_file->number()));
      // Chains are long where projects are, and tables may be large.
      for (const records::KeyFileRecord& behind : FilesBehind(*rows, *key_file)) {
        if (const auto found = behind_.find(KeyOf(behind)); --found->second.of_later_files == 0) {
          behind_.erase(found);
        }
      }
    }
    return line;
  }

 private:
  using Key = std::tuple<std::string, std::string, std::uint32_t>;
  // A file that later ones depend on, until the last of them was looked at.
  struct Behind {
    std::uint32_t of_later_files = 0;
    std::optional<storage::RepresentativeTable> representatives = std::nullopt;
  };

  static Key KeyOf(const records::KeyFileRecord& key_file) {
    return {key_file.project_id(), key_file.register_id(), key_file.number()};
  }

  absl::StatusOr<bool> IsRight(const storage::ProjectRows& rows, const records::KeyFileRecord& key_file) {
    KeyFileContent content;
    content.kind = key_file.kind();
    KOBLING_ASSIGN_OR_RETURN(content.rows, core_.sets.Get(key_file.set()));
    KOBLING_ASSIGN_OR_RETURN(content.withdrawn, core_.sets.Get(key_file.withdrawn_set()));
    KOBLING_ASSIGN_OR_RETURN(content.representatives,
                             RepresentativesAtIssue(core_, replay_, rows, key_file, content.rows));
    if (const auto behind = behind_.find(KeyOf(key_file)); behind != behind_.end()) {
      behind->second.representatives = content.representatives;
    }
    KOBLING_ASSIGN_OR_RETURN(const ToldNumbers told, ToldBefore(rows, key_file, content));
    content.held = LastTold(told, content.withdrawn);
    for (const ToldOtherwise& change : ChangesTold(content, told)) {
      content.corrected.push_back({change.identifier, change.before, change.now, {}, {}});  // the digest has no reasons
    }
    const storage::SetId& given_out =
        key_file.representative_set().empty() ? key_file.set() : key_file.representative_set();
    return core_.sets.NameOf(content.representatives.AllOf(content.rows)) == given_out &&
           RepresentativesDigest(core_, content) == key_file.representatives_digest();
  }

  absl::StatusOr<ToldNumbers> ToldBefore(const storage::ProjectRows& rows, const records::KeyFileRecord& key_file,
                                         const KeyFileContent& content) const {
    ToldNumbers told;
    const storage::NumberSet among =
        core_.identities.WithHistory(IsCorrection(key_file) ? content.rows : content.withdrawn);
    if (among.isEmpty()) {
      return told;
    }
    for (const records::KeyFileRecord& behind : FilesBehind(rows, key_file)) {
      const auto& table = behind_.at(KeyOf(behind)).representatives;
      if (!table.has_value()) {
        return domain::MakeError(domain::Reason::kRecordCorrupt,
                                 {{domain::DetailKey::kHint, "a file that this one goes on from cannot be read"}});
      }
      KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet set, core_.sets.Get(behind.set()));
      told.Add(behind, set & among, *table);
    }
    return told;
  }

  const Core& core_;
  storage::IdentityReplay replay_{core_.identity_log};
  std::vector<std::pair<const storage::ProjectRows*, const records::KeyFileRecord*>> key_files_;
  std::map<Key, Behind> behind_;
};

Line CheckCorrections(const Core& core, const std::vector<storage::ProjectRows>& projects) {
  Line line("corrections, which retire only what was given out");
  for (const storage::ProjectRows& rows : projects) {
    if (rows.corrections.empty()) {
      continue;
    }
    const auto issued = IssuedBefore(core, rows, kNow);
    for (const records::CorrectionRecord& correction : rows.corrections) {
      const auto retired = core.sets.Get(correction.retired_set());
      CheckOf(core, rows, line, retired.ok() && issued.ok() && retired->isSubset(issued->issued),
              ", correction " + std::to_string(correction.number()));
    }
  }
  return line;
}

}  // namespace

absl::StatusOr<api::ScrubReport> Scrub::Run(const Call& call, const api::ScrubRequest& /*request*/) const {
  const std::unique_lock lock(running_, std::try_to_lock);
  if (!lock.owns_lock()) {
    return domain::MakeError(domain::Reason::kServerBusy,
                             {{domain::DetailKey::kHint, "a scrub is under way; it takes some minutes"}});
  }
  const std::vector<storage::ProjectRows> projects = ReadableProjects(core_);
  api::ScrubReport report;
  report.set_sound(true);
  std::uint64_t checked = 0;
  std::uint64_t wrong = 0;
  for (const Line& line :
       {CheckDirectory(core_), CheckIdentityMap(core_), CheckSets(core_, projects), CheckMemberships(core_, projects),
        KeyFileCheck(core_, projects).Run(), CheckCorrections(core_, projects)}) {
    *report.add_lines() = line.line();
    report.set_sound(report.sound() && line.line().wrong() == 0);
    checked += line.line().checked();
    wrong += line.line().wrong();
  }
  transparency::Event event = MakeEvent(call);
  event.counts = {{"checked", checked}, {"wrong", wrong}};
  KOBLING_RETURN_IF_ERROR(core_.committer.Record(std::move(event)));
  return report;
}

}  // namespace kobling::server
