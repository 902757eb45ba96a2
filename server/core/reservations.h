// Which people's reservations hold for a register's part of a project.
#pragma once

#include <string_view>
#include <vector>

#include "server/core/state.h"
#include "storage/identity_map.h"

namespace kobling::server {

struct HeldReservations {
  storage::NumberSet identifiers;
  std::vector<records::AppliedReservationListRecord> lists;  // those that were looked at, the national one first
};

// The national list and the register's own, as they are now; nothing if the law makes an exception for the source.
HeldReservations ReservationsFor(const StateData& state, const records::SourceRecord& source);

// The identifiers that were in that version of the list and whose persons are not in it now.
storage::NumberSet LeftSince(const StateData& state, const storage::IdentityMap& identities,
                             const records::AppliedReservationListRecord& applied);

// Whether any of the numbers is in the national list or the register's own.
bool IsInAList(const StateData& state, std::string_view register_id, const std::vector<std::uint32_t>& numbers);

}  // namespace kobling::server
