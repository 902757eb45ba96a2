#include "witness/witness_server.h"

#include <httplib.h>

#include <thread>
#include <utility>

#include "domain/error.h"
#include "transparency/witness_request.h"

namespace kobling::witness {
namespace {

constexpr std::size_t kWorkers = 16;
constexpr std::time_t kTimeoutSeconds = 5;
constexpr const char* kCheckpointPattern = R"(/checkpoint/(.+))";

}  // namespace

struct WitnessServer::Parts {
  httplib::Server server;
  int port = 0;
  std::thread thread;
};

WitnessServer::WitnessServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

WitnessServer::~WitnessServer() {
  parts_->server.stop();
  parts_->thread.join();
}

std::uint16_t WitnessServer::port() const { return static_cast<std::uint16_t>(parts_->port); }

absl::StatusOr<std::unique_ptr<WitnessServer>> WitnessServer::Listen(Witness& witness, const std::string& host,
                                                                     std::uint16_t port, OnRefusal on_refusal) {
  auto parts = std::make_unique<Parts>();
  httplib::Server& server = parts->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kWorkers); };
  // Without the library's own: two servers on one port would share the questions.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_payload_max_length(transparency::kMaxWitnessRequestBytes);
  server.set_read_timeout(kTimeoutSeconds);
  server.set_write_timeout(kTimeoutSeconds);
  server.set_keep_alive_timeout(kTimeoutSeconds);
  server.Post(
      std::string(transparency::kAddCheckpointPath),
      [&witness, on_refusal = std::move(on_refusal)](const httplib::Request& request, httplib::Response& response) {
        const Witness::Answer answer = witness.AddCheckpoint(request.body);
        response.status = answer.status;
        response.set_content(answer.body, answer.content_type);
        if (answer.status != 200) {
          on_refusal(answer.status, answer.body);
        }
      });
  server.Get(kCheckpointPattern, [&witness](const httplib::Request& request, httplib::Response& response) {
    for (const transparency::Note& note : witness.Latest()) {
      if (note.text.starts_with(request.matches[1].str() + '\n')) {
        response.set_content(note.bytes(), "text/plain; charset=utf-8");
        return;
      }
    }
    response.status = 404;
  });
  parts->port = port == 0 ? server.bind_to_any_port(host) : (server.bind_to_port(host, port) ? port : -1);
  if (parts->port <= 0) {
    return domain::MakeError(domain::Reason::kConfiguration,
                             {{domain::DetailKey::kField, "--listen"},
                              {domain::DetailKey::kHint, "the address cannot be listened on; is it in use?"}});
  }
  parts->thread = std::thread([&server] { server.listen_after_bind(); });
  // Stopping a server that does not listen yet is forgotten.
  while (!server.is_running()) {
    std::this_thread::yield();
  }
  return std::unique_ptr<WitnessServer>(new WitnessServer(std::move(parts)));
}

}  // namespace kobling::witness
