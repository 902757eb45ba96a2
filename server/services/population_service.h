// kobling.v1.PopulationService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/population_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/services/stream_watch.h"
#include "server/use_cases/population.h"

namespace kobling::server {

class PopulationService final : public kobling::v1::PopulationService::Service {
 public:
  PopulationService(const Pipeline& pipeline, const Core& core, StreamContext streams, StreamWatch& watch)
      : pipeline_(pipeline), core_(core), streams_(streams), watch_(watch), population_(core) {}

  grpc::Status ListSubmissions(grpc::ServerContext* context, const kobling::v1::ListSubmissionsRequest* request,
                               kobling::v1::ListSubmissionsResponse* response) override;
  grpc::Status GetSubmission(grpc::ServerContext* context, const kobling::v1::GetSubmissionRequest* request,
                             kobling::v1::Submission* response) override;
  grpc::Status WithdrawSubmission(grpc::ServerContext* context, const kobling::v1::WithdrawSubmissionRequest* request,
                                  kobling::v1::Submission* response) override;
  grpc::Status CompletePopulation(grpc::ServerContext* context, const kobling::v1::CompletePopulationRequest* request,
                                  kobling::v1::CompletePopulationResponse* response) override;
  grpc::Status Submit(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<kobling::v1::SubmitResponse, kobling::v1::SubmitRequest>* stream) override;

 private:
  const Pipeline& pipeline_;
  const Core& core_;
  const StreamContext streams_;
  StreamWatch& watch_;
  const Population population_;
};

}  // namespace kobling::server
