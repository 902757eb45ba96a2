#include "server/services/health_service.h"

#include <algorithm>
#include <string>

namespace kobling::server {
namespace {

using grpc::health::v1::HealthCheckResponse;

// Empty for the whole server, or a service that the policy table has a method of.
bool IsKnown(const std::string& service) {
  const auto methods = domain::AllMethods();
  return service.empty() || std::any_of(methods.begin(), methods.end(), [&](const domain::MethodPolicy& row) {
           return row.method.substr(1, row.method.rfind('/') - 1) == service;
         });
}

}  // namespace

grpc::Status HealthService::Check(grpc::ServerContext* context, const grpc::health::v1::HealthCheckRequest* request,
                                  HealthCheckResponse* response) {
  return pipeline_.Unary(*context, "/grpc.health.v1.Health/Check", *request, response,
                         [&](const Call& /*call*/) -> absl::StatusOr<HealthCheckResponse> {
                           HealthCheckResponse answer;
                           answer.set_status(IsKnown(request->service()) ? HealthCheckResponse::SERVING
                                                                         : HealthCheckResponse::SERVICE_UNKNOWN);
                           return answer;
                         });
}

}  // namespace kobling::server
