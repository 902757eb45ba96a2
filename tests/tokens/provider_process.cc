#include "tests/tokens/provider_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>

namespace kobling::tests {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLongestAnswer{30};
constexpr int kChildsConnection = 3;

bool WaitForInput(int descriptor, Clock::time_point end) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    pollfd waiting = {.fd = descriptor, .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) {
      return ready > 0;
    }
  }
}

}  // namespace

ProviderProcess::ProviderProcess(const std::filesystem::path& folder) : log_(folder / "providers.log") {
  std::array<int, 2> ends = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    ADD_FAILURE() << "no connection";
    return;
  }
  std::string script = KOBLING_PROVIDERS;
  std::string folder_text = folder.string();
  std::string program = KOBLING_NODE;
  char* const arguments[] = {program.data(), script.data(), folder_text.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  // If the connection has this number already, nothing would take its close-on-exec off.
  posix_spawn_file_actions_adddup2(&actions, ends[1], kChildsConnection + 1);
  posix_spawn_file_actions_adddup2(&actions, kChildsConnection + 1, kChildsConnection);
  posix_spawn_file_actions_addclose(&actions, kChildsConnection + 1);
  if (posix_spawn(&child_, program.c_str(), &actions, nullptr, arguments, environ) != 0) {
    ADD_FAILURE() << program << " cannot be started";
    child_ = -1;
  }
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  connection_ = ends[0];
}

ProviderProcess::~ProviderProcess() {
  if (connection_ >= 0) {
    shutdown(connection_, SHUT_WR);
    // They close their end when they are done.
    while (!ReadLine().empty()) {
    }
    close(connection_);
  }
  if (child_ > 0) {
    kill(child_, SIGKILL);  // a process that has ended does not mind
    while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

bool ProviderProcess::SendLine(const std::string& line) const {
  const std::string text = line + '\n';
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t size = send(connection_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (size < 0 && errno != EINTR) {
      return false;
    }
    sent += size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  return true;
}

std::string ProviderProcess::ReadLine() {
  const Clock::time_point end = Clock::now() + kLongestAnswer;
  while (true) {
    if (const std::size_t place = received_.find('\n'); place != std::string::npos) {
      std::string line = received_.substr(0, place);
      received_.erase(0, place + 1);
      return line;
    }
    std::array<char, 4096> part;
    if (!WaitForInput(connection_, end)) {
      return {};
    }
    const ssize_t size = recv(connection_, part.data(), part.size(), 0);
    if (size == 0 || (size < 0 && errno != EINTR)) {
      return {};
    }
    received_.append(part.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  }
}

nlohmann::json ProviderProcess::Ask(const nlohmann::json& request) {
  const std::string line = SendLine(request.dump()) ? ReadLine() : std::string();
  nlohmann::json answer = nlohmann::json::parse(line, nullptr, false);
  if (!answer.is_object() || answer.contains("error")) {
    std::ifstream log(log_);
    ADD_FAILURE() << request.dump() << " was not answered: " << line << '\n'
                  << std::string(std::istreambuf_iterator<char>(log), std::istreambuf_iterator<char>());
    return nullptr;
  }
  return answer;
}

}  // namespace kobling::tests
