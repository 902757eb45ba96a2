#include "crypto/sealed_shares.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"
#include "crypto/kek_share.h"
#include "crypto/share_collector.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

class SealedSharesTest : public testing::Test {
 protected:
  SealedSharesTest() {
    for (const char* name : {"anne", "bjarne", "chi-3"}) {
      identities_.push_back(TestIdentity(*arena_));
      holders_.holders.push_back({.name = name, .recipient = identities_.back().recipient()});
    }
    std::filesystem::create_directory(folder_);
  }
  std::string Folder(const KeyEncryptionKey& kek) const { return folder_ + "/" + ToHex(kek.id()); }
  std::set<std::string> NamesIn(const std::string& folder) const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
  Reason WriteReason(const ShareHolders& holders) const {
    return ReasonOf(WriteSealedShares(kek_, holders, folder_, *arena_).status()).value_or(Reason::kUsage);
  }

  TemporaryFolder temporary_;
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  std::string folder_ = (temporary_ / "shares").string();
  std::vector<AgeIdentity> identities_;
  ShareHolders holders_ = {.holders = {}, .needed = 2};
  KeyEncryptionKey kek_{CountingKey(*arena_, 9)};
  KeyEncryptionKey other_kek_{CountingKey(*arena_, 10)};
};

TEST_F(SealedSharesTest, TheStockProgramPrintsEachHoldersLineAndTwoOfThemOpenTheKek) {
  const auto folder = WriteSealedShares(kek_, holders_, folder_, *arena_);
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_EQ(*folder, Folder(kek_));
  EXPECT_EQ(NamesIn(*folder), (std::set<std::string>{"anne.age", "bjarne.age", "chi-3.age"}));
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < identities_.size(); ++i) {
    const std::string key_file = (temporary_ / ("key" + std::to_string(i))).string();
    const std::string opened = (temporary_ / ("line" + std::to_string(i))).string();
    ASSERT_TRUE(identities_[i].Write(key_file, absl::UnixEpoch()).ok());
    const std::string sealed = *folder + "/" + holders_.holders[i].name + ".age";
    ASSERT_EQ(RunProgram({"age", "-d", "-i", key_file, "-o", opened, sealed}), 0);
    lines.push_back(TextOf(ReadWholeFile(opened)));
    EXPECT_TRUE(lines.back().starts_with("kobling-share-1")) << lines.back();
    EXPECT_EQ(lines.back().size(), KekShare::kTextLength + 1);
    EXPECT_EQ(lines.back().back(), '\n');
    // Nobody else's key opens it.
    const std::string others = *folder + "/" + holders_.holders[(i + 1) % 3].name + ".age";
    EXPECT_NE(RunProgram({"age", "-d", "-i", key_file, "-o", opened + ".no", others}), 0);
  }
  const auto kek = CombineShares(std::vector<std::string_view>{lines[2], lines[0]}, *arena_);
  ASSERT_TRUE(kek.ok()) << kek.status();
  EXPECT_EQ(ToHex(SecretBytes(*kek, SecretAccess())), ToHex(SecretBytes(kek_, SecretAccess())));
}

