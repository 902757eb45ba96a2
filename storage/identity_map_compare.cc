// What scrubs ask: whether two maps say the same, and whether one is as it must be.
#include <algorithm>
#include <mutex>
#include <tuple>
#include <utility>

#include "storage/identity_map.h"

namespace kobling::storage {

std::uint32_t IdentityMap::NumbersEnd() const {
  const std::shared_lock lock(mutex_);
  return static_cast<std::uint32_t>(std::max(known_.size(), person_of_.size()));
}

bool IdentityMap::IsToldAlike(const IdentityMap& other, std::uint32_t number) const {
  const bool is_known = number < known_.size() && known_[number];
  const bool is_known_there = number < other.known_.size() && other.known_[number];
  const Person* const mine = Find(number);
  const Person* const theirs = other.Find(number);
  if (is_known != is_known_there || (mine == nullptr) != (theirs == nullptr)) {
    return false;
  }
  // Equal persons are not enough: it must be one, to which all its members lead.
  return mine == nullptr ||
         (mine->current == theirs->current && mine->changed == theirs->changed && mine->split == theirs->split &&
          std::equal(mine->members.begin(), mine->members.end(), theirs->members.begin(), theirs->members.end(),
                     [&](const Member& a, const Member& b) {
                       return a.number == b.number && a.joined == b.joined && Find(a.number) == mine;
                     }));
}

std::optional<MapDifferences> IdentityMap::DifferencesInPart(std::uint32_t first, const IdentityMap& other) const {
  NumberSet part;
  part.addRange(first, std::uint64_t{first} + kNumbersInPart);
  const std::shared_lock lock(mutex_);
  const std::shared_lock other_lock(other.mutex_);
  if (version_ != other.version_) {
    return std::nullopt;
  }
  MapDifferences differences;
  differences.in_totals = std::tie(first_sequence_, known_count_, groups_) !=
                              std::tie(other.first_sequence_, other.known_count_, other.groups_) ||
                          persons_.size() - free_.size() != other.persons_.size() - other.free_.size();
  using Sets = std::pair<const NumberSet*, const NumberSet*>;
  for (const auto& [mine, theirs] :
       {Sets(&with_history_, &other.with_history_), Sets(&in_groups_, &other.in_groups_),
        Sets(&not_canonical_, &other.not_canonical_), Sets(&annulled_, &other.annulled_),
        Sets(&protected_, &other.protected_), Sets(&parents_blocked_, &other.parents_blocked_)}) {
    differences.in_totals = differences.in_totals || mine->cardinality() != theirs->cardinality();
    differences.numbers |= (*mine & part) ^ (*theirs & part);
  }
  for (const std::uint32_t number : part) {
    if (!IsToldAlike(other, number)) {
      differences.numbers.add(number);
    }
  }
  return differences;
}

std::string_view IdentityMap::FirstInconsistency() const {
  const std::shared_lock lock(mutex_);
  std::uint64_t members = 0;
  std::uint64_t several = 0;
  std::uint64_t in_groups = 0;
  for (std::size_t place = 1; place <= persons_.size(); ++place) {
    const Person& person = persons_[place - 1];
    const std::uint64_t size = person.members.size();
    members += size;
    several += size > 1 ? 1 : 0;
    in_groups += size > 1 ? size : 0;
    bool has_current = size == 0;
    for (const Member& member : person.members) {
      has_current = has_current || member.number == person.current;
      if (member.number >= person_of_.size() || person_of_[member.number] != place) {
        return "an identifier does not lead to its person";
      }
      if (in_groups_.contains(member.number) != (size > 1) || !with_history_.contains(member.number) ||
          not_canonical_.contains(member.number) != (CanonicalOf(member.number) != member.number)) {
        return "an identifier is indexed wrongly";
      }
      if (annulled_.contains(member.number) != annulled_.contains(person.current) ||
          protected_.contains(member.number) != protected_.contains(person.current) ||
          parents_blocked_.contains(member.number) != parents_blocked_.contains(person.current)) {
        return "a person's identifiers have different flags";
      }
    }
    if (!has_current) {
      return "a person's current identifier is somebody else's";
    }
  }
  if (members != with_history_.cardinality() || several != groups_ || in_groups != in_groups_.cardinality() ||
      not_canonical_.cardinality() + groups_ != in_groups) {
    return "the persons do not add up";
  }
  return {};
}

}  // namespace kobling::storage
