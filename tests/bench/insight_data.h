// Invented persons and projects, written straight through the stores: a service after many years, in minutes.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "domain/national_id.h"
#include "server/core/core.h"

namespace kobling::bench {

struct InsightDataOptions {
  std::uint32_t persons = 10'000'000;
  std::uint32_t projects = 1000;
  // Sum of all projects' populations, at least 100 for each project. The result is close to it, not equal.
  std::uint64_t memberships = 100'000'000;
  std::uint64_t seed = 1;
};

// Invented persons, the same ones every time: `count` of them after the first `skip`. Fails with INTERNAL if there are
// not so many.
absl::StatusOr<std::vector<domain::NationalId>> InventedPersons(std::uint32_t skip, std::uint32_t count);

// Fills an empty database. The projects' sizes are spread evenly on a logarithmic scale, from 100 persons to the size
// that gives the sum. Of every four projects, two have members drawn evenly from all numbers; one has most of them
// among the lower numbers; and one has nine of ten in a run of consecutive numbers, as the first project of a register
// does. Each project has one submission by the register NPR. Every second has a key file for NPR and one with a third
// of the population for KREFT; every fourth has a report by NPR that used 95 %.
//
// Returns the sum of the populations. Fails with INTERNAL if the options cannot be met, and as the store does.
absl::StatusOr<std::uint64_t> FillInsightData(const server::Core& core, const InsightDataOptions& options);

}  // namespace kobling::bench
