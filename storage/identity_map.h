// Which identifiers are one person, as of a version of the map.
//
// Without identity history every identifier is a person of its own. All code that counts persons, chooses whose uid
// makes a løpenummer, or looks a person up asks here, so that history is an addition and not a repair.
#pragma once

#include <cstdint>
#include <vector>

#include "domain/ids.h"
#include "storage/number_set.h"

namespace kobling::storage {

class IdentityMap {
 public:
  // Rises by one with each change of the map; written into every key file.
  std::uint64_t version() const { return 0; }

  // The identifier that stands for the person in the project: a pinned one if the group has one there, else the
  // canonical.
  domain::IdentifierNumber Representative(const domain::ProjectId& project, domain::IdentifierNumber identifier) const;

  // The representatives of all persons to whom the identifiers of the set belong.
  NumberSet RepresentativesOf(const domain::ProjectId& project, const NumberSet& identifiers) const;

  // The identifiers of `candidates` that belong to somebody in `population`.
  NumberSet OfPersonsIn(const NumberSet& population, const NumberSet& candidates) const {
    return candidates & population;
  }

  // The lowest number of the person's group: the same in all projects. Names the person in events.
  domain::IdentifierNumber Canonical(domain::IdentifierNumber identifier) const { return identifier; }

  // Every identifier that the person ever held, this one included.
  std::vector<domain::IdentifierNumber> IdentifiersOf(domain::IdentifierNumber identifier) const {
    return {identifier};
  }

  // How many persons the identifiers of the set belong to.
  std::uint64_t CountPersons(const NumberSet& identifiers) const { return identifiers.cardinality(); }

  // How many persons the identifiers of either set belong to; does not build the union.
  std::uint64_t CountPersonsInEither(const NumberSet& a, const NumberSet& b) const { return a.or_cardinality(b); }
};

}  // namespace kobling::storage
