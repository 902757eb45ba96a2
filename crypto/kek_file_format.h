// The file that holds a KEK in the clear: 44 bytes, "KBK1", key[32], KEK id[8]. The id is the file's check value.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/key_wrap.h"
#include "crypto/secret_file.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// Fails as OpenSecretFile does, and with KEY_UNUSABLE if the file does not hold a key.
absl::StatusOr<KeyEncryptionKey> ReadKekFile(const std::string& path, SecretFileRule rule, SecretArena& arena);

// The id that stands in the file; the key is neither read nor checked. Fails as ReadKekFile does.
absl::StatusOr<KekId> ReadIdOfKekFile(const std::string& path, SecretFileRule rule);

// Writes a new file, as WriteNewSecretFile does.
absl::Status WriteKekFile(const std::string& path, const KeyEncryptionKey& kek, SecretArena& arena);

}  // namespace kobling::crypto
