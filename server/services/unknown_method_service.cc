#include "server/services/unknown_method_service.h"

namespace kobling::server {
namespace {

// Ends the call with a status. Deletes itself, as gRPC wants it.
class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerGenericBidiReactor* UnknownMethodService::CreateReactor(grpc::GenericCallbackServerContext* context) {
  return new Refusal(pipeline_.RefuseUnknownMethod(*context));
}

}  // namespace kobling::server
