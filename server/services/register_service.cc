#include "server/services/register_service.h"

namespace kobling::server {

grpc::Status RegisterService::AddRegister(grpc::ServerContext* context, const kobling::v1::AddRegisterRequest* request,
                                          kobling::v1::Register* response) {
  return pipeline_.Unary(*context, "/kobling.v1.RegisterService/AddRegister", *request, response,
                         [&](const Call& call) { return registers_.Add(call, *request); });
}

grpc::Status RegisterService::UpdateRegister(grpc::ServerContext* context,
                                             const kobling::v1::UpdateRegisterRequest* request,
                                             kobling::v1::Register* response) {
  return pipeline_.Unary(*context, "/kobling.v1.RegisterService/UpdateRegister", *request, response,
                         [&](const Call& call) { return registers_.Update(call, *request); });
}

grpc::Status RegisterService::GetRegister(grpc::ServerContext* context, const kobling::v1::GetRegisterRequest* request,
                                          kobling::v1::Register* response) {
  return pipeline_.Unary(*context, "/kobling.v1.RegisterService/GetRegister", *request, response,
                         [&](const Call& call) { return registers_.Get(call, *request); });
}

grpc::Status RegisterService::ListRegisters(grpc::ServerContext* context,
                                            const kobling::v1::ListRegistersRequest* request,
                                            kobling::v1::ListRegistersResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.RegisterService/ListRegisters", *request, response,
                         [&](const Call& call) { return registers_.List(call, *request); });
}

grpc::Status RegisterService::SubmitRecipientKey(grpc::ServerContext* context,
                                                 const kobling::v1::SubmitRecipientKeyRequest* request,
                                                 kobling::v1::RecipientKey* response) {
  return pipeline_.Unary(*context, "/kobling.v1.RegisterService/SubmitRecipientKey", *request, response,
                         [&](const Call& call) { return registers_.SubmitKey(call, *request); });
}

grpc::Status RegisterService::ListRecipientKeys(grpc::ServerContext* context,
                                                const kobling::v1::ListRecipientKeysRequest* request,
                                                kobling::v1::ListRecipientKeysResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.RegisterService/ListRecipientKeys", *request, response,
                         [&](const Call& call) { return registers_.ListKeys(call, *request); });
}

grpc::Status RegisterService::ApproveRecipientKey(grpc::ServerContext* context,
                                                  const kobling::v1::ApproveRecipientKeyRequest* request,
                                                  kobling::v1::RecipientKey* response) {
  return pipeline_.Unary(*context, "/kobling.v1.RegisterService/ApproveRecipientKey", *request, response,
                         [&](const Call& call) { return registers_.ApproveKey(call, *request); });
}

grpc::Status RegisterService::RevokeRecipientKey(grpc::ServerContext* context,
                                                 const kobling::v1::RevokeRecipientKeyRequest* request,
                                                 kobling::v1::RecipientKey* response) {
  return pipeline_.Unary(*context, "/kobling.v1.RegisterService/RevokeRecipientKey", *request, response,
                         [&](const Call& call) { return registers_.RevokeKey(call, *request); });
}

}  // namespace kobling::server
