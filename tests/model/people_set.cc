#include "tests/model/people_set.h"

#include <algorithm>
#include <iterator>

namespace kobling::tests {

PeopleSet Union(PeopleSet a, const PeopleSet& b) {
  a.insert(b.begin(), b.end());
  return a;
}

PeopleSet Less(PeopleSet a, const PeopleSet& b) {
  for (const std::size_t person : b) {
    a.erase(person);
  }
  return a;
}

PeopleSet Both(const PeopleSet& a, const PeopleSet& b) {
  PeopleSet both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

}  // namespace kobling::tests
