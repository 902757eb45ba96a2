// kobling.v1.UsageService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/usage_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/services/stream_watch.h"
#include "server/use_cases/usage.h"

namespace kobling::server {

class UsageService final : public kobling::v1::UsageService::Service {
 public:
  UsageService(const Pipeline& pipeline, const Core& core, StreamRows& rows_in_use, StreamWatch& watch)
      : pipeline_(pipeline), core_(core), rows_in_use_(rows_in_use), watch_(watch), usage_(core) {}

  grpc::Status GetUsageStatus(grpc::ServerContext* context, const kobling::v1::GetUsageStatusRequest* request,
                              kobling::v1::GetUsageStatusResponse* response) override;
  grpc::Status Report(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<kobling::v1::ReportResponse, kobling::v1::ReportRequest>* stream) override;

 private:
  const Pipeline& pipeline_;
  const Core& core_;
  StreamRows& rows_in_use_;
  StreamWatch& watch_;
  const Usage usage_;
};

}  // namespace kobling::server
