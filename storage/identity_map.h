// Which identifiers are one person, as the events of the identity history have told.
//
// Without a word about it, an identifier is a person of its own. All code that counts persons, chooses whose uid makes
// a løpenummer, or looks a person up asks here.
#pragma once

#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "storage/identity_change.h"
#include "storage/number_set.h"
#include "storage/representatives.h"

namespace kobling::storage {

struct PersonFlags {
  bool annulled = false;
  bool is_protected = false;
  bool parents_blocked = false;
};

struct IdentityCounts {
  std::uint64_t known = 0;    // identifiers that events have told of
  std::uint64_t persons = 0;  // whose identifiers these are
  std::uint64_t persons_with_several = 0;
  std::uint64_t annulled = 0;      // identifiers
  std::uint64_t is_protected = 0;  // identifiers
};

// Why an identifier's representative is not what it was.
struct RepresentativeChange {
  enum class Cause : std::uint8_t { kMerged, kSplit } cause;
  std::uint64_t version;  // sequence number of the event
};

// What settles everybody of whom several løpenumre are out.
struct Settlement {
  NumberSet retired;  // stand for nobody from then on
  NumberSet staying;  // of the same persons
  std::uint64_t persons = 0;
};

// Where two maps of the same version differ, in one part of the numbers.
struct MapDifferences {
  NumberSet numbers;
  bool in_totals = false;  // of all numbers, in what first event they count from, and in the room that persons take
};

// Safe for concurrent use: one caller applies, many read.
class IdentityMap {
 public:
  // Sequence number of the last event applied, which is the version of the map; 0 before the first.
  std::uint64_t version() const;
  // Of the first event ever applied; 0 before it.
  std::uint64_t first_sequence() const;
  IdentityCounts counts() const;

  // Applies events with consecutive sequence numbers from `first_sequence` on, which is version() + 1 unless the map is
  // empty. Returns how many changed nothing. Readers wait for a few thousand events at a time.
  std::uint64_t Apply(std::uint64_t first_sequence, std::span<const IdentityChange> changes);

  // known[i] says whether events have told of numbers[i], which may be Directory::kAbsent.
  void FindKnown(std::span<const std::uint32_t> numbers, std::vector<bool>& known) const;

  // The lowest number of the person's identifiers: the same in all projects. Names the person in events.
  domain::IdentifierNumber Canonical(domain::IdentifierNumber identifier) const;
  // The identifier that the person uses now.
  domain::IdentifierNumber Current(domain::IdentifierNumber identifier) const;
  // Every identifier that the person holds or ever held, this one included, ascending.
  std::vector<domain::IdentifierNumber> IdentifiersOf(domain::IdentifierNumber identifier) const;
  PersonFlags FlagsOf(domain::IdentifierNumber identifier) const;

  // The identifiers of `candidates` that belong to somebody in `population`.
  NumberSet OfPersonsIn(const NumberSet& population, const NumberSet& candidates) const;
  // Every identifier of everybody in the set.
  NumberSet AllOfPersonsIn(const NumberSet& identifiers) const;
  NumberSet AnnulledAmong(const NumberSet& identifiers) const;
  // Of everybody in the set who is not protected: the current identifier, where it is not in the set itself.
  NumberSet CurrentBeside(const NumberSet& identifiers) const;

  // How many persons the identifiers of the set belong to.
  std::uint64_t CountPersons(const NumberSet& identifiers) const;
  // How many persons the identifiers of either set belong to; does not build the union.
  std::uint64_t CountPersonsInEither(const NumberSet& a, const NumberSet& b) const;

  // Those of the set whose person has, or had, other identifiers.
  NumberSet WithHistory(const NumberSet& identifiers) const;
  // Those of the set whose person was merged or split after that version.
  NumberSet ChangedSince(std::uint64_t version, const NumberSet& identifiers) const;

