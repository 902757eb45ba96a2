#include "crypto/kek_shares.h"

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

}  // namespace

absl::StatusOr<KeyEncryptionKey> KekShares::Load(SecretArena& arena, const std::optional<KekId>& needed) {
  KOBLING_ASSIGN_OR_RETURN(KeyEncryptionKey kek, collector_.Combine(arena));
  if (needed.has_value() && kek.id() != *needed) {
    return MakeError(Reason::kKeyUnusable, {{DetailKey::kHint, "the shares are of another one"}});
  }
  in_use_ = kek.id();
  next_.reset();
  return kek;
}

absl::StatusOr<KeyEncryptionKey> KekShares::MakeNext(SecretArena& arena) {
  if (!in_use_.has_value() || next_.has_value()) {
    return MakeError(Reason::kInternal, {{DetailKey::kHint, "the key-encryption key in use is not settled"}});
  }
  KOBLING_RETURN_IF_ERROR(DestroySealedSharesExcept(*in_use_, folder_));
  KOBLING_ASSIGN_OR_RETURN(KeyEncryptionKey kek, CreateKekShares(holders_, folder_, arena));
  next_ = kek.id();
  return kek;
}

absl::Status KekShares::Settle(const KekId& in_use) {
  if (in_use_ != in_use && next_ != in_use) {
    return MakeError(Reason::kKeyUnusable, {{DetailKey::kHint, "neither the one that was loaded nor the next one"}});
  }
  KOBLING_RETURN_IF_ERROR(DestroySealedSharesExcept(in_use, folder_));
  in_use_ = in_use;
  next_.reset();
  return absl::OkStatus();
}

absl::StatusOr<KeyEncryptionKey> CreateKekShares(const ShareHolders& holders, const std::string& folder,
                                                 SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Generate(arena));
  KeyEncryptionKey kek(std::move(key));
  KOBLING_RETURN_IF_ERROR(WriteSealedShares(kek, holders, folder, arena).status());
  return kek;
}

}  // namespace kobling::crypto
