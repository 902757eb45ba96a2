// A key-encryption key that systemd hands to the service: sealed on disk by the machine's TPM or host key, in the clear
// only in a folder in memory that nobody else sees.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/kek_provider.h"

namespace kobling::crypto {

// The files `kek` and, during a replacement, `kek-next` in the folder that systemd names in $CREDENTIALS_DIRECTORY,
// each as crypto/kek_file_format.h describes it. The process can only read them: it is the operator who makes the next
// KEK, and who gives it the name `kek` in the end, which takes the one before away.
//
// Fails with FILE_NOT_FOUND or FILE_UNREADABLE; with FILE_MODE unless folder and files belong to the user that this
// process runs as or to root, and nobody else may read the files or change either; with KEY_UNUSABLE if a file does not
// hold a key.
class KekCredential final : public KekProvider {
 public:
  explicit KekCredential(std::string folder);

  absl::StatusOr<KeyEncryptionKey> Load(SecretArena& arena, const std::optional<KekId>& needed) override;
  // The KEK that the operator put beside the current one. Fails with FILE_NOT_FOUND if there is none, and then says
  // what to do, and with KEY_UNUSABLE if it is the current one.
  absl::StatusOr<KeyEncryptionKey> MakeNext(SecretArena& arena) override;
  // Nothing can be written; sees that the KEK in use is there.
  absl::Status Settle(const KekId& in_use) override;
  std::string_view name() const override { return "credential"; }

 private:
  absl::Status CheckFolder() const;

  std::string folder_;
  std::string path_;
  std::string next_path_;
  std::optional<KekId> in_use_;  // of the KEK that was loaded or settled, until a next one is given
};

}  // namespace kobling::crypto
