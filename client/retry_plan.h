// How often something that may be tried again is tried.
#pragma once

#include "absl/time/time.h"

namespace kobling::client {

// Each wait is twice the one before, up to ten seconds.
struct RetryPlan {
  int attempts = 5;
  absl::Duration first_wait = absl::Milliseconds(250);
};

}  // namespace kobling::client
