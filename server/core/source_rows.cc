#include "server/core/source_rows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// Everybody by who named them, as far as the source is concerned.
struct Named {
  storage::NumberSet index;
  storage::NumberSet relatives;
  storage::NumberSet own_relatives;
};

storage::NumberSet PopulationOf(Named named, const records::SourceRecord& source) {
  return std::move(named.index) | (source.includes_relatives() ? named.relatives : named.own_relatives);
}

// The sources whose submissions stand, whether they define the population today or did when they submitted.
std::vector<const records::SourceRecord*> Namers(const Project& project) {
  std::vector<const records::SourceRecord*> namers;
  for (const records::SourceRecord& source : project.rows.project.project_case().sources()) {
    const auto& submissions = project.rows.submissions;
    if (std::any_of(submissions.begin(), submissions.end(), [&](const records::SubmissionRecord& submission) {
          return !submission.withdrawn() && submission.register_id() == source.register_id();
        })) {
      namers.push_back(&source);
    }
  }
  return namers;
}

// Whether somebody in the project has a reservation at a register that named people for it.
bool AnyNamedIsReserved(const Core& core, const SourceInProject& part) {
  const storage::NumberSet everybody = part.project.index | part.project.relatives;
  const std::vector<const records::SourceRecord*> namers = Namers(part.project);
  return std::any_of(namers.begin(), namers.end(), [&](const records::SourceRecord* namer) {
    return !core.identities.OfPersonsIn(ReservationsFor(part.state, *namer).identifiers, everybody).isEmpty();
  });
}

// What each register may say of people who have not reserved themselves against it.
absl::StatusOr<Named> NamedWithoutReserved(const Core& core, const SourceInProject& part) {
  Named named;
  for (const records::SubmissionRecord& submission : part.project.rows.submissions) {
    const records::SourceRecord* const namer =
        FindSource(part.project.rows.project.project_case(), submission.register_id());
    if (submission.withdrawn() || namer == nullptr) {
      continue;
    }
    const storage::NumberSet reserved = ReservationsFor(part.state, *namer).identifiers;
    KOBLING_ASSIGN_OR_RETURN(storage::NumberSet index, core.sets.Get(submission.index_set()));
    KOBLING_ASSIGN_OR_RETURN(storage::NumberSet relatives, core.sets.Get(submission.relative_set()));
    index -= core.identities.OfPersonsIn(reserved, index);
    relatives -= core.identities.OfPersonsIn(reserved, relatives);
    named.index |= index;
    named.relatives |= relatives;
    if (submission.register_id() == part.source.register_id()) {
      named.own_relatives |= relatives;
    }
  }
  return named;
}

absl::StatusOr<records::MatchRecord> UsableMatch(const Core& core, const SourceInProject& part) {
  const std::string& register_id = part.source.register_id();
  const auto missing = [&](std::string_view hint) {
    return MakeError(Reason::kMatchMissing, {{DetailKey::kRegister, register_id}, {DetailKey::kHint, hint}});
  };
  const records::MatchRecord* newest = nullptr;
  for (const records::MatchRecord& match : part.project.rows.matches) {
    newest = match.register_id() == register_id ? &match : newest;
  }
  if (newest == nullptr || newest->state() == records::MATCH_STATE_RECORD_OPEN) {
    return MakeError(Reason::kMatchMissing, {{DetailKey::kRegister, register_id}});
  }
  if (newest->state() == records::MATCH_STATE_RECORD_PARKED) {
    return MakeError(Reason::kMatchParked,
                     {{DetailKey::kRegister, register_id}, {DetailKey::kHint, newest->parked_because()}});
  }
  // A new reservation is no reason for a new match: it only takes rows away, here and at every issue. Whom a match left
  // out and who has withdrawn the reservation since can only come in by another one.
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet population, PopulationFor(core, part, ApplyReservations::kNo));
  if (newest->population_set() != core.sets.NameOf(population)) {
    return missing("the population has changed since the match");
  }
  for (const records::AppliedReservationListRecord& applied : newest->reservation_lists()) {
    if (!core.identities.OfPersonsIn(LeftSince(part.state, core.identities, applied), population).isEmpty()) {
      return missing("people have withdrawn their reservation since the match");
    }
  }
  return *newest;
}

}  // namespace

absl::StatusOr<storage::NumberSet> PopulationFor(const Core& core, const SourceInProject& part,
                                                 ApplyReservations reservations) {
  if (reservations == ApplyReservations::kYes && AnyNamedIsReserved(core, part)) {
    KOBLING_ASSIGN_OR_RETURN(Named named, NamedWithoutReserved(core, part));
    return PopulationOf(std::move(named), part.source);
  }
  Named everybody{.index = part.project.index, .relatives = part.project.relatives, .own_relatives = {}};
  if (!part.source.includes_relatives()) {
    for (const records::SubmissionRecord& submission : part.project.rows.submissions) {
      if (!submission.withdrawn() && submission.register_id() == part.source.register_id()) {
        KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet own, core.sets.Get(submission.relative_set()));
        everybody.own_relatives |= own;
      }
    }
  }
  return PopulationOf(std::move(everybody), part.source);
}

