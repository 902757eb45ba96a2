// The steps of a replacement, on the files of a KekFile, and the process ending between any two of them.
#include "crypto/kek_file_pair.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"
#include "crypto/kek_file.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr KekId kNobodys = {1, 2, 3, 4, 5, 6, 7, 8};

class KekFilePairTest : public testing::Test {
 protected:
  KekFilePairTest() { EXPECT_TRUE(CreateKekFile(path_, *arena_).ok()); }

  // A provider of a process that was started anew.
  KekFile Fresh() const { return KekFile(path_); }
  // The id of what it loads; of no KEK if it loads none.
  KekId Loaded(const std::optional<KekId>& needed) const {
    const auto kek = Fresh().Load(*arena_, needed);
    return kek.ok() ? kek->id() : kNobodys;
  }
  KekId Current() const { return Loaded(std::nullopt); }
  bool HasNext() const { return std::filesystem::exists(next_path_); }
  // As the server does it: it loads the key that is in use and then makes the next one.
  KekId MakeNext(const std::optional<KekId>& needed = std::nullopt) const {
    KekFile provider = Fresh();
    EXPECT_TRUE(provider.Load(*arena_, needed).ok());
    const auto next = provider.MakeNext(*arena_);
    EXPECT_TRUE(next.ok()) << next.status();
    return next.ok() ? next->id() : kNobodys;
  }
  Reason LoadReason(const std::optional<KekId>& needed) const {
    const auto kek = Fresh().Load(*arena_, needed);
    EXPECT_FALSE(kek.ok());
    return ReasonOf(kek.status()).value_or(Reason::kUsage);
  }

  TemporaryFolder folder_;
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  std::string path_ = (folder_ / "kek").string();
  std::string next_path_ = (folder_ / "kek.next").string();
};

