// kobling.v1.AuditService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/audit_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/services/stream_watch.h"
#include "server/use_cases/audit.h"

namespace kobling::server {

class AuditService final : public kobling::v1::AuditService::Service {
 public:
  AuditService(const Pipeline& pipeline, const Core& core, StreamWatch& watch)
      : pipeline_(pipeline), watch_(watch), audit_(core) {}

  grpc::Status ListEvents(grpc::ServerContext* context, const kobling::v1::ListEventsRequest* request,
                          grpc::ServerWriter<kobling::v1::ListEventsResponse>* writer) override;

 private:
  const Pipeline& pipeline_;
  StreamWatch& watch_;
  const Audit audit_;
};

}  // namespace kobling::server
