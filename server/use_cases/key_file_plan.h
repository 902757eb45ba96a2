// What the next key file of a source would be: everything that an issue depends on, as it is before the sealing and
// must still be at the commit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kobling/v1/key_file_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

struct KeyFilePlan {
  records::ProjectRecord project;
  records::SourceRecord source;
  records::RecipientKeyRecord recipient;
  records::KeyFileKindRecord kind = records::KEY_FILE_KIND_RECORD_FULL;
  std::uint32_t since = 0;       // for a delta: the file that it goes on from
  storage::NumberSet rows;       // of a delta: what is new
  storage::NumberSet withdrawn;  // of a delta: what the earlier file said and holds no more
  storage::NumberSet covered;    // what the register holds from then on
  storage::NumberSet everybody;  // whose løpenumre must be distinct
  storage::SetId rows_id;
  storage::SetId withdrawn_id;
  storage::SetId everybody_id;
  std::uint64_t reserved = 0;
  std::vector<records::AppliedReservationListRecord> reservation_lists;
  std::uint64_t duplicates = 0;
  std::uint32_t number = 1;
  std::string previous_sha256;
};

// Fails if the caller, the case, the population or the register's recipient key does not allow the issue, with
// NOTHING_TO_ISSUE if the file would have no row, and with KEY_FILE_STANDS if it was issued already.
absl::StatusOr<KeyFilePlan> PlanKeyFile(const Core& core, const Call& call, const api::IssueKeyFileRequest& request);

// Whether both plans are of the same file.
bool IsSamePlan(const KeyFilePlan& a, const KeyFilePlan& b);

// Fails with KEY_FILE_NOT_FOUND.
absl::StatusOr<records::KeyFileRecord> FindKeyFile(const Project& project, std::string_view register_id,
                                                   std::uint32_t number);

}  // namespace kobling::server
