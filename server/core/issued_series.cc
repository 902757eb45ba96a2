#include "server/core/issued_series.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using storage::RepresentativeTable;

absl::StatusOr<storage::NumberSet> GivenOutBy(const Core& core, const records::KeyFileRecord& key_file) {
  return core.sets.Get(key_file.representative_set().empty() ? key_file.set() : key_file.representative_set());
}

// Confirmed corrections in the order in which they were confirmed, with the event of each.
struct DatedRetirement {
  std::uint64_t event_index;
  storage::Retirement retirement;
};

absl::StatusOr<std::vector<DatedRetirement>> ReadRetirements(const Core& core, const storage::ProjectRows& project) {
  std::vector<DatedRetirement> all;
  for (const records::CorrectionRecord& correction : project.corrections) {
    if (correction.state() != records::CORRECTION_STATE_RECORD_CONFIRMED) {
      continue;
    }
    auto& [event_index, retirement] = all.emplace_back();
    event_index = correction.event_index();
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet changed, core.sets.Get(correction.changed_set()));
    KOBLING_ASSIGN_OR_RETURN(retirement.retired, core.sets.Get(correction.retired_set()));
    KOBLING_ASSIGN_OR_RETURN(retirement.staying, core.sets.Get(correction.staying_set()));
    retirement.retired -= changed;
    retirement.map_version = correction.map_version();
  }
  return all;
}

// The map as it was, where that matters: whoever is now as they were then is looked up in the map of today.
absl::StatusOr<RepresentativeTable> RepresentativesAt(const Core& core, storage::IdentityReplay& replay,
                                                      std::uint64_t map_version, const storage::IssuedNumbers& issued,
                                                      const storage::NumberSet& identifiers) {
  storage::NumberSet changed;
  RepresentativeTable unchanged;
  do {  // the feed goes on meanwhile
    changed = core.identities.ChangedSince(map_version, identifiers);
    unchanged = core.identities.RepresentativesOf(issued, identifiers - changed);
  } while (!(core.identities.ChangedSince(map_version, identifiers) == changed));
  std::vector<RepresentativeTable::Entry> others(unchanged.others().begin(), unchanged.others().end());
  if (!changed.isEmpty()) {
    KOBLING_ASSIGN_OR_RETURN(const storage::IdentityMap* const then, replay.AdvanceTo(map_version));
    const RepresentativeTable table = then->RepresentativesOf(issued, changed);
    const auto middle = static_cast<std::ptrdiff_t>(others.size());
    others.insert(others.end(), table.others().begin(), table.others().end());
    std::inplace_merge(others.begin(), others.begin() + middle, others.end());
  }
  return RepresentativeTable(map_version, std::move(others));
}

bool IsAmong(const records::KeyFileRecord& key_file, const std::vector<records::KeyFileRecord>& files) {
  return std::any_of(files.begin(), files.end(), [&](const records::KeyFileRecord& file) {
    return file.register_id() == key_file.register_id() && file.number() == key_file.number();
  });
}

// Goes through the key files of some projects in the order in which they were issued, as the replay can only go on.
class TellingsReader {
 public:
  // `among` may be null, for all identifiers.
  TellingsReader(const Core& core, const storage::NumberSet* among) : core_(core), among_(among) {}

