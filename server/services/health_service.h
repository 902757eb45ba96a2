// grpc.health.v1.Health on gRPC, for probes.
#pragma once

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/services/pipeline.h"

namespace kobling::server {

// Serves as long as calls are answered at all: a server whose store has failed ends, and one that drains refuses.
class HealthService final : public grpc::health::v1::Health::Service {
 public:
  explicit HealthService(const Pipeline& pipeline) : pipeline_(pipeline) {}

  grpc::Status Check(grpc::ServerContext* context, const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* response) override;

 private:
  const Pipeline& pipeline_;
};

}  // namespace kobling::server
