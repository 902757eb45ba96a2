// A store that breaks when it is told to, the way a disk does.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "storage/key_value_store.h"

namespace kobling::tests {

// Shared between a test and the store that it breaks. Safe for concurrent use.
class FaultPlan {
 public:
  enum class Fault { kNone, kBeforeCommit, kAfterCommit };

  // The next commit fails, either without a trace or after all of it was written; so does everything after it.
  void BreakNextCommit(Fault fault) {
    const std::lock_guard lock(mutex_);
    next_ = fault;
  }
  // The fault of a commit that begins now.
  Fault Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(next_, Fault::kNone);
  }
  void SetBroken() {
    const std::lock_guard lock(mutex_);
    broken_ = true;
  }
  absl::Status Check() const {
    const std::lock_guard lock(mutex_);
    return broken_ ? domain::MakeError(domain::Reason::kStorageUnavailable) : absl::OkStatus();
  }

 private:
  mutable std::mutex mutex_;
  Fault next_ = Fault::kNone;  // guarded by mutex_
  bool broken_ = false;        // guarded by mutex_
};

class FaultyStore final : public storage::KeyValueStore {
 public:
  FaultyStore(std::unique_ptr<storage::KeyValueStore> store, std::shared_ptr<FaultPlan> plan)
      : store_(std::move(store)), plan_(std::move(plan)) {}

  absl::StatusOr<std::optional<std::string>> Get(storage::Family family, std::string_view key) const override {
    const absl::Status broken = plan_->Check();
    return broken.ok() ? store_->Get(family, key) : broken;
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      storage::Family family, std::span<const std::string_view> keys) const override {
    const absl::Status broken = plan_->Check();
    return broken.ok() ? store_->MultiGet(family, keys) : broken;
  }
  absl::StatusOr<std::unique_ptr<storage::Iterator>> Scan(storage::Family family,
                                                          const storage::KeyRange& range) const override {
    const absl::Status broken = plan_->Check();
    return broken.ok() ? store_->Scan(family, range) : broken;
  }
  absl::StatusOr<std::unique_ptr<storage::Reader>> TakeSnapshot() const override {
    const absl::Status broken = plan_->Check();
    return broken.ok() ? store_->TakeSnapshot() : broken;
  }
  absl::Status Commit(const storage::WriteBatch& batch) override {
    const FaultPlan::Fault fault = plan_->Take();
    if (fault == FaultPlan::Fault::kBeforeCommit) {
      plan_->SetBroken();
    }
    absl::Status status = plan_->Check();
    if (status.ok()) {
      status = store_->Commit(batch);
    }
    if (fault == FaultPlan::Fault::kAfterCommit) {
      plan_->SetBroken();
      return plan_->Check();
    }
    return status;
  }
  absl::Status Purge(storage::Family family) override {
    const absl::Status broken = plan_->Check();
    return broken.ok() ? store_->Purge(family) : broken;
  }
  absl::StatusOr<std::uint64_t> ApproximateBytes(storage::Family family) const override {
    const absl::Status broken = plan_->Check();
    return broken.ok() ? store_->ApproximateBytes(family) : broken;
  }

 private:
  const std::unique_ptr<storage::KeyValueStore> store_;
  const std::shared_ptr<FaultPlan> plan_;
};

}  // namespace kobling::tests
