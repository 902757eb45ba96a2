#include "server/commands/stop_on_signal.h"

#include <pthread.h>

namespace kobling::server {
namespace {

// Wakes the waiting thread when nobody sent a signal.
constexpr int kWake = SIGUSR1;

}  // namespace

StopOnSignal::StopOnSignal() {
  sigemptyset(&signals_);
  for (const int signal : {SIGTERM, SIGINT, kWake}) {
    sigaddset(&signals_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, &mask_before_);
  waiter_ = std::thread([this] {
    int received = 0;
    sigwait(&signals_, &received);
    source_.request_stop();
  });
}

StopOnSignal::~StopOnSignal() {
  pthread_kill(waiter_.native_handle(), kWake);
  waiter_.join();
  // The wake-up may still be pending if a signal came first; taken now, it does not end the process when the mask goes.
  const timespec at_once{};
  while (sigtimedwait(&signals_, nullptr, &at_once) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

}  // namespace kobling::server
