#include "storage/rocksdb_folder.h"

#include <rocksdb/file_system.h>
#include <rocksdb/options.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::storage {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

absl::Status Unusable(const RocksDbOptions& options, std::string hint) {
  return MakeError(Reason::kStorageUnavailable,
                   {{DetailKey::kFile, options.folder.string()}, {DetailKey::kHint, hint}});
}

// Makes the folder's name in its parent durable, which RocksDB does not do.
absl::Status SyncParent(const RocksDbOptions& options, rocksdb::FileSystem& file_system) {
  const std::filesystem::path parent = std::filesystem::absolute(options.folder).lexically_normal().parent_path();
  std::unique_ptr<rocksdb::FSDirectory> directory;
  rocksdb::IOStatus status = file_system.NewDirectory(parent.string(), {}, &directory, nullptr);
  if (status.ok()) {
    status = directory->Fsync({}, nullptr);
  }
  return status.ok() ? absl::OkStatus() : Unusable(options, "its parent folder cannot be written");
}

absl::Status MakeFolder(const RocksDbOptions& options, rocksdb::FileSystem& file_system) {
  if (::mkdir(options.folder.c_str(), S_IRWXU) != 0) {
    return errno == ENOSPC ? MakeError(Reason::kDiskFull, {{DetailKey::kFile, options.folder.string()}})
                           : Unusable(options, "the folder cannot be made");
  }
  return SyncParent(options, file_system);
}

absl::Status CheckPrivate(const RocksDbOptions& options) {
  struct stat found = {};
  if (::stat(options.folder.c_str(), &found) != 0) {
    return Unusable(options, "the folder cannot be read");
  }
  if (!S_ISDIR(found.st_mode)) {
    return WrongFolder(options, "not a folder");
  }
  if ((found.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
    return MakeError(Reason::kFileMode,
                     {{DetailKey::kFile, options.folder.string()}, {DetailKey::kExpected, "0700 or 0750"}});
  }
  return absl::OkStatus();
}

// What RocksDB may have written before the file CURRENT makes the folder a database.
bool IsFromUnfinishedCreation(std::string_view name) {
  constexpr std::array<std::string_view, 3> kStarts = {"LOG", "MANIFEST-", "OPTIONS-"};
  return name == "LOCK" || name == "IDENTITY" || name.ends_with(".dbtmp") ||
         std::any_of(kStarts.begin(), kStarts.end(),
                     [name](std::string_view start) { return name.starts_with(start); });
}

absl::Status CheckNothingElseInside(const RocksDbOptions& options) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(options.folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!IsFromUnfinishedCreation(entry->path().filename().string())) {
      return WrongFolder(options, "the folder is not empty and holds no database");
    }
  }
  return error ? Unusable(options, "the folder cannot be read") : absl::OkStatus();
}

// RocksDB takes this lock itself when it opens; trying it first tells "in use" from all else that can fail then.
absl::Status CheckNotInUse(const RocksDbOptions& options, rocksdb::FileSystem& file_system) {
  rocksdb::FileLock* lock = nullptr;
  const std::string file = (options.folder / "LOCK").string();
  if (!file_system.LockFile(file, {}, &lock, nullptr).ok()) {
    return Unusable(options, "another process has the database open");
  }
  return file_system.UnlockFile(lock, {}, nullptr).ok() ? absl::OkStatus()
                                                        : Unusable(options, "the lock cannot be released");
}

}  // namespace

absl::Status WrongFolder(const RocksDbOptions& options, std::string hint) {
  return MakeError(Reason::kConfiguration, {{DetailKey::kFile, options.folder.string()}, {DetailKey::kHint, hint}});
}

absl::Status PrepareFolder(const RocksDbOptions& options, rocksdb::FileSystem& file_system) {
  std::error_code error;
  if (!std::filesystem::exists(options.folder, error)) {
    if (error) {
      return Unusable(options, "the folder cannot be read");
    }
    if (options.mode == OpenMode::kMustExist) {
      return WrongFolder(options, "there is no such folder");
    }
    KOBLING_RETURN_IF_ERROR(MakeFolder(options, file_system));
  }
  KOBLING_RETURN_IF_ERROR(CheckPrivate(options));
  if (!std::filesystem::exists(options.folder / "CURRENT", error)) {
    if (options.mode == OpenMode::kMustExist) {
      return WrongFolder(options, "the folder holds no database");
    }
    KOBLING_RETURN_IF_ERROR(CheckNothingElseInside(options));
  }
  return CheckNotInUse(options, file_system);
}

absl::Status CheckFamilyNames(const RocksDbOptions& options, const std::vector<std::string>& names) {
  const auto present = [&names](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const bool has_ours = present(NameOf(Family::kMeta));
  if (!has_ours && (names.size() > 1 || options.mode == OpenMode::kMustExist)) {
    return WrongFolder(options, "the database in the folder is not Kobling's");
  }
  const auto known = [](std::string_view name) {
    return name == "default" || std::any_of(kAllFamilies.begin(), kAllFamilies.end(),
                                            [name](Family family) { return NameOf(family) == name; });
  };
  if (!std::all_of(names.begin(), names.end(), known)) {
    return MakeError(Reason::kDatabaseNewer, {{DetailKey::kFile, options.folder.string()}});
  }
  return absl::OkStatus();
}

}  // namespace kobling::storage
