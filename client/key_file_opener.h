// What it takes to open a key file: the trusted signing key and the register's identity, from the profile.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/files/key_file_rows.h"
#include "client/profile.h"
#include "crypto/age_key.h"
#include "crypto/minisign.h"
#include "crypto/secret_memory.h"

namespace kobling::client {

// Holds the identity in locked memory as long as it lives.
class KeyFileOpener {
 public:
  // Fails with PROFILE, FILE_NOT_FOUND, FILE_MODE or SECRET_MEMORY_UNLOCKED.
  static absl::StatusOr<KeyFileOpener> Create(const Profile& profile);

  // The file at the path, with its signature beside it. Valid as long as the opener.
  SealedKeyFile File(const std::string& path) const;

 private:
  KeyFileOpener(std::unique_ptr<crypto::SecretArena> arena, crypto::AgeIdentity identity, crypto::MinisignPublicKey key)
      : arena_(std::move(arena)), identity_(std::move(identity)), public_key_(key) {}

  // In this order: the identity lives in the arena.
  std::unique_ptr<crypto::SecretArena> arena_;
  crypto::AgeIdentity identity_;
  crypto::MinisignPublicKey public_key_;
};

}  // namespace kobling::client
