#include "server/services/import_service.h"

#include "server/services/upload.h"

namespace kobling::server {

grpc::Status ImportService::ImportSeries(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<api::ImportSeriesResponse, api::ImportSeriesRequest>* stream) {
  RequestSubject subject;
  return pipeline_.Run(*context, "/kobling.v1.ImportService/ImportSeries", subject, [&](const Call& call) {
    return RunUpload(Upload{*context, watch_, call.caller}, *stream, [&](const auto& header) {
      subject = SubjectOf(header);
      return SeriesImport::Begin(core_, call, streams_, header);
    });
  });
}

}  // namespace kobling::server
