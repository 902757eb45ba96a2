#include "server/core/source_rows.h"

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

// Whether somebody in the project has a reservation at a register that names people for it.
bool AnyNamedIsReserved(const Core& core, const StateData& state, const Project& project) {
  for (const records::SourceRecord& source : project.rows.project.project_case().sources()) {
    const storage::NumberSet reserved = ReservationsFor(state, source).identifiers;
    if (source.defines_population() && !reserved.isEmpty() &&
        !core.identities.OfPersonsIn(reserved, project.index | project.relatives).isEmpty()) {
      return true;
    }
  }
  return false;
}

// What each register may say of people who have not reserved themselves against it.
absl::StatusOr<Named> NamedWithoutReserved(const Core& core, const StateData& state, const Project& project,
                                           const records::SourceRecord& source) {
  Named named;
  for (const records::SubmissionRecord& submission : project.rows.submissions) {
    const records::SourceRecord* const namer =
        FindSource(project.rows.project.project_case(), submission.register_id());
    if (submission.withdrawn() || namer == nullptr) {
      continue;
    }
    const storage::NumberSet reserved = ReservationsFor(state, *namer).identifiers;
    KOBLING_ASSIGN_OR_RETURN(storage::NumberSet index, core.sets.Get(submission.index_set()));
    KOBLING_ASSIGN_OR_RETURN(storage::NumberSet relatives, core.sets.Get(submission.relative_set()));
    index -= core.identities.OfPersonsIn(reserved, index);
    relatives -= core.identities.OfPersonsIn(reserved, relatives);
    named.index |= index;
    named.relatives |= relatives;
    if (submission.register_id() == source.register_id()) {
      named.own_relatives |= relatives;
    }
  }
  return named;
}

absl::StatusOr<storage::NumberSet> MatchedRows(const Core& core, const StateData& state, const Project& project,
                                               const records::SourceRecord& source, std::uint64_t& duplicates) {
  const records::MatchRecord* newest = nullptr;
  for (const records::MatchRecord& match : project.rows.matches) {
    newest = match.register_id() == source.register_id() ? &match : newest;
  }
  if (newest == nullptr || newest->state() == records::MATCH_STATE_RECORD_OPEN) {
    return MakeError(Reason::kMatchMissing, {{DetailKey::kRegister, source.register_id()}});
  }
  if (newest->state() == records::MATCH_STATE_RECORD_PARKED) {
    return MakeError(Reason::kMatchParked,
                     {{DetailKey::kRegister, source.register_id()}, {DetailKey::kHint, newest->parked_because()}});
  }
  // Reservations are no reason for a new match: they only take rows away, here and at every issue.
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet population,
                           PopulationFor(core, state, project, source, Reservations::kIgnored));
  if (newest->population_set() != core.sets.NameOf(population)) {
    return MakeError(Reason::kMatchMissing, {{DetailKey::kRegister, source.register_id()},
                                             {DetailKey::kHint, "the population has changed since the match"}});
  }
  duplicates = newest->counts().duplicates();
  return core.sets.Get(newest->matched_set());
}

}  // namespace

absl::StatusOr<storage::NumberSet> PopulationFor(const Core& core, const StateData& state, const Project& project,
                                                 const records::SourceRecord& source, Reservations reservations) {
  if (reservations == Reservations::kApplied && AnyNamedIsReserved(core, state, project)) {
    KOBLING_ASSIGN_OR_RETURN(Named named, NamedWithoutReserved(core, state, project, source));
    return PopulationOf(std::move(named), source);
  }
  Named everybody{.index = project.index, .relatives = project.relatives, .own_relatives = {}};
  if (!source.includes_relatives()) {
    for (const records::SubmissionRecord& submission : project.rows.submissions) {
      if (!submission.withdrawn() && submission.register_id() == source.register_id()) {
        KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet own, core.sets.Get(submission.relative_set()));
        everybody.own_relatives |= own;
      }
    }
  }
  return PopulationOf(std::move(everybody), source);
}

absl::StatusOr<UnreservedRows> WithoutReserved(const Core& core, const StateData& state, const Project& project,
                                               const records::SourceRecord& source,
                                               const storage::NumberSet& candidates) {
  UnreservedRows rows;
  HeldReservations held = ReservationsFor(state, source);
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet population,
                           PopulationFor(core, state, project, source, Reservations::kApplied));
  rows.identifiers = core.identities.OfPersonsIn(population, candidates);
  rows.identifiers -= core.identities.OfPersonsIn(held.identifiers, rows.identifiers);
  rows.reserved = candidates.cardinality() - rows.identifiers.cardinality();
  rows.lists = std::move(held.lists);
  return rows;
}

absl::StatusOr<SourceRows> RowsOf(const Core& core, const StateData& state, const Project& project,
                                  const records::SourceRecord& source) {
  SourceRows result;
  storage::NumberSet candidates;
  switch (source.scope()) {
    case records::SCOPE_RECORD_OWN:
      for (const records::SubmissionRecord& submission : project.rows.submissions) {
        if (submission.withdrawn() || submission.register_id() != source.register_id()) {
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
      KOBLING_ASSIGN_OR_RETURN(candidates, MatchedRows(core, state, project, source, result.duplicates));
      break;
    }
    default: {
      KOBLING_ASSIGN_OR_RETURN(candidates, PopulationFor(core, state, project, source, Reservations::kIgnored));
    }
  }
  KOBLING_ASSIGN_OR_RETURN(result.rows, WithoutReserved(core, state, project, source, candidates));
  return result;
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
