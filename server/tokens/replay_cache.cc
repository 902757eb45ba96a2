#include "server/tokens/replay_cache.h"

namespace kobling::server {

ReplayCache::Answer ReplayCache::Remember(const crypto::Digest& digest, Time now) {
  const std::lock_guard lock(mutex_);
  while (!oldest_first_.empty() && now - oldest_first_.front().seen >= kWindow) {
    digests_.erase(oldest_first_.front().digest);
    oldest_first_.pop_front();
  }
  if (digests_.contains(digest)) {
    return Answer::kSeen;
  }
  if (digests_.size() >= capacity_) {
    return Answer::kFull;
  }
  digests_.insert(digest);
  oldest_first_.push_back({.seen = now, .digest = digest});
  return Answer::kNew;
}

}  // namespace kobling::server
