// A store on a FaultDisk, a workload, and the one question that all fault tests ask: is everything that was
// acknowledged there, and every batch whole?
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "domain/error.h"
#include "storage/key_value_store.h"
#include "storage/rocksdb_key_value_store.h"
#include "storage/test_folder.h"
#include "tests/conformance/store_model.h"
#include "tests/fault/fault_disk.h"

namespace kobling::tests {

class FaultHarness {
 public:
  explicit FaultHarness(std::uint64_t seed);

  FaultDisk& disk() { return *disk_; }
  storage::KeyValueStore& store() { return *store_; }
  bool is_open() const { return store_ != nullptr; }
  std::mt19937_64& random() { return random_; }
  std::uint64_t Draw(std::uint64_t low, std::uint64_t high);
  std::filesystem::path database() const { return folder_.path() / "database"; }

  // Opens the store; creates it as long as no creation was acknowledged.
  absl::Status Open();
  // Commits one random batch: mostly small rows, sometimes large ones, deletions, and a counter that names the batch.
  absl::Status CommitRandomBatch();
  absl::Status Commit(const storage::WriteBatch& batch);
  // Commits random batches until one fails, or that many are done. Returns how many were acknowledged.
  int CommitUpTo(int batches);

  void Close() { store_.reset(); }
  // Closes the store with what the loss of power leaves on the disk, and puts in a sound disk.
  void LosePower(Unsynced unsynced);

  // Fails the test unless the open store holds all acknowledged batches, and of the one that was not acknowledged all
  // or nothing. What it holds is taken as the truth from here on.
  void ExpectNothingLost();

 private:
  void ReplaceDisk();

  storage::TestFolder folder_;
  std::mt19937_64 random_;
  std::unique_ptr<FaultDisk> disk_;
  std::unique_ptr<storage::KeyValueStore> store_;
  bool created_ = false;
  int batches_ = 0;
  StoreModel acknowledged_;
  std::optional<StoreModel> unknown_;  // with the batch whose outcome is not known
};

// Fails the test unless every call gives this reason.
void ExpectFailedForGood(storage::KeyValueStore& store, domain::Reason reason);

}  // namespace kobling::tests
