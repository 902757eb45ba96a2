#include "storage/memory_key_value_store.h"

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::storage {
namespace {

using Map = std::map<std::string, std::string, std::less<>>;

std::size_t IndexOf(Family family) { return static_cast<std::size_t>(family); }

Map::const_iterator First(const Map& map, const KeyRange& range) {
  return range.IsEmpty() ? map.end() : map.lower_bound(range.begin);
}

Map::const_iterator Last(const Map& map, const KeyRange& range) {
  return range.IsEmpty() || range.end.empty() ? map.end() : map.lower_bound(range.end);
}

absl::StatusOr<std::optional<std::string>> Find(const Map& map, std::string_view key) {
  KOBLING_RETURN_IF_ERROR(CheckKey(key));
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional<std::string>(found->second);
}

absl::StatusOr<std::vector<std::optional<std::string>>> FindAll(const Map& map,
                                                                std::span<const std::string_view> keys) {
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const std::string_view key : keys) {
    KOBLING_ASSIGN_OR_RETURN(std::optional<std::string> value, Find(map, key));
    values.push_back(std::move(value));
  }
  return values;
}

void Apply(const WriteBatch::Change& change, Map& map) {
  switch (change.kind) {
    case WriteBatch::Kind::kPut:
      map.insert_or_assign(change.key, change.value);
      return;
    case WriteBatch::Kind::kDelete:
      map.erase(change.key);
      return;
    case WriteBatch::Kind::kDeleteRange: {
      const KeyRange range{change.key, change.value};
      map.erase(First(map, range), Last(map, range));
      return;
    }
  }
}

}  // namespace

// The maps, shared with iterators and snapshots. A commit changes a map in place if nobody else holds it, otherwise a
// copy of it. Taking and letting go of a map happens under the mutex, so that the count of holders can be trusted.
class MemoryFamilies {
 public:
  // Holds one family's map as it is now.
  class Pin {
   public:
    Pin(MemoryFamilies* families, std::shared_ptr<const Map> map) : families_(families), map_(std::move(map)) {}
    Pin(Pin&&) = default;
    Pin& operator=(Pin&&) = delete;
    ~Pin() {
      if (map_ != nullptr) {
        const std::lock_guard lock(families_->mutex_);
        map_.reset();
      }
    }
    const Map& map() const { return *map_; }

   private:
    MemoryFamilies* families_;
    std::shared_ptr<const Map> map_;
  };

  MemoryFamilies() {
    for (std::shared_ptr<Map>& map : maps_) {
      map = std::make_shared<Map>();
    }
  }

  Pin Take(Family family) {
    const std::lock_guard lock(mutex_);
    return Pin(this, maps_[IndexOf(family)]);
  }

  std::vector<Pin> TakeAll() {
    const std::lock_guard lock(mutex_);
    std::vector<Pin> pins;
    pins.reserve(kFamilyCount);
    for (const std::shared_ptr<Map>& map : maps_) {
      pins.emplace_back(this, map);
    }
    return pins;
  }

  absl::Status Commit(const WriteBatch& batch) {
    const std::lock_guard lock(mutex_);
    for (const WriteBatch::Requirement& requirement : batch.requirements()) {
      const Map& map = *maps_[IndexOf(requirement.family)];
      const auto found = map.find(requirement.key);
      const bool holds = requirement.value.has_value() ? found != map.end() && found->second == *requirement.value
                                                       : found == map.end();
      if (!holds) {
        return domain::MakeError(domain::Reason::kPreconditionFailed);
      }
    }
    for (const WriteBatch::Change& change : batch.changes()) {
      std::shared_ptr<Map>& map = maps_[IndexOf(change.family)];
      if (map.use_count() > 1) {
        map = std::make_shared<Map>(*map);
      }
      Apply(change, *map);
    }
    return absl::OkStatus();
  }

 private:
  std::mutex mutex_;
  std::array<std::shared_ptr<Map>, kFamilyCount> maps_;
};

namespace {

// Walks a map that its snapshot holds, or that it holds itself.
class MemoryIterator final : public Iterator {
 public:
  MemoryIterator(const Map& map, const KeyRange& range) : position_(First(map, range)), end_(Last(map, range)) {}
  MemoryIterator(MemoryFamilies::Pin pin, const KeyRange& range)
      : pin_(std::move(pin)), position_(First(pin_->map(), range)), end_(Last(pin_->map(), range)) {}
  bool Valid() const override { return position_ != end_; }
  void Next() override { ++position_; }
  std::string_view key() const override { return position_->first; }
  std::string_view value() const override { return position_->second; }
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  std::optional<MemoryFamilies::Pin> pin_;
  Map::const_iterator position_;
  Map::const_iterator end_;
};

class MemorySnapshot final : public Reader {
 public:
  explicit MemorySnapshot(std::vector<MemoryFamilies::Pin> pins) : pins_(std::move(pins)) {}
  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override {
    return Find(MapOf(family), key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, std::span<const std::string_view> keys) const override {
    return FindAll(MapOf(family), keys);
  }
  absl::StatusOr<std::unique_ptr<Iterator>> Scan(Family family, const KeyRange& range) const override {
    return std::make_unique<MemoryIterator>(MapOf(family), range);
  }

 private:
  const Map& MapOf(Family family) const { return pins_[IndexOf(family)].map(); }

  std::vector<MemoryFamilies::Pin> pins_;
};

}  // namespace

MemoryKeyValueStore::MemoryKeyValueStore() : families_(std::make_unique<MemoryFamilies>()) {}

MemoryKeyValueStore::~MemoryKeyValueStore() = default;

absl::StatusOr<std::optional<std::string>> MemoryKeyValueStore::Get(Family family, std::string_view key) const {
  return Find(families_->Take(family).map(), key);
}

absl::StatusOr<std::vector<std::optional<std::string>>> MemoryKeyValueStore::MultiGet(
    Family family, std::span<const std::string_view> keys) const {
  return FindAll(families_->Take(family).map(), keys);
}

absl::StatusOr<std::unique_ptr<Iterator>> MemoryKeyValueStore::Scan(Family family, const KeyRange& range) const {
  return std::make_unique<MemoryIterator>(families_->Take(family), range);
}

absl::StatusOr<std::unique_ptr<Reader>> MemoryKeyValueStore::TakeSnapshot() const {
  return std::make_unique<MemorySnapshot>(families_->TakeAll());
}

absl::Status MemoryKeyValueStore::Commit(const WriteBatch& batch) {
  KOBLING_RETURN_IF_ERROR(CheckLimits(batch));
  return families_->Commit(batch);
}

absl::Status MemoryKeyValueStore::Purge(Family) { return absl::OkStatus(); }

absl::StatusOr<std::uint64_t> MemoryKeyValueStore::ApproximateBytes(Family family) const {
  const MemoryFamilies::Pin pin = families_->Take(family);
  std::uint64_t bytes = 0;
  for (const auto& [key, value] : pin.map()) {
    bytes += key.size() + value.size();
  }
  return bytes;
}

}  // namespace kobling::storage
