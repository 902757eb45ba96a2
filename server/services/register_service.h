// kobling.v1.RegisterService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/register_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/use_cases/registers.h"

namespace kobling::server {

class RegisterService final : public kobling::v1::RegisterService::Service {
 public:
  RegisterService(const Pipeline& pipeline, const Core& core) : pipeline_(pipeline), registers_(core) {}

  grpc::Status AddRegister(grpc::ServerContext* context, const kobling::v1::AddRegisterRequest* request,
                           kobling::v1::Register* response) override;
  grpc::Status UpdateRegister(grpc::ServerContext* context, const kobling::v1::UpdateRegisterRequest* request,
                              kobling::v1::Register* response) override;
  grpc::Status GetRegister(grpc::ServerContext* context, const kobling::v1::GetRegisterRequest* request,
                           kobling::v1::Register* response) override;
  grpc::Status ListRegisters(grpc::ServerContext* context, const kobling::v1::ListRegistersRequest* request,
                             kobling::v1::ListRegistersResponse* response) override;
  grpc::Status SubmitRecipientKey(grpc::ServerContext* context, const kobling::v1::SubmitRecipientKeyRequest* request,
                                  kobling::v1::RecipientKey* response) override;
  grpc::Status ListRecipientKeys(grpc::ServerContext* context, const kobling::v1::ListRecipientKeysRequest* request,
                                 kobling::v1::ListRecipientKeysResponse* response) override;
  grpc::Status ApproveRecipientKey(grpc::ServerContext* context, const kobling::v1::ApproveRecipientKeyRequest* request,
                                   kobling::v1::RecipientKey* response) override;
  grpc::Status RevokeRecipientKey(grpc::ServerContext* context, const kobling::v1::RevokeRecipientKeyRequest* request,
                                  kobling::v1::RecipientKey* response) override;

 private:
  const Pipeline& pipeline_;
  const Registers registers_;
};

}  // namespace kobling::server
