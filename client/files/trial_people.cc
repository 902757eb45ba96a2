#include "client/files/trial_people.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "domain/national_id_maker.h"

namespace kobling::client {
namespace {

constexpr std::uint64_t kDaysAMonth = 28;  // every month has these, so no date is ever impossible
constexpr std::uint64_t kMonths = 12;
constexpr std::uint64_t kYears = 100;
constexpr std::uint64_t kIndividuals = 1000;
constexpr std::uint64_t kPlaces = kDaysAMonth * kMonths * kYears * kIndividuals;

enum Purpose : std::uint64_t { kKind, kRemainder, kHasMother, kWhichMother, kStay, kCancer, kBirth, kOrder };

// The mixing step of SplitMix64.
std::uint64_t Mix(std::uint64_t value) {
  value += 0x9E37'79B9'7F4A'7C15u;
  value = (value ^ (value >> 30)) * 0xBF58'476D'1CE4'E5B9u;
  value = (value ^ (value >> 27)) * 0x94D0'49BB'1331'11EBu;
  return value ^ (value >> 31);
}

// The identifier at a place in the space of dates and individual numbers: the wanted remainder if it exists, else
// another.
std::optional<domain::NationalId> IdentifierAt(std::uint64_t place, domain::NumberKind kind, int wanted_remainder) {
  domain::NationalIdParts parts;
  parts.individual = static_cast<int>(place % kIndividuals);
  place /= kIndividuals;
  parts.day = static_cast<int>(place % kDaysAMonth) + 1;
  place /= kDaysAMonth;
  parts.month = static_cast<int>(place % kMonths) + 1;
  parts.two_digit_year = static_cast<int>(place / kMonths);
  parts.kind = kind;
  for (int i = 0; i < 4; ++i) {
    parts.remainder = (wanted_remainder + i) % 4;
    if (const auto id = domain::MakeValid(parts)) {
      return id;
    }
  }
  return std::nullopt;
}

}  // namespace

ShuffledOrder::ShuffledOrder(std::uint64_t count, std::uint64_t seed)
    : count_(std::max<std::uint64_t>(count, 1)), step_(Mix(seed) % count_), start_(Mix(seed + 1) % count_) {
  while (std::gcd(step_, count_) != 1) {
    step_ = (step_ + 1) % count_;
  }
}

TrialPeople::TrialPeople(std::uint64_t population, std::uint64_t seed)
    : population_(population), outsiders_(population / 50 + 1), mothers_(population / 2 + 1), seed_(Mix(seed)) {
  const std::uint64_t wanted = population_ + outsiders_ + mothers_;
  const ShuffledOrder places(kPlaces, seed_);
  identifiers_.reserve(wanted);
  for (std::uint64_t i = 0; identifiers_.size() < wanted; ++i) {
    const bool is_d_number = Draw(i, kKind) % 20 == 0;
    const std::uint64_t drawn = Draw(i, kRemainder) % 10;
    const auto id =
        IdentifierAt(places.At(i), is_d_number ? domain::NumberKind::kDNumber : domain::NumberKind::kFodselsnummer,
                     drawn < 6 ? 0 : static_cast<int>(drawn % 3) + 1);
    if (id.has_value()) {
      identifiers_.push_back(*id);
    }
  }
}

std::uint64_t TrialPeople::Draw(std::uint64_t person, std::uint64_t purpose) const {
  return Mix(seed_ ^ Mix(person * 64 + purpose));
}

std::optional<std::uint64_t> TrialPeople::MotherOf(std::uint64_t person) const {
  const std::uint64_t drawn = Draw(person, kHasMother) % 10;
  const std::uint64_t which = Draw(person, kWhichMother);
  if (drawn == 0) {
    return std::nullopt;
  }
  if (drawn < 4 && population_ > 1) {
    const std::uint64_t mother = which % (population_ - 1);
    return mother < person ? mother : mother + 1;
  }
  return population_ + outsiders_ + which % mothers_;
}

bool TrialPeople::HasSecondStay(std::uint64_t person) const { return Draw(person, kStay) % 10 < 2; }
bool TrialPeople::HasCancerRecord(std::uint64_t person) const { return Draw(person, kCancer) % 10 == 0; }
bool TrialPeople::HasBirthRecord(std::uint64_t person) const { return Draw(person, kBirth) % 10 < 3; }

}  // namespace kobling::client
