// Ends streams that have gone quiet, so that nobody holds memory and a thread by saying nothing.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

#include "grpcpp/server_context.h"

namespace kobling::server {

// Safe for concurrent use.
class StreamWatch {
 public:
  explicit StreamWatch(std::chrono::milliseconds idle_limit);

  // Watches one stream as long as it lives.
  class Guard {
   public:
    Guard(StreamWatch& watch, grpc::ServerContext& context);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    // The caller said something.
    void Heard();

   private:
    StreamWatch& watch_;
    std::uint64_t key_;
  };

 private:
  struct Stream {
    grpc::ServerContext* context;
    std::chrono::steady_clock::time_point last_heard;
  };
  void CancelIdle(const std::stop_token& stop);

  const std::chrono::milliseconds idle_limit_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<std::uint64_t, Stream> streams_;  // guarded by mutex_
  std::uint64_t next_key_ = 0;               // guarded by mutex_
  std::jthread thread_;
};

}  // namespace kobling::server