absl::StatusOr<UnreservedRows> WithoutReserved(const Core& core, const SourceInProject& part,
                                               const storage::NumberSet& candidates) {
  UnreservedRows rows;
  HeldReservations held = ReservationsFor(part.state, part.source);
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet population, PopulationFor(core, part, ApplyReservations::kYes));
  rows.identifiers = core.identities.OfPersonsIn(population, candidates);
  rows.identifiers -= core.identities.OfPersonsIn(held.identifiers, rows.identifiers);
  rows.reserved = candidates.cardinality() - rows.identifiers.cardinality();
  rows.lists = std::move(held.lists);
  for (const records::SourceRecord* const namer : Namers(part.project)) {
    for (records::AppliedReservationListRecord& list : ReservationsFor(part.state, *namer).lists) {
      const bool is_there = std::any_of(rows.lists.begin(), rows.lists.end(),
                                        [&](const auto& other) { return other.register_id() == list.register_id(); });
      if (!is_there) {
        rows.lists.push_back(std::move(list));
      }
    }
  }
  return rows;
}

absl::StatusOr<SourceRows> RowsOf(const Core& core, const SourceInProject& part) {
  SourceRows result;
  storage::NumberSet candidates;
  std::uint64_t reserved_at_match = 0;
  switch (part.source.scope()) {
    case records::SCOPE_RECORD_OWN:
      for (const records::SubmissionRecord& submission : part.project.rows.submissions) {
        if (submission.withdrawn() || submission.register_id() != part.source.register_id()) {
          continue;
        }
        KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet index, core.sets.Get(submission.index_set()));
        KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet relatives, core.sets.Get(submission.relative_set()));
        candidates |= index;
        candidates |= relatives;
        result.duplicates += submission.counts().duplicates();
      }
      break;
    case records::SCOPE_RECORD_INTERSECTION: {
      KOBLING_ASSIGN_OR_RETURN(const records::MatchRecord match, UsableMatch(core, part));
      KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet matched, core.sets.Get(match.matched_set()));
      KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet population, PopulationFor(core, part, ApplyReservations::kNo));
      candidates = core.identities.OfPersonsIn(population, matched);  // whoever was split off since is in it no more
      result.duplicates = match.counts().duplicates();
      reserved_at_match = match.reserved();
      break;
    }
    default: {
      KOBLING_ASSIGN_OR_RETURN(candidates, PopulationFor(core, part, ApplyReservations::kNo));
      candidates |= core.identities.CurrentBeside(candidates);
    }
  }
  KOBLING_ASSIGN_OR_RETURN(result.rows, WithoutReserved(core, part, candidates));
  result.rows.reserved += reserved_at_match;
  const storage::NumberSet annulled = core.identities.AnnulledAmong(result.rows.identifiers);
  result.annulled = annulled.cardinality();
  result.rows.identifiers -= annulled;
  return result;
}

StateData CopyOfProject(const StateData& state, const Project& project) {
  StateData copy;
  copy.projects.emplace(project.rows.project.id(), project);
  const records::CaseRecord& project_case = project.rows.project.project_case();
  for (const records::SourceRecord& source : project_case.sources()) {
    if (const auto found = state.registers.find(source.register_id()); found != state.registers.end()) {
      copy.registers.insert(*found);
    }
  }
  for (const auto& [id, list] : state.reservations) {
    if (id.empty() || FindSource(project_case, id) != nullptr) {
      copy.reservations[id].versions = {list.versions.back()};
      copy.reservations[id].identifiers = list.identifiers;
    }
  }
  return copy;
}

absl::StatusOr<std::vector<LaterReservation>> LaterReservationsOf(const Core& core, const StateData& copy,
                                                                  const std::string& project_id) {
  std::vector<LaterReservation> later;
  const Project& project = copy.projects.at(project_id);
  if (copy.reservations.empty() || project.rows.project.has_memberships_deleted()) {
    return later;
  }
  for (const records::SourceRecord& source : project.rows.project.project_case().sources()) {
    const records::KeyFileRecord* newest = nullptr;
    for (const records::KeyFileRecord& key_file : project.rows.key_files) {
      newest = key_file.register_id() == source.register_id() && WasHandedOut(key_file) ? &key_file : newest;
    }
    if (newest == nullptr) {
      continue;
    }
    const SourceInProject part{copy, project, source};
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet covered, core.sets.Get(CoveredSetOf(*newest)));
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet population, PopulationFor(core, part, ApplyReservations::kNo));
    const storage::NumberSet held = core.identities.OfPersonsIn(population, covered);
    KOBLING_ASSIGN_OR_RETURN(const UnreservedRows rest, WithoutReserved(core, part, held));
    const std::uint64_t persons = core.identities.CountPersons(held - rest.identifiers);
    if (persons > 0) {
      later.push_back({source.register_id(), newest->number(), persons});
    }
  }
  return later;
}

absl::Status CheckPopulationComplete(const records::ProjectRecord& project) {
  for (const records::SourceRecord& source : project.project_case().sources()) {
    if (source.defines_population() && !source.withdrawn() && !ProgressOf(project, source.register_id()).complete()) {
      return MakeError(Reason::kPopulationIncomplete, {{DetailKey::kRegister, source.register_id()}});
    }
  }
  return absl::OkStatus();
}

}  // namespace kobling::server
