// What each event does to the map.
#include <algorithm>
#include <mutex>
#include <utility>

#include "storage/identity_map.h"

namespace kobling::storage {
namespace {

constexpr std::size_t kApplySlice = 4096;

}  // namespace

std::uint64_t IdentityMap::Apply(std::uint64_t first_sequence, std::span<const IdentityChange> changes) {
  std::uint64_t without_effect = 0;
  for (std::size_t begin = 0; begin < changes.size(); begin += kApplySlice) {
    const std::unique_lock lock(mutex_);
    if (first_sequence_ == 0) {
      first_sequence_ = first_sequence;
    }
    for (const IdentityChange& change : changes.subspan(begin, std::min(kApplySlice, changes.size() - begin))) {
      version_ = first_sequence++;
      without_effect += ApplyOne(change, static_cast<Ordinal>(version_ - first_sequence_ + 1)) ? 0 : 1;
    }
  }
  return without_effect;
}

bool IdentityMap::Know(std::uint32_t number) {
  if (number >= known_.size()) {
    known_.resize(std::max<std::size_t>(std::size_t{number} + 1, known_.size() + known_.size() / 8));
  }
  if (known_[number]) {
    return false;
  }
  known_[number] = true;
  ++known_count_;
  return true;
}

IdentityMap::Person& IdentityMap::MakePerson(std::uint32_t number) {
  if (number >= person_of_.size()) {
    person_of_.resize(std::max<std::size_t>(std::size_t{number} + 1, person_of_.size() + person_of_.size() / 8));
  }
  if (person_of_[number] == 0) {
    std::uint32_t place = 0;
    if (free_.empty()) {
      persons_.emplace_back();
      place = static_cast<std::uint32_t>(persons_.size());
    } else {
      place = free_.back();
      free_.pop_back();
      persons_[place - 1] = Person();
    }
    person_of_[number] = place;
    Person& person = persons_[place - 1];
    person.members.push_back({.number = number, .joined = 0});
    person.current = number;
    with_history_.add(number);
  }
  return persons_[person_of_[number] - 1];
}

bool IdentityMap::ApplyOne(const IdentityChange& change, Ordinal ordinal) {
  const std::uint32_t number = change.numbers.front();
  bool effect = Know(number);
  if (change.other != kNoIdentifier) {
    effect = Know(change.other) || effect;
  }
  switch (change.kind) {
    case IdentityEventKind::kCreated:
      return effect;
    case IdentityEventKind::kAdded:
      return Unite(change.other, number, ordinal) || effect;
    case IdentityEventKind::kReplaced:
      effect = Unite(change.other, number, ordinal) || effect;
      return SetCurrent(number) || effect;
    case IdentityEventKind::kEnded:
      return effect;
    case IdentityEventKind::kMerged:
      effect = Unite(number, change.other, ordinal) || effect;
      return SetCurrent(number) || effect;
    case IdentityEventKind::kSplit:
      return Split(change, ordinal) || effect;
    case IdentityEventKind::kAnnulled:
      return SetFlag(annulled_, number, true) || effect;
    case IdentityEventKind::kRestored:
      return SetFlag(annulled_, number, false) || effect;
    case IdentityEventKind::kProtected:
      return SetFlag(protected_, number, true) || effect;
    case IdentityEventKind::kUnprotected:
      return SetFlag(protected_, number, false) || effect;
    case IdentityEventKind::kParentsBlocked:
      return SetFlag(parents_blocked_, number, true) || effect;
    case IdentityEventKind::kParentsAllowed:
      return SetFlag(parents_blocked_, number, false) || effect;
  }
  return effect;
}

bool IdentityMap::SetCurrent(std::uint32_t number) {
  Person& person = MakePerson(number);
  return std::exchange(person.current, number) != number;
}

bool IdentityMap::SetFlag(NumberSet& flag, std::uint32_t number, bool value) {
  bool effect = false;
  const auto set = [&](std::uint32_t member) {
    effect = (value ? flag.addChecked(member) : flag.removeChecked(member)) || effect;
  };
  if (const Person* const person = Find(number); person != nullptr) {
    for (const Member& member : person->members) {
      set(member.number);
    }
  } else {
    set(number);
  }
  return effect;
}

// Which of a person's identifiers stand in which set.
void IdentityMap::IndexMembers(const Person& person) {
  const std::uint32_t canonical = CanonicalOf(person.members.front().number);
  for (const Member& member : person.members) {
    if (person.members.size() == 1) {
      in_groups_.remove(member.number);
    } else {
      in_groups_.add(member.number);
    }
    if (member.number == canonical) {
      not_canonical_.remove(member.number);
    } else {
      not_canonical_.add(member.number);
    }
  }
}

bool IdentityMap::Unite(std::uint32_t surviving, std::uint32_t joining, Ordinal ordinal) {
  MakePerson(surviving);
  MakePerson(joining);
  const std::uint32_t place = person_of_[surviving];
  const std::uint32_t emptied = person_of_[joining];
  if (place == emptied) {
    return false;
  }
  Person& person = persons_[place - 1];
  Person& gone = persons_[emptied - 1];
  groups_ -= (person.members.size() > 1 ? 1 : 0) + (gone.members.size() > 1 ? 1 : 0);
  ++groups_;
  const bool annulled = annulled_.contains(surviving);
  const bool is_protected = protected_.contains(surviving) || protected_.contains(joining);
  const bool parents_blocked = parents_blocked_.contains(surviving) || parents_blocked_.contains(joining);
  gone.members.front().joined = ordinal;
  for (const Member& member : gone.members) {
    person_of_[member.number] = place;
    person.members.push_back(member);
  }
  person.changed = ordinal;
  person.split = std::max(person.split, gone.split);
  gone = Person();
  free_.push_back(emptied);
  IndexMembers(person);
  // Whether the person exists is what is known of the one who goes on; what protects somebody protects the whole
  // person.
  SetFlag(annulled_, surviving, annulled);
  SetFlag(protected_, surviving, is_protected);
  SetFlag(parents_blocked_, surviving, parents_blocked);
  return true;
}

bool IdentityMap::Split(const IdentityChange& change, Ordinal ordinal) {
  for (const std::uint32_t number : change.numbers) {
    Know(number);
  }
  const Person* const before = Find(change.other);
  if (before == nullptr) {
    return false;
  }
  const auto leaves = [&](std::uint32_t number) {
    return std::find(change.numbers.begin(), change.numbers.end(), number) != change.numbers.end();
  };
  Person remaining;
  Person separated;
  Ordinal remaining_step = 0;
  Ordinal separated_step = 0;
  for (const Member& member : before->members) {
    remaining_step = std::max(remaining_step, member.joined);
    separated_step = std::max(separated_step, member.joined);
    Person& part = leaves(member.number) ? separated : remaining;
    Ordinal& step = leaves(member.number) ? separated_step : remaining_step;
    part.members.push_back({.number = member.number, .joined = part.members.empty() ? 0 : step});
    step = 0;
  }
  if (separated.members.empty()) {
    return false;
  }
  const std::uint32_t current = before->current;
  remaining.current = leaves(current) ? change.other : current;
  // The first that was named and was there.
  separated.current = *std::find_if(change.numbers.begin(), change.numbers.end(),
                                    [&](std::uint32_t number) { return Find(number) == before; });
  for (Person* part : {&remaining, &separated}) {
    part->changed = ordinal;
    part->split = ordinal;
  }
  --groups_;
  groups_ += (remaining.members.size() > 1 ? 1 : 0) + (separated.members.size() > 1 ? 1 : 0);
  persons_[person_of_[change.other] - 1] = std::move(remaining);
  for (const Member& member : separated.members) {
    person_of_[member.number] = 0;
  }
  Person& made = MakePerson(separated.members.front().number);
  const std::uint32_t place = person_of_[separated.members.front().number];
  made = std::move(separated);
  for (const Member& member : made.members) {
    person_of_[member.number] = place;
  }
  IndexMembers(made);
  IndexMembers(*Find(change.other));
  return true;
}

}  // namespace kobling::storage
