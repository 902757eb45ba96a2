// A running server of a trial: inside the test's process, or as a process of its own that can be killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/connection.h"
#include "server/application.h"
#include "server/runtime/log.h"
#include "storage/key_value_store.h"
#include "tests/integration/trial_installation.h"

namespace kobling::tests {

// How long anything may take before a test says that it hangs.
inline constexpr std::chrono::seconds kLongest{60};

// A connection over mutual TLS. `attempts` is how often a call is sent, at most.
std::unique_ptr<client::Connection> Connect(const std::string& address, const CallerFiles& files, int attempts = 1);

// Keeps what the server logs.
class KeptLog final : public server::LogSink {
 public:
  void Write(std::string_view line) override;
  std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::string text_;  // guarded by mutex_
};

// Application::Open and Serve on a thread of the test's process. Stopped by its end at the latest.
class ServerThread {
 public:
  // Fails with what Open failed with, or with what Serve returned before anybody could connect. Without a store, the
  // installation's own is opened.
  static absl::StatusOr<std::unique_ptr<ServerThread>> Start(const TrialInstallation& installation,
                                                             std::shared_ptr<KeptLog> log,
                                                             std::unique_ptr<storage::KeyValueStore> store = nullptr) {
    return Start(installation.config(), installation.clock(), std::move(log), std::move(store));
  }
  // The same with a configuration of the test's own.
  static absl::StatusOr<std::unique_ptr<ServerThread>> Start(const server::ServerConfig& config,
                                                             const domain::Clock& clock, std::shared_ptr<KeptLog> log,
                                                             std::unique_ptr<storage::KeyValueStore> store = nullptr);
  ~ServerThread();
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Tells it to stop, waits, closes the store, and returns what Serve returned.
  absl::Status Stop();

  // Waits until it ends by itself: what Serve returned, or nothing if it did not end in time.
  std::optional<absl::Status> WaitForEnd(std::chrono::milliseconds longest);

 private:
  ServerThread(const domain::Clock& clock, std::shared_ptr<KeptLog> log);

  server::Log log_;
  std::unique_ptr<server::Application> application_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint16_t port_ = 0;             // guarded by mutex_ until Start returns
  std::optional<absl::Status> ended_;  // guarded by mutex_
  std::jthread thread_;
};

// `koblingd serve` as a child process. Killed by its end at the latest, and by the kernel if the test dies.
class ServerProcess {
 public:
  // `log_file` gets what the process writes to standard error, appended. Waits until callers can connect.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const std::filesystem::path& program,
                                                              const TrialInstallation& installation,
                                                              const std::filesystem::path& log_file);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& address() const { return address_; }

  // SIGKILL, and waits until the process is gone.
  void Kill();
  // SIGTERM, and waits for the exit code; -1 if it was killed or did not end in time.
  int Terminate();

 private:
  explicit ServerProcess(pid_t process) : process_(process) {}
  int Reap();

  pid_t process_;  // 0 once it was reaped
  std::string address_;
};

}  // namespace kobling::tests
