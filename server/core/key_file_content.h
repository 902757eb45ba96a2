// What stands in a key file, in identifier numbers: for one that is to be made, and for one that was made long ago.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/core.h"
#include "server/core/issued_series.h"
#include "storage/representatives.h"

namespace kobling::server {

// A row of a correction file: the representative that the register was told, and the one of now.
struct CorrectedRow {
  std::uint32_t identifier;
  std::uint32_t before;
  std::uint32_t now;
  storage::RepresentativeChange::Cause cause;
  std::string date;  // 2026-11-22

  friend bool operator==(const CorrectedRow&, const CorrectedRow&) = default;
};

struct KeyFileContent {
  records::KeyFileKindRecord kind = records::KEY_FILE_KIND_RECORD_FULL;
  storage::NumberSet rows;                       // of a delta: what is new
  storage::NumberSet withdrawn;                  // of a delta: what the earlier file said and holds no more
  storage::RepresentativeTable representatives;  // of the rows
  storage::RepresentativeTable held;             // of the withdrawn rows: what the register holds
  std::vector<CorrectedRow> corrected;           // of a correction: `rows` with what changes, ascending

  // Everybody whose løpenummer stands in the file.
  storage::NumberSet Representatives() const;
};

// Keyed digest of which identifier stands for which in the file; empty if each stands for itself.
std::string RepresentativesDigest(const Core& core, const KeyFileContent& content);

// The earlier files that the content depends on: those that a delta which withdraws rows goes on from, and those that
// had told otherwise what a correction corrects.
std::vector<records::KeyFileRecord> FilesBehind(const storage::ProjectRows& project,
                                                const records::KeyFileRecord& key_file);

// What a key file held that was issued.
absl::StatusOr<KeyFileContent> ContentOf(const Core& core, const storage::ProjectRows& project,
                                         const records::KeyFileRecord& key_file);

// A row of a correction, without the reason.
struct ToldOtherwise {
  std::uint32_t identifier;
  std::uint32_t before;
  std::uint32_t now;
};
// The rows of a correction that was issued, whose rows and representatives are known; of other files, none.
std::vector<ToldOtherwise> ChangesTold(const KeyFileContent& content, const ToldNumbers& told);

// The same rows with the cause and the date of each change, from the map of that version.
absl::StatusOr<std::vector<CorrectedRow>> ExplainCorrection(const Core& core, std::uint64_t map_version,
                                                            const std::vector<ToldOtherwise>& changes);

}  // namespace kobling::server
