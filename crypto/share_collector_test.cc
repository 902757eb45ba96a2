#include "crypto/share_collector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "crypto/bech32.h"
#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

class ShareCollectorTest : public testing::Test {
 protected:
  std::vector<std::string> TextsOf(const KeyEncryptionKey& kek, const ShareCounts& counts) const {
    const auto shares = SplitKek(kek, counts, *arena_);
    EXPECT_TRUE(shares.ok()) << shares.status();
    std::vector<std::string> texts;
    for (const KekShare& share : *shares) {
      const auto text = share.Text(*arena_);
      const auto bytes = text->bytes(SecretAccess());
      texts.emplace_back(bytes.begin(), bytes.end());
    }
    return texts;
  }
  absl::StatusOr<KeyEncryptionKey> Combined(const std::vector<std::string_view>& texts) const {
    return CombineShares(texts, *arena_);
  }

  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  KeyEncryptionKey kek_{CountingKey(*arena_, 9)};
  KeyEncryptionKey other_kek_{CountingKey(*arena_, 10)};
};

// Every set of shares there is: those that are large enough open the KEK, no other does.
TEST_F(ShareCollectorTest, AsManySharesAsAreNeededOpenTheKekAndFewerNever) {
  for (const ShareCounts& counts :
       {ShareCounts{.needed = 2, .count = 3}, {.needed = 3, .count = 5}, {.needed = 2, .count = 2}}) {
    const std::vector<std::string> texts = TextsOf(kek_, counts);
    for (unsigned bits = 0; bits < (1u << counts.count); ++bits) {
      std::vector<std::string_view> subset;
      for (std::size_t i = 0; i < counts.count; ++i) {
        if (((bits >> i) & 1) != 0) {
          subset.push_back(texts[i]);
        }
      }
      const auto kek = Combined(subset);
      if (subset.size() >= counts.needed) {
        ASSERT_TRUE(kek.ok()) << kek.status();
        EXPECT_EQ(ToHex(SecretBytes(*kek, SecretAccess())), ToHex(SecretBytes(kek_, SecretAccess())));
      } else {
        EXPECT_EQ(ReasonOf(kek.status()), Reason::kKekSharesMissing) << bits;
      }
    }
  }
}

TEST_F(ShareCollectorTest, SaysHowManyOfHowManyThereAreAndCountsAShareOnce) {
  const std::vector<std::string> texts = TextsOf(kek_, {.needed = 3, .count = 5});
  ShareCollector collector(*arena_, std::nullopt);
  EXPECT_EQ(collector.progress().collected, 0u);
  EXPECT_EQ(collector.progress().needed, 0u);
  EXPECT_EQ(ReasonOf(collector.Combine(*arena_).status()), Reason::kKekSharesMissing);
  for (const auto& [text, collected] : std::vector<std::pair<std::string, std::size_t>>{
           {texts[4], 1}, {texts[4], 1}, {texts[0], 2}, {texts[4] + "\n", 2}, {texts[2], 3}, {texts[1], 4}}) {
    const auto progress = collector.Add(text);
    ASSERT_TRUE(progress.ok()) << progress.status();
    EXPECT_EQ(progress->collected, collected);
    EXPECT_EQ(progress->needed, 3u);
    if (collected < 3) {
      EXPECT_EQ(ReasonOf(collector.Combine(*arena_).status()), Reason::kKekSharesMissing);
    }
  }
  EXPECT_EQ(collector.Combine(*arena_)->id(), kek_.id());
}

TEST_F(ShareCollectorTest, SharesOfAnotherKekOrSplittingAreRefusedAndTheOthersStay) {
  const std::vector<std::string> texts = TextsOf(kek_, {.needed = 2, .count = 3});
  ShareCollector collector(*arena_, std::nullopt);
  ASSERT_TRUE(collector.Add(texts[0]).ok());
  for (const std::string& foreign :
       {TextsOf(kek_, {.needed = 2, .count = 3})[1], TextsOf(other_kek_, {.needed = 2, .count = 3})[1]}) {
    EXPECT_EQ(ReasonOf(collector.Add(foreign).status()), Reason::kKekShareOther);
  }
  EXPECT_EQ(ReasonOf(collector.Add("kobling-share-1").status()), Reason::kKekShareMalformed);
  EXPECT_EQ(collector.progress().collected, 1u);
  ASSERT_TRUE(collector.Add(texts[1]).ok());
  EXPECT_EQ(collector.Combine(*arena_)->id(), kek_.id());
}

TEST_F(ShareCollectorTest, OnlySharesOfTheExpectedKekAreTaken) {
  ShareCollector collector(*arena_, kek_.id());
  EXPECT_EQ(ReasonOf(collector.Add(TextsOf(other_kek_, {.needed = 2, .count = 3})[1]).status()),
            Reason::kKekShareOther);
  EXPECT_EQ(collector.progress().collected, 0u);
  EXPECT_TRUE(collector.Add(TextsOf(kek_, {.needed = 2, .count = 3})[1]).ok());
}

TEST_F(ShareCollectorTest, SharesAreWipedOnceTheyAreUsedAndByClear) {
  const std::vector<std::string> texts = TextsOf(kek_, {.needed = 2, .count = 3});
  const std::size_t before = arena_->bytes_in_use();
  ShareCollector collector(*arena_, std::nullopt);
  ASSERT_TRUE(collector.Add(texts[0]).ok());
  EXPECT_GT(arena_->bytes_in_use(), before);
  collector.Clear();
  EXPECT_EQ(arena_->bytes_in_use(), before);
  EXPECT_EQ(collector.progress().collected, 0u);
  ASSERT_TRUE(collector.Add(texts[0]).ok());
  ASSERT_TRUE(collector.Add(texts[2]).ok());
  EXPECT_TRUE(collector.Combine(*arena_).ok());
  EXPECT_EQ(arena_->bytes_in_use(), before);
  EXPECT_EQ(ReasonOf(collector.Combine(*arena_).status()), Reason::kKekSharesMissing);
}

// Whoever forges a share can make its checksum right, but not the KEK.
TEST_F(ShareCollectorTest, AForgedShareOpensNothingAndCollectingBeginsAnew) {
  const std::vector<std::string> texts = TextsOf(kek_, {.needed = 2, .count = 3});
  const std::random_device::result_type seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  auto bytes = *Bech32Decode("kobling-share-", texts[1]);
  bytes[11 + random() % 32] ^= static_cast<std::uint8_t>(1 + random() % 255);
  const std::string forged = Bech32Encode("kobling-share-", bytes);
  const std::size_t before = arena_->bytes_in_use();
  ShareCollector collector(*arena_, std::nullopt);
  ASSERT_TRUE(collector.Add(texts[0]).ok());
  ASSERT_TRUE(collector.Add(forged).ok());
  EXPECT_EQ(ReasonOf(collector.Add(texts[1]).status()), Reason::kKekShareOther) << "one number, two values";
  EXPECT_EQ(ReasonOf(collector.Combine(*arena_).status()), Reason::kKeyUnusable);
  EXPECT_EQ(arena_->bytes_in_use(), before);
  ASSERT_TRUE(collector.Add(texts[0]).ok());
  ASSERT_TRUE(collector.Add(texts[1]).ok());
  EXPECT_EQ(collector.Combine(*arena_)->id(), kek_.id());
}

}  // namespace
}  // namespace kobling::crypto
