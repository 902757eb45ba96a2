// The invented people of the trial data: who they are, who their mothers are, which register knows them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "domain/national_id.h"

namespace kobling::client {

// People are numbered: first the population, then people outside it whom the cancer register knows, then mothers
// outside it. Everything follows from the seed. Identifiers are synthetic (month + 80): five in a hundred are
// D-numbers, four in ten have a first check digit as it is given out from 2032 on (remainder 1 to 3).
class TrialPeople {
 public:
  // At most 10,000,000 people in the population.
  TrialPeople(std::uint64_t population, std::uint64_t seed);

  std::uint64_t population() const { return population_; }
  std::uint64_t outsiders() const { return outsiders_; }
  std::uint64_t count() const { return identifiers_.size(); }
  std::uint64_t first_outsider() const { return population_; }

  std::array<char, domain::NationalId::kLength> Digits(std::uint64_t person) const {
    return identifiers_[person].digits();
  }

  // Somebody of the population, or a mother outside it; one in ten has none that is known.
  std::optional<std::uint64_t> MotherOf(std::uint64_t person) const;
  bool HasSecondStay(std::uint64_t person) const;    // in the patient register: two in ten
  bool HasCancerRecord(std::uint64_t person) const;  // one in ten
  bool HasBirthRecord(std::uint64_t person) const;   // three in ten

  // A number that depends on the seed, the person and what it is for, and on nothing else.
  std::uint64_t Draw(std::uint64_t person, std::uint64_t purpose) const;

 private:
  std::uint64_t population_;
  std::uint64_t outsiders_;
  std::uint64_t mothers_;
  std::uint64_t seed_;
  std::vector<domain::NationalId> identifiers_;
};

// Visits 0 to count - 1, each once, in an order that the seed decides.
class ShuffledOrder {
 public:
  ShuffledOrder(std::uint64_t count, std::uint64_t seed);
  std::uint64_t At(std::uint64_t place) const { return (place * step_ + start_) % count_; }

 private:
  std::uint64_t count_;
  std::uint64_t step_;
  std::uint64_t start_;
};

}  // namespace kobling::client
