#include "storage/identity_map.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

#include "absl/container/inlined_vector.h"

namespace kobling::storage {
namespace {

std::uint32_t Raw(domain::IdentifierNumber number) { return static_cast<std::uint32_t>(number); }

// Calls `visit` for each number that is in both sets, ascending. Faster than a set of both where one of them is small.
template <typename Visit>
void ForEachInBoth(const NumberSet& a, const NumberSet& b, const Visit& visit) {
  const NumberSet both = a & b;
  for (const std::uint32_t number : both) {
    visit(number);
  }
}

}  // namespace

std::uint64_t IdentityMap::version() const {
  const std::shared_lock lock(mutex_);
  return version_;
}

std::uint64_t IdentityMap::first_sequence() const {
  const std::shared_lock lock(mutex_);
  return first_sequence_;
}

IdentityCounts IdentityMap::counts() const {
  const std::shared_lock lock(mutex_);
  return {.known = known_count_,
          .persons = known_count_ - not_canonical_.cardinality(),
          .persons_with_several = groups_,
          .annulled = annulled_.cardinality(),
          .is_protected = protected_.cardinality()};
}

void IdentityMap::FindKnown(std::span<const std::uint32_t> numbers, std::vector<bool>& known) const {
  const std::shared_lock lock(mutex_);
  known.resize(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    known[i] = numbers[i] < known_.size() && known_[numbers[i]];
  }
}

const IdentityMap::Person* IdentityMap::Find(std::uint32_t number) const {
  const std::uint32_t place = number < person_of_.size() ? person_of_[number] : 0;
  return place == 0 ? nullptr : &persons_[place - 1];
}

std::uint32_t IdentityMap::CanonicalOf(std::uint32_t number) const {
  const Person* const person = Find(number);
  if (person == nullptr) {
    return number;
  }
  return std::min_element(person->members.begin(), person->members.end(),
                          [](const Member& a, const Member& b) { return a.number < b.number; })
      ->number;
}

domain::IdentifierNumber IdentityMap::Canonical(domain::IdentifierNumber identifier) const {
  const std::shared_lock lock(mutex_);
  return domain::IdentifierNumber{CanonicalOf(Raw(identifier))};
}

domain::IdentifierNumber IdentityMap::Current(domain::IdentifierNumber identifier) const {
  const std::shared_lock lock(mutex_);
  const Person* const person = Find(Raw(identifier));
  return person == nullptr ? identifier : domain::IdentifierNumber{person->current};
}

std::vector<domain::IdentifierNumber> IdentityMap::IdentifiersOf(domain::IdentifierNumber identifier) const {
  const std::shared_lock lock(mutex_);
  const Person* const person = Find(Raw(identifier));
  if (person == nullptr) {
    return {identifier};
  }
  std::vector<domain::IdentifierNumber> all;
  for (const Member& member : person->members) {
    all.push_back(domain::IdentifierNumber{member.number});
  }
  std::sort(all.begin(), all.end());
  return all;
}

PersonFlags IdentityMap::FlagsOf(domain::IdentifierNumber identifier) const {
  const std::shared_lock lock(mutex_);
  return {.annulled = annulled_.contains(Raw(identifier)),
          .is_protected = protected_.contains(Raw(identifier)),
          .parents_blocked = parents_blocked_.contains(Raw(identifier))};
}

NumberSet IdentityMap::OfPersonsIn(const NumberSet& population, const NumberSet& candidates) const {
  NumberSet result = candidates & population;
  const std::shared_lock lock(mutex_);
  std::vector<std::uint32_t> more;
  ForEachInBoth(candidates - result, in_groups_, [&](std::uint32_t number) {
    const auto& members = Find(number)->members;
    if (std::any_of(members.begin(), members.end(),
                    [&](const Member& member) { return population.contains(member.number); })) {
      more.push_back(number);
    }
  });
  return result |= MakeNumberSet(more);
}

NumberSet IdentityMap::AllOfPersonsIn(const NumberSet& identifiers) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::uint32_t> more;
  ForEachInBoth(identifiers, in_groups_, [&](std::uint32_t number) {
    for (const Member& member : Find(number)->members) {
      more.push_back(member.number);
    }
  });
  return identifiers | MakeNumberSet(more);
}

NumberSet IdentityMap::AnnulledAmong(const NumberSet& identifiers) const {
  const std::shared_lock lock(mutex_);
  return identifiers & annulled_;
}

NumberSet IdentityMap::CurrentBeside(const NumberSet& identifiers) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::uint32_t> beside;
  ForEachInBoth(identifiers - protected_, in_groups_, [&](std::uint32_t number) {
    const std::uint32_t current = Find(number)->current;
    if (!identifiers.contains(current)) {
      beside.push_back(current);
    }
  });
  return MakeNumberSet(beside);
}

std::uint64_t IdentityMap::CountPersons(const NumberSet& identifiers) const {
  static const NumberSet kNobody;
  return CountPersonsInEither(identifiers, kNobody);
}

std::uint64_t IdentityMap::CountPersonsInEither(const NumberSet& a, const NumberSet& b) const {
  const std::uint64_t identifiers = a.or_cardinality(b);
  const std::shared_lock lock(mutex_);
  if (not_canonical_.isEmpty()) {
    return identifiers;
  }
  // An identifier whose person has a lower one in the sets is counted already.
  std::uint64_t counted_already = 0;
  for (const std::uint32_t number : (a & not_canonical_) | (b & not_canonical_)) {
    const auto& members = Find(number)->members;
    counted_already += std::any_of(members.begin(), members.end(), [&](const Member& member) {
      return member.number < number && (a.contains(member.number) || b.contains(member.number));
    });
  }
  return identifiers - counted_already;
}

