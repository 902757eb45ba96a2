// kobling.v1.ProjectService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/project_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/use_cases/projects.h"
#include "server/use_cases/public_projects.h"

namespace kobling::server {

class ProjectService final : public kobling::v1::ProjectService::Service {
 public:
  ProjectService(const Pipeline& pipeline, const Core& core, const KeyFileFolder& key_files)
      : pipeline_(pipeline), projects_(core, key_files), public_projects_(core) {}

  grpc::Status CreateProject(grpc::ServerContext* context, const kobling::v1::CreateProjectRequest* request,
                             kobling::v1::Project* response) override;
  grpc::Status GetProject(grpc::ServerContext* context, const kobling::v1::GetProjectRequest* request,
                          kobling::v1::Project* response) override;
  grpc::Status ListProjects(grpc::ServerContext* context, const kobling::v1::ListProjectsRequest* request,
                            kobling::v1::ListProjectsResponse* response) override;
  grpc::Status UpdateProject(grpc::ServerContext* context, const kobling::v1::UpdateProjectRequest* request,
                             kobling::v1::Project* response) override;
  grpc::Status WithdrawSource(grpc::ServerContext* context, const kobling::v1::WithdrawSourceRequest* request,
                              kobling::v1::Project* response) override;
  grpc::Status MeetCondition(grpc::ServerContext* context, const kobling::v1::MeetConditionRequest* request,
                             kobling::v1::Project* response) override;
  grpc::Status AddSource(grpc::ServerContext* context, const kobling::v1::AddSourceRequest* request,
                         kobling::v1::Project* response) override;
  grpc::Status PostponeDelivery(grpc::ServerContext* context, const kobling::v1::PostponeDeliveryRequest* request,
                                kobling::v1::Project* response) override;
  grpc::Status MarkReady(grpc::ServerContext* context, const kobling::v1::MarkReadyRequest* request,
                         kobling::v1::Project* response) override;
  grpc::Status CancelProject(grpc::ServerContext* context, const kobling::v1::CancelProjectRequest* request,
                             kobling::v1::Project* response) override;
  grpc::Status ActivateProject(grpc::ServerContext* context, const kobling::v1::ActivateProjectRequest* request,
                               kobling::v1::Project* response) override;
  grpc::Status ConfirmRevision(grpc::ServerContext* context, const kobling::v1::ConfirmRevisionRequest* request,
                               kobling::v1::Project* response) override;
  grpc::Status RejectRevision(grpc::ServerContext* context, const kobling::v1::RejectRevisionRequest* request,
                              kobling::v1::Project* response) override;
  grpc::Status ReopenSource(grpc::ServerContext* context, const kobling::v1::ReopenSourceRequest* request,
                            kobling::v1::Project* response) override;
  grpc::Status CloseProject(grpc::ServerContext* context, const kobling::v1::CloseProjectRequest* request,
                            kobling::v1::Project* response) override;
  grpc::Status DestroyProjectKey(grpc::ServerContext* context, const kobling::v1::DestroyProjectKeyRequest* request,
                                 kobling::v1::Project* response) override;
  grpc::Status GetProjectHistory(grpc::ServerContext* context, const kobling::v1::GetProjectHistoryRequest* request,
                                 kobling::v1::GetProjectHistoryResponse* response) override;
  grpc::Status WaiveUsage(grpc::ServerContext* context, const kobling::v1::WaiveUsageRequest* request,
                          kobling::v1::Project* response) override;
  grpc::Status ListPublicProjects(grpc::ServerContext* context, const kobling::v1::ListPublicProjectsRequest* request,
                                  kobling::v1::ListPublicProjectsResponse* response) override;

 private:
  const Pipeline& pipeline_;
  const Projects projects_;
  const PublicProjects public_projects_;
};

}  // namespace kobling::server
