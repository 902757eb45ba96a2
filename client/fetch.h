// Fetches a sealed key file, goes on where an earlier attempt broke, and believes nothing before it is verified.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/files/atomic_file.h"
#include "client/progress.h"
#include "client/retry_plan.h"
#include "crypto/minisign.h"

namespace kobling::client {

struct FetchOptions {
  std::filesystem::path folder;
  const crypto::MinisignPublicKey& signing_key;  // the one that the profile trusts
  Overwrite overwrite = Overwrite::kRefuse;
  RetryPlan retry;
};

struct FetchedKeyFile {
  std::string path;            // <folder>/NPR_P0041_0001.csv.age
  std::string signature_path;  // path + ".minisig"
};

// Fetches the key file that the record describes into <name>.part (0600). When its length, its SHA-256 and its
// signature are right, and the signed comment names this project, register and number, it writes the signature file and
// renames the part. A part that proves to be wrong is removed; a part that is only too short stays for the next
// attempt.
//
// Fails with FILE_EXISTS, KEY_FILE_TRUNCATED, KEY_FILE_ALTERED, KEY_FILE_SIGNATURE, with errors of the disk, and as the
// connection does.
absl::StatusOr<FetchedKeyFile> FetchKeyFile(Connection& connection, const api::KeyFile& record,
                                            const FetchOptions& options, Progress& progress);

}  // namespace kobling::client
