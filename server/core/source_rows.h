// Which identifiers a register's key file may have: the population, the scope of the source, and the reservations.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/core.h"
#include "server/core/reservations.h"

namespace kobling::server {

// A register's part in a project, as the state has it.
struct SourceInProject {
  const StateData& state;
  const Project& project;
  const records::SourceRecord& source;
};

enum class ApplyReservations : std::uint8_t { kNo, kYes };

// Everybody in the project as far as the source is concerned: index persons, the relatives that it named itself, and
// those that others named if the case says so. With reservations applied, nobody is in it who was named only by
// registers that may not use their data; the source's own reservations are not looked at here.
absl::StatusOr<storage::NumberSet> PopulationFor(const Core& core, const SourceInProject& part,
                                                 ApplyReservations reservations);

// The candidates whose persons are in the population and have no reservation that holds for the source.
struct UnreservedRows {
  storage::NumberSet identifiers;
  std::uint64_t reserved = 0;  // identifiers that reservations kept out
  // The lists that were looked at: the national one, the source's own, and those of registers that name people.
  std::vector<records::AppliedReservationListRecord> lists;
};
absl::StatusOr<UnreservedRows> WithoutReserved(const Core& core, const SourceInProject& part,
                                               const storage::NumberSet& candidates);

// The rows that a full key file of the source has now.
struct SourceRows {
  UnreservedRows rows;
  std::uint64_t duplicates = 0;  // identifiers that the register sent more than once
  std::uint64_t annulled = 0;    // identifiers that were kept out because their person does not exist
};
// Fails with MATCH_MISSING or MATCH_PARKED where the scope needs a match.
absl::StatusOr<SourceRows> RowsOf(const Core& core, const SourceInProject& part);

// How many persons of each source's newest key file a reservation keeps out of the next one; sources without any are
// left out. Reads sets, so that it works on a copy of the project's part of the state.
struct LaterReservation {
  std::string register_id;
  std::uint32_t key_file = 0;
  std::uint64_t persons = 0;
};
absl::StatusOr<std::vector<LaterReservation>> LaterReservationsOf(const Core& core, const StateData& copy,
                                                                  const std::string& project_id);

// The project, its registers, and the reservations that concern it, as they are now: for work that takes too long to be
// done in a view.
StateData CopyOfProject(const StateData& state, const Project& project);

// All defining sources have said that they are complete. Fails with POPULATION_INCOMPLETE, naming the first that has
// not.
absl::Status CheckPopulationComplete(const records::ProjectRecord& project);

}  // namespace kobling::server
