// kobling.v1.CorrectionService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/correction_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/use_cases/corrections.h"

namespace kobling::server {

class CorrectionService final : public kobling::v1::CorrectionService::Service {
 public:
  CorrectionService(const Pipeline& pipeline, const Core& core) : pipeline_(pipeline), corrections_(core) {}

  grpc::Status ListCorrections(grpc::ServerContext* context, const kobling::v1::ListCorrectionsRequest* request,
                               kobling::v1::ListCorrectionsResponse* response) override;
  grpc::Status ProposeCorrection(grpc::ServerContext* context, const kobling::v1::ProposeCorrectionRequest* request,
                                 kobling::v1::Correction* response) override;
  grpc::Status ConfirmCorrection(grpc::ServerContext* context, const kobling::v1::ConfirmCorrectionRequest* request,
                                 kobling::v1::Correction* response) override;
  grpc::Status RejectCorrection(grpc::ServerContext* context, const kobling::v1::RejectCorrectionRequest* request,
                                kobling::v1::Correction* response) override;

 private:
  const Pipeline& pipeline_;
  const Corrections corrections_;
};

}  // namespace kobling::server
