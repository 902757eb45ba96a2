// How long citizens wait for the list of their projects, in process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/core.h"
#include "tests/bench/opened_core.h"
#include "tests/bench/percentiles.h"

namespace kobling::bench {

inline constexpr const char* kLookupPurpose = "citizen's own request";

struct TimedLookups {
  std::vector<Milliseconds> durations;  // one for each person
  std::uint64_t projects = 0;           // in all answers together
};

// The insight portal as it calls the method.
absl::StatusOr<server::Call> LookupCall();

// Looks each person up, one after another; fails with the first that fails.
absl::StatusOr<TimedLookups> TimeLookups(const OpenedCore& opened, const server::Call& call,
                                         const std::vector<std::string>& persons);

}  // namespace kobling::bench
