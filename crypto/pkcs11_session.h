// One use of an AES-256 key that lives in a hardware security module (HSM) and never leaves it, by way of PKCS #11.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// Where the HSM's key is.
struct HsmKeyLocation {
  std::string module;    // path of the PKCS #11 library that belongs to the HSM
  std::string token;     // label of the token
  std::string key;       // label of the AES-256 key
  std::string pin_file;  // one line, the user's PIN; mode 0600 or 0400
};

// A key that the HSM sealed: AES-256-GCM with a nonce of 12 bytes and an authenticator of 16.
struct SealedByHsm {
  static constexpr std::size_t kNonceBytes = 12;
  static constexpr std::size_t kSealedBytes = SecretKey::kBytes + 16;

  std::array<std::uint8_t, kNonceBytes> nonce;
  std::array<std::uint8_t, kSealedBytes> sealed;
};

// A session in which the user is logged in and the key was found and checked. For a few calls at a time: the HSM's
// library is left when it is destroyed. For one thread at a time.
//
// Whatever goes wrong with the HSM is HSM_UNAVAILABLE with a hint, which never has the PIN in it.
class Pkcs11Session {
 public:
  // Fails with FILE_NOT_FOUND, FILE_UNREADABLE or FILE_MODE for the PIN's file, and with HSM_UNAVAILABLE: also if the
  // key is not of 256 bits, or could be read out of the HSM (CKA_EXTRACTABLE, or not CKA_SENSITIVE), or if the token
  // says that one more wrong PIN locks it, since a service that is started again and again would then lock it.
  static absl::StatusOr<Pkcs11Session> Open(const HsmKeyLocation& location, SecretArena& arena);

  Pkcs11Session(Pkcs11Session&&) noexcept;
  Pkcs11Session& operator=(Pkcs11Session&&) = delete;
  ~Pkcs11Session();

  absl::StatusOr<SealedByHsm> Seal(std::span<const std::uint8_t, SecretKey::kBytes> key,
                                   std::string_view associated_data) const;

  // Opened into the arena. Fails with KEY_UNUSABLE if it is not what Seal made under this key with this associated
  // data.
  absl::StatusOr<SecretKey> Unseal(const SealedByHsm& sealed, std::string_view associated_data,
                                   SecretArena& arena) const;

 private:
  class Connection;

  explicit Pkcs11Session(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace kobling::crypto
