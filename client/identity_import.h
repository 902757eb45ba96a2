// Sends a file of identity events, and goes on where the server stands when the connection breaks.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/identity_event_file.h"
#include "client/progress.h"
#include "client/retry_plan.h"

namespace kobling::client {

// Which of the file's events are sent: those that the server has not applied, or all, so that it compares the others.
enum class SentEvents { kNew, kAll };

struct IdentityImportOptions {
  RowFile file;
  IdentityEventFormat format = IdentityEventFormat::kCsv;
  SentEvents sent = SentEvents::kNew;
  api::ImportEventsHeader header;
  RetryPlan retry;
};

// What became of the file. It counts whether all went well or not: what the server has applied stays.
struct IdentityImport {
  absl::Status status;  // of the whole
  std::uint64_t applied = 0;
  std::uint64_t already_applied = 0;  // those that were left out, or sent to be compared
  std::uint64_t without_effect = 0;   // among those applied, as far as the server could say it
  std::uint64_t version = 0;          // the server's now
  std::uint64_t stopped_at_line = 0;  // of the event that the server refused; 0 if none, or if it is not known
};

// Asks how far the server has come, then sends in batches. An event that cannot be read ends the import: what stands
// before it is applied. A start and a reason that the header has are left out once the history has begun, or gone on.
// Fails, without anything having been sent, if the file cannot be opened or the server not be asked.
absl::StatusOr<IdentityImport> ImportIdentityEvents(Connection& connection, const IdentityImportOptions& options,
                                                    Progress& progress);

}  // namespace kobling::client
