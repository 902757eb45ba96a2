// A gRPC server as this service wants it: limits, TLS, certificates that are looked at again.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/impl/service_type.h"
#include "grpcpp/server.h"
#include "server/runtime/config.h"
#include "server/runtime/tls.h"

namespace kobling::server {

struct ListeningServer {
  std::unique_ptr<grpc::Server> server;
  std::uint16_t port;  // the one in use
};

// Listens and serves. `fallback` answers every method that no service has. Services, fallback and TLS must outlive the
// server. Fails with CONFIGURATION if the address cannot be listened on.
absl::StatusOr<ListeningServer> StartGrpcServer(const ServerConfig& config, const ServerTls& tls,
                                                std::span<grpc::Service* const> services,
                                                grpc::CallbackGenericService& fallback);

}  // namespace kobling::server
