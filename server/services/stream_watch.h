// Ends streams that have gone quiet and limits how many one caller has open, so that nobody holds memory and threads
// for long.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "server/access/caller.h"

namespace kobling::server {

// Safe for concurrent use.
class StreamWatch {
 public:
  explicit StreamWatch(std::chrono::milliseconds idle_limit);

  // Streams that one caller may have open at the same time.
  static constexpr std::size_t kStreamsPerCaller = 4;

  // Watches one stream as long as it lives.
  class Guard {
   public:
    // Fails with SERVER_BUSY if the caller has too many streams open.
    static absl::StatusOr<std::unique_ptr<Guard>> Open(StreamWatch& watch, grpc::ServerContext& context,
                                                       const Caller& caller);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    // The caller said something.
    void Heard();
    // Whether the stream was ended because the caller said nothing for too long.
    bool WasSilent() const;

   private:
    Guard(StreamWatch& watch, std::uint64_t key) : watch_(watch), key_(key) {}

    StreamWatch& watch_;
    const std::uint64_t key_;
  };

 private:
  struct Stream {
    grpc::ServerContext* context;
    std::string caller;
    std::chrono::steady_clock::time_point last_heard;
    bool was_silent = false;
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
