#include "tests/model/identity_model.h"

#include <algorithm>
#include <utility>

namespace kobling::tests {

IdentityModel::IdentityModel(std::size_t identifiers) : touched_at_(identifiers), about_(identifiers) {
  for (std::size_t identifier = 0; identifier < identifiers; ++identifier) {
    person_of_.push_back(identifier);
    members_.push_back({identifier});
    current_.push_back(identifier);
    group_of_.push_back(identifier);
    groups_.push_back({identifier});
  }
}

std::uint64_t IdentityModel::OneSince(std::size_t a, std::size_t b) const {
  return a == b ? 0 : one_since_.at(std::minmax(a, b));
}

PeopleSet IdentityModel::TouchedAfter(std::uint64_t version) const {
  PeopleSet touched;
  for (std::size_t identifier = 0; identifier < touched_at_.size(); ++identifier) {
    if (touched_at_[identifier] > version) {
      touched.insert(identifier);
    }
  }
  return touched;
}

std::size_t IdentityModel::persons_with_several() const {
  return static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(), [](const PeopleSet& person) { return person.size() > 1; }));
}

PeopleSet IdentityModel::OfPersonsIn(const PeopleSet& population, const PeopleSet& candidates) const {
  std::set<std::size_t> persons;
  for (const std::size_t identifier : population) {
    persons.insert(person_of_[identifier]);
  }
  PeopleSet result;
  for (const std::size_t identifier : candidates) {
    if (persons.contains(person_of_[identifier])) {
      result.insert(identifier);
    }
  }
  return result;
}

std::size_t IdentityModel::CountPersons(const PeopleSet& identifiers) const {
  std::set<std::size_t> persons;
  for (const std::size_t identifier : identifiers) {
    persons.insert(person_of_[identifier]);
  }
  return persons.size();
}

IdentityModel::Effect IdentityModel::Apply(const LifeEvent& event) {
  events_.push_back(event);
  touched_.clear();
  const std::size_t identifier = event.identifiers.front();
  const std::size_t known_before = known_.size();
  known_.insert(event.identifiers.begin(), event.identifiers.end());
  known_.insert(event.other.begin(), event.other.end());
  bool effect = known_.size() > known_before;
  const auto becomes_current = [&] {
    std::size_t& current = current_[person_of_[identifier]];
    effect = effect || current != identifier;
    current = identifier;
  };
  switch (event.kind) {
    case api::IDENTITY_EVENT_KIND_ADDED:
      effect |= Unite(event.other.front(), identifier);
      break;
    case api::IDENTITY_EVENT_KIND_REPLACED:
      effect |= Unite(event.other.front(), identifier);
      becomes_current();
      break;
    case api::IDENTITY_EVENT_KIND_MERGED:
      effect |= Unite(identifier, event.other.front());
      becomes_current();
      break;
    case api::IDENTITY_EVENT_KIND_SPLIT:
      effect |= Split(event);
      break;
    case api::IDENTITY_EVENT_KIND_ANNULLED:
    case api::IDENTITY_EVENT_KIND_RESTORED:
      effect |= Flag(annulled_, identifier, event.kind == api::IDENTITY_EVENT_KIND_ANNULLED);
      break;
    case api::IDENTITY_EVENT_KIND_PROTECTED:
    case api::IDENTITY_EVENT_KIND_UNPROTECTED:
      effect |= Flag(protected_, identifier, event.kind == api::IDENTITY_EVENT_KIND_PROTECTED);
      break;
    case api::IDENTITY_EVENT_KIND_PARENTS_BLOCKED:
    case api::IDENTITY_EVENT_KIND_PARENTS_ALLOWED:
      effect |= Flag(parents_blocked_, identifier, event.kind == api::IDENTITY_EVENT_KIND_PARENTS_BLOCKED);
      break;
    default:  // births and ends change nobody
      break;
  }
  for (const std::size_t each : touched_) {
    touched_at_[each] = version();
  }
  Connect(event);
  return {.any = effect, .touched = touched_};
}

// Whether somebody exists is what is known of the one who stays; who is protected stays so with the whole person.
bool IdentityModel::Unite(std::size_t stays, std::size_t joins) {
  if (AreOne(stays, joins)) {
    return false;
  }
  const bool is_annulled = annulled_.contains(stays);
  const bool is_protected = protected_.contains(stays) || protected_.contains(joins);
  const bool is_blocked = parents_blocked_.contains(stays) || parents_blocked_.contains(joins);
  const std::size_t person = person_of_[stays];
  PeopleSet& gone = members_[person_of_[joins]];
  for (const std::size_t a : members_[person]) {
    for (const std::size_t b : gone) {
      one_since_[std::minmax(a, b)] = version();
    }
  }
  const PeopleSet joining = std::exchange(gone, {});
  for (const std::size_t identifier : joining) {
    person_of_[identifier] = person;
    members_[person].insert(identifier);
  }
  Flag(annulled_, stays, is_annulled);
  Flag(protected_, stays, is_protected);
  Flag(parents_blocked_, stays, is_blocked);
  touched_ = members_[person];
  return true;
}

bool IdentityModel::Split(const LifeEvent& event) {
  const std::size_t other = event.other.front();
  std::vector<std::size_t> leaving;  // in the order in which they were named
  for (const std::size_t identifier : event.identifiers) {
    if (AreOne(identifier, other)) {
      leaving.push_back(identifier);
    }
  }
  if (leaving.empty()) {
    return false;
  }
  touched_ = PersonOf(other);
  const std::size_t person = person_of_[other];
  PeopleSet& remaining = members_[person];
  for (const std::size_t identifier : leaving) {
    remaining.erase(identifier);
    person_of_[identifier] = members_.size();
  }
  for (const std::size_t a : leaving) {
    for (const std::size_t b : remaining) {
      one_since_.erase(std::minmax(a, b));
      apart_since_[std::minmax(a, b)] = version();
    }
  }
  if (!remaining.contains(current_[person])) {
    current_[person] = other;
  }
  members_.emplace_back(leaving.begin(), leaving.end());
  current_.push_back(leaving.front());
  return true;
}

bool IdentityModel::Flag(PeopleSet& flagged, std::size_t identifier, bool is_set) {
  const std::size_t before = flagged.size();
  const PeopleSet& person = PersonOf(identifier);
  flagged = is_set ? Union(std::move(flagged), person) : Less(std::move(flagged), person);
  return flagged.size() != before;
}

void IdentityModel::Connect(const LifeEvent& event) {
  const std::size_t group = group_of_[event.identifiers.front()];
  PeopleSet named(event.identifiers.begin(), event.identifiers.end());
  named.insert(event.other.begin(), event.other.end());
  for (const std::size_t identifier : named) {
    const std::size_t joining = group_of_[identifier];
    if (joining == group) {
      continue;
    }
    for (const std::size_t each : groups_[joining]) {
      group_of_[each] = group;
      groups_[group].insert(each);
    }
    about_[group].insert(about_[joining].begin(), about_[joining].end());
    groups_[joining].clear();
    about_[joining].clear();
  }
  about_[group].insert(version());
}

}  // namespace kobling::tests
