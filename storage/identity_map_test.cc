#include "storage/identity_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace kobling::storage {
namespace {

using domain::IdentifierNumber;
using ::testing::ElementsAre;
using Kind = IdentityEventKind;

IdentityChange Event(Kind kind, std::uint32_t number, std::uint32_t other = kNoIdentifier) {
  return {.kind = kind, .numbers = {number}, .other = other};
}
IdentityChange Separate(std::initializer_list<std::uint32_t> numbers, std::uint32_t other) {
  return {.kind = Kind::kSplit, .numbers = numbers, .other = other};
}

NumberSet Of(std::initializer_list<std::uint32_t> numbers) {
  NumberSet set;
  for (const std::uint32_t number : numbers) {
    set.add(number);
  }
  return set;
}

std::vector<std::uint32_t> Members(const IdentityMap& map, std::uint32_t number) {
  std::vector<std::uint32_t> all;
  for (const IdentifierNumber each : map.IdentifiersOf(IdentifierNumber{number})) {
    all.push_back(static_cast<std::uint32_t>(each));
  }
  return all;
}

class IdentityMapTest : public testing::Test {
 protected:
  std::uint64_t Apply(const IdentityChange& change) {
    const std::uint64_t without_effect = map_.Apply(map_.version() + 1, std::span(&change, 1));
    EXPECT_EQ(map_.FirstInconsistency(), "");
    return without_effect;
  }
  std::uint32_t Representative(const IssuedNumbers& issued, std::uint32_t number) const {
    return map_.RepresentativesOf(issued, Of({number})).Of(number);
  }
  std::uint32_t Current(std::uint32_t number) const {
    return static_cast<std::uint32_t>(map_.Current(IdentifierNumber{number}));
  }

