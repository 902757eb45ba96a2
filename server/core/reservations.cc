#include "server/core/reservations.h"

#include <algorithm>
#include <string>

namespace kobling::server {

HeldReservations ReservationsFor(const StateData& state, const records::SourceRecord& source) {
  HeldReservations held;
  if (!source.reservation_exception().empty()) {
    return held;
  }
  for (const std::string& id : {std::string(), source.register_id()}) {
    const auto found = state.reservations.find(id);
    if (found == state.reservations.end()) {
      continue;
    }
    const records::ReservationListRecord& newest = found->second.versions.back();
    records::AppliedReservationListRecord& applied = held.lists.emplace_back();
    applied.set_register_id(newest.register_id());
    applied.set_version(newest.version());
    applied.set_list_date(newest.list_date());
    held.identifiers |= found->second.identifiers;
  }
  return held;
}

storage::NumberSet LeftSince(const StateData& state, const storage::IdentityMap& identities,
                             const records::AppliedReservationListRecord& applied) {
  storage::NumberSet members;
  if (const auto list = state.reservations.find(applied.register_id()); list != state.reservations.end()) {
    for (std::size_t i = 0; i < applied.version(); ++i) {
      members |= list->second.added[i];
      members -= list->second.removed[i];
    }
    members -= identities.OfPersonsIn(list->second.identifiers, members);
  }
  return members;
}

bool IsInAList(const StateData& state, std::string_view register_id, const std::vector<std::uint32_t>& numbers) {
  for (const std::string& id : {std::string(), std::string(register_id)}) {
    const auto list = state.reservations.find(id);
    if (list != state.reservations.end() && std::any_of(numbers.begin(), numbers.end(), [&](std::uint32_t number) {
          return list->second.identifiers.contains(number);
        })) {
      return true;
    }
  }
  return false;
}

}  // namespace kobling::server
