// SIGTERM and SIGINT as a stop token.
#pragma once

#include <signal.h>

#include <stop_token>
#include <thread>

namespace kobling::server {

// While it lives, SIGTERM and SIGINT request a stop instead of ending the process. Made before any other thread, so
// that every thread inherits the mask that leaves the signals to this one.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  void RequestStop() { source_.request_stop(); }

 private:
  std::stop_source source_;
  sigset_t signals_{};
  sigset_t mask_before_{};
  std::thread waiter_;
};

}  // namespace kobling::server