TEST_F(SealedSharesTest, NobodyElseReachesFolderAndFiles) {
  const auto folder = WriteSealedShares(kek_, holders_, folder_, *arena_);
  ASSERT_TRUE(folder.ok()) << folder.status();
  struct stat info = {};
  ASSERT_EQ(::stat(folder->c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  ASSERT_EQ(::stat((*folder + "/anne.age").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(SealedSharesTest, HoldersThatCannotBeAreRefusedBeforeAnythingIsWritten) {
  for (const char* name :
       {"", "..", "a/b", "Anne", "anne", "x.y", "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz"}) {
    ShareHolders holders = holders_;
    holders.holders[2].name = name;
    EXPECT_EQ(WriteReason(holders), Reason::kConfiguration) << name;
  }
  ShareHolders holders = holders_;
  holders.holders[2].recipient = holders.holders[0].recipient;
  EXPECT_EQ(WriteReason(holders), Reason::kConfiguration) << "one key for two shares";
  for (const std::uint8_t needed : std::to_array<std::uint8_t>({0, 1, 4})) {
    holders = holders_;
    holders.needed = needed;
    EXPECT_EQ(WriteReason(holders), Reason::kConfiguration) << int{needed};
  }
  EXPECT_EQ(WriteReason({.holders = {}, .needed = 2}), Reason::kConfiguration);
  EXPECT_EQ(NamesIn(folder_), std::set<std::string>());
}

TEST_F(SealedSharesTest, AFolderOfTheSameKekIsNotOverwritten) {
  ASSERT_TRUE(WriteSealedShares(kek_, holders_, folder_, *arena_).ok());
  const Bytes before = ReadWholeFile(Folder(kek_) + "/anne.age");
  EXPECT_EQ(WriteReason(holders_), Reason::kFileExists);
  EXPECT_EQ(ReadWholeFile(Folder(kek_) + "/anne.age"), before);
}

TEST_F(SealedSharesTest, WhatACrashLeftUnfinishedDoesNotStandInTheWay) {
  std::filesystem::create_directory(Folder(kek_) + ".part");
  WriteWholeFile(Folder(kek_) + ".part/anne.age", BytesOfText("half"));
  EXPECT_TRUE(WriteSealedShares(kek_, holders_, folder_, *arena_).ok());
  EXPECT_EQ(NamesIn(folder_), std::set<std::string>{ToHex(kek_.id())});
}

TEST_F(SealedSharesTest, AFolderThatIsMissingOrFullLeavesNothingBehind) {
  EXPECT_EQ(ReasonOf(WriteSealedShares(kek_, holders_, folder_ + "/missing", *arena_).status()),
            Reason::kFileUnwritable);
  // Something in the way that is nobody's share stays, and so does all else.
  std::filesystem::create_directories(Folder(kek_) + ".part/foreign");
  EXPECT_EQ(WriteReason(holders_), Reason::kFileUnwritable);
  EXPECT_EQ(NamesIn(folder_), std::set<std::string>{ToHex(kek_.id()) + ".part"});
}

TEST_F(SealedSharesTest, SharesOfOtherKeksAreDestroyedAndNothingElse) {
  ASSERT_TRUE(WriteSealedShares(kek_, holders_, folder_, *arena_).ok());
  ASSERT_TRUE(WriteSealedShares(other_kek_, holders_, folder_, *arena_).ok());
  std::filesystem::create_hard_link(Folder(other_kek_) + "/anne.age", temporary_ / "witness");
  std::filesystem::create_directory(Folder(kek_) + ".part");
  WriteWholeFile(Folder(kek_) + ".part/anne.age", BytesOfText("half"));
  const std::string foreign = folder_ + "/0123456789abcdef";
  std::filesystem::create_directory(foreign);
  WriteWholeFile(foreign + "/notes.txt", BytesOfText("mine"));
  std::filesystem::create_directory(folder_ + "/officers");
  WriteWholeFile(folder_ + "/officers/anne.age", BytesOfText("mine"));
  std::filesystem::create_directory_symlink(folder_ + "/officers", folder_ + "/1123456789abcdef");

  EXPECT_TRUE(DestroySealedSharesExcept(kek_.id(), folder_).ok());
  EXPECT_EQ(NamesIn(folder_),
            (std::set<std::string>{ToHex(kek_.id()), "0123456789abcdef", "1123456789abcdef", "officers"}));
  EXPECT_EQ(NamesIn(Folder(kek_)).size(), 3u);
  EXPECT_EQ(NamesIn(foreign), std::set<std::string>{"notes.txt"});
  EXPECT_EQ(NamesIn(folder_ + "/officers"), std::set<std::string>{"anne.age"});
  for (const std::uint8_t byte : ReadWholeFile(temporary_ / "witness")) {
    ASSERT_EQ(byte, 0);
  }
  EXPECT_TRUE(DestroySealedSharesExcept(kek_.id(), folder_).ok());
  EXPECT_TRUE(DestroySealedSharesExcept(kek_.id(), folder_ + "/missing").ok());
}

}  // namespace
}  // namespace kobling::crypto
