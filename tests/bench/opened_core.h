// The server's parts on the database of an installation, put together as the server does it, without a network.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "crypto/secret_memory.h"
#include "domain/clock.h"
#include "domain/national_id.h"
#include "server/core/core.h"
#include "server/core/service_keys.h"
#include "server/runtime/config.h"
#include "storage/event_log.h"

namespace kobling::bench {

// For one process at a time; no server may run on the installation.
class OpenedCore {
 public:
  // Fails as the opening of the store, the keys and the state do.
  static absl::StatusOr<std::unique_ptr<OpenedCore>> Open(const server::ServerConfig& config);

  const server::Core& core() const { return *core_; }
  const domain::NationalIdRules& rules() const { return rules_; }

 private:
  explicit OpenedCore(const server::ServerConfig& config) : config_(config), rules_(config_.accepted_series) {}

  const server::ServerConfig config_;
  const domain::NationalIdRules rules_;
  const domain::SystemClock clock_;
  storage::IdentityMap identities_;
  std::unique_ptr<crypto::SecretArena> arena_;
  std::unique_ptr<storage::KeyValueStore> store_;
  std::unique_ptr<server::ServiceKeys> keys_;
  std::unique_ptr<storage::Directory> directory_;
  std::unique_ptr<storage::IdentityLog> identity_log_;
  std::unique_ptr<storage::SetStore> sets_;
  std::unique_ptr<storage::EventLog> events_;
  std::unique_ptr<server::State> state_;
  std::unique_ptr<server::Committer> committer_;
  std::unique_ptr<server::Core> core_;
};

}  // namespace kobling::bench
