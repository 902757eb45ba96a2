#include "server/services/stream_watch.h"

#include <algorithm>

#include "domain/error.h"

namespace kobling::server {

StreamWatch::StreamWatch(std::chrono::milliseconds idle_limit)
    : idle_limit_(idle_limit), thread_([this](const std::stop_token& stop) { CancelIdle(stop); }) {}

absl::StatusOr<std::unique_ptr<StreamWatch::Guard>> StreamWatch::Guard::Open(StreamWatch& watch,
                                                                             grpc::ServerContext& context,
                                                                             const Caller& caller) {
  const std::lock_guard lock(watch.mutex_);
  const auto open = std::count_if(watch.streams_.begin(), watch.streams_.end(),
                                  [&](const auto& entry) { return entry.second.caller == caller.id.text(); });
  if (static_cast<std::size_t>(open) >= kStreamsPerCaller) {
    return domain::MakeError(domain::Reason::kServerBusy, {{domain::DetailKey::kLimit, kStreamsPerCaller}});
  }
  const std::uint64_t key = watch.next_key_++;
  watch.streams_[key] = {&context, caller.id.text(), std::chrono::steady_clock::now(), false};
  return std::unique_ptr<Guard>(new Guard(watch, key));
}

StreamWatch::Guard::~Guard() {
  const std::lock_guard lock(watch_.mutex_);
  watch_.streams_.erase(key_);
}

void StreamWatch::Guard::Heard() {
  const std::lock_guard lock(watch_.mutex_);
  watch_.streams_[key_].last_heard = std::chrono::steady_clock::now();
}

bool StreamWatch::Guard::WasSilent() const {
  const std::lock_guard lock(watch_.mutex_);
  return watch_.streams_.at(key_).was_silent;
}

void StreamWatch::CancelIdle(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, idle_limit_ / 4, [] { return false; });
    const auto now = std::chrono::steady_clock::now();
    for (auto& [key, stream] : streams_) {
      if (now - stream.last_heard > idle_limit_) {
        stream.was_silent = true;
        stream.context->TryCancel();
      }
    }
  }
}

}  // namespace kobling::server
