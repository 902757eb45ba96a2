// kobling.v1.SealService of an open server.
#pragma once

#include "absl/time/time.h"
#include "kobling/v1/seal_service.grpc.pb.h"
#include "server/services/pipeline.h"

namespace kobling::server {

class SealService final : public kobling::v1::SealService::Service {
 public:
  SealService(const Pipeline& pipeline, const Core& core);

  grpc::Status GetSealStatus(grpc::ServerContext* context, const kobling::v1::GetSealStatusRequest* request,
                             kobling::v1::SealStatus* response) override;

 private:
  const Pipeline& pipeline_;
  const Core& core_;
  const absl::Time since_;
};

}  // namespace kobling::server
