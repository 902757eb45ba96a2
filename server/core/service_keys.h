// The keys of the service, unwrapped at start, and the project keys, unwrapped when they are needed.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/derivations.h"
#include "crypto/key_wrap.h"
#include "crypto/minisign.h"
#include "crypto/sealed_box.h"
#include "crypto/secret_memory.h"
#include "crypto/signing.h"
#include "domain/ids.h"
#include "storage/key_value_store.h"

namespace kobling::server {

// Each part has a key of its own. Const functions are safe for concurrent use; the arena must outlive the object.
struct ServiceKeys {
  // Makes all service keys and wraps them into the batch. For a new database only.
  static absl::Status Create(const crypto::KeyEncryptionKey& kek, crypto::SecretArena& arena,
                             storage::WriteBatch& batch);

  // Makes what a database from an earlier version lacks and wraps it into the batch.
  static absl::Status CreateMissing(const storage::Reader& store, const crypto::KeyEncryptionKey& kek,
                                    crypto::SecretArena& arena, storage::WriteBatch& batch);

  // Fails with KEY_UNUSABLE if a key is missing, was moved, or was wrapped by another KEK.
  static absl::StatusOr<ServiceKeys> Load(const storage::Reader& store, crypto::KeyEncryptionKey kek,
                                          crypto::SecretArena& arena);

  // A new project key, wrapped into the batch.
  absl::Status CreateProjectKey(const domain::ProjectId& project, std::uint32_t version,
                                storage::WriteBatch& batch) const;

  // The way from a person to a løpenummer in the project. Fails with KEY_UNUSABLE if the key was destroyed.
  absl::StatusOr<crypto::LinkagePrf> ProjectPrf(const storage::Reader& store, const domain::ProjectId& project,
                                                std::uint32_t version) const;

  // A new key for a project whose numbers were made elsewhere, wrapped into the batch: it seals them.
  absl::Status CreateSeriesKey(const domain::ProjectId& project, storage::WriteBatch& batch) const;

  // What seals the project's imported numbers. Fails with KEY_UNUSABLE if the key was destroyed.
  absl::StatusOr<crypto::RecordSealer> SeriesSealer(const storage::Reader& store,
                                                    const domain::ProjectId& project) const;

  // Adds the deletion of the project's keys, of whatever kind, to the batch.
  static void DeleteKeysOf(std::string_view project, std::uint32_t key_version, storage::WriteBatch& batch);

  crypto::SecretArena* arena;
  crypto::KeyEncryptionKey kek;
  crypto::PersonPseudonymizer person;
  crypto::SubjectReferencer subject;
  crypto::KeyedDigest digest;
  crypto::MinisignSigner signer;
  // Signs checkpoints of the event log.
  crypto::SigningKey log_signer;
  // For the directory, the identity history and the set store, which take them over.
  std::unique_ptr<crypto::IdentityIndex> index;
  std::unique_ptr<crypto::RecordSealer> identifiers;
  // The same key: the identity history is about the directory's identifiers, and is sealed as they are.
  std::unique_ptr<crypto::RecordSealer> identity;
  std::unique_ptr<crypto::RecordSealer> sets;
  std::unique_ptr<crypto::KeyedDigest> set_digest;
};

}  // namespace kobling::server
