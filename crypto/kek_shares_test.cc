#include "crypto/kek_shares.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

// Three officers, of whom two open the server.
class KekSharesTest : public testing::Test {
 protected:
  KekSharesTest() {
    for (const char* name : {"anne", "bjarne", "chi"}) {
      officers_.push_back(TestIdentity(*arena_));
      holders_.holders.push_back({.name = name, .recipient = officers_.back().recipient()});
    }
    std::filesystem::create_directory(folder_);
    const auto kek = CreateKekShares(holders_, folder_, *arena_);
    EXPECT_TRUE(kek.ok()) << kek.status();
    first_ = kek->id();
  }
  std::string Folder(const KekId& id) const { return folder_ + "/" + ToHex(id); }
  bool HasFolder(const KekId& id) const { return std::filesystem::exists(Folder(id)); }
  // What the officers of these numbers read in their files.
  void Give(const KekId& id, const std::vector<std::size_t>& numbers) {
    for (const std::size_t number : numbers) {
      const std::string file = Folder(id) + "/" + holders_.holders[number].name + ".age";
      const Opened opened = OpenAll(ReadWholeFile(file), officers_[number], *arena_);
      ASSERT_TRUE(opened.status.ok()) << opened.status;
      ASSERT_TRUE(collector_.Add(TextOf(opened.plaintext)).ok());
    }
  }
  KekShares Fresh() { return KekShares(collector_, holders_, folder_); }

  TemporaryFolder temporary_;
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  std::string folder_ = (temporary_ / "shares").string();
  std::vector<AgeIdentity> officers_;
  ShareHolders holders_ = {.holders = {}, .needed = 2};
  ShareCollector collector_{*arena_, std::nullopt};
  KekId first_;
};

TEST_F(KekSharesTest, OpensOnceEnoughOfficersHaveGivenTheirs) {
  KekShares provider = Fresh();
  EXPECT_EQ(ReasonOf(provider.Load(*arena_, first_).status()), Reason::kKekSharesMissing);
  Give(first_, {2});
  EXPECT_EQ(ReasonOf(provider.Load(*arena_, first_).status()), Reason::kKekSharesMissing);
  Give(first_, {0});
  const auto kek = provider.Load(*arena_, first_);
  ASSERT_TRUE(kek.ok()) << kek.status();
  EXPECT_EQ(kek->id(), first_);
  EXPECT_EQ(ReasonOf(provider.Load(*arena_, first_).status()), Reason::kKekSharesMissing) << "they are wiped";
  EXPECT_EQ(provider.name(), "shares");
}

TEST_F(KekSharesTest, SharesOfAnotherKekThanIsNeededOpenNothing) {
  Give(first_, {0, 1});
  EXPECT_EQ(ReasonOf(Fresh().Load(*arena_, KekId{1, 2, 3}).status()), Reason::kKeyUnusable);
}

TEST_F(KekSharesTest, AReplacementEndsWithTheNextShares) {
  KekShares provider = Fresh();
  Give(first_, {0, 1});
  ASSERT_TRUE(provider.Load(*arena_, std::nullopt).ok());
  const auto next = provider.MakeNext(*arena_);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_TRUE(HasFolder(first_) && HasFolder(next->id()));
  ASSERT_TRUE(provider.Settle(next->id()).ok());
  ASSERT_TRUE(provider.Settle(next->id()).ok());
  EXPECT_FALSE(HasFolder(first_));
  Give(next->id(), {1, 2});
  EXPECT_EQ(Fresh().Load(*arena_, next->id())->id(), next->id());
}

TEST_F(KekSharesTest, ACrashBeforeTheKeysAreWrappedAnewTakesTheNextSharesBack) {
  KekShares crashed = Fresh();
  Give(first_, {0, 1});
  ASSERT_TRUE(crashed.Load(*arena_, first_).ok());
  const KekId next = crashed.MakeNext(*arena_)->id();

  KekShares provider = Fresh();
  Give(first_, {0, 2});
  ASSERT_TRUE(provider.Load(*arena_, first_).ok());
  ASSERT_TRUE(provider.Settle(first_).ok());
  EXPECT_TRUE(HasFolder(first_));
  EXPECT_FALSE(HasFolder(next));
}

TEST_F(KekSharesTest, ACrashAfterTheKeysAreWrappedAnewIsOpenedByTheNextShares) {
  KekShares crashed = Fresh();
  Give(first_, {0, 1});
  ASSERT_TRUE(crashed.Load(*arena_, first_).ok());
  const KekId next = crashed.MakeNext(*arena_)->id();

  KekShares provider = Fresh();
  Give(next, {2, 1});
  ASSERT_TRUE(provider.Load(*arena_, next).ok());
  ASSERT_TRUE(provider.Settle(next).ok());
  EXPECT_FALSE(HasFolder(first_));
  EXPECT_TRUE(HasFolder(next));
}

TEST_F(KekSharesTest, AnUnusedNextKekIsReplacedAndOneThatMayBeInUseIsNot) {
  KekShares provider = Fresh();
  EXPECT_EQ(ReasonOf(provider.MakeNext(*arena_).status()), Reason::kInternal) << "none was loaded";
  Give(first_, {0, 1});
  ASSERT_TRUE(provider.Load(*arena_, first_).ok());
  const KekId unused = provider.MakeNext(*arena_)->id();
  EXPECT_EQ(ReasonOf(provider.MakeNext(*arena_).status()), Reason::kInternal);
  EXPECT_TRUE(HasFolder(unused));
  Give(first_, {0, 1});
  ASSERT_TRUE(provider.Load(*arena_, first_).ok());
  const KekId next = provider.MakeNext(*arena_)->id();
  EXPECT_FALSE(HasFolder(unused));
  EXPECT_TRUE(HasFolder(first_) && HasFolder(next));
}

TEST_F(KekSharesTest, NothingIsDestroyedForAKekThatWasNeitherLoadedNorMade) {
  KekShares provider = Fresh();
  EXPECT_EQ(ReasonOf(provider.Settle(first_)), Reason::kKeyUnusable);
  Give(first_, {0, 1});
  ASSERT_TRUE(provider.Load(*arena_, first_).ok());
  EXPECT_EQ(ReasonOf(provider.Settle(KekId{1, 2, 3})), Reason::kKeyUnusable);
  EXPECT_TRUE(HasFolder(first_));
}

}  // namespace
}  // namespace kobling::crypto
