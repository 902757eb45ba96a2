#include "server/services/key_file_service.h"

#include "server/services/upload.h"

namespace kobling::server {

grpc::Status KeyFileService::OpenMatch(grpc::ServerContext* context, const kobling::v1::OpenMatchRequest* request,
                                       kobling::v1::MatchWindow* response) {
  return pipeline_.Unary(*context, "/kobling.v1.KeyFileService/OpenMatch", *request, response,
                         [&](const Call& call) { return matches_.Open(call, *request); });
}

grpc::Status KeyFileService::ListMatches(grpc::ServerContext* context, const kobling::v1::ListMatchesRequest* request,
                                         kobling::v1::ListMatchesResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.KeyFileService/ListMatches", *request, response,
                         [&](const Call& call) { return matches_.List(call, *request); });
}

grpc::Status KeyFileService::ReleaseMatch(grpc::ServerContext* context, const kobling::v1::ReleaseMatchRequest* request,
                                          kobling::v1::MatchWindow* response) {
  return pipeline_.Unary(*context, "/kobling.v1.KeyFileService/ReleaseMatch", *request, response,
                         [&](const Call& call) { return matches_.Release(call, *request); });
}

grpc::Status KeyFileService::IssueKeyFile(grpc::ServerContext* context, const kobling::v1::IssueKeyFileRequest* request,
                                          kobling::v1::KeyFile* response) {
  return pipeline_.Unary(*context, "/kobling.v1.KeyFileService/IssueKeyFile", *request, response,
                         [&](const Call& call) { return key_files_.Issue(call, *request); });
}

grpc::Status KeyFileService::ReproduceKeyFile(grpc::ServerContext* context,
                                              const kobling::v1::ReproduceKeyFileRequest* request,
                                              kobling::v1::ReproduceKeyFileResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.KeyFileService/ReproduceKeyFile", *request, response,
                         [&](const Call& call) { return key_files_.Reproduce(call, *request); });
}

grpc::Status KeyFileService::ListKeyFiles(grpc::ServerContext* context, const kobling::v1::ListKeyFilesRequest* request,
                                          kobling::v1::ListKeyFilesResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.KeyFileService/ListKeyFiles", *request, response,
                         [&](const Call& call) { return key_files_.List(call, *request); });
}

grpc::Status KeyFileService::GetKeyFile(grpc::ServerContext* context, const kobling::v1::GetKeyFileRequest* request,
                                        kobling::v1::KeyFile* response) {
  return pipeline_.Unary(*context, "/kobling.v1.KeyFileService/GetKeyFile", *request, response,
                         [&](const Call& call) { return key_files_.Get(call, *request); });
}

grpc::Status KeyFileService::WithdrawKeyFile(grpc::ServerContext* context,
                                             const kobling::v1::WithdrawKeyFileRequest* request,
                                             kobling::v1::KeyFile* response) {
  return pipeline_.Unary(*context, "/kobling.v1.KeyFileService/WithdrawKeyFile", *request, response,
                         [&](const Call& call) { return key_files_.Withdraw(call, *request); });
}

grpc::Status KeyFileService::Match(grpc::ServerContext* context,
                                   grpc::ServerReaderWriter<api::MatchResponse, api::MatchRequest>* stream) {
  RequestSubject subject;
  return pipeline_.Run(*context, "/kobling.v1.KeyFileService/Match", subject, [&](const Call& call) {
    return RunUpload(Upload{*context, watch_, call.caller}, *stream, [&](const auto& header) {
      subject = SubjectOf(header);
      return MatchStream::Begin(core_, call, streams_, header);
    });
  });
}

grpc::Status KeyFileService::FetchKeyFile(grpc::ServerContext* context, const api::FetchKeyFileRequest* request,
                                          grpc::ServerWriter<api::FetchKeyFileResponse>* writer) {
  RequestSubject subject = SubjectOf(*request);
  return pipeline_.Run(
      *context, "/kobling.v1.KeyFileService/FetchKeyFile", subject, [&](const Call& call) -> absl::Status {
        KOBLING_ASSIGN_OR_RETURN(const auto guard, StreamWatch::Guard::Open(watch_, *context, call.caller));
        return key_files_.Fetch(call, *request, [&](const api::FetchKeyFileResponse& part) {
          guard->Heard();
          return Send(*writer, part);
        });
      });
}

}  // namespace kobling::server
