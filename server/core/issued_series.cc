#include "server/core/issued_series.h"

#include <algorithm>
#include <string>
#include <utility>

#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using storage::RepresentativeTable;

absl::StatusOr<storage::NumberSet> GivenOutBy(const Core& core, const records::KeyFileRecord& key_file) {
  return core.sets.Get(key_file.representative_set().empty() ? key_file.set() : key_file.representative_set());
}

// The project's key files with løpenumre of its own, in the order in which they were issued.
std::vector<records::KeyFileRecord> InOrderOfIssue(std::vector<records::KeyFileRecord> key_files) {
  key_files.erase(std::remove_if(key_files.begin(), key_files.end(), IsImported), key_files.end());
  std::sort(key_files.begin(), key_files.end(),
            [](const auto& a, const auto& b) { return a.event_index() < b.event_index(); });
  return key_files;
}

absl::StatusOr<std::vector<storage::Retirement>> RetirementsBefore(const Core& core,
                                                                   const storage::ProjectRows& project,
                                                                   std::uint64_t event_index) {
  std::vector<storage::Retirement> retirements;
  for (const records::CorrectionRecord& correction : project.corrections) {
    if (correction.state() != records::CORRECTION_STATE_RECORD_CONFIRMED || correction.event_index() >= event_index) {
      continue;
    }
    storage::Retirement& retirement = retirements.emplace_back();
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet changed, core.sets.Get(correction.changed_set()));
    KOBLING_ASSIGN_OR_RETURN(retirement.retired, core.sets.Get(correction.retired_set()));
    KOBLING_ASSIGN_OR_RETURN(retirement.staying, core.sets.Get(correction.staying_set()));
    retirement.retired -= changed;
    retirement.map_version = correction.map_version();
  }
  return retirements;
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
  KOBLING_ASSIGN_OR_RETURN(result.retirements, RetirementsBefore(core, project, event_index));
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
  KOBLING_ASSIGN_OR_RETURN(std::vector<ToldNumbers> told, ReadEach(core, project, {{.files = files, .among = among}}));
  return std::move(told.front());
}

absl::StatusOr<std::vector<ToldNumbers>> ToldNumbers::ReadEach(const Core& core, const storage::ProjectRows& project,
                                                               const std::vector<Question>& questions) {
  std::vector<ToldNumbers> told(questions.size());
  std::vector<storage::NumberSet> with_history;
  for (const Question& question : questions) {
    with_history.push_back(question.files.empty() ? storage::NumberSet() : core.identities.WithHistory(question.among));
  }
  if (std::all_of(with_history.begin(), with_history.end(), [](const auto& set) { return set.isEmpty(); })) {
    return told;
  }
  storage::IdentityReplay replay(core.identity_log);
  storage::IssuedNumbers issued;
  for (const records::KeyFileRecord& key_file : InOrderOfIssue(project.key_files)) {
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const auto& files = questions[i].files;
      if (with_history[i].isEmpty() ||
          std::none_of(files.begin(), files.end(), [&](const records::KeyFileRecord& file) {
            return file.register_id() == key_file.register_id() && file.number() == key_file.number();
          })) {
        continue;
      }
      KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet rows, core.sets.Get(key_file.set()));
      KOBLING_ASSIGN_OR_RETURN(issued.retirements, RetirementsBefore(core, project, key_file.event_index()));
      const storage::NumberSet identifiers = rows & with_history[i];
      KOBLING_ASSIGN_OR_RETURN(RepresentativeTable representatives,
                               RepresentativesAt(core, replay, key_file.map_version(), issued, identifiers));
      told[i].Add(key_file, identifiers, std::move(representatives));
    }
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet given_out, GivenOutBy(core, key_file));
    issued.issued |= given_out;
  }
  return told;
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

std::uint32_t ToldNumbers::ToCorrect(std::uint32_t identifier) const {
  std::uint32_t representative = identifier;
  bool is_first = true;
  for (const Telling& telling : tellings_) {
    if ((is_first || telling.is_correction) && telling.identifiers.contains(identifier)) {
      representative = telling.representatives.Of(identifier);
      is_first = false;
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
