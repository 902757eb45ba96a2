#include "crypto/kek_pkcs11.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>

#include "crypto/secret_file.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kMagic = "KBH1";
constexpr std::string_view kLabel = "kobling/v1/kek-hsm";
constexpr std::size_t kIdBytes = std::tuple_size_v<KekId>;
constexpr std::size_t kIdAt = kMagic.size();
constexpr std::size_t kNonceAt = kIdAt + kIdBytes;
constexpr std::size_t kSealedAt = kNonceAt + SealedByHsm::kNonceBytes;
constexpr std::size_t kFileBytes = kSealedAt + SealedByHsm::kSealedBytes;

struct SealedKek {
  KekId id;
  SealedByHsm sealed;
};

std::string AssociatedDataOf(const KekId& id) {
  std::string text(kLabel);
  text += '\0';
  text.append(id.begin(), id.end());
  return text;
}

absl::StatusOr<SealedKek> ReadFile(const std::string& path) {
  // One byte more than the file should have, to see that it ends.
  std::array<std::uint8_t, kFileBytes + 1> bytes;
  KOBLING_ASSIGN_OR_RETURN(const std::size_t count, ReadSecretFile(path, SecretFileRule::kOwnFile, bytes));
  if (count != kFileBytes || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    return MakeError(Reason::kKeyUnusable, {{DetailKey::kFile, path}});
  }
  SealedKek kek;
  std::copy_n(bytes.begin() + kIdAt, kek.id.size(), kek.id.begin());
  std::copy_n(bytes.begin() + kNonceAt, kek.sealed.nonce.size(), kek.sealed.nonce.begin());
  std::copy_n(bytes.begin() + kSealedAt, kek.sealed.sealed.size(), kek.sealed.sealed.begin());
  return kek;
}

absl::Status WriteFile(const std::string& path, const KeyEncryptionKey& kek, const HsmKeyLocation& location,
                       SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(const Pkcs11Session session, Pkcs11Session::Open(location, arena));
  KOBLING_ASSIGN_OR_RETURN(const SealedByHsm sealed,
                           session.Seal(SecretBytes(kek, SecretAccess()), AssociatedDataOf(kek.id())));
  std::array<std::uint8_t, kFileBytes> bytes;
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  std::ranges::copy(kek.id(), bytes.begin() + kIdAt);
  std::ranges::copy(sealed.nonce, bytes.begin() + kNonceAt);
  std::ranges::copy(sealed.sealed, bytes.begin() + kSealedAt);
  return WriteNewSecretFile(path, bytes);
}

}  // namespace

absl::StatusOr<KekId> KekPkcs11::ReadId(const std::string& path) const {
  KOBLING_ASSIGN_OR_RETURN(const SealedKek kek, ReadFile(path));
  return kek.id;
}

absl::StatusOr<KeyEncryptionKey> KekPkcs11::Read(const std::string& path, SecretArena& arena) const {
  KOBLING_ASSIGN_OR_RETURN(const SealedKek sealed, ReadFile(path));
  KOBLING_ASSIGN_OR_RETURN(const Pkcs11Session session, Pkcs11Session::Open(location_, arena));
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, session.Unseal(sealed.sealed, AssociatedDataOf(sealed.id), arena));
  KeyEncryptionKey kek(std::move(key));
  // GCM's authenticator does not commit to its key: what opens need not be what was sealed.
  if (kek.id() != sealed.id) {
    return MakeError(Reason::kKeyUnusable, {{DetailKey::kFile, path}});
  }
  return kek;
}

absl::Status KekPkcs11::Write(const std::string& path, const KeyEncryptionKey& kek, SecretArena& arena) const {
  return WriteFile(path, kek, location_, arena);
}

absl::Status CreateKekPkcs11(const std::string& path, const HsmKeyLocation& location, SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Generate(arena));
  return WriteFile(path, KeyEncryptionKey(std::move(key)), location, arena);
}

}  // namespace kobling::crypto
