#include "tests/integration/trial_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "client/files/file_descriptor.h"
#include "client/grpc_connection.h"

namespace kobling::tests {
namespace {

namespace fs = std::filesystem;
using client::FileDescriptor;

int MillisecondsUntil(std::chrono::steady_clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

std::string FirstLine(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

}  // namespace

std::unique_ptr<client::Connection> Connect(const std::string& address, const CallerFiles& files, int attempts) {
  return client::GrpcConnection::Create(address, {.ca = files.ca, .certificate = files.certificate, .key = files.key},
                                        {.attempts = attempts, .first_wait = absl::Milliseconds(20)});
}

void KeptLog::Write(std::string_view line) {
  const std::lock_guard lock(mutex_);
  text_ += line;
  text_ += '\n';
}

std::string KeptLog::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

ServerThread::ServerThread(const domain::Clock& clock, std::shared_ptr<KeptLog> log)
    : log_(server::Level::kDebug, clock, std::move(log)) {}

absl::StatusOr<std::unique_ptr<ServerThread>> ServerThread::Start(const server::ServerConfig& config,
                                                                  const domain::Clock& clock,
                                                                  std::shared_ptr<KeptLog> log,
                                                                  std::unique_ptr<storage::KeyValueStore> store) {
  std::unique_ptr<ServerThread> server(new ServerThread(clock, std::move(log)));
  auto application = store == nullptr ? server::Application::Open(config, clock, server->log_)
                                      : server::Application::Open(config, clock, server->log_, std::move(store));
  if (!application.ok()) {
    return application.status();
  }
  server->application_ = *std::move(application);
  server->thread_ = std::jthread([&self = *server](const std::stop_token& stop) {
    const absl::Status served = self.application_->Serve({.ready =
                                                              [&](std::uint16_t port) {
                                                                const std::lock_guard lock(self.mutex_);
                                                                self.port_ = port;
                                                                self.changed_.notify_all();
                                                              },
                                                          .stop = stop});
    const std::lock_guard lock(self.mutex_);
    self.ended_ = served;
    self.changed_.notify_all();
  });
  std::unique_lock lock(server->mutex_);
  server->changed_.wait_for(lock, kLongest, [&] { return server->port_ != 0 || server->ended_.has_value(); });
  if (server->port_ == 0) {
    return server->ended_.value_or(absl::DeadlineExceededError("the server did not become ready"));
  }
  lock.unlock();
  return server;
}

ServerThread::~ServerThread() { static_cast<void>(Stop()); }

absl::Status ServerThread::Stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  application_.reset();
  return ended_.value_or(absl::OkStatus());
}

std::optional<absl::Status> ServerThread::WaitForEnd(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, longest, [&] { return ended_.has_value(); });
  return ended_;
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const fs::path& program,
                                                                    const TrialInstallation& installation,
                                                                    const fs::path& log_file) {
  const fs::path ready_file = installation.folder() / "ready";
  const std::string config = installation.config_file().string();
  const std::string ready = ready_file.string();
  const std::string path = program.string();
  const char* const argv[] = {path.c_str(),   "serve",       "--config", config.c_str(),
                              "--ready-file", ready.c_str(), nullptr};
  std::error_code ignored;
  fs::remove(ready_file, ignored);  // a killed server could not take it away
  const FileDescriptor changes(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (inotify_add_watch(changes.get(), installation.folder().c_str(), IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE) < 0) {
    return absl::InternalError("the folder cannot be watched");
  }
  const FileDescriptor log(open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const pid_t process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(log.get(), STDOUT_FILENO);
    dup2(log.get(), STDERR_FILENO);
    execv(path.c_str(), const_cast<char* const*>(argv));
    _exit(127);
  }
  if (process < 0) {
    return absl::InternalError("no process");
  }
  std::unique_ptr<ServerProcess> server(new ServerProcess(process));
  const FileDescriptor child(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  const auto end = std::chrono::steady_clock::now() + kLongest;
  while (server->address_.empty() && std::chrono::steady_clock::now() < end) {
    pollfd waits[] = {{changes.get(), POLLIN, 0}, {child.get(), POLLIN, 0}};
    if (poll(waits, 2, MillisecondsUntil(end)) > 0 && (waits[1].revents & POLLIN) != 0) {
      return absl::InternalError("koblingd ended before it was ready; see its log");
    }
    char events[4096];
    while (read(changes.get(), events, sizeof events) > 0) {
    }
    server->address_ = FirstLine(ready_file);
  }
  if (server->address_.empty()) {
    return absl::DeadlineExceededError("koblingd did not become ready");
  }
  return server;
}

ServerProcess::~ServerProcess() { Kill(); }

void ServerProcess::Kill() {
  if (process_ != 0) {
    kill(process_, SIGKILL);
    Reap();
  }
}

int ServerProcess::Terminate() {
  const FileDescriptor child(static_cast<int>(syscall(SYS_pidfd_open, process_, 0)));
  kill(process_, SIGTERM);
  pollfd wait = {child.get(), POLLIN, 0};
  if (poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(kLongest).count())) <= 0) {
    Kill();
    return -1;
  }
  return Reap();
}

int ServerProcess::Reap() {
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace kobling::tests
