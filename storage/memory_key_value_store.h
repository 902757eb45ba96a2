// A key-value store in memory: for tests of what stands above the store, and the model that other backends are compared
// with. Not durable: everything is gone with the object. Nothing ever fails, and deleted values are gone at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/key_value_store.h"

namespace kobling::storage {

class MemoryFamilies;

class MemoryKeyValueStore final : public KeyValueStore {
 public:
  MemoryKeyValueStore();
  ~MemoryKeyValueStore() override;

  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override;
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, std::span<const std::string_view> keys) const override;
  absl::StatusOr<std::unique_ptr<Iterator>> Scan(Family family, const KeyRange& range) const override;
  absl::StatusOr<std::unique_ptr<Reader>> TakeSnapshot() const override;
  absl::Status Commit(const WriteBatch& batch) override;
  absl::Status Purge(Family family) override;
  absl::StatusOr<std::uint64_t> ApproximateBytes(Family family) const override;

 private:
  std::unique_ptr<MemoryFamilies> families_;
};

}  // namespace kobling::storage
