// What an auditor checks in a published log, without asking anybody. docs/formats/log.md has the list.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "transparency/checkpoint.h"
#include "transparency/note.h"

namespace kobling::transparency {

struct LogCheckRequest {
  std::filesystem::path folder;
  VerifierKey log;
  std::vector<VerifierKey> witnesses;  // each must have cosigned the newest checkpoint
  std::vector<Note> own_checkpoints;   // kept by the auditor; each must be a beginning of the log
};

// A place where the log is not as it should be.
struct LogFault {
  std::string where;  // a file below the folder, or an event
  std::string what;
};

struct LogCheckReport {
  TreeHead head;
  std::optional<absl::Time> newest_cosignature;
  std::uint64_t entries = 0;
  std::uint64_t tiles = 0;
  std::uint64_t checkpoints = 0;  // the newest, those kept, and the auditor's own
  std::uint64_t cosignatures = 0;
  std::uint64_t times_back = 0;  // events earlier than the one before
  std::optional<absl::Time> first_time;
  std::optional<absl::Time> last_time;
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts;  // by operation and result

  // The first of them; fault_count says how many there are.
  static constexpr std::size_t kShownFaults = 20;
  std::vector<LogFault> faults;
  std::uint64_t fault_count = 0;

  bool sound() const { return fault_count == 0; }
};

// Reads the whole folder. Fails only if there is no newest checkpoint that the log has signed, since nothing can be
// said then: FILE_NOT_FOUND, FILE_UNREADABLE, LOG_MALFORMED or LOG_SIGNATURE. Everything else that is wrong is in the
// report.
absl::StatusOr<LogCheckReport> CheckLog(const LogCheckRequest& request);

}  // namespace kobling::transparency
