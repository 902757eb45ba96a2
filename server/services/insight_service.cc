#include "server/services/insight_service.h"

namespace kobling::server {

grpc::Status InsightService::Lookup(grpc::ServerContext* context, const kobling::v1::LookupRequest* request,
                                    kobling::v1::LookupResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.InsightService/Lookup", *request, response,
                         [&](const Call& call) { return insight_.Lookup(call, *request); });
}

}  // namespace kobling::server
