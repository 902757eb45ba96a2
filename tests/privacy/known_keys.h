// The bytes of every key that the service has: for tests that look for them where they must not be, and for attackers
// who were given one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "server/runtime/config.h"
#include "tests/integration/stopped_database.h"

namespace kobling::tests {

using KeyBytes = std::array<std::uint8_t, 32>;

// Version 1 of one key.
absl::StatusOr<KeyBytes> KnownKey(StoppedDatabase& database, const std::string& kind, const std::string& id);

// By kind: "person", "index", ..., "project" (version 1 of the given one), and "kek".
absl::StatusOr<std::map<std::string, KeyBytes>> KnownKeys(StoppedDatabase& database, const server::ServerConfig& config,
                                                          const std::string& project);

}  // namespace kobling::tests
