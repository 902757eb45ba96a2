// A way to the server over loopback that breaks after so many bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>

#include "client/files/file_descriptor.h"

namespace kobling::tests {

inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

// After which byte, in either direction, both sides are cut off.
struct Cut {
  std::uint64_t to_server = kNever;
  std::uint64_t to_client = kNever;
};

// Listens on a free port of 127.0.0.1 and passes bytes on, one connection after the other, until the cut; then it
// listens no more. Ends with the object.
class CuttingProxy {
 public:
  // `server` is "127.0.0.1:port".
  CuttingProxy(const std::string& server, Cut cut);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // What was passed on so far.
  std::uint64_t to_server() const { return to_server_; }
  std::uint64_t to_client() const { return to_client_; }
  bool was_cut() const { return was_cut_; }

 private:
  void Run();
  // False when the proxy is to end.
  bool Serve(int client, int server);
  // Passes on what has arrived. False at the end of the stream, at the cut, and after an error.
  bool Pass(int from, int to, std::uint64_t limit, std::atomic<std::uint64_t>& passed);

  const std::uint16_t server_port_;
  const Cut cut_;
  client::FileDescriptor listener_;
  client::FileDescriptor end_;  // readable when the proxy is to end
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> to_server_{0};
  std::atomic<std::uint64_t> to_client_{0};
  std::atomic<bool> was_cut_{false};
  std::jthread thread_;
};

}  // namespace kobling::tests
