#include "crypto/key_wrap.h"

#include <sodium.h>

#include <algorithm>
#include <span>

#include "crypto/hmac_sha256.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kMagic = "KBW1";
constexpr std::string_view kWrapLabel = "kobling/v1/wrap";
constexpr std::string_view kKekIdLabel = "kobling/v1/kek-id";
constexpr std::string_view kCheckLabel = "kobling/v1/check";

constexpr std::size_t kIdBytes = std::tuple_size_v<KekId>;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kSealedBytes = SecretKey::kBytes + crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kCheckBytes = 8;
constexpr std::size_t kNonceAt = kMagic.size() + kIdBytes;
constexpr std::size_t kSealedAt = kNonceAt + kNonceBytes;
constexpr std::size_t kCheckAt = kSealedAt + kSealedBytes;
static_assert(kCheckAt + kCheckBytes == KeyEncryptionKey::kWrappedBytes);

const std::uint8_t* Bytes(const char* text) { return reinterpret_cast<const std::uint8_t*>(text); }
std::uint8_t* Bytes(char* text) { return reinterpret_cast<std::uint8_t*>(text); }

// The first 8 bytes of HMAC-SHA-256(key, label 00).
std::array<std::uint8_t, 8> ShortMac(const SecretKey& key, std::string_view label) {
  std::string message(label);
  message += '\0';
  const Digest mac = MacOnce(SecretBytes(key, SecretAccess()), {Bytes(message.data()), message.size()});
  std::array<std::uint8_t, 8> result;
  std::copy_n(mac.begin(), result.size(), result.begin());
  return result;
}

// "kobling/v1/wrap" 00 kind 00 id 00 version.
std::string AssociatedDataOf(const KeyLabel& label) {
  std::string text(kWrapLabel);
  text += '\0';
  text += label.kind;
  text += '\0';
  text += label.id;
  text += '\0';
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += static_cast<char>(label.version >> shift);
  }
  return text;
}

bool HasZeroByte(const KeyLabel& label) {
  return label.kind.find('\0') != std::string_view::npos || label.id.find('\0') != std::string_view::npos;
}

absl::Status Unusable(std::string_view hint) {
  return MakeError(Reason::kKeyUnusable, {{DetailKey::kHint, hint}});
}

}  // namespace

KeyEncryptionKey::KeyEncryptionKey(SecretKey key) : key_(std::move(key)), id_(ShortMac(key_, kKekIdLabel)) {}

absl::StatusOr<std::string> KeyEncryptionKey::Wrap(const SecretKey& key, const KeyLabel& label) const {
  if (HasZeroByte(label)) {
    return MakeError(Reason::kInternal, {{DetailKey::kHint, "a key label has a zero byte"}});
  }
  std::string wrapped(kWrappedBytes, '\0');
  std::copy(kMagic.begin(), kMagic.end(), wrapped.begin());
  std::copy(id_.begin(), id_.end(), Bytes(wrapped.data()) + kMagic.size());
  std::uint8_t* const nonce = Bytes(wrapped.data()) + kNonceAt;
  randombytes_buf(nonce, kNonceBytes);
  const std::string associated_data = AssociatedDataOf(label);
  crypto_aead_xchacha20poly1305_ietf_encrypt(Bytes(wrapped.data()) + kSealedAt, nullptr,
                                             SecretBytes(key, SecretAccess()).data(), SecretKey::kBytes,
                                             Bytes(associated_data.data()), associated_data.size(), nullptr, nonce,
                                             SecretBytes(key_, SecretAccess()).data());
  const auto check = ShortMac(key, kCheckLabel);
  std::copy(check.begin(), check.end(), Bytes(wrapped.data()) + kCheckAt);
  return wrapped;
}

absl::StatusOr<SecretKey> KeyEncryptionKey::Unwrap(std::string_view wrapped, const KeyLabel& label,
                                                   SecretArena& arena) const {
  KOBLING_ASSIGN_OR_RETURN(const KekId needed, KekIdOf(wrapped));
  if (needed != id_) {
    return Unusable("wrapped by another key-encryption key");
  }
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Zero(arena));
  const std::string associated_data = AssociatedDataOf(label);
  // Deciphered straight into secret memory. The check value comes on top of the authenticator because the latter does
  // not commit to its key: a forger who knew two KEKs could make bytes that open under both.
  const bool opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
                          MutableSecretBytes(key, SecretAccess()).data(), nullptr, nullptr,
                          Bytes(wrapped.data()) + kSealedAt, kSealedBytes, Bytes(associated_data.data()),
                          associated_data.size(), Bytes(wrapped.data()) + kNonceAt,
                          SecretBytes(key_, SecretAccess()).data()) == 0;
  if (!opened) {
    return Unusable("altered, or the key of something else");
  }
  const auto check = ShortMac(key, kCheckLabel);
  if (!EqualInConstantTime(check, {Bytes(wrapped.data()) + kCheckAt, kCheckBytes})) {
    return Unusable("its check value is wrong");
  }
  return key;
}

std::span<const std::uint8_t, SecretKey::kBytes> SecretBytes(const KeyEncryptionKey& kek, SecretAccess access) {
  return SecretBytes(kek.key_, access);
}

absl::StatusOr<KekId> KekIdOf(std::string_view wrapped) {
  if (wrapped.size() != KeyEncryptionKey::kWrappedBytes || !wrapped.starts_with(kMagic)) {
    return Unusable("not a wrapped key");
  }
  KekId id;
  std::copy_n(Bytes(wrapped.data()) + kMagic.size(), id.size(), id.begin());
  return id;
}

}  // namespace kobling::crypto
