// kobling.v1.OperatorService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/operator_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/use_cases/server_info.h"

namespace kobling::server {

class OperatorService final : public kobling::v1::OperatorService::Service {
 public:
  OperatorService(const Pipeline& pipeline, const Core& core) : pipeline_(pipeline), info_(core) {}

  grpc::Status GetServerInfo(grpc::ServerContext* context, const kobling::v1::GetServerInfoRequest* request,
                             kobling::v1::ServerInfo* response) override;

 private:
  const Pipeline& pipeline_;
  const ServerInfo info_;
};

}  // namespace kobling::server
