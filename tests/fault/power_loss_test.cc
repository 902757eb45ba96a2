// Power is lost at random moments, while opening and creating too. Acknowledged batches survive, the one in flight is
// there as a whole or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/error.h"
#include "tests/conformance/store_reading.h"
#include "tests/conformance/test_length.h"
#include "tests/fault/fault_harness.h"

namespace kobling::tests {
namespace {

using domain::Reason;
using storage::Family;
using storage::WriteBatch;

constexpr int kLossesPerSeed = 6;

void LosePowerAgainAndAgain(std::uint64_t seed, Unsynced unsynced) {
  FaultHarness harness(seed);
  for (int loss = 0; loss < kLossesPerSeed; ++loss) {
    harness.disk().LosePowerAfter(harness.Draw(1, harness.Draw(0, 2) == 0 ? 60 : 800));
    if (harness.Open().ok()) {
      harness.CommitUpTo(400);
    }
    harness.LosePower(unsynced);
    // And again while the store recovers.
    for (std::uint64_t again = harness.Draw(0, 2); again > 0; --again) {
      harness.disk().LosePowerAfter(harness.Draw(1, 60));
      harness.Open().IgnoreError();
      harness.LosePower(unsynced);
    }
    const absl::Status opened = harness.Open();
    ASSERT_TRUE(opened.ok()) << opened;
    harness.ExpectNothingLost();
  }
  EXPECT_EQ(harness.CommitUpTo(5), 5);
}

TEST(PowerLoss, KeepsWhatWasAcknowledgedWhenAllElseIsLost) {
  for (const std::uint64_t seed : Seeds(15, 1'000)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LosePowerAgainAndAgain(seed, Unsynced::kLost);
    if (testing::Test::HasFailure()) {
      return;
    }
  }
}

TEST(PowerLoss, KeepsWhatWasAcknowledgedWhenSomeOfTheRestIsLeft) {
  for (const std::uint64_t seed : Seeds(15, 1'000)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LosePowerAgainAndAgain(seed, Unsynced::kPrefix);
    if (testing::Test::HasFailure()) {
      return;
    }
  }
}

TEST(PowerLoss, MakesTheNameOfANewDatabaseDurable) {
  FaultHarness harness(1);
  ASSERT_THAT(harness.Open(), IsOk());
  EXPECT_THAT(harness.disk().synced_folders(), testing::Contains(harness.database().parent_path().string()));
}

}  // namespace
}  // namespace kobling::tests
