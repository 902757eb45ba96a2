#include "server/services/sealed_server.h"

#include <chrono>
#include <mutex>
#include <utility>

#include "absl/time/time.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "kobling/v1/seal_service.grpc.pb.h"
#include "server/core/convert.h"
#include "server/runtime/peer_identity.h"
#include "server/services/grpc_server.h"
#include "server/services/pipeline.h"

namespace kobling::server {
namespace {

using domain::MakeError;
using domain::Reason;

constexpr std::chrono::seconds kCertificateInterval{10};
// Nothing that it answers takes time, and connections that are open and idle are not waited for.
constexpr std::chrono::milliseconds kDrain{200};

// Ends the call with a status. Deletes itself, as gRPC wants it.
class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

class SealedFallback final : public grpc::CallbackGenericService {
 public:
  explicit SealedFallback(const ServerConfig& config) : config_(config) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    const absl::Status caller = CallerOf(*context->auth_context(), config_.trust_domain).status();
    return new Refusal(ToGrpcStatus(caller.ok() ? MakeError(Reason::kSealed) : caller));
  }

 private:
  const ServerConfig& config_;
};

class SealedSealService final : public kobling::v1::SealService::Service {
 public:
  SealedSealService(const ServerConfig& config, absl::Time since, absl::Status why)
      : config_(config), since_(since), why_(std::move(why)) {}

  void SetReason(const absl::Status& why) {
    const std::lock_guard lock(mutex_);
    why_ = why;
  }

  grpc::Status GetSealStatus(grpc::ServerContext* context, const kobling::v1::GetSealStatusRequest* /*request*/,
                             kobling::v1::SealStatus* response) override {
    if (const auto caller = CallerOf(*context->auth_context(), config_.trust_domain); !caller.ok()) {
      return ToGrpcStatus(caller.status());
    }
    const std::lock_guard lock(mutex_);
    const domain::ReasonInfo& info = domain::InfoOf(domain::ReasonOf(why_).value_or(Reason::kInternal));
    response->set_state(kobling::v1::SEAL_STATE_SEALED);
    SetTime(absl::ToUnixMicros(since_), *response->mutable_since());
    response->set_reason(std::string(info.name));
    const std::string where = domain::WhereOf(why_);
    response->set_what(std::string(info.what) + (where.empty() ? "" : " (" + where + ")"));
    response->set_remedy(std::string(info.remedy));
    if (config_.witness.has_value()) {
      response->set_witness(config_.witness->text());
    }
    return grpc::Status::OK;
  }

 private:
  const ServerConfig& config_;
  const absl::Time since_;
  std::mutex mutex_;
  absl::Status why_;  // guarded by mutex_
};

}  // namespace

struct SealedServer::Parts {
  Parts(ServerConfig the_config, absl::Time now, const absl::Status& why)
      : config(std::move(the_config)), service(config, now, why), fallback(config) {}

  const ServerConfig config;
  SealedSealService service;
  SealedFallback fallback;
  std::unique_ptr<ServerTls> tls;
  ListeningServer listening;
};

SealedServer::SealedServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

SealedServer::~SealedServer() {
  parts_->listening.server->Shutdown(std::chrono::system_clock::now() + kDrain);
  parts_->listening.server->Wait();
}

absl::StatusOr<std::unique_ptr<SealedServer>> SealedServer::Start(const ServerConfig& config,
                                                                  const domain::Clock& clock, Log& log,
                                                                  const absl::Status& why) {
  auto parts = std::make_unique<Parts>(config, clock.Now(), why);
  KOBLING_ASSIGN_OR_RETURN(parts->tls, ServerTls::Open(parts->config.tls, kCertificateInterval, clock, log));
  grpc::Service* const services[] = {&parts->service};
  KOBLING_ASSIGN_OR_RETURN(parts->listening, StartGrpcServer(parts->config, *parts->tls, services, parts->fallback));
  return std::unique_ptr<SealedServer>(new SealedServer(std::move(parts)));
}

std::uint16_t SealedServer::port() const { return parts_->listening.port; }

void SealedServer::SetReason(const absl::Status& why) { parts_->service.SetReason(why); }

}  // namespace kobling::server
