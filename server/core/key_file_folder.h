// The folder of sealed key files. Nothing in it is ever in clear.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/age_stream.h"

namespace kobling::server {

// A sealed file on its way: written under a temporary name, on disk when Keep returns, gone if it is destroyed before.
class PendingKeyFile final : public crypto::ByteSink {
 public:
  PendingKeyFile(PendingKeyFile&& other) noexcept;
  PendingKeyFile& operator=(PendingKeyFile&&) = delete;
  ~PendingKeyFile() override;

  // Fails with DISK_FULL or FILE_UNWRITABLE.
  absl::Status Write(std::span<const std::uint8_t> bytes) override;

  // Makes the file durable under its final name. Fails with DISK_FULL or FILE_UNWRITABLE.
  absl::Status Keep();

 private:
  friend class KeyFileFolder;
  PendingKeyFile(int descriptor, std::filesystem::path temporary, std::filesystem::path final_path);

  int descriptor_;
  std::filesystem::path temporary_;
  std::filesystem::path final_path_;
};

// Safe for concurrent use on different files.
class KeyFileFolder {
 public:
  explicit KeyFileFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Begins a file that will have this name. Fails with DISK_FULL or FILE_UNWRITABLE.
  absl::StatusOr<PendingKeyFile> Begin(const std::string& name) const;

  // Calls `visit` with the bytes of a file from the offset on, in parts of up to a mebibyte, until it fails. Fails with
  // KEY_FILE_EXPIRED if the file is gone, or FILE_UNREADABLE.
  absl::Status Read(const std::string& name, std::uint64_t offset,
                    const std::function<absl::Status(std::span<const char>)>& visit) const;

  // Whether the file is there.
  bool Holds(const std::string& name) const;

  // Deletes a file; no error if it is gone already.
  absl::Status Remove(const std::string& name) const;

  // Deletes all sealed and half-written key files but these; other files are not touched. Fails with KEY_FILE_EXPIRED,
  // naming it, if one of these is not there.
  absl::Status KeepOnly(const std::set<std::string>& names) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace kobling::server