  absl::StatusOr<std::vector<ToldNumbers>> Read(const std::vector<ToldNumbers::FilesOfRegister>& wanted) {
    std::vector<ToldNumbers> all(wanted.size());
    std::map<const storage::ProjectRows*, Series> series;
    std::vector<std::pair<const records::KeyFileRecord*, Series*>> in_order;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto [at, is_new] = series.try_emplace(wanted[i].project);
      at->second.wanted.emplace_back(&wanted[i], &all[i]);
      if (is_new) {
        KOBLING_ASSIGN_OR_RETURN(at->second.retirements, ReadRetirements(core_, *at->first));
        for (const records::KeyFileRecord& key_file : at->first->key_files) {
          if (!IsImported(key_file)) {
            in_order.emplace_back(&key_file, &at->second);
          }
        }
      }
    }
    std::sort(in_order.begin(), in_order.end(),
              [](const auto& a, const auto& b) { return a.first->event_index() < b.first->event_index(); });
    for (const auto& [key_file, one] : in_order) {
      KOBLING_RETURN_IF_ERROR(GoThrough(*key_file, *one));
    }
    return all;
  }

 private:
  // One project's, as far as it was gone through.
  struct Series {
    std::vector<std::pair<const ToldNumbers::FilesOfRegister*, ToldNumbers*>> wanted;
    std::vector<DatedRetirement> retirements;
    storage::IssuedNumbers issued;  // of those with a history: nobody else is ever looked up
  };

  absl::Status GoThrough(const records::KeyFileRecord& key_file, Series& series) {
    for (auto& [event_index, retirement] : series.retirements) {
      if (event_index < key_file.event_index()) {
        series.issued.retirements.push_back(std::move(retirement));
      }
    }
    std::erase_if(series.retirements, [&](const auto& dated) { return dated.event_index < key_file.event_index(); });
    for (const auto& [wanted, told] : series.wanted) {
      if (IsAmong(key_file, wanted->files)) {
        KOBLING_RETURN_IF_ERROR(AddTelling(key_file, series, wanted->issued, *told));
      }
    }
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet given_out, GivenOutBy(core_, key_file));
    series.issued.issued |= core_.identities.WithHistory(given_out);
    return absl::OkStatus();
  }

  absl::Status AddTelling(const records::KeyFileRecord& key_file, const Series& series,
                          const storage::NumberSet* issued, ToldNumbers& told) {
    KOBLING_ASSIGN_OR_RETURN(storage::NumberSet rows, core_.sets.Get(key_file.set()));
    if (among_ != nullptr) {
      rows &= *among_;
    }
    storage::NumberSet identifiers =
        issued != nullptr ? core_.identities.PerhapsRenumbered(*issued, rows) : core_.identities.WithHistory(rows);
    KOBLING_ASSIGN_OR_RETURN(RepresentativeTable representatives,
                             RepresentativesAt(core_, replay_, key_file.map_version(), series.issued, identifiers));
    told.Add(key_file, std::move(identifiers), std::move(representatives));
    return absl::OkStatus();
  }

  const Core& core_;
  const storage::NumberSet* among_;
  storage::IdentityReplay replay_{core_.identity_log};
};

}  // namespace

absl::StatusOr<storage::IssuedNumbers> IssuedBefore(const Core& core, const storage::ProjectRows& project,
                                                    std::uint64_t event_index) {
  storage::IssuedNumbers result;
  for (const records::KeyFileRecord& key_file : project.key_files) {
    if (!IsImported(key_file) && key_file.event_index() < event_index) {
      KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet given_out, GivenOutBy(core, key_file));
      result.issued |= given_out;
    }
  }
  KOBLING_ASSIGN_OR_RETURN(std::vector<DatedRetirement> retirements, ReadRetirements(core, project));
  for (DatedRetirement& dated : retirements) {
    if (dated.event_index < event_index) {
      result.retirements.push_back(std::move(dated.retirement));
    }
  }
  return result;
}

absl::StatusOr<RepresentativeTable> RepresentativesNow(const Core& core, const storage::ProjectRows& project,
                                                       const storage::NumberSet& identifiers) {
  // Most projects need not read what was given out.
  RepresentativeTable table = core.identities.RepresentativesOf({}, identifiers);
  if (table.others().empty() && core.identities.WithHistory(identifiers).isEmpty()) {
    return table;
  }
  KOBLING_ASSIGN_OR_RETURN(const storage::IssuedNumbers issued, IssuedBefore(core, project, kNow));
  return core.identities.RepresentativesOf(issued, identifiers);
}

absl::StatusOr<RepresentativeTable> RepresentativesAtIssue(const Core& core, storage::IdentityReplay& replay,
                                                           const storage::ProjectRows& project,
                                                           const records::KeyFileRecord& key_file,
                                                           const storage::NumberSet& identifiers) {
  const storage::NumberSet with_history = core.identities.WithHistory(identifiers);
  if (with_history.isEmpty()) {
    return RepresentativeTable(key_file.map_version(), {});
  }
  KOBLING_ASSIGN_OR_RETURN(const storage::IssuedNumbers issued, IssuedBefore(core, project, key_file.event_index()));
  return RepresentativesAt(core, replay, key_file.map_version(), issued, with_history);
}

absl::StatusOr<ToldNumbers> ToldNumbers::Read(const Core& core, const storage::ProjectRows& project,
                                              const std::vector<records::KeyFileRecord>& files,
                                              const storage::NumberSet& among) {
  const storage::NumberSet with_history = core.identities.WithHistory(among);
  if (with_history.isEmpty() || files.empty()) {
    return ToldNumbers();
  }
  KOBLING_ASSIGN_OR_RETURN(std::vector<ToldNumbers> told,
                           TellingsReader(core, &with_history).Read({{&project, files}}));
  return std::move(told.front());
}

