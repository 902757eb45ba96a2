// When a call is sent again, and after how long.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/retry_plan.h"

namespace kobling::client {

// The attempts of one call.
class Backoff {
 public:
  Backoff(const RetryPlan& plan, std::string_view method);

  // Waits and says true if there is to be another attempt: the error is a passing one, the method may be sent again by
  // domain/method_policy.h, and attempts are left.
  [[nodiscard]] bool WaitBeforeNext(const absl::Status& status);

 private:
  int attempts_left_;
  absl::Duration wait_;
};

}  // namespace kobling::client
