// Choices of a random test, the same for the same seed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>

#include "tests/model/people_set.h"

namespace kobling::tests {

class RandomChoice {
 public:
  explicit RandomChoice(std::uint64_t seed) : random_(seed) {}

  std::size_t Below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }

  template <typename Options>
  auto& OneOf(Options& options) {
    return *std::next(options.begin(), static_cast<std::ptrdiff_t>(Below(options.size())));
  }

  // At least one of the people below `count`, and mostly neighbours within so many, so that sets overlap.
  PeopleSet SomePeople(std::size_t count, std::size_t most) {
    PeopleSet people;
    const std::size_t begin = Below(count);
    const std::size_t end = std::min(count, begin + 1 + Below(most));
    for (std::size_t person = begin; person < end; ++person) {
      if (Below(4) != 0) {
        people.insert(person);
      }
    }
    people.insert(begin);
    return people;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace kobling::tests