absl::StatusOr<std::vector<ToldNumbers>> ToldNumbers::ReadAll(const Core& core,
                                                              const std::vector<FilesOfRegister>& wanted) {
  return TellingsReader(core, nullptr).Read(wanted);
}

void ToldNumbers::Add(const records::KeyFileRecord& key_file, storage::NumberSet identifiers,
                      RepresentativeTable representatives) {
  identifiers_ |= identifiers;
  tellings_.push_back({.is_correction = IsCorrection(key_file),
                       .identifiers = std::move(identifiers),
                       .representatives = std::move(representatives)});
}

std::uint32_t ToldNumbers::Last(std::uint32_t identifier) const {
  const auto last = std::find_if(tellings_.rbegin(), tellings_.rend(),
                                 [&](const Telling& telling) { return telling.identifiers.contains(identifier); });
  return last == tellings_.rend() ? identifier : last->representatives.Of(identifier);
}

std::uint32_t ToldNumbers::ToCorrect(std::uint32_t identifier, std::uint32_t now) const {
  std::uint32_t representative = now;
  for (const Telling& telling : tellings_) {
    if ((representative == now || telling.is_correction) && telling.identifiers.contains(identifier)) {
      representative = telling.representatives.Of(identifier);
    }
  }
  return representative;
}

std::vector<std::uint32_t> ToldNumbers::All(std::uint32_t identifier) const {
  std::vector<std::uint32_t> all;
  for (const Telling& telling : tellings_) {
    if (telling.identifiers.contains(identifier)) {
      all.push_back(telling.representatives.Of(identifier));
    }
  }
  return all;
}

RepresentativeTable LastTold(const ToldNumbers& told, const storage::NumberSet& identifiers) {
  std::vector<RepresentativeTable::Entry> others;
  for (const std::uint32_t identifier : identifiers& told.identifiers()) {
    if (const std::uint32_t last = told.Last(identifier); last != identifier) {
      others.emplace_back(identifier, last);
    }
  }
  return RepresentativeTable(0, std::move(others));
}

std::vector<records::KeyFileRecord> FetchedBy(const storage::ProjectRows& project, std::string_view register_id) {
  std::vector<records::KeyFileRecord> fetched;
  for (const records::KeyFileRecord& key_file : project.key_files) {
    if (key_file.register_id() == register_id && key_file.has_first_fetched()) {
      fetched.push_back(key_file);
    }
  }
  return fetched;
}

absl::StatusOr<storage::NumberSet> PerhapsRenumbered(const Core& core, const storage::ProjectRows& project,
                                                     const records::KeyFileRecord& key_file,
                                                     const storage::NumberSet& identifiers) {
  storage::NumberSet touched;
  for (const records::CorrectionRecord& correction : project.corrections) {
    if (correction.state() != records::CORRECTION_STATE_RECORD_CONFIRMED ||
        correction.event_index() < key_file.event_index()) {
      continue;
    }
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet retired, core.sets.Get(correction.retired_set()));
    touched |= retired;
  }
  storage::NumberSet result = core.identities.ChangedSince(key_file.map_version(), identifiers);
  if (!touched.isEmpty()) {
    result |= core.identities.AllOfPersonsIn(touched) & identifiers;
  }
  return result;
}

absl::StatusOr<storage::NumberSet> ConfirmedConcerned(const Core& core, const storage::ProjectRows& project) {
  storage::NumberSet concerned;
  for (const records::CorrectionRecord& correction : project.corrections) {
    if (correction.state() == records::CORRECTION_STATE_RECORD_CONFIRMED) {
      KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet set, core.sets.Get(correction.concerned_set()));
      // What had changed by the time of the confirmation has changed since the proposal, too.
      concerned |= set - core.identities.ChangedSince(correction.map_version(), set);
    }
  }
  return concerned;
}

std::vector<records::KeyFileRecord> ChainOf(const storage::ProjectRows& project, const records::KeyFileRecord& last) {
  std::vector<records::KeyFileRecord> chain = {last};
  while (chain.back().since() != 0) {
    const auto before =
        std::find_if(project.key_files.begin(), project.key_files.end(), [&](const records::KeyFileRecord& key_file) {
          return key_file.register_id() == last.register_id() && key_file.number() == chain.back().since();
        });
    if (before == project.key_files.end()) {
      break;
    }
    chain.push_back(*before);
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

}  // namespace kobling::server
