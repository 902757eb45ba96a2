#include "crypto/age_file_key.h"

#include <sodium.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "crypto/base64.h"
#include "crypto/hmac_sha256.h"
#include "crypto/random.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kStanzaKind = "X25519";
constexpr std::string_view kWrapInfo = "age-encryption.org/v1/X25519";
constexpr std::string_view kHeaderInfo = "header";
constexpr std::string_view kPayloadInfo = "payload";
constexpr std::size_t kBodyBytes = AgeFileKey::kBytes + crypto_aead_chacha20poly1305_ietf_ABYTES;

// The wrapping key is used once, so that the nonce may be constant.
constexpr std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> kZeroNonce = {};

std::span<const std::uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

absl::StatusOr<SecretKey> WrapKey(const SecretKey& agreed, const X25519Point& share, const AgeRecipient& recipient,
                                  SecretArena& arena) {
  std::vector<std::uint8_t> salt(share.begin(), share.end());
  salt.insert(salt.end(), recipient.point().begin(), recipient.point().end());
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Zero(arena));
  HkdfSha256({.key_material = SecretBytes(agreed, SecretAccess()), .salt = salt, .info = BytesOf(kWrapInfo)},
             MutableSecretBytes(key, SecretAccess()));
  return key;
}

absl::Status MalformedStanza() {
  return MakeError(Reason::kKeyFileAltered, {{DetailKey::kHint, "the wrapped key of a recipient is malformed"}});
}

}  // namespace

absl::StatusOr<AgeFileKey> AgeFileKey::Generate(SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer bytes, SecretBuffer::Allocate(arena, kBytes));
  FillRandom(bytes.bytes(SecretAccess()));
  return AgeFileKey(std::move(bytes));
}

absl::StatusOr<std::optional<AgeFileKey>> AgeFileKey::Unwrap(const AgeStanza& stanza, const AgeIdentity& identity,
                                                             SecretArena& arena) {
  if (stanza.arguments.front() != kStanzaKind) {
    return std::nullopt;
  }
  if (stanza.arguments.size() != 2) {
    return MalformedStanza();
  }
  const std::optional<std::vector<std::uint8_t>> share_bytes = Base64Decode(stanza.arguments[1], Base64Padding::kNone);
  X25519Point share;
  // A longer body could be made to open under several keys, which would tell an attacker whose key it was.
  if (!share_bytes.has_value() || share_bytes->size() != share.size() || stanza.body.size() != kBodyBytes) {
    return MalformedStanza();
  }
  std::copy(share_bytes->begin(), share_bytes->end(), share.begin());
  KOBLING_ASSIGN_OR_RETURN(const SecretKey agreed, identity.AgreeWith(share, arena));
  KOBLING_ASSIGN_OR_RETURN(const SecretKey wrap_key, WrapKey(agreed, share, identity.recipient(), arena));
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer bytes, SecretBuffer::Allocate(arena, kBytes));
  if (crypto_aead_chacha20poly1305_ietf_decrypt(bytes.bytes(SecretAccess()).data(), nullptr, nullptr,
                                                stanza.body.data(), stanza.body.size(), nullptr, 0, kZeroNonce.data(),
                                                SecretBytes(wrap_key, SecretAccess()).data()) != 0) {
    return std::nullopt;
  }
  return AgeFileKey(std::move(bytes));
}

absl::StatusOr<AgeStanza> AgeFileKey::WrapFor(const AgeRecipient& recipient, SecretArena& arena) const {
  KOBLING_ASSIGN_OR_RETURN(const AgeIdentity one_time, AgeIdentity::Generate(arena));
  const X25519Point& share = one_time.recipient().point();
  KOBLING_ASSIGN_OR_RETURN(const SecretKey agreed, one_time.AgreeWith(recipient.point(), arena));
  KOBLING_ASSIGN_OR_RETURN(const SecretKey wrap_key, WrapKey(agreed, share, recipient, arena));
  AgeStanza stanza = {.arguments = {std::string(kStanzaKind), Base64Encode(share, Base64Padding::kNone)},
                      .body = std::vector<std::uint8_t>(kBodyBytes)};
  const std::span<const std::uint8_t> file_key = bytes_.bytes(SecretAccess());
  crypto_aead_chacha20poly1305_ietf_encrypt(stanza.body.data(), nullptr, file_key.data(), file_key.size(), nullptr, 0,
                                            nullptr, kZeroNonce.data(), SecretBytes(wrap_key, SecretAccess()).data());
  return stanza;
}

Digest AgeFileKey::HeaderMac(std::string_view authenticated) const {
  std::array<std::uint8_t, 32> key;
  HkdfSha256({.key_material = bytes_.bytes(SecretAccess()), .salt = {}, .info = BytesOf(kHeaderInfo)}, key);
  const Digest mac = MacOnce(key, BytesOf(authenticated));
  Wipe(key);
  return mac;
}

absl::StatusOr<SecretKey> AgeFileKey::PayloadKey(std::span<const std::uint8_t, kNonceBytes> nonce,
                                                 SecretArena& arena) const {
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Zero(arena));
  HkdfSha256({.key_material = bytes_.bytes(SecretAccess()), .salt = nonce, .info = BytesOf(kPayloadInfo)},
             MutableSecretBytes(key, SecretAccess()));
  return key;
}

}  // namespace kobling::crypto
