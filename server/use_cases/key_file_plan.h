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
#include "server/core/key_file_content.h"

namespace kobling::server {

namespace api = ::kobling::v1;

struct KeyFilePlan {
  records::ProjectRecord project;
  records::SourceRecord source;
  records::RecipientKeyRecord recipient;
  KeyFileContent content;
  std::uint32_t since = 0;       // for a delta or a correction: the file that it goes on from
  storage::NumberSet covered;    // what the register holds from then on
  storage::NumberSet everybody;  // representatives whose løpenumre must be distinct
  storage::NumberSet current;    // rows that nobody submitted
  storage::SetId rows_id;
  storage::SetId withdrawn_id;
  storage::SetId everybody_id;
  std::string representatives_digest;
  std::vector<std::uint32_t> told_by;  // of a correction: files that told the register otherwise
  std::uint32_t corrections = 0;       // of the project, that were confirmed
  std::uint64_t map_version = 0;       // before anything else was read
  std::uint64_t reserved = 0;
  std::uint64_t annulled = 0;
  std::vector<records::AppliedReservationListRecord> reservation_lists;
  std::uint64_t duplicates = 0;
  std::uint32_t number = 1;
  std::string previous_sha256;
};

// Fails if the caller, the case, the population or the register's recipient key does not allow the issue, with
// NOTHING_TO_ISSUE or NOTHING_TO_CORRECT if the file would have no row, and with KEY_FILE_STANDS if it was issued
// already.
absl::StatusOr<KeyFilePlan> PlanKeyFile(const Core& core, const Call& call, const api::IssueKeyFileRequest& request);

// The plan once more, after it was carried out. With the identities of the plan it is quick, so that it can be made in
// a commit. Fails with PRECONDITION_FAILED if it would lead to another file, or if identities that it is about have
// changed since.
enum class IdentitiesOf : std::uint8_t { kThePlan, kToday };
absl::StatusOr<KeyFilePlan> PlanAgain(const Core& core, const Call& call, const api::IssueKeyFileRequest& request,
                                      const KeyFilePlan& planned, IdentitiesOf identities);

// Fails with KEY_FILE_NOT_FOUND.
absl::StatusOr<records::KeyFileRecord> FindKeyFile(const Project& project, std::string_view register_id,
                                                   std::uint32_t number);

}  // namespace kobling::server
