#include "storage/identity_map.h"

#include <gtest/gtest.h>

namespace kobling::storage {
namespace {

using domain::IdentifierNumber;

// Without identity history every identifier is a person of its own, and every question has the answer that says so.
TEST(IdentityMap, EveryIdentifierIsAPersonOfItsOwn) {
  const IdentityMap map;
  const domain::ProjectId project = domain::ProjectId::Parse("P0001").value();
  const NumberSet people = NumberSet::bitmapOf(3, 1U, 5U, 900'000U);
  EXPECT_EQ(map.Representative(project, IdentifierNumber{5}), IdentifierNumber{5});
  EXPECT_EQ(map.Canonical(IdentifierNumber{5}), IdentifierNumber{5});
  EXPECT_EQ(map.IdentifiersOf(IdentifierNumber{5}), std::vector{IdentifierNumber{5}});
  EXPECT_TRUE(map.RepresentativesOf(project, people) == people);
  EXPECT_EQ(map.CountPersons(people), 3U);
  EXPECT_EQ(map.CountPersons(NumberSet()), 0U);
  EXPECT_EQ(map.version(), 0U);
}

TEST(IdentityMap, OnlyCandidatesInThePopulationArePicked) {
  const IdentityMap map;
  const NumberSet population = NumberSet::bitmapOf(3, 1U, 5U, 9U);
  const NumberSet candidates = NumberSet::bitmapOf(3, 5U, 9U, 10U);
  EXPECT_TRUE(map.OfPersonsIn(population, candidates) == NumberSet::bitmapOf(2, 5U, 9U));
}

TEST(NumberSet, IsMadeOfUnsortedNumbersWithRepeats) {
  std::vector<std::uint32_t> numbers = {9, 0xffffffffU, 0, 9, 70'000, 0};
  EXPECT_TRUE(MakeNumberSet(numbers) == NumberSet::bitmapOf(4, 0U, 9U, 70'000U, 0xffffffffU));
  EXPECT_TRUE(MakeNumberSet({}).isEmpty());
}

}  // namespace
}  // namespace kobling::storage
