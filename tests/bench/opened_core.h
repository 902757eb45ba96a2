// The server's parts on the database of an installation, put together as the server does it, without a network.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/secret_memory.h"
#include "domain/clock.h"
#include "domain/national_id.h"
#include "server/core/core.h"
#include "server/core/log_publisher.h"
#include "server/core/service_keys.h"
#include "server/runtime/config.h"
#include "storage/event_log.h"

namespace kobling::bench {

// For one process at a time; no server may run on the installation.
class OpenedCore {
 public:
  // By the installation's koblingd.toml. Fails as the reading of it and the opening of the store, the keys and the
  // state do.
  static absl::StatusOr<std::unique_ptr<OpenedCore>> Open(const std::string& config_file);

  const server::Core& core() const { return *core_; }
  const domain::NationalIdRules& rules() const { return rules_; }

  // The identifiers with these numbers, in their order.
  absl::StatusOr<std::vector<std::string>> Identifiers(const storage::NumberSet& numbers) const;

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
  std::unique_ptr<server::LogPublisher> publisher_;
  std::unique_ptr<server::State> state_;
  std::unique_ptr<server::Committer> committer_;
  std::unique_ptr<server::Core> core_;
};

std::string TextOf(const domain::NationalId& identifier);

// Fails if the id is none.
absl::StatusOr<server::Call> CallBy(domain::Role role, std::string_view id, std::string_view method);

}  // namespace kobling::bench
