// Where the time comes from. Injected, so that tests decide what day it is.
#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace kobling::domain {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

}  // namespace kobling::domain