TEST_F(KekFilePairTest, AReplacementLeavesTheNextKeyAlone) {
  KekFile provider = Fresh();
  const auto before = provider.Load(*arena_, std::nullopt);
  ASSERT_TRUE(before.ok());
  const auto next = provider.MakeNext(*arena_);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE(next->id(), before->id());
  EXPECT_TRUE(HasNext());
  struct stat info = {};
  ASSERT_EQ(::stat(next_path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);

  ASSERT_TRUE(provider.Settle(next->id()).ok());
  EXPECT_FALSE(HasNext());
  EXPECT_EQ(Current(), next->id());
  EXPECT_EQ(LoadReason(before->id()), Reason::kKeyUnusable);
  const SecretKey key = CountingKey(*arena_, 1);
  const KeyLabel label = {.kind = "index", .id = "", .version = 1};
  EXPECT_TRUE(Fresh().Load(*arena_, next->id())->Unwrap(next->Wrap(key, label).value(), label, *arena_).ok());
  // Further replacements go on from there, with the same provider.
  const auto third = provider.MakeNext(*arena_);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_TRUE(provider.Settle(third->id()).ok());
  EXPECT_EQ(Current(), third->id());
}

TEST_F(KekFilePairTest, ACrashBeforeTheKeysAreWrappedAnewTakesTheNextKeyBack) {
  const KekId before = Current();
  const KekId next = MakeNext();
  KekFile provider = Fresh();
  EXPECT_EQ(provider.Load(*arena_, before).value().id(), before);
  EXPECT_TRUE(provider.Settle(before).ok());
  EXPECT_FALSE(HasNext());
  EXPECT_EQ(Current(), before);
  EXPECT_EQ(LoadReason(next), Reason::kKeyUnusable);
}

TEST_F(KekFilePairTest, ACrashAfterTheKeysAreWrappedAnewFindsTheNextKey) {
  const KekId before = Current();
  const KekId next = MakeNext();
  KekFile provider = Fresh();
  EXPECT_EQ(provider.Load(*arena_, next)->id(), next);
  EXPECT_TRUE(provider.Settle(next).ok());
  EXPECT_FALSE(HasNext());
  EXPECT_EQ(Current(), next);
  EXPECT_EQ(LoadReason(before), Reason::kKeyUnusable);
}

TEST_F(KekFilePairTest, ACrashWithinSettleIsFinishedByTheNextOne) {
  // The current key overwritten, the next one not in its place yet.
  const KekId next = MakeNext();
  WriteWholeFile(path_, Bytes(44, 0));
  KekFile provider = Fresh();
  EXPECT_EQ(provider.Load(*arena_, next)->id(), next);
  EXPECT_TRUE(provider.Settle(next).ok());
  EXPECT_EQ(Current(), next);
  EXPECT_FALSE(HasNext());
  // An unused next key overwritten, its name not gone yet.
  MakeNext();
  WriteWholeFile(next_path_, Bytes(44, 0));
  EXPECT_TRUE(Fresh().Settle(next).ok());
  EXPECT_FALSE(HasNext());
}

TEST_F(KekFilePairTest, ACrashWithinMakeNextLeavesTheCurrentKeyAndIsTakenBack) {
  const KekId before = Current();
  MakeNext();
  const Bytes whole = ReadWholeFile(next_path_);
  for (const std::size_t written : {0, 4, 20, 43}) {
    WriteWholeFile(next_path_, std::span(whole).first(written));
    EXPECT_EQ(Loaded(before), before) << written;
    // Either the next try replaces it, or the next start removes it.
    EXPECT_NE(MakeNext(before), before) << written;
    WriteWholeFile(next_path_, std::span(whole).first(written));
    EXPECT_TRUE(Fresh().Settle(before).ok()) << written;
    EXPECT_FALSE(HasNext()) << written;
  }
}

TEST_F(KekFilePairTest, SettleMayBeRepeatedAndThenWritesNothing) {
  const KekId before = Current();
  EXPECT_TRUE(Fresh().Settle(before).ok());
  const auto written = std::filesystem::last_write_time(path_.substr(0, path_.rfind('/')));
  EXPECT_TRUE(Fresh().Settle(before).ok());
  EXPECT_EQ(std::filesystem::last_write_time(path_.substr(0, path_.rfind('/'))), written);
  const KekId next = MakeNext();
  KekFile provider = Fresh();
  EXPECT_TRUE(provider.Settle(next).ok());
  EXPECT_TRUE(provider.Settle(next).ok());
  EXPECT_EQ(Current(), next);
}

TEST_F(KekFilePairTest, TheKeyThatGoesIsOverwritten) {
  const KekId before = Current();
  std::filesystem::create_hard_link(path_, folder_ / "first");
  const KekId next = MakeNext();
  std::filesystem::create_hard_link(next_path_, folder_ / "second");
  EXPECT_TRUE(Fresh().Settle(before).ok());
  EXPECT_EQ(ReadWholeFile(folder_ / "second"), Bytes(44, 0));
  EXPECT_NE(ReadWholeFile(folder_ / "first"), Bytes(44, 0));
  const KekId third = MakeNext();
  EXPECT_NE(third, next);
  EXPECT_TRUE(Fresh().Settle(third).ok());
  EXPECT_EQ(ReadWholeFile(folder_ / "first"), Bytes(44, 0));
}

TEST_F(KekFilePairTest, AnUnusedNextKeyIsReplaced) {
  const KekId before = Current();
  const KekId first = MakeNext();
  std::filesystem::create_hard_link(next_path_, folder_ / "first");
  const KekId second = MakeNext(before);
  EXPECT_NE(first, second);
  EXPECT_EQ(ReadWholeFile(folder_ / "first"), Bytes(44, 0));
  EXPECT_EQ(LoadReason(first), Reason::kKeyUnusable);
  EXPECT_EQ(Loaded(second), second);
}

TEST_F(KekFilePairTest, ANextKeyThatIsInUseIsNotTakenForAnUnusedOne) {
  const KekId before = Current();
  const KekId next = MakeNext();
  // A server that was started after the keys were wrapped anew, and did not settle.
  KekFile provider = Fresh();
  ASSERT_TRUE(provider.Load(*arena_, next).ok());
  EXPECT_EQ(ReasonOf(provider.MakeNext(*arena_).status()), Reason::kInternal);
  EXPECT_EQ(Loaded(next), next);
  EXPECT_EQ(Loaded(before), before);
  // Nor by one that has made it itself, nor by one that has loaded none.
  provider = Fresh();
  ASSERT_TRUE(provider.Load(*arena_, before).ok());
  const KekId made = provider.MakeNext(*arena_)->id();
  EXPECT_EQ(ReasonOf(provider.MakeNext(*arena_).status()), Reason::kInternal);
  EXPECT_EQ(Loaded(made), made);
  EXPECT_EQ(ReasonOf(Fresh().MakeNext(*arena_).status()), Reason::kInternal);
  EXPECT_EQ(Loaded(made), made);
}

TEST_F(KekFilePairTest, NoKeyIsDestroyedForOneThatDoesNotOpen) {
  const KekId before = Current();
  const KekId next = MakeNext();
  const Bytes current_bytes = ReadWholeFile(path_);
  const Bytes next_bytes = ReadWholeFile(next_path_);
  Bytes damaged = next_bytes;
  damaged[10] ^= 1;
  WriteWholeFile(next_path_, damaged);
  EXPECT_EQ(ReasonOf(Fresh().Settle(next)), Reason::kKeyUnusable);
  EXPECT_EQ(ReadWholeFile(path_), current_bytes);
  EXPECT_EQ(ReadWholeFile(next_path_), damaged);

  WriteWholeFile(next_path_, next_bytes);
  damaged = current_bytes;
  damaged[10] ^= 1;
  WriteWholeFile(path_, damaged);
  EXPECT_EQ(ReasonOf(Fresh().Settle(before)), Reason::kKeyUnusable);
  EXPECT_EQ(ReadWholeFile(next_path_), next_bytes);

  WriteWholeFile(path_, current_bytes);
  EXPECT_EQ(ReasonOf(Fresh().Settle(kNobodys)), Reason::kKeyUnusable);
  EXPECT_EQ(ReadWholeFile(path_), current_bytes);
  EXPECT_EQ(ReadWholeFile(next_path_), next_bytes);
}

TEST_F(KekFilePairTest, WhyTheKeyThatIsNeededCannotBeHadIsSaid) {
  EXPECT_EQ(LoadReason(kNobodys), Reason::kKeyUnusable);
  const KekId next = MakeNext();
  EXPECT_EQ(LoadReason(kNobodys), Reason::kKeyUnusable);
  ASSERT_EQ(::chmod(next_path_.c_str(), 0644), 0);
  EXPECT_EQ(LoadReason(next), Reason::kFileMode);
  std::filesystem::remove(path_);
  EXPECT_EQ(LoadReason(next), Reason::kFileNotFound);
  EXPECT_EQ(LoadReason(std::nullopt), Reason::kFileNotFound);
}

TEST_F(KekFilePairTest, ALinkIsReadButNotReplaced) {
  std::filesystem::rename(path_, folder_ / "elsewhere");
  std::filesystem::create_symlink(folder_ / "elsewhere", path_);
  KekFile provider = Fresh();
  ASSERT_TRUE(provider.Load(*arena_, std::nullopt).ok());
  EXPECT_EQ(ReasonOf(provider.MakeNext(*arena_).status()), Reason::kFileMode);
  EXPECT_FALSE(HasNext());
}

TEST_F(KekFilePairTest, AFolderThatCannotBeWrittenIsSaidAndChangesNothing) {
  KekFile provider = Fresh();
  const KekId before = provider.Load(*arena_, std::nullopt)->id();
  // Whoever the test runs as, a folder in the place of the next file cannot be replaced.
  std::filesystem::create_directories(next_path_ + "/inside");
  EXPECT_EQ(ReasonOf(provider.MakeNext(*arena_).status()), Reason::kFileUnwritable);
  EXPECT_EQ(ReasonOf(provider.Settle(before)), Reason::kFileUnwritable);
  EXPECT_EQ(Current(), before);
}

}  // namespace
}  // namespace kobling::crypto
