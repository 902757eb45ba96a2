#include "server/services/stream_watch.h"

namespace kobling::server {

StreamWatch::StreamWatch(std::chrono::milliseconds idle_limit)
    : idle_limit_(idle_limit), thread_([this](const std::stop_token& stop) { CancelIdle(stop); }) {}

StreamWatch::Guard::Guard(StreamWatch& watch, grpc::ServerContext& context) : watch_(watch) {
  const std::lock_guard lock(watch_.mutex_);
  key_ = watch_.next_key_++;
  watch_.streams_[key_] = {&context, std::chrono::steady_clock::now()};
}

StreamWatch::Guard::~Guard() {
  const std::lock_guard lock(watch_.mutex_);
  watch_.streams_.erase(key_);
}

void StreamWatch::Guard::Heard() {
  const std::lock_guard lock(watch_.mutex_);
  watch_.streams_[key_].last_heard = std::chrono::steady_clock::now();
}

void StreamWatch::CancelIdle(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, idle_limit_ / 4, [] { return false; });
    const auto now = std::chrono::steady_clock::now();
    for (auto& [key, stream] : streams_) {
      if (now - stream.last_heard > idle_limit_) {
        stream.context->TryCancel();
      }
    }
  }
}

}  // namespace kobling::server
