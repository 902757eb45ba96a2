#include "crypto/kek_file.h"

#include "crypto/kek_file_format.h"
#include "crypto/secret_file.h"
#include "domain/status_macros.h"

namespace kobling::crypto {

absl::StatusOr<KekId> KekFile::ReadId(const std::string& path) const {
  return ReadIdOfKekFile(path, SecretFileRule::kOwnFile);
}

absl::StatusOr<KeyEncryptionKey> KekFile::Read(const std::string& path, SecretArena& arena) const {
  return ReadKekFile(path, SecretFileRule::kOwnFile, arena);
}

absl::Status KekFile::Write(const std::string& path, const KeyEncryptionKey& kek, SecretArena& arena) const {
  return WriteKekFile(path, kek, arena);
}

absl::Status CreateKekFile(const std::string& path, SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Generate(arena));
  return WriteKekFile(path, KeyEncryptionKey(std::move(key)), arena);
}

}  // namespace kobling::crypto
