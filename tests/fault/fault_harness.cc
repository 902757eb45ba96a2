#include "tests/fault/fault_harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "domain/error.h"
#include "tests/conformance/store_reading.h"
#include "tests/fault/fault_environment.h"

namespace kobling::tests {

using storage::Family;
using storage::kAllFamilies;
using storage::KeyRange;
using storage::WriteBatch;

namespace {

// What the store holds, as a model.
StoreModel ContentOf(const storage::Reader& store) {
  WriteBatch everything;
  for (const Family family : kAllFamilies) {
    for (auto& [key, value] : RowsOf(store, family)) {
      everything.Put(family, key, std::move(value));
    }
  }
  StoreModel model;
  model.Apply(everything);
  return model;
}

// Which rows differ, for the message of a failed test.
std::string Differences(const StoreModel& expected, const StoreModel& found) {
  std::string text;
  for (const Family family : kAllFamilies) {
    for (const auto& [key, value] : expected.Scan(family, {})) {
      const std::optional<std::string> other = found.Get(family, key);
      if (other != value) {
        text += std::string(NameOf(family)) + " " + key + (other.has_value() ? " differs\n" : " is missing\n");
      }
    }
    for (const auto& [key, value] : found.Scan(family, {})) {
      if (!expected.Get(family, key).has_value()) {
        text += std::string(NameOf(family)) + " " + key + " is there again\n";
      }
    }
  }
  return text;
}

}  // namespace

FaultHarness::FaultHarness(std::uint64_t seed) : random_(seed) {
  std::filesystem::create_directory(folder_.path() / "graveyard");
  ReplaceDisk();
}

void FaultHarness::ReplaceDisk() { disk_ = std::make_unique<FaultDisk>(folder_.path() / "graveyard"); }

std::uint64_t FaultHarness::Draw(std::uint64_t low, std::uint64_t high) {
  return std::uniform_int_distribution<std::uint64_t>(low, high)(random_);
}

absl::Status FaultHarness::Open() {
  // Buffers so small that tables are written and merged during the workload.
  auto opened =
      storage::OpenRocksDb({.folder = database(),
                            .mode = created_ ? storage::OpenMode::kMustExist : storage::OpenMode::kCreateIfMissing,
                            .cache_bytes = std::size_t{1} << 20,
                            .write_buffer_bytes = std::size_t{128} << 10,
                            .environment = MakeFaultEnvironment(*disk_)});
  if (!opened.ok()) {
    return opened.status();
  }
  created_ = true;
  store_ = *std::move(opened);
  return absl::OkStatus();
}

absl::Status FaultHarness::Commit(const WriteBatch& batch) {
  StoreModel after = acknowledged_;
  after.Apply(batch);
  absl::Status committed = store().Commit(batch);
  if (committed.ok()) {
    acknowledged_ = std::move(after);
  } else if (!unknown_.has_value()) {
    unknown_ = std::move(after);
  }
  return committed;
}

absl::Status FaultHarness::CommitRandomBatch() {
  WriteBatch batch;
  batch.Put(Family::kMeta, "batches", std::to_string(++batches_));
  for (std::uint64_t changes = Draw(1, 12); changes > 0; --changes) {
    const Family family = kAllFamilies[Draw(0, storage::kFamilyCount - 1)];
    const std::string key = "row " + std::to_string(Draw(0, 60));
    switch (Draw(0, 9)) {
      case 0:
        batch.Delete(family, key);
        break;
      case 1:
        batch.DeleteRange(family, {key, key + "~"});
        break;
      default: {
        std::string value(Draw(0, 19) == 0 ? Draw(0, 60'000) : Draw(0, 600), '\0');
        for (char& byte : value) {
          byte = static_cast<char>(random_());
        }
        batch.Put(family, key, std::move(value));
        break;
      }
    }
  }
  return Commit(batch);
}

int FaultHarness::CommitUpTo(int batches) {
  int acknowledged = 0;
  while (acknowledged < batches && CommitRandomBatch().ok()) {
    ++acknowledged;
  }
  return acknowledged;
}

void FaultHarness::LosePower(Unsynced unsynced) {
  disk_->LosePowerNow();
  store_.reset();
  disk_->ApplyPowerLoss(unsynced, random_);
  ReplaceDisk();
}

void FaultHarness::ExpectNothingLost() {
  StoreModel found = ContentOf(store());
  const bool nothing_of_unknown = found == acknowledged_;
  const bool all_of_unknown = unknown_.has_value() && found == *unknown_;
  EXPECT_TRUE(nothing_of_unknown || all_of_unknown)
      << "batch " << found.Get(Family::kMeta, "batches").value_or("none") << " of "
      << acknowledged_.Get(Family::kMeta, "batches").value_or("none")
      << " acknowledged; against the last acknowledged:\n"
      << Differences(acknowledged_, found);
  acknowledged_ = std::move(found);
  unknown_.reset();
}

void ExpectFailedForGood(storage::KeyValueStore& store, domain::Reason reason) {
  WriteBatch batch;
  batch.Put(Family::kMeta, "never", "there");
  const std::vector<std::string_view> keys = {"batches"};
  EXPECT_THAT(store.Commit(batch), FailsWith(reason));
  EXPECT_THAT(store.Commit(batch), FailsWith(reason));
  EXPECT_THAT(store.Get(Family::kMeta, "batches"), FailsWith(reason));
  EXPECT_THAT(store.MultiGet(Family::kMeta, keys), FailsWith(reason));
  EXPECT_THAT(store.Scan(Family::kMeta, KeyRange::All()), FailsWith(reason));
  EXPECT_THAT(store.TakeSnapshot(), FailsWith(reason));
  EXPECT_THAT(store.Purge(Family::kMeta), FailsWith(reason));
  EXPECT_THAT(store.ApproximateBytes(Family::kMeta), FailsWith(reason));
}

}  // namespace kobling::tests
