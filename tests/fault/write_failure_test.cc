// Every single operation on the disk fails once. The store then fails for good, and nothing acknowledged is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "domain/error.h"
#include "tests/conformance/store_reading.h"
#include "tests/conformance/test_length.h"
#include "tests/fault/fault_harness.h"

namespace kobling::tests {
namespace {

using domain::Reason;
using storage::Family;
using storage::WriteBatch;

struct Case {
  Operation operation;
  std::uint64_t bound;  // the last place tried while committing, in a short run
  const char* name;
};

class WriteFailure : public testing::TestWithParam<Case> {
 protected:
  std::uint64_t Bound() const { return LongTests() ? 500 : GetParam().bound; }
};

TEST_P(WriteFailure, LosesNothingAcknowledged) {
  const std::uint64_t seed = Seeds(1, 1).front();
  std::uint64_t hits = 0;
  for (std::uint64_t nth = 1; nth <= Bound(); ++nth) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", failure at " + std::to_string(nth));
    FaultHarness harness(seed + nth);
    ASSERT_THAT(harness.Open(), IsOk());
    harness.disk().FailNth(GetParam().operation, nth, Outcome::kIoError);
    constexpr int kBatches = 60;
    const int acknowledged = harness.CommitUpTo(kBatches);
    if (harness.disk().refused()) {
      ++hits;
    }
    if (acknowledged < kBatches) {
      ASSERT_TRUE(harness.disk().refused());
      ExpectFailedForGood(harness.store(), Reason::kStorageUnavailable);
    }
    harness.LosePower(Unsynced::kLost);
    ASSERT_THAT(harness.Open(), IsOk());
    harness.ExpectNothingLost();
    EXPECT_EQ(harness.CommitUpTo(2), 2);
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(hits, Bound() / 4) << "the failures were never met, so nothing was tested";
}

// Waits for what happens in the background; false after a long time.
bool Eventually(const std::function<bool()>& happens) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!happens()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

// Tables are written behind the back of commits; their failure must not wait for the next commit to be noticed.
TEST(BackgroundFailure, FailsReadsToo) {
  constexpr int kTries = 50;
  for (int tries = 0; tries < kTries; ++tries) {
    FaultHarness harness(1);
    ASSERT_THAT(harness.Open(), IsOk());
    WriteBatch more_than_the_buffer;
    more_than_the_buffer.Put(Family::kSets, "row", std::string(400'000, 'v'));
    ASSERT_THAT(harness.Commit(more_than_the_buffer), IsOk());
    // The next commit begins a new log and has the full buffer written to a table: the second file to be made.
    harness.disk().FailNth(Operation::kCreate, 2, Outcome::kIoError);
    if (!harness.CommitRandomBatch().ok()) {
      continue;  // the table was faster than the commit
    }
    ASSERT_TRUE(Eventually([&] { return harness.disk().refused(); }));
    EXPECT_TRUE(Eventually([&] { return !harness.store().Get(Family::kMeta, "batches").ok(); }));
    ExpectFailedForGood(harness.store(), Reason::kStorageUnavailable);
    return;
  }
  FAIL() << "the table was always faster than the commit";
}

class OpenFailure : public testing::TestWithParam<Case> {};

TEST_P(OpenFailure, LosesNothingAcknowledged) {
  const std::uint64_t seed = Seeds(1, 1).front();
  FaultHarness harness(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  bool met = true;
  for (std::uint64_t nth = 1; met; ++nth) {
    SCOPED_TRACE("failure at " + std::to_string(nth));
    harness.disk().FailNth(GetParam().operation, nth, Outcome::kIoError);
    const absl::Status opened = harness.Open();
    met = harness.disk().refused();
    EXPECT_TRUE(opened.ok() || met) << opened;
    harness.LosePower(Unsynced::kLost);
    const absl::Status opened_again = harness.Open();
    ASSERT_TRUE(opened_again.ok()) << opened_again;
    harness.ExpectNothingLost();
    EXPECT_GT(harness.CommitUpTo(10), 0);
    harness.LosePower(Unsynced::kPrefix);
    if (HasFailure()) {
      return;
    }
  }
}

std::string NameOfParam(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Operations, WriteFailure,
                         testing::Values(Case{Operation::kAppend, 30, "Append"}, Case{Operation::kSync, 30, "Sync"},
                                         Case{Operation::kFolderSync, 12, "FolderSync"},
                                         Case{Operation::kCreate, 12, "Create"},
                                         Case{Operation::kDelete, 10, "Delete"}),
                         NameOfParam);

INSTANTIATE_TEST_SUITE_P(Operations, OpenFailure,
                         testing::Values(Case{Operation::kAppend, 0, "Append"}, Case{Operation::kSync, 0, "Sync"},
                                         Case{Operation::kFolderSync, 0, "FolderSync"},
                                         Case{Operation::kCreate, 0, "Create"}, Case{Operation::kRename, 0, "Rename"},
                                         Case{Operation::kDelete, 0, "Delete"}),
                         NameOfParam);

TEST(DiskFull, IsReportedAsSuchAndLosesNothingAcknowledged) {
  for (const std::uint64_t seed : Seeds(12, 1'000)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    FaultHarness harness(seed);
    ASSERT_THAT(harness.Open(), IsOk());
    harness.disk().LimitSpace(harness.Draw(0, 600'000));
    constexpr int kMoreThanFits = 1'000;
    ASSERT_LT(harness.CommitUpTo(kMoreThanFits), kMoreThanFits);
    ExpectFailedForGood(harness.store(), Reason::kDiskFull);
    harness.LosePower(Unsynced::kPrefix);
    ASSERT_THAT(harness.Open(), IsOk());
    harness.ExpectNothingLost();
    EXPECT_EQ(harness.CommitUpTo(2), 2);
    if (HasFailure()) {
      return;
    }
  }
}

TEST(DiskFull, WhileOpeningIsReportedAsSuch) {
  FaultHarness harness(1);
  ASSERT_THAT(harness.Open(), IsOk());
  harness.CommitUpTo(20);
  harness.LosePower(Unsynced::kLost);
  harness.disk().LimitSpace(100);
  EXPECT_THAT(harness.Open(), FailsWith(Reason::kDiskFull));
  harness.LosePower(Unsynced::kLost);
  ASSERT_THAT(harness.Open(), IsOk());
  harness.ExpectNothingLost();
}

}  // namespace
}  // namespace kobling::tests
