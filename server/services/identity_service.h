// kobling.v1.IdentityService on gRPC.
#pragma once

#include "domain/national_id.h"
#include "kobling/v1/identity_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/services/stream_watch.h"
#include "server/use_cases/identity_history.h"

namespace kobling::server {

class IdentityService final : public kobling::v1::IdentityService::Service {
 public:
  IdentityService(const Pipeline& pipeline, const Core& core, const domain::NationalIdRules& rules, StreamWatch& watch)
      : pipeline_(pipeline), core_(core), rules_(rules), watch_(watch), histories_(core, rules) {}

  grpc::Status ImportEvents(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<kobling::v1::ImportEventsResponse, kobling::v1::ImportEventsRequest>* stream) override;
  grpc::Status GetIdentityStatus(grpc::ServerContext* context, const kobling::v1::GetIdentityStatusRequest* request,
                                 kobling::v1::IdentityStatus* response) override;
  grpc::Status GetIdentityHistory(grpc::ServerContext* context, const kobling::v1::GetIdentityHistoryRequest* request,
                                  kobling::v1::IdentityHistory* response) override;

 private:
  const Pipeline& pipeline_;
  const Core& core_;
  const domain::NationalIdRules& rules_;
  StreamWatch& watch_;
  const IdentityHistories histories_;
};

}  // namespace kobling::server
