#include "tests/integration/cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace kobling::tests {
namespace {

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

client::FileDescriptor NewSocket() {
  client::FileDescriptor made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

}  // namespace

CuttingProxy::CuttingProxy(const std::string& server, Cut cut)
    : server_port_(static_cast<std::uint16_t>(std::atoi(server.substr(server.rfind(':') + 1).c_str()))),
      cut_(cut),
      listener_(NewSocket()),
      end_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_.get(), 8) != 0 ||
      getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();  // no loopback, no tests
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this] { Run(); });
}

CuttingProxy::~CuttingProxy() {
  const std::uint64_t one = 1;
  if (write(end_.get(), &one, sizeof one) != sizeof one) {
    std::abort();
  }
}

void CuttingProxy::Run() {
  while (!was_cut_) {
    std::array<pollfd, 2> waits = {pollfd{listener_.get(), POLLIN, 0}, pollfd{end_.get(), POLLIN, 0}};
    if (poll(waits.data(), waits.size(), -1) <= 0 || waits[1].revents != 0) {
      return;
    }
    const client::FileDescriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const client::FileDescriptor server = NewSocket();
    const sockaddr_in address = Loopback(server_port_);
    if (connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        !Serve(client.get(), server.get())) {
      return;
    }
  }
  listener_.Close();
}

bool CuttingProxy::Serve(int client, int server) {
  if (cut_.to_server == 0 || cut_.to_client == 0) {
    was_cut_ = true;
    return true;
  }
  while (true) {
    std::array<pollfd, 3> waits = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}, pollfd{end_.get(), POLLIN, 0}};
    if (poll(waits.data(), waits.size(), -1) <= 0 || waits[2].revents != 0) {
      return false;
    }
    if ((waits[0].revents != 0 && !Pass(client, server, cut_.to_server, to_server_)) ||
        (waits[1].revents != 0 && !Pass(server, client, cut_.to_client, to_client_))) {
      return true;  // both sockets are closed by the caller
    }
  }
}

bool CuttingProxy::Pass(int from, int to, std::uint64_t limit, std::atomic<std::uint64_t>& passed) {
  std::array<char, 16 * 1024> buffer;
  const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), limit - passed));
  const ssize_t read = recv(from, buffer.data(), most, 0);
  if (read <= 0) {
    return false;
  }
  for (ssize_t done = 0; done < read;) {
    const ssize_t sent = send(to, buffer.data() + done, static_cast<std::size_t>(read - done), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    done += sent;
  }
  passed += static_cast<std::uint64_t>(read);
  was_cut_ = passed == limit;
  return !was_cut_;
}

}  // namespace kobling::tests
