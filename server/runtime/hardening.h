// What the process takes away from itself before it touches a secret.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "server/runtime/config.h"

namespace kobling::server {

// No core dumps, no look into memory by other processes, files for the owner alone (umask 0077), and as many open files
// as the system allows. Called once, before anything else. Fails with SECRET_MEMORY_UNLOCKED or with CONFIGURATION
// naming a limit that is too low.
absl::Status HardenProcess();

// That enough memory may be locked and enough files opened. Fails with CONFIGURATION naming the limit.
absl::Status CheckProcessLimits();

// The value of an environment variable, or null: std::getenv.
using EnvironmentVariables = std::function<const char*(const char* name)>;

// gRPC's tracing writes what callers send to standard error. In production it must not even be possible: fails with
// CONFIGURATION if GRPC_TRACE, GRPC_VERBOSITY, or SSLKEYLOGFILE, which gives away the keys of connections, is set.
absl::Status CheckEnvironmentVariables(Environment environment, const EnvironmentVariables& variables);

}  // namespace kobling::server
