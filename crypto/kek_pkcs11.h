// A key-encryption key that only a hardware security module (HSM) opens.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/kek_file_pair.h"
#include "crypto/key_wrap.h"
#include "crypto/pkcs11_session.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// A KEK in a file that is sealed by an AES-256 key in the HSM; the next one in `path`.next. The HSM is asked when the
// server starts and when the KEK is replaced, in a session of its own each time.
//
// 72 bytes: "KBH1", KEK id[8], nonce[12], AES-256-GCM(the HSM's key, nonce, KEK)[32] with its authenticator[16].
// Associated data: "kobling/v1/kek-hsm" 00 KEK id.
//
// Fails as KekFile does, and with HSM_UNAVAILABLE as Pkcs11Session::Open does.
class KekPkcs11 final : public KekFilePair {
 public:
  KekPkcs11(std::string path, HsmKeyLocation location) : KekFilePair(std::move(path)), location_(std::move(location)) {}

  std::string_view name() const override { return "hsm"; }

 private:
  absl::StatusOr<KekId> ReadId(const std::string& path) const override;
  absl::StatusOr<KeyEncryptionKey> Read(const std::string& path, SecretArena& arena) const override;
  absl::Status Write(const std::string& path, const KeyEncryptionKey& kek, SecretArena& arena) const override;

  HsmKeyLocation location_;
};

// Makes a new random KEK and writes it, sealed by the HSM, to a new file of mode 0600, which is on disk before this
// returns. Fails with FILE_EXISTS if the path is taken, whatever by, with FILE_UNWRITABLE, and as Pkcs11Session::Open
// does; then no file is left behind.
absl::Status CreateKekPkcs11(const std::string& path, const HsmKeyLocation& location, SecretArena& arena);

}  // namespace kobling::crypto
