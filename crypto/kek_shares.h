// A key-encryption key that no machine keeps: officers open the server with their shares, one by one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/kek_provider.h"
#include "crypto/sealed_shares.h"
#include "crypto/share_collector.h"

namespace kobling::crypto {

// The KEK of the shares that the collector has been given. "Durable" means here that the sealed share files are on disk
// for the officers to fetch; the folder is where they are laid, and what officers keep of an old KEK's shares is theirs
// to destroy.
class KekShares final : public KekProvider {
 public:
  // The collector must outlive this. `holders` are those of the next KEK.
  KekShares(ShareCollector& collector, ShareHolders holders, std::string folder)
      : collector_(collector), holders_(std::move(holders)), folder_(std::move(folder)) {}

  // Fails as ShareCollector::Combine does. The shares are wiped: a second Load needs them anew.
  absl::StatusOr<KeyEncryptionKey> Load(SecretArena& arena, const std::optional<KekId>& needed) override;
  // Fails as WriteSealedShares does.
  absl::StatusOr<KeyEncryptionKey> MakeNext(SecretArena& arena) override;
  // Fails with KEY_UNUSABLE unless the KEK was loaded or made here, and with FILE_UNWRITABLE.
  absl::Status Settle(const KekId& in_use) override;
  std::string_view name() const override { return "shares"; }

 private:
  ShareCollector& collector_;
  ShareHolders holders_;
  std::string folder_;
  std::optional<KekId> in_use_;  // of the KEK that was loaded or settled
  std::optional<KekId> next_;    // of the one that was made since
};

// Makes the first KEK and writes its sealed shares, as WriteSealedShares does.
absl::StatusOr<KeyEncryptionKey> CreateKekShares(const ShareHolders& holders, const std::string& folder,
                                                 SecretArena& arena);

}  // namespace kobling::crypto
