#include "tests/privacy/known_keys.h"

#include <algorithm>

#include "domain/status_macros.h"
#include "server/runtime/testing.h"
#include "storage/project_store.h"

namespace kobling::tests {

absl::StatusOr<KeyBytes> KnownKey(StoppedDatabase& database, const std::string& kind, const std::string& id) {
  KOBLING_ASSIGN_OR_RETURN(const std::string wrapped, storage::KeyStore::Get(database.store(), kind, id, 1));
  KOBLING_ASSIGN_OR_RETURN(const crypto::SecretKey key,
                           database.service_keys().kek.Unwrap(wrapped, {kind, id, 1}, database.arena()));
  const auto bytes = crypto::SecretBytes(key, crypto::SecretAccess());
  KeyBytes copy;
  std::copy(bytes.begin(), bytes.end(), copy.begin());
  return copy;
}

absl::StatusOr<std::map<std::string, KeyBytes>> KnownKeys(StoppedDatabase& database, const server::ServerConfig& config,
                                                          const std::string& project) {
  std::map<std::string, KeyBytes> keys;
  for (const std::string kind :
       {"index", "person", "identifiers", "sets", "digest", "subject", "signing", "log", "project"}) {
    const std::string id = kind == "project" ? project : "";
    KOBLING_ASSIGN_OR_RETURN(keys[kind], KnownKey(database, kind, id));
  }
  // The file is "KBK1", the key, and a check value.
  const std::string file = server::ReadText(config.kek_file);
  if (file.size() != 44) {
    return absl::InternalError("the file of the key-encryption key has another form");
  }
  std::copy_n(file.begin() + 4, 32, keys["kek"].begin());
  return keys;
}

}  // namespace kobling::tests
