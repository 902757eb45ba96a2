#include "server/services/audit_service.h"

#include "server/services/upload.h"

namespace kobling::server {

grpc::Status AuditService::ListEvents(grpc::ServerContext* context, const api::ListEventsRequest* request,
                                      grpc::ServerWriter<api::ListEventsResponse>* writer) {
  RequestSubject subject = SubjectOf(*request);
  return pipeline_.Run(*context, "/kobling.v1.AuditService/ListEvents", subject, [&](const Call& call) -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(const auto guard, StreamWatch::Guard::Open(watch_, *context, call.caller));
    return audit_.List(call, *request, [&](const api::ListEventsResponse& events) {
      guard->Heard();
      return Send(*writer, events);
    });
  });
}

grpc::Status AuditService::ListDisclosures(grpc::ServerContext* context, const api::ListDisclosuresRequest* request,
                                           api::ListDisclosuresResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.AuditService/ListDisclosures", *request, response,
                         [&](const Call& call) { return disclosures_.List(call, *request); });
}

grpc::Status AuditService::GetDossier(grpc::ServerContext* context, const api::GetDossierRequest* request,
                                      api::Dossier* response) {
  return pipeline_.Unary(*context, "/kobling.v1.AuditService/GetDossier", *request, response,
                         [&](const Call& call) { return dossiers_.Get(call, *request); });
}

grpc::Status AuditService::GetCheckpoint(grpc::ServerContext* context, const api::GetCheckpointRequest* request,
                                         api::Checkpoint* response) {
  return pipeline_.Unary(*context, "/kobling.v1.AuditService/GetCheckpoint", *request, response,
                         [&](const Call& call) { return proofs_.GetCheckpoint(call, *request); });
}

grpc::Status AuditService::GetEventProof(grpc::ServerContext* context, const api::GetEventProofRequest* request,
                                         api::EventProof* response) {
  return pipeline_.Unary(*context, "/kobling.v1.AuditService/GetEventProof", *request, response,
                         [&](const Call& call) { return proofs_.GetEventProof(call, *request); });
}

}  // namespace kobling::server
