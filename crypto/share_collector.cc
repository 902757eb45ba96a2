#include "crypto/share_collector.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "crypto/shamir.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

}  // namespace

ShareCollector::ShareCollector(SecretArena& arena, std::optional<KekId> expected)
    : arena_(arena), expected_(expected) {}

absl::StatusOr<ShareCollector::Progress> ShareCollector::Add(std::string_view text) {
  KOBLING_ASSIGN_OR_RETURN(KekShare share, KekShare::Parse(text, arena_));
  const bool is_expected = !expected_.has_value() || share.splitting().kek_id == *expected_;
  if (!is_expected || (!shares_.empty() && share.splitting() != shares_.front().splitting())) {
    return MakeError(Reason::kKekShareOther);
  }
  const auto same = std::ranges::find_if(
      shares_, [&share](const KekShare& collected) { return collected.number() == share.number(); });
  if (same == shares_.end()) {
    shares_.push_back(std::move(share));
  } else if (!EqualInConstantTime(SecretBytes(*same, SecretAccess()), SecretBytes(share, SecretAccess()))) {
    return MakeError(Reason::kKekShareOther);
  }
  return progress();
}

ShareCollector::Progress ShareCollector::progress() const {
  if (shares_.empty()) {
    return {};
  }
  return {.collected = shares_.size(), .needed = shares_.front().splitting().counts.needed};
}

absl::StatusOr<KeyEncryptionKey> ShareCollector::Combine(SecretArena& arena) {
  const Progress now = progress();
  if (shares_.empty()) {
    return MakeError(Reason::kKekSharesMissing, {{DetailKey::kCount, std::uint64_t{0}}});
  }
  if (now.collected < now.needed) {
    return MakeError(Reason::kKekSharesMissing, {{DetailKey::kCount, now.collected}, {DetailKey::kLimit, now.needed}});
  }
  std::vector<SharePoint> points;
  for (const KekShare& share : std::span(shares_).first(now.needed)) {
    points.push_back({.x = share.number(), .y = SecretBytes(share, SecretAccess())});
  }
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Zero(arena));
  SecretOf(points, MutableSecretBytes(key, SecretAccess()));
  const KekId named = shares_.front().splitting().kek_id;
  Clear();
  KeyEncryptionKey kek(std::move(key));
  if (kek.id() != named) {
    return MakeError(Reason::kKeyUnusable, {{DetailKey::kHint, "one of the shares is false"}});
  }
  return kek;
}

absl::StatusOr<KeyEncryptionKey> CombineShares(std::span<const std::string_view> texts, SecretArena& arena) {
  ShareCollector collector(arena, std::nullopt);
  for (const std::string_view text : texts) {
    KOBLING_RETURN_IF_ERROR(collector.Add(text).status());
  }
  return collector.Combine(arena);
}

}  // namespace kobling::crypto
