// What answers to every method that the API does not have.
#pragma once

#include "grpcpp/generic/async_generic_service.h"
#include "server/services/pipeline.h"

namespace kobling::server {

// Refuses as any method is refused to a caller without a right to it: NOT_PERMITTED (or CALLER_UNKNOWN), and an event.
class UnknownMethodService final : public grpc::CallbackGenericService {
 public:
  explicit UnknownMethodService(const Pipeline& pipeline) : pipeline_(pipeline) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;

 private:
  const Pipeline& pipeline_;
};

}  // namespace kobling::server
