#include "tests/bench/opened_core.h"

#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

#include "crypto/kek_file.h"
#include "domain/method_policy.h"
#include "storage/rocksdb_key_value_store.h"

namespace kobling::bench {
namespace {

constexpr std::size_t kArenaBytes = std::size_t{1} << 16;

}  // namespace

absl::StatusOr<std::unique_ptr<OpenedCore>> OpenedCore::Open(const std::string& config_file) {
  KOBLING_ASSIGN_OR_RETURN(const server::ServerConfig config,
                           server::LoadConfig(std::filesystem::absolute(config_file)));
  std::unique_ptr<OpenedCore> opened(new OpenedCore(config));
  OpenedCore& self = *opened;
  storage::RocksDbOptions options;
  options.folder = config.storage_directory;
  KOBLING_ASSIGN_OR_RETURN(self.store_, storage::OpenRocksDb(options));
  KOBLING_ASSIGN_OR_RETURN(self.arena_, crypto::SecretArena::Create(kArenaBytes));
  crypto::KekFile kek_file(config.kek_file.string());
  KOBLING_ASSIGN_OR_RETURN(crypto::KeyEncryptionKey kek, kek_file.Load(*self.arena_, std::nullopt));
  KOBLING_ASSIGN_OR_RETURN(auto keys, server::ServiceKeys::Load(*self.store_, std::move(kek), *self.arena_));
  self.keys_ = std::make_unique<server::ServiceKeys>(std::move(keys));
  KOBLING_ASSIGN_OR_RETURN(self.directory_, storage::Directory::Open(*self.store_, std::move(*self.keys_->index),
                                                                     std::move(*self.keys_->identifiers)));
  self.identity_log_ = std::make_unique<storage::IdentityLog>(*self.store_, std::move(*self.keys_->identity));
  KOBLING_RETURN_IF_ERROR(self.identity_log_->Load(self.identities_));
  self.sets_ = std::make_unique<storage::SetStore>(*self.store_, std::move(*self.keys_->set_digest),
                                                   std::move(*self.keys_->sets));
  KOBLING_ASSIGN_OR_RETURN(self.events_, storage::EventLog::Open(*self.store_));
  KOBLING_ASSIGN_OR_RETURN(self.publisher_, server::LogPublisher::Open({.folder = config.log_directory,
                                                                        .origin = config.log_origin,
                                                                        .store = *self.store_,
                                                                        .key = self.keys_->log_signer,
                                                                        .clock = self.clock_}));
  KOBLING_ASSIGN_OR_RETURN(self.state_, server::State::Load(*self.store_, *self.sets_));
  self.committer_ = std::make_unique<server::Committer>(
      *self.store_, *self.events_, *self.state_, self.clock_,
      [](const absl::Status& status) { std::cerr << "the store has failed: " << status << '\n'; });
  self.core_ = std::make_unique<server::Core>(
      server::Core{self.config_, self.clock_, *self.store_, *self.keys_, *self.directory_, *self.sets_,
                   self.identities_, *self.identity_log_, *self.publisher_, *self.state_, *self.committer_});
  return opened;
}

absl::StatusOr<std::vector<std::string>> OpenedCore::Identifiers(const storage::NumberSet& numbers) const {
  std::vector<std::string> identifiers;
  identifiers.reserve(numbers.cardinality());
  KOBLING_RETURN_IF_ERROR(directory_->ForEach(
      numbers, [&](domain::IdentifierNumber, const domain::NationalId& id) { identifiers.push_back(TextOf(id)); }));
  return identifiers;
}

std::string TextOf(const domain::NationalId& identifier) {
  const auto digits = identifier.digits();
  return {digits.begin(), digits.end()};
}

absl::StatusOr<server::Call> CallBy(domain::Role role, std::string_view id, std::string_view method) {
  KOBLING_ASSIGN_OR_RETURN(const domain::ActorId actor, domain::ActorId::Parse(id));
  return server::Call{.caller = {.role = role, .id = actor}, .method = domain::FindMethod(method)};
}

}  // namespace kobling::bench
