// The middle and the tail of a series of durations.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <vector>

namespace kobling::bench {

using Milliseconds = std::chrono::duration<double, std::milli>;

struct Percentiles {
  Milliseconds p50;
  Milliseconds p99;
  Milliseconds max;
};

// `durations` must not be empty. p99 is the shortest duration that at least 99 % of all do not exceed.
inline Percentiles PercentilesOf(std::vector<Milliseconds> durations) {
  std::sort(durations.begin(), durations.end());
  const auto at = [&](double share) {
    const double rank = std::ceil(share * static_cast<double>(durations.size()));
    return durations[static_cast<std::size_t>(rank) - 1];
  };
  return {.p50 = at(0.5), .p99 = at(0.99), .max = durations.back()};
}

}  // namespace kobling::bench
