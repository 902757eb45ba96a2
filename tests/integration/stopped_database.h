// The database of a server that does not run, opened the way the server does and looked at from inside.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/secret_memory.h"
#include "server/core/service_keys.h"
#include "server/runtime/config.h"
#include "storage/directory.h"
#include "storage/key_value_store.h"
#include "storage/project_store.h"
#include "storage/set_store.h"
#include "transparency/event.h"

namespace kobling::tests {

class StoppedDatabase {
 public:
  // Fails as the opening of the store and of the keys do, and if the directory has an identifier twice.
  static absl::StatusOr<std::unique_ptr<StoppedDatabase>> Open(const server::ServerConfig& config);

  storage::KeyValueStore& store() { return *store_; }
  server::ServiceKeys& service_keys() { return *keys_; }
  crypto::SecretArena& arena() { return *arena_; }
  const storage::SetStore& sets() const { return *sets_; }

  // Identifiers with a row in the directory, eleven digits each.
  std::set<std::string> DirectoryIdentifiers() const;
  // The identifiers of a stored set.
  absl::StatusOr<std::set<std::string>> IdentifiersOf(const storage::SetId& set) const;
  absl::StatusOr<std::map<std::string, storage::ProjectRows>> Projects() const;
  // Rows of a family.
  absl::StatusOr<std::uint64_t> CountRows(storage::Family family) const;

  // All events. Fails with a text that says what is wrong unless their indices are dense from 0, and the root of the
  // Merkle tree computed from them is that of the stored frontier.
  absl::StatusOr<std::vector<transparency::Event>> CheckedEvents() const;

 private:
  StoppedDatabase() = default;
  absl::Status ReadDirectory();

  std::unique_ptr<crypto::SecretArena> arena_;
  std::unique_ptr<storage::KeyValueStore> store_;
  std::unique_ptr<server::ServiceKeys> keys_;
  std::unique_ptr<storage::Directory> directory_;
  std::unique_ptr<storage::SetStore> sets_;
  std::vector<std::string> by_number_;  // the directory's identifiers
};

}  // namespace kobling::tests
