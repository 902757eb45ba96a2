// People, or identifiers, by their number among the synthetic ones.
#pragma once

#include <cstddef>
#include <set>

namespace kobling::tests {

using PeopleSet = std::set<std::size_t>;

PeopleSet Union(PeopleSet a, const PeopleSet& b);
PeopleSet Less(PeopleSet a, const PeopleSet& b);
PeopleSet Both(const PeopleSet& a, const PeopleSet& b);

}  // namespace kobling::tests