NumberSet IdentityMap::WithHistory(const NumberSet& identifiers) const {
  const std::shared_lock lock(mutex_);
  return identifiers & with_history_;
}

NumberSet IdentityMap::ChangedSince(std::uint64_t version, const NumberSet& identifiers) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::uint32_t> changed;
  if (version < version_) {
    ForEachInBoth(identifiers, with_history_, [&](std::uint32_t number) {
      if (VersionOf(Find(number)->changed) > version) {
        changed.push_back(number);
      }
    });
  }
  return MakeNumberSet(changed);
}

IdentityMap::Ordinal IdentityMap::JoinedAt(const Person& person, std::uint32_t a, std::uint32_t b) {
  Ordinal latest = 0;
  bool between = false;
  for (const Member& member : person.members) {
    if (between) {
      latest = std::max(latest, member.joined);
    }
    if (member.number == a || member.number == b) {
      if (between || a == b) {
        return latest;
      }
      between = true;
    }
  }
  return latest;
}

bool IdentityMap::IsRetired(const IssuedNumbers& issued, const Person& person, std::uint32_t number) const {
  return std::any_of(issued.retirements.begin(), issued.retirements.end(), [&](const Retirement& retirement) {
    return retirement.retired.contains(number) &&
           std::any_of(person.members.begin(), person.members.end(), [&](const Member& member) {
             return retirement.staying.contains(member.number) &&
                    VersionOf(JoinedAt(person, number, member.number)) <= retirement.map_version;
           });
  });
}

std::uint32_t IdentityMap::RepresentativeOf(const IssuedNumbers& issued, std::uint32_t number) const {
  const Person& person = *Find(number);
  absl::InlinedVector<std::uint32_t, 4> candidates;
  for (const Member& member : person.members) {
    if (issued.issued.contains(member.number) && !IsRetired(issued, person, member.number)) {
      candidates.push_back(member.number);
    }
  }
  if (candidates.empty()) {
    return CanonicalOf(number);
  }
  const auto preferred = [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(JoinedAt(person, number, a), a) < std::pair(JoinedAt(person, number, b), b);
  };
  return candidates.size() == 1 ? candidates.front()
                                : *std::min_element(candidates.begin(), candidates.end(), preferred);
}

RepresentativeTable IdentityMap::RepresentativesOf(const IssuedNumbers& issued, const NumberSet& identifiers) const {
  const std::shared_lock lock(mutex_);
  std::vector<RepresentativeTable::Entry> others;
  ForEachInBoth(identifiers, in_groups_, [&](std::uint32_t number) {
    const std::uint32_t representative = RepresentativeOf(issued, number);
    if (representative != number) {
      others.emplace_back(number, representative);
    }
  });
  return RepresentativeTable(version_, std::move(others));
}

NumberSet IdentityMap::PerhapsRenumbered(const NumberSet& issued, const NumberSet& identifiers) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::uint32_t> result;
  ForEachInBoth(identifiers, with_history_, [&](std::uint32_t number) {
    const Person& person = *Find(number);
    if (person.split != 0 || std::count_if(person.members.begin(), person.members.end(),
                                           [&](const Member& member) { return issued.contains(member.number); }) > 1) {
      result.push_back(number);
    }
  });
  return MakeNumberSet(result);
}

Settlement IdentityMap::Settle(const IssuedNumbers& issued) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::uint32_t> retired;
  std::vector<std::uint32_t> staying;
  NumberSet seen;
  ForEachInBoth(issued.issued, in_groups_, [&](std::uint32_t number) {
    if (seen.contains(number)) {
      return;
    }
    const Person& person = *Find(number);
    absl::InlinedVector<std::uint32_t, 4> given_out;
    absl::InlinedVector<std::uint32_t, 4> standing;
    for (const Member& member : person.members) {
      seen.add(member.number);
      if (issued.issued.contains(member.number)) {
        given_out.push_back(member.number);
        if (!IsRetired(issued, person, member.number)) {
          standing.push_back(member.number);
        }
      }
    }
    if (standing.size() > 1) {
      staying.push_back(*std::min_element(standing.begin(), standing.end()));
      // Also those that are retired already: for the sake of one that may be parted from the person again.
      std::copy_if(given_out.begin(), given_out.end(), std::back_inserter(retired),
                   [&](std::uint32_t member) { return member != staying.back(); });
    }
  });
  return {.retired = MakeNumberSet(retired), .staying = MakeNumberSet(staying), .persons = staying.size()};
}

RepresentativeChange IdentityMap::WhyChanged(std::uint32_t identifier, std::uint32_t before, std::uint32_t now) const {
  using Cause = RepresentativeChange::Cause;
  const std::shared_lock lock(mutex_);
  const Person* const person = Find(identifier);
  if (person == nullptr) {
    return {.cause = Cause::kSplit, .version = version_};
  }
  const auto& members = person->members;
  if (std::any_of(members.begin(), members.end(), [&](const Member& member) { return member.number == before; })) {
    return {.cause = Cause::kMerged, .version = VersionOf(JoinedAt(*person, before, now))};
  }
  return {.cause = Cause::kSplit, .version = VersionOf(person->split)};
}

}  // namespace kobling::storage
