// A key-encryption key in a file of the operator's: the simplest of the KekProviders.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/key_wrap.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// A KEK in a file that only its owner can read: 44 bytes, "KBK1", key[32], KEK id[8]. The id is the file's check value.
class KekFile final : public KekProvider {
 public:
  explicit KekFile(std::string path) : path_(std::move(path)) {}

  // Fails with FILE_NOT_FOUND or FILE_UNREADABLE; with FILE_MODE if the file is not a regular file, does not belong to
  // the user that this process runs as, or has any other mode than 0600 or 0400; with KEY_UNUSABLE if it does not hold
  // a key.
  absl::StatusOr<KeyEncryptionKey> Load(SecretArena& arena) override;

 private:
  std::string path_;
};

// Makes a new random KEK and writes it to a new file of mode 0600, which is on disk before this returns. Fails with
// FILE_EXISTS if the path is taken, whatever by, or with FILE_UNWRITABLE; then no file is left behind.
absl::Status CreateKekFile(const std::string& path, SecretArena& arena);

}  // namespace kobling::crypto
