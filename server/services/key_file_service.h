// kobling.v1.KeyFileService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/key_file_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/services/stream_watch.h"
#include "server/use_cases/key_files.h"

namespace kobling::server {

class KeyFileService final : public kobling::v1::KeyFileService::Service {
 public:
  KeyFileService(const Pipeline& pipeline, const Core& core, StreamContext streams, StreamWatch& watch,
                 const KeyFiles& key_files)
      : pipeline_(pipeline), core_(core), streams_(streams), watch_(watch), matches_(core), key_files_(key_files) {}

  grpc::Status OpenMatch(grpc::ServerContext* context, const kobling::v1::OpenMatchRequest* request,
                         kobling::v1::MatchWindow* response) override;
  grpc::Status ListMatches(grpc::ServerContext* context, const kobling::v1::ListMatchesRequest* request,
                           kobling::v1::ListMatchesResponse* response) override;
  grpc::Status ReleaseMatch(grpc::ServerContext* context, const kobling::v1::ReleaseMatchRequest* request,
                            kobling::v1::MatchWindow* response) override;
  grpc::Status IssueKeyFile(grpc::ServerContext* context, const kobling::v1::IssueKeyFileRequest* request,
                            kobling::v1::KeyFile* response) override;
  grpc::Status ReproduceKeyFile(grpc::ServerContext* context, const kobling::v1::ReproduceKeyFileRequest* request,
                                kobling::v1::ReproduceKeyFileResponse* response) override;
  grpc::Status ListKeyFiles(grpc::ServerContext* context, const kobling::v1::ListKeyFilesRequest* request,
                            kobling::v1::ListKeyFilesResponse* response) override;
  grpc::Status GetKeyFile(grpc::ServerContext* context, const kobling::v1::GetKeyFileRequest* request,
                          kobling::v1::KeyFile* response) override;
  grpc::Status WithdrawKeyFile(grpc::ServerContext* context, const kobling::v1::WithdrawKeyFileRequest* request,
                               kobling::v1::KeyFile* response) override;
  grpc::Status Match(grpc::ServerContext* context,
                     grpc::ServerReaderWriter<kobling::v1::MatchResponse, kobling::v1::MatchRequest>* stream) override;
  grpc::Status FetchKeyFile(grpc::ServerContext* context, const kobling::v1::FetchKeyFileRequest* request,
                            grpc::ServerWriter<kobling::v1::FetchKeyFileResponse>* writer) override;

 private:
  const Pipeline& pipeline_;
  const Core& core_;
  const StreamContext streams_;
  StreamWatch& watch_;
  const Matches matches_;
  const KeyFiles& key_files_;
};

}  // namespace kobling::server
