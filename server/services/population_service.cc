#include "server/services/population_service.h"

#include "server/services/upload.h"

namespace kobling::server {

grpc::Status PopulationService::ListSubmissions(grpc::ServerContext* context,
                                                const kobling::v1::ListSubmissionsRequest* request,
                                                kobling::v1::ListSubmissionsResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.PopulationService/ListSubmissions", *request, response,
                         [&](const Call& call) { return population_.List(call, *request); });
}

grpc::Status PopulationService::GetSubmission(grpc::ServerContext* context,
                                              const kobling::v1::GetSubmissionRequest* request,
                                              kobling::v1::Submission* response) {
  return pipeline_.Unary(*context, "/kobling.v1.PopulationService/GetSubmission", *request, response,
                         [&](const Call& call) { return population_.Get(call, *request); });
}

grpc::Status PopulationService::WithdrawSubmission(grpc::ServerContext* context,
                                                   const kobling::v1::WithdrawSubmissionRequest* request,
                                                   kobling::v1::Submission* response) {
  return pipeline_.Unary(*context, "/kobling.v1.PopulationService/WithdrawSubmission", *request, response,
                         [&](const Call& call) { return population_.Withdraw(call, *request); });
}

grpc::Status PopulationService::CompletePopulation(grpc::ServerContext* context,
                                                   const kobling::v1::CompletePopulationRequest* request,
                                                   kobling::v1::CompletePopulationResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.PopulationService/CompletePopulation", *request, response,
                         [&](const Call& call) { return population_.Complete(call, *request); });
}

grpc::Status PopulationService::Submit(grpc::ServerContext* context,
                                       grpc::ServerReaderWriter<api::SubmitResponse, api::SubmitRequest>* stream) {
  RequestSubject subject;
  return pipeline_.Run(*context, "/kobling.v1.PopulationService/Submit", subject, [&](const Call& call) {
    return RunUpload(Upload{*context, watch_, call.caller}, *stream, [&](const auto& header) {
      subject = SubjectOf(header);
      return SubmissionStream::Begin(core_, call, streams_, header);
    });
  });
}

}  // namespace kobling::server
