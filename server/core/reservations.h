// Which people's reservations hold for a register's part of a project.
#pragma once

#include <vector>

#include "server/core/state.h"

namespace kobling::server {

struct HeldReservations {
  storage::NumberSet identifiers;
  std::vector<records::AppliedReservationListRecord> lists;  // those that were looked at, the national one first
};

// The national list and the register's own, as they are now; nothing if the law makes an exception for the source.
HeldReservations ReservationsFor(const StateData& state, const records::SourceRecord& source);

}  // namespace kobling::server
