// kobling.v1.ImportService on gRPC.
#pragma once

#include "kobling/v1/import_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/services/stream_watch.h"
#include "server/use_cases/series_import.h"

namespace kobling::server {

class ImportService final : public kobling::v1::ImportService::Service {
 public:
  ImportService(const Pipeline& pipeline, const Core& core, StreamContext streams, StreamWatch& watch)
      : pipeline_(pipeline), core_(core), streams_(streams), watch_(watch) {}

  grpc::Status ImportSeries(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<kobling::v1::ImportSeriesResponse, kobling::v1::ImportSeriesRequest>* stream) override;

 private:
  const Pipeline& pipeline_;
  const Core& core_;
  const StreamContext streams_;
  StreamWatch& watch_;
};

}  // namespace kobling::server
