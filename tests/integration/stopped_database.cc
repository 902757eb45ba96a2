#include "tests/integration/stopped_database.h"

#include <optional>
#include <utility>

#include "crypto/kek_file.h"
#include "crypto/merkle.h"
#include "domain/status_macros.h"
#include "storage/event_log.h"
#include "storage/rocksdb_key_value_store.h"

namespace kobling::tests {
namespace {

constexpr std::size_t kArenaBytes = std::size_t{1} << 16;

std::span<const std::uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<StoppedDatabase>> StoppedDatabase::Open(const server::ServerConfig& config) {
  std::unique_ptr<StoppedDatabase> database(new StoppedDatabase());
  storage::RocksDbOptions options;
  options.folder = config.storage_directory;
  KOBLING_ASSIGN_OR_RETURN(database->store_, storage::OpenRocksDb(options));
  KOBLING_ASSIGN_OR_RETURN(database->arena_, crypto::SecretArena::Create(kArenaBytes));
  crypto::KekFile kek_file(config.kek_file.string());
  KOBLING_ASSIGN_OR_RETURN(crypto::KeyEncryptionKey kek, kek_file.Load(*database->arena_, std::nullopt));
  KOBLING_ASSIGN_OR_RETURN(auto keys, server::ServiceKeys::Load(*database->store_, std::move(kek), *database->arena_));
  database->keys_ = std::make_unique<server::ServiceKeys>(std::move(keys));
  KOBLING_ASSIGN_OR_RETURN(database->directory_,
                           storage::Directory::Open(*database->store_, std::move(*database->keys_->index),
                                                    std::move(*database->keys_->identifiers)));
  database->sets_ = std::make_unique<storage::SetStore>(*database->store_, std::move(*database->keys_->set_digest),
                                                        std::move(*database->keys_->sets));
  KOBLING_RETURN_IF_ERROR(database->ReadDirectory());
  return database;
}

absl::Status StoppedDatabase::ReadDirectory() {
  storage::NumberSet all;
  all.addRange(0, directory_->size());
  KOBLING_RETURN_IF_ERROR(directory_->ForEach(all, [&](domain::IdentifierNumber, const domain::NationalId& identifier) {
    const auto digits = identifier.digits();
    by_number_.emplace_back(digits.begin(), digits.end());
  }));
  if (by_number_.size() != directory_->size() || DirectoryIdentifiers().size() != directory_->size()) {
    return absl::InternalError("the directory lacks an identifier, or has one twice");
  }
  return absl::OkStatus();
}

std::set<std::string> StoppedDatabase::DirectoryIdentifiers() const { return {by_number_.begin(), by_number_.end()}; }

absl::StatusOr<std::set<std::string>> StoppedDatabase::IdentifiersOf(const storage::SetId& set) const {
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet numbers, sets_->Get(set));
  std::set<std::string> identifiers;
  for (const std::uint32_t number : numbers) {
    if (number >= by_number_.size()) {
      return absl::InternalError("a set holds a number that was never given out");
    }
    identifiers.insert(by_number_[number]);
  }
  return identifiers;
}

absl::StatusOr<std::map<std::string, storage::ProjectRows>> StoppedDatabase::Projects() const {
  return storage::ProjectStore::Load(*store_);
}

absl::StatusOr<std::uint64_t> StoppedDatabase::CountRows(storage::Family family) const {
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store_->Scan(family, storage::KeyRange::All()));
  std::uint64_t count = 0;
  for (; rows->Valid(); rows->Next()) {
    ++count;
  }
  KOBLING_RETURN_IF_ERROR(rows->status());
  return count;
}

absl::StatusOr<std::vector<transparency::Event>> StoppedDatabase::CheckedEvents() const {
  std::vector<transparency::Event> events;
  crypto::MerkleFrontier frontier;
  absl::Status dense;
  KOBLING_RETURN_IF_ERROR(
      storage::EventLog::ForEach(*store_, 0, [&](std::uint64_t index, const transparency::Event& event) {
        if (index != events.size()) {
          dense = absl::InternalError("the events' indices are not dense");
          return false;
        }
        frontier.Append(crypto::LeafHash(BytesOf(transparency::EncodeEvent(event))));
        events.push_back(event);
        return true;
      }));
  KOBLING_RETURN_IF_ERROR(dense);
  KOBLING_ASSIGN_OR_RETURN(const auto log, storage::EventLog::Open(*store_));
  if (log->size() != events.size() || log->Root() != frontier.Root()) {
    return absl::InternalError("the stored Merkle frontier is not that of the events");
  }
  return events;
}

}  // namespace kobling::tests
