// The life of the process: sealed as long as the log's witness does not confirm what is stored, then open.
#pragma once

#include "absl/status/status.h"
#include "domain/clock.h"
#include "server/commands/koblingd.h"
#include "server/runtime/config.h"
#include "server/runtime/log.h"

namespace kobling::server {

// Serves until it is told to stop. While the witness is unreachable the server is sealed, and asks again; once the
// witness has refused, or has seen more than is stored here, it stays sealed until it is stopped. Fails as
// Application::Open and Application::Serve do otherwise. Clock and log must outlive it.
absl::Status RunServer(const ServerConfig& config, const domain::Clock& clock, Log& log, const ServeOptions& options);

}  // namespace kobling::server
