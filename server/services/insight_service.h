// kobling.v1.InsightService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/insight_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/use_cases/insight.h"

namespace kobling::server {

class InsightService final : public kobling::v1::InsightService::Service {
 public:
  InsightService(const Pipeline& pipeline, const Core& core, const domain::NationalIdRules& rules)
      : pipeline_(pipeline), insight_(core, rules) {}

  grpc::Status Lookup(grpc::ServerContext* context, const kobling::v1::LookupRequest* request,
                      kobling::v1::LookupResponse* response) override;

 private:
  const Pipeline& pipeline_;
  const Insight insight_;
};

}  // namespace kobling::server
