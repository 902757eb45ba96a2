#include "server/core/reservations.h"

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

}  // namespace kobling::server
