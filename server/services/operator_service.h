// kobling.v1.OperatorService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/operator_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/use_cases/scrub.h"
#include "server/use_cases/server_info.h"

namespace kobling::server {

class OperatorService final : public kobling::v1::OperatorService::Service {
 public:
  OperatorService(const Pipeline& pipeline, const Core& core) : pipeline_(pipeline), info_(core), scrub_(core) {}

  grpc::Status GetServerInfo(grpc::ServerContext* context, const kobling::v1::GetServerInfoRequest* request,
                             kobling::v1::ServerInfo* response) override;
  grpc::Status Scrub(grpc::ServerContext* context, const kobling::v1::ScrubRequest* request,
                     kobling::v1::ScrubReport* response) override;

 private:
  const Pipeline& pipeline_;
  const ServerInfo info_;
  const server::Scrub scrub_;
};

}  // namespace kobling::server
