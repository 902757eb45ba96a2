#include "server/tokens/issuer_keys.h"

#include <utility>

namespace kobling::server {

absl::StatusOr<std::unique_ptr<IssuerKeys>> IssuerKeys::Open(Options options) {
  std::unique_ptr<IssuerKeys> keys(new IssuerKeys(std::move(options)));
  const std::lock_guard lock(keys->reading_);
  const SteadyTime now = keys->options_.steady_now();
  keys->last_look_ = now.time_since_epoch().count();
  if (absl::Status status = keys->ReadFile(now); !status.ok()) {
    return status;
  }
  return keys;
}

std::shared_ptr<const IssuerKeys::HeldKeys> IssuerKeys::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

bool IssuerKeys::IsDropped(const HeldKey& key, SteadyTime now) const {
  return key.absent_since && now - *key.absent_since > options_.max_life;
}

std::optional<IssuerKey> IssuerKeys::FindHeld(std::string_view id) const {
  const std::shared_ptr<const HeldKeys> keys = held();
  const auto found = keys->find(id);
  if (found == keys->end() || IsDropped(found->second, options_.steady_now())) {
    return std::nullopt;
  }
  return found->second.key;
}

std::optional<IssuerKey> IssuerKeys::Find(std::string_view id) {
  const SteadyTime last_look{SteadyTime::duration(last_look_.load())};
  if (options_.steady_now() - last_look >= kInterval) {
    // Whoever comes first looks; the others go on with what there is.
    if (const std::unique_lock lock(reading_, std::try_to_lock); lock.owns_lock()) {
      LookAtFile(Cause::kInterval);
    }
  }
  if (std::optional<IssuerKey> key = FindHeld(id)) {
    return key;
  }
  const std::lock_guard lock(reading_);
  LookAtFile(Cause::kUnknownName);
  return FindHeld(id);
}

void IssuerKeys::LookAtFile(Cause cause) {
  const SteadyTime now = options_.steady_now();
  last_look_ = now.time_since_epoch().count();
  const bool has_changed = StampOfKeyFile(options_.file) != stamp_;
  const bool may_read_anyway = cause == Cause::kUnknownName && now - last_read_ >= kInterval;
  if (has_changed || may_read_anyway) {
    // The listener was told of a failure; what was read before stays.
    ReadFile(now).IgnoreError();
  }
}

absl::Status IssuerKeys::ReadFile(SteadyTime now) {
  last_read_ = now;
  KeyFileNews news;
  news.issuer = options_.issuer;
  news.file = options_.file;
  absl::StatusOr<KeyFileText> file = ReadKeyFile(options_.file);
  // A file that cannot be read is not tried again before it has changed.
  stamp_ = file.ok() ? std::optional<KeyFileStamp>(file->stamp) : StampOfKeyFile(options_.file);
  absl::StatusOr<KeySet> newest = file.ok() ? ParseKeySet(file->text, options_.file) : file.status();
  if (newest.ok()) {
    auto merged = std::make_shared<const HeldKeys>(Merge(*newest, now));
    const std::lock_guard lock(mutex_);
    held_ = std::move(merged);
    news.ignored = std::move(newest->ignored);
  }
  news.status = newest.status();
  news.usable = held()->size();
  if (options_.listener) {
    options_.listener(news);
  }
  return news.status;
}

IssuerKeys::HeldKeys IssuerKeys::Merge(const KeySet& newest, SteadyTime now) const {
  HeldKeys merged;
  for (const auto& [id, key] : newest.by_id) {
    merged.emplace(id, HeldKey{.key = key, .absent_since = std::nullopt});
  }
  for (const auto& [id, held_key] : *held()) {
    if (!IsDropped(held_key, now)) {
      // Under a name that the newest file has, its key counts and no other.
      merged.try_emplace(id, HeldKey{.key = held_key.key, .absent_since = held_key.absent_since.value_or(now)});
    }
  }
  return merged;
}

}  // namespace kobling::server