  // The representatives in a project that has given out `issued`. Of the person's identifiers, those are preferred that
  // were given out and are not retired, then the lowest. A retirement lasts as long as the one that stayed is the same
  // person's, without a break; among several, the one with
  // which the identifier has been one person for longest, then the lowest.
  RepresentativeTable RepresentativesOf(const IssuedNumbers& issued, const NumberSet& identifiers) const;
  // Those of the set for whom a project that has given out `issued` may ever have had different representatives:
  // several of their person's identifiers were given out, or the person was once split.
  NumberSet PerhapsRenumbered(const NumberSet& issued, const NumberSet& identifiers) const;
  // What makes each person in `issued` have one løpenummer: the lowest that was given out stays.
  Settlement Settle(const IssuedNumbers& issued) const;
  // Why the identifier, whose representative was `before`, has `now`: both are in `issued` or were its own.
  RepresentativeChange WhyChanged(std::uint32_t identifier, std::uint32_t before, std::uint32_t now) const;

  // For scrubs, a part of the numbers at a time, so that nobody waits for longer than the few milliseconds that a part
  // takes: what the other map, of which nobody else has use, says otherwise of the kNumbersInPart numbers from `first`
  // on. Nothing if the other is of another version.
  static constexpr std::uint32_t kNumbersInPart = 4096;
  std::optional<MapDifferences> DifferencesInPart(std::uint32_t first, const IdentityMap& other) const;
  // No event has told of this number or a higher one.
  std::uint32_t NumbersEnd() const;
  // What is wrong with the map in itself, in a few words; empty if nothing is. Everybody else waits until all of it was
  // looked at: for a map of which nobody else has use.
  std::string_view FirstInconsistency() const;

 private:
  // A person with a history. Members stand in an order in which those that became one earlier stand together, so that
  // the event that made any two one is the latest of the steps between them.
  struct Member {
    std::uint32_t number;
    std::uint32_t joined;  // event that made this one and those before it one; 0 for the first
  };
  struct Person {
    std::vector<Member> members;
    std::uint32_t current = kNoIdentifier;
    std::uint32_t changed = 0;  // last event that changed who is in it
    std::uint32_t split = 0;    // last event that took somebody out of it, or it out of somebody
  };
  // Events are counted from 1 in the order in which they were applied.
  using Ordinal = std::uint32_t;

  const Person* Find(std::uint32_t number) const;
  Person& MakePerson(std::uint32_t number);
  std::uint32_t CanonicalOf(std::uint32_t number) const;
  std::uint32_t RepresentativeOf(const IssuedNumbers& issued, std::uint32_t number) const;
  bool IsRetired(const IssuedNumbers& issued, const Person& person, std::uint32_t number) const;
  bool IsToldAlike(const IdentityMap& other, std::uint32_t number) const;
  static Ordinal JoinedAt(const Person& person, std::uint32_t a, std::uint32_t b);
  std::uint64_t VersionOf(Ordinal ordinal) const { return first_sequence_ + ordinal - 1; }

  bool ApplyOne(const IdentityChange& change, Ordinal ordinal);
  bool Unite(std::uint32_t surviving, std::uint32_t joining, Ordinal ordinal);
  bool Split(const IdentityChange& change, Ordinal ordinal);
  bool SetCurrent(std::uint32_t number);
  bool SetFlag(NumberSet& flag, std::uint32_t number, bool value);
  bool Know(std::uint32_t number);
  void IndexMembers(const Person& person);

  mutable std::shared_mutex mutex_;
  // All guarded by mutex_.
  std::uint64_t first_sequence_ = 0;
  std::uint64_t version_ = 0;
  std::vector<bool> known_;
  std::uint64_t known_count_ = 0;
  std::vector<std::uint32_t> person_of_;  // by number: place in persons_ + 1, or 0
  std::vector<Person> persons_;
  std::vector<std::uint32_t> free_;  // places in persons_ that nobody has any more
  NumberSet with_history_;           // numbers that have a place in persons_
  NumberSet in_groups_;              // of persons with several identifiers
  NumberSet not_canonical_;          // of those, all but the lowest of each
  std::uint64_t groups_ = 0;
  NumberSet annulled_;
  NumberSet protected_;
  NumberSet parents_blocked_;
};

}  // namespace kobling::storage
