#include "server/services/correction_service.h"

namespace kobling::server {

grpc::Status CorrectionService::ListCorrections(grpc::ServerContext* context,
                                                const kobling::v1::ListCorrectionsRequest* request,
                                                kobling::v1::ListCorrectionsResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.CorrectionService/ListCorrections", *request, response,
                         [&](const Call& call) { return corrections_.List(call, *request); });
}

grpc::Status CorrectionService::ProposeCorrection(grpc::ServerContext* context,
                                                  const kobling::v1::ProposeCorrectionRequest* request,
                                                  kobling::v1::Correction* response) {
  return pipeline_.Unary(*context, "/kobling.v1.CorrectionService/ProposeCorrection", *request, response,
                         [&](const Call& call) { return corrections_.Propose(call, *request); });
}

grpc::Status CorrectionService::ConfirmCorrection(grpc::ServerContext* context,
                                                  const kobling::v1::ConfirmCorrectionRequest* request,
                                                  kobling::v1::Correction* response) {
  return pipeline_.Unary(*context, "/kobling.v1.CorrectionService/ConfirmCorrection", *request, response,
                         [&](const Call& call) { return corrections_.Confirm(call, *request); });
}

grpc::Status CorrectionService::RejectCorrection(grpc::ServerContext* context,
                                                 const kobling::v1::RejectCorrectionRequest* request,
                                                 kobling::v1::Correction* response) {
  return pipeline_.Unary(*context, "/kobling.v1.CorrectionService/RejectCorrection", *request, response,
                         [&](const Call& call) { return corrections_.Reject(call, *request); });
}

}  // namespace kobling::server
