// The composition root: everything that a running server is made of, made in order and ended in reverse.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/clock.h"
#include "server/commands/koblingd.h"
#include "server/runtime/config.h"
#include "server/runtime/log.h"
#include "storage/key_value_store.h"

namespace kobling::server {

class Application {
 public:
  // Makes a new database and the service's keys. The folders and the KEK are there already. Fails with CONFIGURATION if
  // there is a database, and as the store and the KEK do.
  static absl::Status Initialise(const ServerConfig& config, SigningKeyInfo* out);

  // Opens the database and brings everything up, without listening yet: primitives tested, keys unwrapped, directory
  // and state read, files that no commit speaks of deleted. The clock and the log must outlive the application.
  static absl::StatusOr<std::unique_ptr<Application>> Open(const ServerConfig& config, const domain::Clock& clock,
                                                           Log& log);

  // The same on a store that is open already. For tests that break the store.
  static absl::StatusOr<std::unique_ptr<Application>> Open(const ServerConfig& config, const domain::Clock& clock,
                                                           Log& log, std::unique_ptr<storage::KeyValueStore> store);

  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  // Serves until it is told to stop, then takes no new calls and lets those that run finish for a while. Fails if the
  // server cannot listen, or with what broke the store; then the process must end.
  absl::Status Serve(const ServeOptions& options);

 private:
  struct Parts;
  explicit Application(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace kobling::server
