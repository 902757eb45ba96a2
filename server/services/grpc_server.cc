#include "server/services/grpc_server.h"

#include "domain/error.h"
#include "grpc/grpc.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/server_builder.h"

namespace kobling::server {
namespace {

// How long a caller may go on with the certificate that a connection was made with, and how long calls that run then
// may take to end.
constexpr int kConnectionAgeMilliseconds = 60 * 60 * 1000;
constexpr int kConnectionGraceMilliseconds = 60 * 60 * 1000;

}  // namespace

absl::StatusOr<ListeningServer> StartGrpcServer(const ServerConfig& config, const ServerTls& tls,
                                                std::span<grpc::Service* const> services,
                                                grpc::CallbackGenericService& fallback) {
  const Limits& limits = config.limits;
  // Never undone: gRPC 1.51, when its last object goes, now and then waits ten seconds for a poll that nobody wakes.
  grpc_init();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(config.listen.text(), tls.credentials(), &port);
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits.max_message_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(limits.max_concurrent_streams));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Certificates are looked at when a connection is made: it must be made anew now and then.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kConnectionAgeMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kConnectionGraceMilliseconds);
  grpc::ResourceQuota quota("koblingd");
  quota.SetMaxThreads(static_cast<int>(limits.handler_threads) + 4);
  builder.SetResourceQuota(quota);
  for (grpc::Service* const service : services) {
    builder.RegisterService(service);
  }
  builder.RegisterCallbackGenericService(&fallback);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return domain::MakeError(domain::Reason::kConfiguration,
                             {{domain::DetailKey::kField, "server.listen"},
                              {domain::DetailKey::kHint, "the address cannot be listened on; is it in use?"}});
  }
  return ListeningServer{std::move(server), static_cast<std::uint16_t>(port)};
}

}  // namespace kobling::server
