// Sends a file of identity events, and goes on by itself when the connection breaks.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "client/connection.h"
#include "client/identity_event_file.h"
#include "client/progress.h"
#include "client/retry_plan.h"

namespace kobling::client {

// What is done with events whose numbers the server has: they are sent, so that it compares them with what it has, or
// left out unseen.
enum class KnownEvents { kCompare, kLeaveOut };

struct IdentityImportOptions {
  RowFile file;
  IdentityEventFormat format = IdentityEventFormat::kCsv;
  KnownEvents known = KnownEvents::kCompare;
  api::ImportEventsHeader header;
  RetryPlan retry;
  // Told once for each break, before the first wait.
  std::function<void(std::string_view)> tell = [](std::string_view) {};
};

// What became of the file, as the server answered. It counts whether all went well or not: what the server has applied
// stays. If an answer was lost with the connection, its events are sent again and found to be there.
struct IdentityImport {
  absl::Status status;  // of the whole
  std::uint64_t applied = 0;
  std::uint64_t already_applied = 0;  // compared by the server, and the same
  std::uint64_t not_compared = 0;     // left out
  std::uint64_t without_effect = 0;   // among those applied
  std::uint64_t version = 0;          // the server's at its last answer; 0 if it is not known
};

// Sends in batches. An event that cannot be read ends the import: what stands before it is applied. The server is asked
// even if there is no event to send, so that it can refuse. What it refuses is said with file, line and field.
IdentityImport ImportIdentityEvents(Connection& connection, const IdentityImportOptions& options, Progress& progress);

}  // namespace kobling::client
