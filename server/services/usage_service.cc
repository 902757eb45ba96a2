#include "server/services/usage_service.h"

#include "server/services/upload.h"

namespace kobling::server {

grpc::Status UsageService::GetUsageStatus(grpc::ServerContext* context,
                                          const kobling::v1::GetUsageStatusRequest* request,
                                          kobling::v1::GetUsageStatusResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.UsageService/GetUsageStatus", *request, response,
                         [&](const Call& call) { return usage_.Status(call, *request); });
}

grpc::Status UsageService::Report(grpc::ServerContext* context,
                                  grpc::ServerReaderWriter<api::ReportResponse, api::ReportRequest>* stream) {
  RequestSubject subject;
  return pipeline_.Run(*context, "/kobling.v1.UsageService/Report", subject, [&](const Call& call) {
    return RunUpload(Upload{*context, watch_, call.caller}, *stream, [&](const auto& header) {
      subject = SubjectOf(header);
      return UsageStream::Begin(core_, call, rows_in_use_, header);
    });
  });
}

}  // namespace kobling::server
