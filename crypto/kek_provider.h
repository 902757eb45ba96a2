// Where the key-encryption key (KEK) comes from, and how it is replaced.
//
// Every provider yields the same thing, a KEK in secret memory, so that all else is the same whichever is used:
// a file (crypto/kek_file.h), a credential of systemd's (crypto/kek_credential.h), officers' shares
// (crypto/kek_shares.h), a hardware security module (crypto/kek_pkcs11.h).
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/key_wrap.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// Gives the KEK, and replaces it in steps such that a crash at any point leaves the database readable:
//
//   1. MakeNext makes the next KEK durable beside the current one;
//   2. the server wraps all keys anew under it, in one atomic batch;
//   3. Settle makes the next KEK the current one, and the one before is gone.
//
// At start the wrapped keys say which KEK they need. Load with that id gives it, be it the current or the next one, and
// Settle with the same id then finishes step 3, or takes back step 1. For one thread at a time.
class KekProvider {
 public:
  virtual ~KekProvider() = default;

  // The KEK that is needed, whether it is the current or the next one; the current one if no id is given, as before the
  // first key is wrapped. Fails with KEY_UNUSABLE if neither is the one that is needed or it does not hold a key, and
  // with the provider's own reasons why it cannot be had.
  virtual absl::StatusOr<KeyEncryptionKey> Load(SecretArena& arena, const std::optional<KekId>& needed) = 0;

  // A new random KEK, durable beside the current one before this returns, in place of a next one that was never used.
  // Before each call the current one has been loaded or settled, so that a next one that is in use is not taken for an
  // unused one: fails with INTERNAL otherwise. Fails with the provider's own reasons too; the current KEK is then as it
  // was.
  virtual absl::StatusOr<KeyEncryptionKey> MakeNext(SecretArena& arena) = 0;

  // Makes the KEK that is in use the current one; the other one is gone afterwards. Nothing is written if it is so
  // already, and a call that failed may be repeated. Fails with KEY_UNUSABLE if neither is the one in use, or if it
  // does not open: then nothing is changed.
  virtual absl::Status Settle(const KekId& in_use) = 0;

  // "file", "credential", "shares" or "hsm", for the log and for the status of the server.
  virtual std::string_view name() const = 0;
};

}  // namespace kobling::crypto