  IdentityMap map_;
};

TEST_F(IdentityMapTest, WithoutEventsEveryIdentifierIsAPersonOfItsOwn) {
  const NumberSet people = Of({1, 5, 900'000});
  EXPECT_EQ(map_.Canonical(IdentifierNumber{5}), IdentifierNumber{5});
  EXPECT_THAT(Members(map_, 5), ElementsAre(5));
  EXPECT_TRUE(map_.RepresentativesOf({}, people).others().empty());
  EXPECT_EQ(map_.CountPersons(people), 3U);
  EXPECT_EQ(map_.CountPersons(NumberSet()), 0U);
  EXPECT_EQ(map_.version(), 0U);
  EXPECT_TRUE(map_.OfPersonsIn(Of({1, 5, 9}), Of({5, 9, 10})) == Of({5, 9}));
}

TEST_F(IdentityMapTest, ANewNumberIsTheSamePersons) {
  Apply(Event(Kind::kCreated, 7));
  EXPECT_EQ(Apply(Event(Kind::kReplaced, 3, 7)), 0U);
  EXPECT_THAT(Members(map_, 7), ElementsAre(3, 7));
  EXPECT_EQ(map_.Canonical(IdentifierNumber{7}), IdentifierNumber{3});
  EXPECT_EQ(Current(7), 3U);
  EXPECT_EQ(map_.CountPersons(Of({3, 7, 8})), 2U);
  EXPECT_EQ(map_.CountPersonsInEither(Of({3}), Of({7})), 1U);
  EXPECT_TRUE(map_.OfPersonsIn(Of({3}), Of({7, 8})) == Of({7}));
  EXPECT_TRUE(map_.AllOfPersonsIn(Of({3, 9})) == Of({3, 7, 9}));
  EXPECT_EQ(map_.counts().known, 2U);
  EXPECT_EQ(map_.counts().persons, 1U);
  EXPECT_EQ(map_.counts().persons_with_several, 1U);
}

TEST_F(IdentityMapTest, AnAddedNumberIsNotTheCurrentOne) {
  Apply(Event(Kind::kAdded, 3, 7));
  EXPECT_EQ(Current(3), 7U);
}

TEST_F(IdentityMapTest, AnEventThatChangesNothingIsCounted) {
  Apply(Event(Kind::kMerged, 1, 2));
  EXPECT_EQ(Apply(Event(Kind::kMerged, 1, 2)), 1U);
  EXPECT_EQ(Apply(Event(Kind::kCreated, 2)), 1U);
  EXPECT_EQ(Apply(Separate({5}, 1)), 0U);  // it makes 5 known
  EXPECT_EQ(Apply(Separate({5}, 1)), 1U);
  EXPECT_THAT(Members(map_, 1), ElementsAre(1, 2));
  EXPECT_EQ(map_.version(), 5U);
}

TEST_F(IdentityMapTest, WhatWasGivenOutStaysAfterAMerge) {
  Apply(Event(Kind::kMerged, 1, 2));
  EXPECT_EQ(Representative({}, 2), 1U);
  EXPECT_EQ(Representative({.issued = Of({2})}, 1), 2U);
  EXPECT_EQ(Representative({.issued = Of({1})}, 2), 1U);
}

TEST_F(IdentityMapTest, WhereBothWereGivenOutEachKeepsItsOwnUntilOneIsRetired) {
  Apply(Event(Kind::kReplaced, 11, 1));
  Apply(Event(Kind::kReplaced, 12, 2));
  Apply(Event(Kind::kMerged, 11, 12));
  IssuedNumbers issued{.issued = Of({1, 2})};
  EXPECT_EQ(Representative(issued, 11), 1U);
  EXPECT_EQ(Representative(issued, 12), 2U);
  Apply(Event(Kind::kAdded, 20, 12));
  EXPECT_EQ(Representative(issued, 20), 1U) << "as long with either, so the lower one";
  const Settlement settlement = map_.Settle(issued);
  EXPECT_TRUE(settlement.retired == Of({2}));
  EXPECT_TRUE(settlement.staying == Of({1}));
  EXPECT_EQ(settlement.persons, 1U);
  issued.retirements = {{settlement.retired, settlement.staying, map_.version()}};
  for (const std::uint32_t number : {1, 2, 11, 12, 20}) {
    EXPECT_EQ(Representative(issued, number), 1U);
  }
  EXPECT_TRUE(map_.Settle(issued).retired.isEmpty());
}

TEST_F(IdentityMapTest, ASplitGivesBackWhatWasRetiredForGood) {
  Apply(Event(Kind::kMerged, 1, 2));
  const IssuedNumbers issued{.issued = Of({1, 2, 3}), .retirements = {{Of({2}), Of({1}), map_.version()}}};
  EXPECT_EQ(Representative(issued, 2), 1U);
  Apply(Separate({2}, 1));
  EXPECT_EQ(Representative(issued, 2), 2U);
  EXPECT_EQ(Representative(issued, 1), 1U);
  EXPECT_TRUE(map_.Settle(issued).retired.isEmpty());
  Apply(Event(Kind::kMerged, 3, 2));
  EXPECT_EQ(Representative(issued, 2), 2U) << "it is somebody else's affair that it was retired once";
  Apply(Separate({2}, 3));
  Apply(Event(Kind::kMerged, 1, 2));
  EXPECT_EQ(Representative(issued, 2), 2U) << "merged anew, so somebody has to decide anew";
}

TEST_F(IdentityMapTest, ARetirementLastsThoughSomebodyElseIsSplitOff) {
  Apply(Event(Kind::kMerged, 1, 2));
  const IssuedNumbers issued{.issued = Of({1, 2}), .retirements = {{Of({2}), Of({1}), map_.version()}}};
  Apply(Event(Kind::kAdded, 3, 2));
  Apply(Separate({3}, 2));
  EXPECT_EQ(Representative(issued, 2), 1U);
}

TEST_F(IdentityMapTest, ASplitTakesSeveralAndKeepsWhatIsCurrent) {
  Apply(Event(Kind::kReplaced, 11, 1));
  Apply(Event(Kind::kReplaced, 12, 2));
  Apply(Event(Kind::kMerged, 11, 12));
  Apply(Separate({12, 2}, 1));
  EXPECT_THAT(Members(map_, 1), ElementsAre(1, 11));
  EXPECT_THAT(Members(map_, 2), ElementsAre(2, 12));
  EXPECT_EQ(Current(1), 11U);
  EXPECT_EQ(Current(2), 12U);
  Apply(Separate({11}, 1));
  EXPECT_EQ(Current(1), 1U);
  EXPECT_THAT(Members(map_, 11), ElementsAre(11));
  EXPECT_EQ(map_.counts().persons_with_several, 1U);
}

TEST_F(IdentityMapTest, TheReasonOfAChangeIsTheEventThatMadeIt) {
  using Cause = RepresentativeChange::Cause;
  Apply(Event(Kind::kMerged, 1, 2));
  Apply(Event(Kind::kAdded, 3, 1));
  Apply(Event(Kind::kCreated, 9));
  const RepresentativeChange merged = map_.WhyChanged(2, 2, 1);
  EXPECT_EQ(merged.cause, Cause::kMerged);
  EXPECT_EQ(merged.version, 1U);
  Apply(Separate({2}, 1));
  Apply(Event(Kind::kCreated, 10));
  const RepresentativeChange split = map_.WhyChanged(2, 1, 2);
  EXPECT_EQ(split.cause, Cause::kSplit);
  EXPECT_EQ(split.version, 4U);
}

TEST_F(IdentityMapTest, ChangesSinceAVersionAreThoseOfWhoBelongsTogether) {
  Apply(Event(Kind::kMerged, 1, 2));
  Apply(Event(Kind::kMerged, 5, 6));
  Apply(Event(Kind::kProtected, 1));
  EXPECT_TRUE(map_.ChangedSince(0, Of({1, 2, 5, 9})) == Of({1, 2, 5}));
  EXPECT_TRUE(map_.ChangedSince(1, Of({1, 2, 5, 9})) == Of({5}));
  EXPECT_TRUE(map_.ChangedSince(2, Of({1, 2, 5, 9})).isEmpty());
  Apply(Separate({2}, 1));
  EXPECT_TRUE(map_.ChangedSince(3, Of({1, 2, 5, 9})) == Of({1, 2}));
  EXPECT_TRUE(map_.WithHistory(Of({1, 2, 5, 9})) == Of({1, 2, 5}));
}

TEST_F(IdentityMapTest, FlagsAreThePersonsAndSurviveAsTheyShould) {
  Apply(Event(Kind::kAnnulled, 2));
  Apply(Event(Kind::kProtected, 2));
  Apply(Event(Kind::kParentsBlocked, 2));
  Apply(Event(Kind::kAdded, 3, 2));
  EXPECT_TRUE(map_.FlagsOf(IdentifierNumber{3}).annulled);
  EXPECT_TRUE(map_.AnnulledAmong(Of({1, 2, 3})) == Of({2, 3}));
  Apply(Event(Kind::kMerged, 1, 2));  // the false identity turned out to be somebody who exists
  for (const std::uint32_t number : {1, 2, 3}) {
    const PersonFlags flags = map_.FlagsOf(IdentifierNumber{number});
    EXPECT_FALSE(flags.annulled);
    EXPECT_TRUE(flags.is_protected);
    EXPECT_TRUE(flags.parents_blocked);
  }
  Apply(Event(Kind::kUnprotected, 3));
  Apply(Event(Kind::kParentsAllowed, 3));
  EXPECT_FALSE(map_.FlagsOf(IdentifierNumber{1}).is_protected);
  EXPECT_FALSE(map_.FlagsOf(IdentifierNumber{1}).parents_blocked);
  Apply(Event(Kind::kAnnulled, 1));
  Apply(Event(Kind::kRestored, 3));
  EXPECT_TRUE(map_.AnnulledAmong(Of({1, 2, 3})).isEmpty());
}

TEST_F(IdentityMapTest, TheCurrentNumberIsAddedForEverybodyWhoIsNotProtected) {
  Apply(Event(Kind::kReplaced, 11, 1));
  Apply(Event(Kind::kReplaced, 12, 2));
  Apply(Event(Kind::kReplaced, 13, 3));
  Apply(Event(Kind::kProtected, 12));
  EXPECT_TRUE(map_.CurrentBeside(Of({1, 2, 3, 13, 4})) == Of({11}));
}

TEST_F(IdentityMapTest, OnlyEventsMakeAnIdentifierKnown) {
  Apply(Event(Kind::kCreated, 4));
  std::vector<bool> known;
  map_.FindKnown(std::vector<std::uint32_t>{4, 5, 0xffffffff}, known);
  EXPECT_THAT(known, ElementsAre(true, false, false));
}

// The same rules in sets of sets, and the map, over random events.
TEST(IdentityMapModel, AgreesWithSetsOfIdentifiers) {
  const unsigned seed = std::random_device()();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 generator(seed);
  const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
  constexpr std::uint32_t kNumbers = 30;
  IdentityMap map;
  std::map<std::uint32_t, std::set<std::uint32_t>> person_of;
  for (std::uint32_t number = 0; number < kNumbers; ++number) {
    person_of[number] = {number};
  }
  const auto unite = [&](std::uint32_t a, std::uint32_t b) {
    std::set<std::uint32_t> both = person_of[a];
    both.insert(person_of[b].begin(), person_of[b].end());
    for (const std::uint32_t member : both) {
      person_of[member] = both;
    }
  };
  for (int step = 0; step < 3000; ++step) {
    const std::uint32_t a = random() % kNumbers;
    const std::uint32_t b = (a + 1 + random() % (kNumbers - 1)) % kNumbers;
    if (random() % 2 == 0) {
      const Kind kind = std::array{Kind::kAdded, Kind::kReplaced, Kind::kMerged}[random() % 3];
      const IdentityChange change = Event(kind, a, b);
      map.Apply(map.version() + 1, std::span(&change, 1));
      unite(a, b);
    } else {
      IdentityChange change{.kind = Kind::kSplit, .numbers = {a}, .other = b};
      const std::uint32_t more = random() % kNumbers;
      if (more != a && more != b) {
        change.numbers.push_back(more);
      }
      map.Apply(map.version() + 1, std::span(&change, 1));
      std::set<std::uint32_t> separated;
      std::set<std::uint32_t> remaining;
      for (const std::uint32_t member : person_of[b]) {
        const bool leaves = std::find(change.numbers.begin(), change.numbers.end(), member) != change.numbers.end();
        (leaves ? separated : remaining).insert(member);
      }
      for (const auto* part : {&separated, &remaining}) {
        for (const std::uint32_t member : *part) {
          person_of[member] = *part;
        }
      }
    }
    ASSERT_EQ(map.FirstInconsistency(), "");
    NumberSet some;
    NumberSet others;
    for (std::uint32_t number = 0; number < kNumbers; ++number) {
      ASSERT_THAT(Members(map, number), testing::ElementsAreArray(person_of[number]));
      if (random() % 2 == 0) {
        some.add(number);
      }
      if (random() % 3 == 0) {
        others.add(number);
      }
    }
    std::set<std::set<std::uint32_t>> persons;
    NumberSet of_persons;
    for (const std::uint32_t number : some) {
      persons.insert(person_of[number]);
      for (const std::uint32_t member : person_of[number]) {
        if (others.contains(member)) {
          of_persons.add(member);
        }
      }
    }
    ASSERT_EQ(map.CountPersons(some), persons.size());
    ASSERT_TRUE(map.OfPersonsIn(some, others) == of_persons);
    // Whatever was given out and retired: a representative is one of the person's own.
    const RepresentativeTable table =
        map.RepresentativesOf({.issued = some, .retirements = {{others, some, map.version()}}}, some | others);
    for (const std::uint32_t number : some | others) {
      ASSERT_TRUE(person_of[number].contains(table.Of(number)));
    }
    // And once all is settled, a person has one.
    IssuedNumbers issued{.issued = some};
    const Settlement settlement = map.Settle(issued);
    issued.retirements = {{settlement.retired, settlement.staying, map.version()}};
    const RepresentativeTable settled = map.RepresentativesOf(issued, some);
    for (const std::uint32_t number : some) {
      for (const std::uint32_t member : person_of[number]) {
        if (some.contains(member)) {
          ASSERT_EQ(settled.Of(member), settled.Of(number));
        }
      }
    }
  }
}

// Two histories that make maps of the same version.
struct TwoHistories {
  const char* differ_in;
  std::vector<IdentityChange> one;
  std::vector<IdentityChange> other;
};

IdentityMap& Made(IdentityMap& map, std::span<const IdentityChange> changes, std::uint64_t first = 1) {
  map.Apply(first, changes);
  return map;
}

TEST(IdentityMapComparison, FindsADifferenceInAnythingThatTheMapKeeps) {
  const std::vector<TwoHistories> cases = {
      {"who is known", {Event(Kind::kCreated, 1)}, {Event(Kind::kCreated, 2)}},
      {"annulled", {Event(Kind::kAnnulled, 1)}, {Event(Kind::kCreated, 1)}},
      {"protected", {Event(Kind::kProtected, 1)}, {Event(Kind::kCreated, 1)}},
      {"parents blocked", {Event(Kind::kParentsBlocked, 1)}, {Event(Kind::kCreated, 1)}},
      {"current", {Event(Kind::kAdded, 1, 2)}, {Event(Kind::kReplaced, 1, 2)}},
      {"members",
       {Event(Kind::kMerged, 1, 2), Event(Kind::kCreated, 3), Event(Kind::kCreated, 4)},
       {Event(Kind::kMerged, 1, 3), Event(Kind::kCreated, 2), Event(Kind::kCreated, 4)}},
      {"when they joined",
       {Event(Kind::kMerged, 1, 2), Event(Kind::kCreated, 1), Event(Kind::kMerged, 1, 3)},
       {Event(Kind::kCreated, 1), Event(Kind::kMerged, 1, 2), Event(Kind::kMerged, 1, 3)}},
      {"when they were split and changed",
       {Event(Kind::kMerged, 1, 2), Separate({2}, 1), Event(Kind::kCreated, 1)},
       {Event(Kind::kMerged, 1, 2), Event(Kind::kCreated, 1), Separate({2}, 1)}},
      {"when they were split, not when they changed",
       {Event(Kind::kMerged, 1, 2), Separate({2}, 1), Event(Kind::kCreated, 1), Event(Kind::kMerged, 1, 2)},
       {Event(Kind::kMerged, 1, 2), Event(Kind::kCreated, 1), Separate({2}, 1), Event(Kind::kMerged, 1, 2)}},
  };
  for (const TwoHistories& each : cases) {
    IdentityMap one;
    IdentityMap again;
    IdentityMap other;
    Made(one, each.one);
    EXPECT_TRUE(one.DifferencesInPart(0, Made(again, each.one))->numbers.isEmpty()) << each.differ_in;
    EXPECT_FALSE(one.DifferencesInPart(0, again)->in_totals) << each.differ_in;
    EXPECT_FALSE(one.DifferencesInPart(0, Made(other, each.other))->numbers.isEmpty()) << each.differ_in;
  }
}

TEST(IdentityMapComparison, FindsThatAMapBeganWithAnotherEvent) {
  const IdentityChange created = Event(Kind::kCreated, 1);
  IdentityMap one;
  IdentityMap other;
  Made(one, std::vector{created, created}, 1);
  Made(other, std::vector{created}, 2);
  ASSERT_TRUE(one.DifferencesInPart(0, other).has_value());
  EXPECT_TRUE(one.DifferencesInPart(0, other)->in_totals);
}

TEST(IdentityMapComparison, LooksAtOnePartSoThatTheFeedGoesOnBetweenTwo) {
  constexpr std::uint32_t kPart = IdentityMap::kNumbersInPart;
  IdentityMap live;
  IdentityMap made;
  Made(live, std::vector{Event(Kind::kCreated, 2 * kPart + 5), Event(Kind::kProtected, 2 * kPart + 1)});
  Made(made, std::vector{Event(Kind::kCreated, 2 * kPart + 5), Event(Kind::kProtected, 2 * kPart + 2)});
  EXPECT_TRUE(live.DifferencesInPart(0, made)->numbers.isEmpty());
  EXPECT_TRUE(live.DifferencesInPart(kPart, made)->numbers.isEmpty());
  EXPECT_TRUE(live.DifferencesInPart(2 * kPart, made)->numbers == Of({2 * kPart + 1, 2 * kPart + 2}));
  EXPECT_GT(live.NumbersEnd(), 2 * kPart + 5);

  const IdentityChange later = Event(Kind::kAnnulled, 3);
  live.Apply(3, std::span(&later, 1));
  EXPECT_FALSE(live.DifferencesInPart(0, made).has_value()) << "nothing can be said of maps of two versions";
  made.Apply(3, std::span(&later, 1));
  EXPECT_TRUE(live.DifferencesInPart(0, made)->numbers.isEmpty());
}

TEST(NumberSet, IsMadeOfUnsortedNumbersWithRepeats) {
  std::vector<std::uint32_t> numbers = {9, 0xffffffffU, 0, 9, 70'000, 0};
  EXPECT_TRUE(MakeNumberSet(numbers) == NumberSet::bitmapOf(4, 0U, 9U, 70'000U, 0xffffffffU));
  EXPECT_TRUE(MakeNumberSet({}).isEmpty());
}

}  // namespace
}  // namespace kobling::storage
