#include "server/services/seal_service.h"

#include "server/core/convert.h"
#include "server/core/log_publisher.h"

namespace kobling::server {

SealService::SealService(const Pipeline& pipeline, const Core& core)
    : pipeline_(pipeline), core_(core), since_(core.clock.Now()) {}

grpc::Status SealService::GetSealStatus(grpc::ServerContext* context, const kobling::v1::GetSealStatusRequest* request,
                                        kobling::v1::SealStatus* response) {
  return pipeline_.Unary(*context, "/kobling.v1.SealService/GetSealStatus", *request, response,
                         [&](const Call& /*call*/) -> absl::StatusOr<kobling::v1::SealStatus> {
                           kobling::v1::SealStatus status;
                           status.set_state(kobling::v1::SEAL_STATE_OPEN);
                           SetTime(absl::ToUnixMicros(since_), *status.mutable_since());
                           status.set_published_events(core_.publisher.published());
                           if (core_.config.witness.has_value()) {
                             status.set_witness(core_.config.witness->text());
                           }
                           return status;
                         });
}

}  // namespace kobling::server
