#include "client/key_file_opener.h"

#include <utility>

#include "domain/status_macros.h"

namespace kobling::client {
namespace {

constexpr std::size_t kArenaBytes = 64 * 1024;

}  // namespace

absl::StatusOr<KeyFileOpener> KeyFileOpener::Create(const Profile& profile) {
  KOBLING_ASSIGN_OR_RETURN(const std::string line, profile.SigningKey());
  KOBLING_ASSIGN_OR_RETURN(crypto::MinisignPublicKey public_key, crypto::MinisignPublicKey::Parse(line));
  KOBLING_ASSIGN_OR_RETURN(const std::string path, profile.Require(Setting::kIdentity));
  KOBLING_ASSIGN_OR_RETURN(std::unique_ptr<crypto::SecretArena> arena, crypto::SecretArena::Create(kArenaBytes));
  KOBLING_ASSIGN_OR_RETURN(crypto::AgeIdentity identity, crypto::AgeIdentity::Load(path, *arena));
  return KeyFileOpener(std::move(arena), std::move(identity), public_key);
}

SealedKeyFile KeyFileOpener::File(const std::string& path) const {
  return {.path = path,
          .signature_path = path + ".minisig",
          .public_key = public_key_,
          .identity = identity_,
          .arena = *arena_};
}

}  // namespace kobling::client
