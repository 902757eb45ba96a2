// A key-encryption key in a file of the operator's: the simplest of the KekProviders.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/kek_file_pair.h"
#include "crypto/key_wrap.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// A KEK in a file that only its owner can read, as crypto/kek_file_format.h describes it; the next one in `path`.next.
//
// Fails with FILE_NOT_FOUND or FILE_UNREADABLE; with FILE_MODE if the file is not a regular file, does not belong to
// the user that this process runs as, or has any other mode than 0600 or 0400; with KEY_UNUSABLE if it does not hold a
// key; with FILE_UNWRITABLE if one cannot be made or destroyed.
class KekFile final : public KekFilePair {
 public:
  explicit KekFile(std::string path) : KekFilePair(std::move(path)) {}

  std::string_view name() const override { return "file"; }

 private:
  absl::StatusOr<KekId> ReadId(const std::string& path) const override;
  absl::StatusOr<KeyEncryptionKey> Read(const std::string& path, SecretArena& arena) const override;
  absl::Status Write(const std::string& path, const KeyEncryptionKey& kek, SecretArena& arena) const override;
};

// Makes a new random KEK and writes it to a new file of mode 0600, which is on disk before this returns. Fails with
// FILE_EXISTS if the path is taken, whatever by, or with FILE_UNWRITABLE; then no file is left behind.
absl::Status CreateKekFile(const std::string& path, SecretArena& arena);

}  // namespace kobling::crypto
