// Who is one person, by the events that were told: each person is a set, and each pair of identifiers knows since when
// it is one person and since when it is none. The opposite of how the service keeps it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kobling/v1/identity_service.pb.h"
#include "tests/model/people_set.h"

namespace kobling::tests {

namespace api = ::kobling::v1;

// Identifiers by their number among the synthetic people: PeopleSet is a set of identifiers here.
struct LifeEvent {
  api::IdentityEventKind kind = api::IDENTITY_EVENT_KIND_UNSPECIFIED;
  std::vector<std::size_t> identifiers;
  std::vector<std::size_t> other;  // none or one
  std::string told_date;           // may be empty
  std::string date;                // the one told, or the day on which it was applied
};

class IdentityModel {
 public:
  explicit IdentityModel(std::size_t identifiers);

  // What an event has done.
  struct Effect {
    bool any = false;
    PeopleSet touched;  // everybody whose person has other identifiers now
  };
  Effect Apply(const LifeEvent& event);

  std::size_t size() const { return person_of_.size(); }
  std::uint64_t version() const { return events_.size(); }
  // Sequence numbers begin at 1.
  const LifeEvent& event(std::uint64_t sequence) const { return events_[sequence - 1]; }

  const PeopleSet& PersonOf(std::size_t identifier) const { return members_[person_of_[identifier]]; }
  std::size_t CurrentOf(std::size_t identifier) const { return current_[person_of_[identifier]]; }
  bool AreOne(std::size_t a, std::size_t b) const { return person_of_[a] == person_of_[b]; }
  // Of two that are one person: the event that made them one; 0 for an identifier and itself.
  std::uint64_t OneSince(std::size_t a, std::size_t b) const;
  // Of two that were one person: the last event that took them apart.
  std::uint64_t ApartSince(std::size_t a, std::size_t b) const { return apart_since_.at(std::minmax(a, b)); }

  // Everybody whose person has got other identifiers since that version.
  PeopleSet TouchedAfter(std::uint64_t version) const;

  const PeopleSet& known() const { return known_; }
  const PeopleSet& annulled() const { return annulled_; }
  const PeopleSet& protected_ones() const { return protected_; }
  const PeopleSet& parents_blocked() const { return parents_blocked_; }
  std::size_t persons_with_several() const;

  // Those of the candidates whose person has any identifier in the population.
  PeopleSet OfPersonsIn(const PeopleSet& population, const PeopleSet& candidates) const;
  std::size_t CountPersons(const PeopleSet& identifiers) const;
  const PeopleSet& EverConnectedWith(std::size_t identifier) const { return groups_[group_of_[identifier]]; }
  // The sequence numbers of all events about anybody who was ever connected with the identifier.
  const std::set<std::uint64_t>& EventsAbout(std::size_t identifier) const { return about_[group_of_[identifier]]; }

 private:
  bool Unite(std::size_t stays, std::size_t joins);
  bool Split(const LifeEvent& event);
  bool Flag(PeopleSet& flagged, std::size_t identifier, bool is_set);
  void Connect(const LifeEvent& event);

  std::vector<LifeEvent> events_;
  std::vector<std::size_t> person_of_;
  std::vector<PeopleSet> members_;    // by person; empty ones have gone into others
  std::vector<std::size_t> current_;  // by person
  std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> one_since_;
  std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> apart_since_;
  PeopleSet touched_;  // by the event that is being applied
  std::vector<std::uint64_t> touched_at_;
  PeopleSet known_;
  PeopleSet annulled_;
  PeopleSet protected_;
  PeopleSet parents_blocked_;
  // Whoever was ever named in one event stands in one group.
  std::vector<std::size_t> group_of_;
  std::vector<PeopleSet> groups_;
  std::vector<std::set<std::uint64_t>> about_;  // by group
};

}  // namespace kobling::tests
