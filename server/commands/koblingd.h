// The commands of koblingd. Nothing here knows how the service itself works: that is behind Service.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/clock.h"
#include "server/runtime/config.h"
#include "server/runtime/log.h"

namespace kobling::server {

// The public halves of the keys that sign key files and the log.
struct SigningKeyInfo {
  std::string public_key;        // the text of a minisign public key file, to hand out to registers
  std::string fingerprint;       // to compare by telephone
  std::string log_verifier_key;  // what checkpoints of the published log are verified with
};

struct ServeOptions {
  std::function<void(std::uint16_t port)> ready;  // called once, when callers can connect, with the port in use
  std::stop_token stop;                           // then no new calls are taken, and those that run are finished
};

// What the commands start.
class Service {
 public:
  virtual ~Service() = default;

  // Makes a new database and the service's keys. The folders and the key-encryption key are there already.
  virtual absl::StatusOr<SigningKeyInfo> Initialise(const ServerConfig& config) = 0;

  // Serves until it is told to stop. OK if it was told to and has finished what ran.
  virtual absl::Status Serve(const ServerConfig& config, Log& log, const ServeOptions& options) = 0;
};

// What a command works with.
struct CommandContext {
  std::ostream& out;  // what was asked for
  std::ostream& err;  // everything else
  const domain::Clock& clock;
  Service& service;
};

// Runs one command line and returns the process's exit code: 0, 1 for a fault in the command line or in a file of the
// installation, 2 for any other refusal.
int RunKoblingd(int argc, const char* const* argv, const CommandContext& context);

}  // namespace kobling::server
