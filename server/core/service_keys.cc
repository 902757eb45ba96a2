#include "server/core/service_keys.h"

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/random.h"
#include "crypto/signing.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "storage/project_store.h"

namespace kobling::server {
namespace {

constexpr std::uint32_t kServiceKeyVersion = 1;
constexpr std::uint32_t kSeriesKeyVersion = 1;
constexpr std::string_view kProjectKind = "project";
constexpr std::string_view kSeriesKind = "series";
constexpr std::array<std::string_view, 7> kServiceKeyKinds = {"index",  "person",  "identifiers", "sets",
                                                              "digest", "subject", "signing"};
// Came later than the others, so that a database may lack it.
constexpr std::string_view kLogKind = "log";
constexpr std::string_view kSigningKeyIdKey = "signing/key-id";

absl::Status CreateKey(const crypto::KeyEncryptionKey& kek, crypto::SecretArena& arena, const crypto::KeyLabel& label,
                       storage::WriteBatch& batch) {
  KOBLING_ASSIGN_OR_RETURN(const crypto::SecretKey key, crypto::SecretKey::Generate(arena));
  KOBLING_ASSIGN_OR_RETURN(std::string wrapped, kek.Wrap(key, label));
  storage::KeyStore::Put(label.kind, label.id, label.version, std::move(wrapped), batch);
  return absl::OkStatus();
}

absl::StatusOr<crypto::SecretKey> LoadKey(const storage::Reader& store, const crypto::KeyEncryptionKey& kek,
                                          crypto::SecretArena& arena, const crypto::KeyLabel& label) {
  KOBLING_ASSIGN_OR_RETURN(const std::string wrapped,
                           storage::KeyStore::Get(store, label.kind, label.id, label.version));
  return kek.Unwrap(wrapped, label, arena);
}

absl::StatusOr<crypto::MinisignSigner> LoadSigner(const storage::Reader& store, const crypto::KeyEncryptionKey& kek,
                                                  crypto::SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(const crypto::SecretKey seed,
                           LoadKey(store, kek, arena, {"signing", "", kServiceKeyVersion}));
  KOBLING_ASSIGN_OR_RETURN(crypto::SigningKey key, crypto::SigningKey::FromSeed(arena, seed));
  KOBLING_ASSIGN_OR_RETURN(const auto stored, store.Get(storage::Family::kMeta, kSigningKeyIdKey));
  crypto::MinisignKeyId key_id;
  if (!stored.has_value() || stored->size() != key_id.size()) {
    return domain::MakeError(domain::Reason::kKeyUnusable, {{domain::DetailKey::kHint, "signing"}});
  }
  std::memcpy(key_id.data(), stored->data(), key_id.size());
  return crypto::MinisignSigner(std::move(key), key_id);
}

}  // namespace

absl::Status ServiceKeys::Create(const crypto::KeyEncryptionKey& kek, crypto::SecretArena& arena,
                                 storage::WriteBatch& batch) {
  for (const std::string_view kind : kServiceKeyKinds) {
    KOBLING_RETURN_IF_ERROR(CreateKey(kek, arena, {kind, "", kServiceKeyVersion}, batch));
  }
  KOBLING_RETURN_IF_ERROR(CreateKey(kek, arena, {kLogKind, "", kServiceKeyVersion}, batch));
  crypto::MinisignKeyId key_id;
  crypto::FillRandom(key_id);
  batch.Put(storage::Family::kMeta, kSigningKeyIdKey, std::string(key_id.begin(), key_id.end()));
  return absl::OkStatus();
}

absl::Status ServiceKeys::CreateMissing(const storage::Reader& store, const crypto::KeyEncryptionKey& kek,
                                        crypto::SecretArena& arena, storage::WriteBatch& batch) {
  const absl::Status there = storage::KeyStore::Get(store, kLogKind, "", kServiceKeyVersion).status();
  if (domain::ReasonOf(there) != domain::Reason::kKeyUnusable) {
    return there;  // it is there, or the store cannot be read: a key that may exist is not replaced
  }
  return CreateKey(kek, arena, {kLogKind, "", kServiceKeyVersion}, batch);
}

absl::StatusOr<ServiceKeys> ServiceKeys::Load(const storage::Reader& store, crypto::KeyEncryptionKey kek,
                                              crypto::SecretArena& arena) {
  const auto load = [&](std::string_view kind) { return LoadKey(store, kek, arena, {kind, "", kServiceKeyVersion}); };
  KOBLING_ASSIGN_OR_RETURN(const crypto::SecretKey index_key, load("index"));
  KOBLING_ASSIGN_OR_RETURN(const crypto::SecretKey person_key, load("person"));
  KOBLING_ASSIGN_OR_RETURN(const crypto::SecretKey digest_key, load("digest"));
  KOBLING_ASSIGN_OR_RETURN(const crypto::SecretKey subject_key, load("subject"));
  KOBLING_ASSIGN_OR_RETURN(crypto::SecretKey identifiers_key, load("identifiers"));
  KOBLING_ASSIGN_OR_RETURN(crypto::SecretKey identity_key, load("identifiers"));
  KOBLING_ASSIGN_OR_RETURN(crypto::SecretKey sets_key, load("sets"));
  KOBLING_ASSIGN_OR_RETURN(auto index, crypto::IdentityIndex::Create(arena, index_key));
  KOBLING_ASSIGN_OR_RETURN(auto person, crypto::PersonPseudonymizer::Create(arena, person_key));
  KOBLING_ASSIGN_OR_RETURN(auto subject, crypto::SubjectReferencer::Create(arena, subject_key));
  KOBLING_ASSIGN_OR_RETURN(auto digest, crypto::KeyedDigest::Create(arena, digest_key));
  KOBLING_ASSIGN_OR_RETURN(auto set_digest, crypto::KeyedDigest::Create(arena, digest_key));
  KOBLING_ASSIGN_OR_RETURN(auto signer, LoadSigner(store, kek, arena));
  KOBLING_ASSIGN_OR_RETURN(const crypto::SecretKey log_seed, load(kLogKind));
  KOBLING_ASSIGN_OR_RETURN(crypto::SigningKey log_signer, crypto::SigningKey::FromSeed(arena, log_seed));
  return ServiceKeys{
      .arena = &arena,
      .kek = std::move(kek),
      .person = std::move(person),
      .subject = std::move(subject),
      .digest = std::move(digest),
      .signer = std::move(signer),
      .log_signer = std::move(log_signer),
      .index = std::make_unique<crypto::IdentityIndex>(std::move(index)),
      .identifiers = std::make_unique<crypto::RecordSealer>(std::move(identifiers_key)),
      .identity = std::make_unique<crypto::RecordSealer>(std::move(identity_key)),
      .sets = std::make_unique<crypto::RecordSealer>(std::move(sets_key)),
      .set_digest = std::make_unique<crypto::KeyedDigest>(std::move(set_digest)),
  };
}

absl::Status ServiceKeys::CreateProjectKey(const domain::ProjectId& project, std::uint32_t version,
                                           storage::WriteBatch& batch) const {
  return CreateKey(kek, *arena, {kProjectKind, project.text(), version}, batch);
}

absl::StatusOr<crypto::LinkagePrf> ServiceKeys::ProjectPrf(const storage::Reader& store,
                                                           const domain::ProjectId& project,
                                                           std::uint32_t version) const {
  KOBLING_ASSIGN_OR_RETURN(const crypto::SecretKey key,
                           LoadKey(store, kek, *arena, {kProjectKind, project.text(), version}));
  return crypto::LinkagePrf::Create(*arena, key);
}

absl::Status ServiceKeys::CreateSeriesKey(const domain::ProjectId& project, storage::WriteBatch& batch) const {
  return CreateKey(kek, *arena, {kSeriesKind, project.text(), kSeriesKeyVersion}, batch);
}

absl::StatusOr<crypto::RecordSealer> ServiceKeys::SeriesSealer(const storage::Reader& store,
                                                               const domain::ProjectId& project) const {
  KOBLING_ASSIGN_OR_RETURN(crypto::SecretKey key,
                           LoadKey(store, kek, *arena, {kSeriesKind, project.text(), kSeriesKeyVersion}));
  return crypto::RecordSealer(std::move(key));
}

void ServiceKeys::DeleteKeysOf(std::string_view project, std::uint32_t key_version, storage::WriteBatch& batch) {
  for (std::uint32_t version = 1; version <= key_version; ++version) {
    storage::KeyStore::Delete(kProjectKind, project, version, batch);
  }
  storage::KeyStore::Delete(kSeriesKind, project, kSeriesKeyVersion, batch);
}

}  // namespace kobling::server
