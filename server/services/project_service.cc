#include "server/services/project_service.h"

namespace kobling::server {

grpc::Status ProjectService::CreateProject(grpc::ServerContext* context,
                                           const kobling::v1::CreateProjectRequest* request,
                                           kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/CreateProject", *request, response,
                         [&](const Call& call) { return projects_.Create(call, *request); });
}

grpc::Status ProjectService::GetProject(grpc::ServerContext* context, const kobling::v1::GetProjectRequest* request,
                                        kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/GetProject", *request, response,
                         [&](const Call& call) { return projects_.Get(call, *request); });
}

grpc::Status ProjectService::ListProjects(grpc::ServerContext* context, const kobling::v1::ListProjectsRequest* request,
                                          kobling::v1::ListProjectsResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/ListProjects", *request, response,
                         [&](const Call& call) { return projects_.List(call, *request); });
}

grpc::Status ProjectService::UpdateProject(grpc::ServerContext* context,
                                           const kobling::v1::UpdateProjectRequest* request,
                                           kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/UpdateProject", *request, response,
                         [&](const Call& call) { return projects_.Update(call, *request); });
}

grpc::Status ProjectService::AddSource(grpc::ServerContext* context, const kobling::v1::AddSourceRequest* request,
                                       kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/AddSource", *request, response,
                         [&](const Call& call) { return projects_.AddSource(call, *request); });
}

grpc::Status ProjectService::WithdrawSource(grpc::ServerContext* context,
                                            const kobling::v1::WithdrawSourceRequest* request,
                                            kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/WithdrawSource", *request, response,
                         [&](const Call& call) { return projects_.WithdrawSource(call, *request); });
}

grpc::Status ProjectService::MeetCondition(grpc::ServerContext* context,
                                           const kobling::v1::MeetConditionRequest* request,
                                           kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/MeetCondition", *request, response,
                         [&](const Call& call) { return projects_.MeetCondition(call, *request); });
}

grpc::Status ProjectService::PostponeDelivery(grpc::ServerContext* context,
                                              const kobling::v1::PostponeDeliveryRequest* request,
                                              kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/PostponeDelivery", *request, response,
                         [&](const Call& call) { return projects_.PostponeDelivery(call, *request); });
}

grpc::Status ProjectService::MarkReady(grpc::ServerContext* context, const kobling::v1::MarkReadyRequest* request,
                                       kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/MarkReady", *request, response,
                         [&](const Call& call) { return projects_.MarkReady(call, *request); });
}

grpc::Status ProjectService::CancelProject(grpc::ServerContext* context,
                                           const kobling::v1::CancelProjectRequest* request,
                                           kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/CancelProject", *request, response,
                         [&](const Call& call) { return projects_.Cancel(call, *request); });
}

grpc::Status ProjectService::ActivateProject(grpc::ServerContext* context,
                                             const kobling::v1::ActivateProjectRequest* request,
                                             kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/ActivateProject", *request, response,
                         [&](const Call& call) { return projects_.Activate(call, *request); });
}

grpc::Status ProjectService::ConfirmRevision(grpc::ServerContext* context,
                                             const kobling::v1::ConfirmRevisionRequest* request,
                                             kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/ConfirmRevision", *request, response,
                         [&](const Call& call) { return projects_.ConfirmRevision(call, *request); });
}

grpc::Status ProjectService::RejectRevision(grpc::ServerContext* context,
                                            const kobling::v1::RejectRevisionRequest* request,
                                            kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/RejectRevision", *request, response,
                         [&](const Call& call) { return projects_.RejectRevision(call, *request); });
}

grpc::Status ProjectService::ReopenSource(grpc::ServerContext* context, const kobling::v1::ReopenSourceRequest* request,
                                          kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/ReopenSource", *request, response,
                         [&](const Call& call) { return projects_.ReopenSource(call, *request); });
}

grpc::Status ProjectService::CloseProject(grpc::ServerContext* context, const kobling::v1::CloseProjectRequest* request,
                                          kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/CloseProject", *request, response,
                         [&](const Call& call) { return projects_.Close(call, *request); });
}

grpc::Status ProjectService::DestroyProjectKey(grpc::ServerContext* context,
                                               const kobling::v1::DestroyProjectKeyRequest* request,
                                               kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/DestroyProjectKey", *request, response,
                         [&](const Call& call) { return projects_.DestroyKey(call, *request); });
}

grpc::Status ProjectService::GetProjectHistory(grpc::ServerContext* context,
                                               const kobling::v1::GetProjectHistoryRequest* request,
                                               kobling::v1::GetProjectHistoryResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/GetProjectHistory", *request, response,
                         [&](const Call& call) { return projects_.History(call, *request); });
}

grpc::Status ProjectService::WaiveUsage(grpc::ServerContext* context, const kobling::v1::WaiveUsageRequest* request,
                                        kobling::v1::Project* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/WaiveUsage", *request, response,
                         [&](const Call& call) { return projects_.WaiveUsage(call, *request); });
}

grpc::Status ProjectService::ListPublicProjects(grpc::ServerContext* context,
                                                const kobling::v1::ListPublicProjectsRequest* request,
                                                kobling::v1::ListPublicProjectsResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ProjectService/ListPublicProjects", *request, response,
                         [&](const Call& /*call*/) -> absl::StatusOr<kobling::v1::ListPublicProjectsResponse> {
                           return public_projects_.List();
                         });
}

}  // namespace kobling::server
