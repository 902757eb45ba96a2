#include "server/core/key_file_content.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "domain/status_macros.h"
#include "server/core/dates.h"
#include "server/core/issued_series.h"

namespace kobling::server {
namespace {

// The day of each of the events: from which it holds, or on which it was applied if the source did not say.
absl::Status FindDates(const Core& core, std::map<std::uint64_t, std::string>& date_of) {
  if (date_of.empty()) {
    return absl::OkStatus();
  }
  return core.identity_log.ForEach(date_of.begin()->first, [&](const storage::IdentityBlock& block) {
    const std::uint64_t end = block.first_sequence + block.changes.size();
    for (auto at = date_of.lower_bound(block.first_sequence); at != date_of.end() && at->first < end; ++at) {
      const std::int32_t day = block.changes[at->first - block.first_sequence].day;
      at->second = DateText(day == storage::kNoDay ? DayOf(absl::FromUnixMicros(block.applied_us))
                                                   : absl::CivilDay(1970, 1, 1) + day);
    }
    return end <= date_of.rbegin()->first;
  });
}

// For each change, the last split that took its two identifiers out of one person.
absl::StatusOr<std::vector<std::uint64_t>> FindPartings(const Core& core, std::uint64_t map_version,
                                                        const std::vector<ToldOtherwise>& changes) {
  std::multimap<std::uint32_t, std::size_t> changes_of;  // by either identifier
  for (std::size_t i = 0; i < changes.size(); ++i) {
    changes_of.emplace(changes[i].identifier, i);
    changes_of.emplace(changes[i].before, i);
  }
  std::vector<std::pair<std::uint64_t, std::size_t>> splits;  // that may have done it, with the change, oldest first
  KOBLING_RETURN_IF_ERROR(core.identity_log.ForEach(0, [&](const storage::IdentityBlock& block) {
    for (std::size_t at = 0; at < block.changes.size() && block.first_sequence + at <= map_version; ++at) {
      if (block.changes[at].kind != storage::IdentityEventKind::kSplit) {
        continue;
      }
      for (const std::uint32_t number : block.changes[at].numbers) {
        const auto [begin, end] = changes_of.equal_range(number);
        for (auto change = begin; change != end; ++change) {
          splits.emplace_back(block.first_sequence + at, change->second);
        }
      }
    }
    return block.first_sequence + block.changes.size() <= map_version;
  }));
  std::vector<std::uint64_t> parted(changes.size());
  storage::IdentityReplay replay(core.identity_log);
  for (const auto& [sequence, i] : splits) {
    KOBLING_ASSIGN_OR_RETURN(const storage::IdentityMap* const before, replay.AdvanceTo(sequence - 1));
    if (before->Canonical(domain::IdentifierNumber{changes[i].identifier}) ==
        before->Canonical(domain::IdentifierNumber{changes[i].before})) {
      parted[i] = sequence;
    }
  }
  return parted;
}

}  // namespace

storage::NumberSet KeyFileContent::Representatives() const {
  storage::NumberSet all = representatives.AllOf(rows) | held.AllOf(withdrawn);
  for (const CorrectedRow& row : corrected) {
    all.add(row.before);
  }
  return all;
}

std::string RepresentativesDigest(const Core& core, const KeyFileContent& content) {
  auto stream = core.keys.digest.Start("representatives");
  bool any = false;
  const auto add = [&](std::uint32_t identifier, std::uint32_t representative, char part) {
    const std::array<char, 9> entry = {
        part,
        static_cast<char>(identifier >> 24),
        static_cast<char>(identifier >> 16),
        static_cast<char>(identifier >> 8),
        static_cast<char>(identifier),
        static_cast<char>(representative >> 24),
        static_cast<char>(representative >> 16),
        static_cast<char>(representative >> 8),
        static_cast<char>(representative),
    };
    stream.Update(std::span(reinterpret_cast<const std::uint8_t*>(entry.data()), entry.size()));
    any = true;
  };
  const auto add_all = [&](const storage::NumberSet& identifiers, const storage::RepresentativeTable& table,
                           char part) {
    for (const auto& [identifier, representative] : table.others()) {
      if (identifiers.contains(identifier)) {
        add(identifier, representative, part);
      }
    }
  };
  add_all(content.rows, content.representatives, 'r');
  add_all(content.withdrawn, content.held, 'w');
  for (const CorrectedRow& row : content.corrected) {
    add(row.identifier, row.before, 'c');
  }
  const crypto::Digest digest = stream.Finish();
  return any ? std::string(digest.begin(), digest.end()) : std::string();
}

std::vector<records::KeyFileRecord> FilesBehind(const storage::ProjectRows& project,
                                                const records::KeyFileRecord& key_file) {
  std::vector<records::KeyFileRecord> files;
  if (IsCorrection(key_file)) {
    const auto& numbers = key_file.told_by();
    std::copy_if(project.key_files.begin(), project.key_files.end(), std::back_inserter(files), [&](const auto& other) {
      return other.register_id() == key_file.register_id() &&
             std::find(numbers.begin(), numbers.end(), other.number()) != numbers.end();
    });
  } else if (!key_file.withdrawn_set().empty()) {
    files = ChainOf(project, key_file);
    files.pop_back();
  }
  return files;
}

std::vector<ToldOtherwise> ChangesTold(const KeyFileContent& content, const ToldNumbers& told) {
  std::vector<ToldOtherwise> changes;
  if (content.kind == records::KEY_FILE_KIND_RECORD_CORRECTION) {
    for (const std::uint32_t identifier : content.rows) {
      const std::uint32_t now = content.representatives.Of(identifier);
      changes.push_back({identifier, told.ToCorrect(identifier, now), now});
    }
  }
  return changes;
}

absl::StatusOr<KeyFileContent> ContentOf(const Core& core, const storage::ProjectRows& project,
                                         const records::KeyFileRecord& key_file) {
  KeyFileContent content;
  content.kind = key_file.kind();
  KOBLING_ASSIGN_OR_RETURN(content.rows, core.sets.Get(key_file.set()));
  KOBLING_ASSIGN_OR_RETURN(content.withdrawn, core.sets.Get(key_file.withdrawn_set()));
  {
    storage::IdentityReplay replay(core.identity_log);  // a whole map, which the next one need not stand beside
    KOBLING_ASSIGN_OR_RETURN(content.representatives,
                             RepresentativesAtIssue(core, replay, project, key_file, content.rows));
  }
  KOBLING_ASSIGN_OR_RETURN(const ToldNumbers told,
                           ToldNumbers::Read(core, project, FilesBehind(project, key_file),
                                             IsCorrection(key_file) ? content.rows : content.withdrawn));
  content.held = LastTold(told, content.withdrawn);
  if (IsCorrection(key_file)) {
    KOBLING_ASSIGN_OR_RETURN(content.corrected,
                             ExplainCorrection(core, key_file.map_version(), ChangesTold(content, told)));
  }
  return content;
}

absl::StatusOr<std::vector<CorrectedRow>> ExplainCorrection(const Core& core, std::uint64_t map_version,
                                                            const std::vector<ToldOtherwise>& changes) {
  storage::IdentityReplay replay(core.identity_log);
  KOBLING_ASSIGN_OR_RETURN(const storage::IdentityMap* const map, replay.AdvanceTo(map_version));
  std::vector<std::uint64_t> versions;
  std::vector<CorrectedRow> rows;
  bool any_split = false;
  for (const ToldOtherwise& change : changes) {
    const storage::RepresentativeChange why = map->WhyChanged(change.identifier, change.before, change.now);
    rows.push_back({change.identifier, change.before, change.now, why.cause, {}});
    versions.push_back(why.version);
    any_split = any_split || why.cause == storage::RepresentativeChange::Cause::kSplit;
  }
  // The map knows only the last split of a person, which may have been from somebody else since.
  if (any_split) {
    KOBLING_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> parted, FindPartings(core, map_version, changes));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool is_split = rows[i].cause == storage::RepresentativeChange::Cause::kSplit;
      versions[i] = is_split && parted[i] != 0 ? parted[i] : versions[i];
    }
  }
  std::map<std::uint64_t, std::string> date_of;
  for (const std::uint64_t version : versions) {
    date_of.try_emplace(version);
  }
  KOBLING_RETURN_IF_ERROR(FindDates(core, date_of));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].date = date_of[versions[i]];
  }
  return rows;
}

}  // namespace kobling::server
