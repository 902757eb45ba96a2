#include "server/services/operator_service.h"

namespace kobling::server {

grpc::Status OperatorService::GetServerInfo(grpc::ServerContext* context,
                                            const kobling::v1::GetServerInfoRequest* request,
                                            kobling::v1::ServerInfo* response) {
  return pipeline_.Unary(*context, "/kobling.v1.OperatorService/GetServerInfo", *request, response,
                         [&](const Call& call) { return info_.Get(call, *request); });
}

grpc::Status OperatorService::Scrub(grpc::ServerContext* context, const kobling::v1::ScrubRequest* request,
                                    kobling::v1::ScrubReport* response) {
  return pipeline_.Unary(*context, "/kobling.v1.OperatorService/Scrub", *request, response,
                         [&](const Call& call) { return scrub_.Run(call, *request); });
}

}  // namespace kobling::server
