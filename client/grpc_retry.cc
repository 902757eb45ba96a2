#include "client/grpc_retry.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "client/server_answer.h"
#include "domain/method_policy.h"

namespace kobling::client {

Backoff::Backoff(const RetryPlan& plan, std::string_view method) : attempts_left_(0), wait_(plan.first_wait) {
  const domain::MethodPolicy* policy = domain::FindMethod(method);
  if (policy != nullptr && policy->resend == domain::Resend::kSafe) {
    attempts_left_ = plan.attempts - 1;
  }
}

bool Backoff::WaitBeforeNext(const absl::Status& status) {
  if (attempts_left_ <= 0 || !MayHelpToSendAgain(status)) {
    return false;
  }
  --attempts_left_;
  absl::SleepFor(wait_);
  wait_ = std::min(2 * wait_, kLongestWait);
  return true;
}

}  // namespace kobling::client
