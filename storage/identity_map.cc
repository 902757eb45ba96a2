#include "storage/identity_map.h"

namespace kobling::storage {

domain::IdentifierNumber IdentityMap::Representative(const domain::ProjectId& /*project*/,
                                                     domain::IdentifierNumber identifier) const {
  return identifier;
}

NumberSet IdentityMap::RepresentativesOf(const domain::ProjectId& /*project*/, const NumberSet& identifiers) const {
  return identifiers;
}

}  // namespace kobling::storage
