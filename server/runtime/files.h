// Small files of the installation: certificates, keys, configuration.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kobling::server {

// The whole file. Fails with FILE_NOT_FOUND or FILE_UNREADABLE; a file above 1 MiB is not one of these small files.
absl::StatusOr<std::string> ReadSmallFile(const std::filesystem::path& path);

// Writes a new file with exactly this mode, on disk before this returns. Fails with FILE_EXISTS or FILE_UNWRITABLE.
absl::Status WriteNewFile(const std::filesystem::path& path, std::string_view text, mode_t mode);

// Puts a file in place of the one that is there, if any: a reader sees the old text or the new, never a part.
absl::Status ReplaceFile(const std::filesystem::path& path, std::string_view text, mode_t mode);

// Makes one folder with exactly this mode. Fails with FILE_EXISTS or FILE_UNWRITABLE.
absl::Status MakeNewFolder(const std::filesystem::path& path, mode_t mode);

// A file with a secret: a regular file that only its owner, who is this process's user, may read (0600 or 0400). Fails
// with FILE_NOT_FOUND, or with FILE_MODE naming the path and the command that mends it.
absl::Status CheckSecretFile(const std::filesystem::path& path);

// A file or folder that only its owner may change: neither group nor others may write to it. Fails with FILE_NOT_FOUND,
// or with FILE_MODE naming the path and the command that mends it.
absl::Status CheckOnlyOwnerWrites(const std::filesystem::path& path);

// A folder of this process's user that others may not enter and the group may not write to (0700 or 0750).
absl::Status CheckPrivateFolder(const std::filesystem::path& path);

// At least so many bytes are free on the file system of the path. Fails with DISK_FULL.
absl::Status CheckFreeSpace(const std::filesystem::path& path, std::uint64_t bytes);

// That this process may make and delete files there. Tries it.
absl::Status CheckWritableFolder(const std::filesystem::path& path);

}  // namespace kobling::server
