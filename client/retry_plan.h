// How often something that may be tried again is tried.
#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace kobling::client {

inline constexpr absl::Duration kLongestWait = absl::Seconds(10);

// Each wait is twice the one before, up to the longest.
struct RetryPlan {
  int attempts = 5;
  absl::Duration first_wait = absl::Milliseconds(250);
};

// For what goes on by itself while nobody looks: about five minutes, in which a server can be started again.
constexpr RetryPlan PatientRetryPlan() { return {.attempts = 36}; }

// All that is waited between attempts that bring nothing.
inline absl::Duration WaitsOf(const RetryPlan& plan) {
  absl::Duration all;
  absl::Duration wait = plan.first_wait;
  for (int i = 1; i < plan.attempts; ++i, wait = std::min(2 * wait, kLongestWait)) {
    all += wait;
  }
  return all;
}

}  // namespace kobling::client
