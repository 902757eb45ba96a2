// Whether the files and limits that a configuration relies on are as they must be.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "domain/clock.h"
#include "server/runtime/config.h"

namespace kobling::server {

// One thing that was looked at.
struct ConfigCheck {
  enum class Outcome : std::uint8_t { kOk, kWarning, kError };

  std::string subject;  // "the server's certificate", with what was found out about it
  Outcome outcome;
  absl::Status status;  // why it is a warning or an error
};

// All checks, also after one has failed: certificates, keys, folders and their modes, limits of the process. Changes
// nothing.
std::vector<ConfigCheck> CheckConfig(const ServerConfig& config, const domain::Clock& clock);

// The first error among them, or OK.
absl::Status FirstError(const std::vector<ConfigCheck>& checks);

}  // namespace kobling::server
