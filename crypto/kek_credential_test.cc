#include "crypto/kek_credential.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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

// A folder as systemd makes it: readable only, with what the operator named.
class KekCredentialTest : public testing::Test {
 protected:
  KekCredentialTest() {
    std::filesystem::create_directory(folder_);
    SetFolderMode(0700);
    current_ = Give("kek");
  }
  ~KekCredentialTest() override { SetFolderMode(0700); }

  void SetFolderMode(mode_t mode) const { EXPECT_EQ(::chmod(folder_.c_str(), mode), 0); }
  KekId Give(const std::string& name) const {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(CreateKekFile(path, *arena_).ok());
    const auto kek = KekFile(path).Load(*arena_, std::nullopt);
    EXPECT_TRUE(kek.ok()) << kek.status();
    EXPECT_EQ(::chmod(path.c_str(), 0400), 0);
    return kek->id();
  }
  KekCredential Fresh() const { return KekCredential(folder_); }
  Reason LoadReason() const { return ReasonOf(Fresh().Load(*arena_, std::nullopt).status()).value_or(Reason::kUsage); }

  TemporaryFolder temporary_;
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  std::string folder_ = (temporary_ / "credentials").string();
  KekId current_;
};

TEST_F(KekCredentialTest, TheKeyIsReadFromAFolderThatCannotBeWritten) {
  SetFolderMode(0500);
  KekCredential provider = Fresh();
  const auto kek = provider.Load(*arena_, std::nullopt);
  ASSERT_TRUE(kek.ok()) << kek.status();
  EXPECT_EQ(kek->id(), current_);
  EXPECT_TRUE(provider.Settle(current_).ok());
  EXPECT_EQ(provider.name(), "credential");
}

TEST_F(KekCredentialTest, WithoutANextKeyTheErrorSaysHowToMakeOne) {
  KekCredential provider = Fresh();
  ASSERT_TRUE(provider.Load(*arena_, current_).ok());
  const auto next = provider.MakeNext(*arena_);
  EXPECT_EQ(ReasonOf(next.status()), Reason::kFileNotFound);
  for (const char* word : {"koblingd kek create", "systemd-creds encrypt --name=kek-next", "restart", "rotate"}) {
    EXPECT_NE(next.status().message().find(word), absl::string_view::npos) << next.status();
  }
}

TEST_F(KekCredentialTest, TheNextKeyIsTheOperators) {
  const KekId next_id = Give("kek-next");
  KekCredential provider = Fresh();
  ASSERT_TRUE(provider.Load(*arena_, current_).ok());
  const auto next = provider.MakeNext(*arena_);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->id(), next_id);
  EXPECT_TRUE(provider.Settle(next_id).ok());
  // The server is started again before the operator gave the key its name, and after.
  EXPECT_EQ(Fresh().Load(*arena_, next_id)->id(), next_id);
  EXPECT_EQ(Fresh().Load(*arena_, current_)->id(), current_) << "nothing is gone before the operator takes it away";
  std::filesystem::rename(folder_ + "/kek-next", folder_ + "/kek");
  EXPECT_EQ(Fresh().Load(*arena_, next_id)->id(), next_id);
  EXPECT_TRUE(Fresh().Settle(next_id).ok());
  EXPECT_EQ(ReasonOf(Fresh().Load(*arena_, current_).status()), Reason::kKeyUnusable);
  EXPECT_EQ(ReasonOf(Fresh().Settle(current_)), Reason::kKeyUnusable);
}

TEST_F(KekCredentialTest, AKeyIsNotReplacedByItself) {
  const KekId next_id = Give("kek-next");
  KekCredential provider = Fresh();
  ASSERT_TRUE(provider.Load(*arena_, next_id).ok());
  EXPECT_EQ(ReasonOf(provider.MakeNext(*arena_).status()), Reason::kKeyUnusable)
      << "the next key of the replacement before, which the operator has not given its name yet";
  EXPECT_EQ(ReasonOf(Fresh().MakeNext(*arena_).status()), Reason::kInternal) << "none was loaded";
}

TEST_F(KekCredentialTest, FilesAndFoldersThatOthersReachAreRefused) {
  for (const mode_t mode : {0720, 0702, 0777}) {
    SetFolderMode(mode);
    EXPECT_EQ(LoadReason(), Reason::kFileMode) << mode;
  }
  SetFolderMode(0550);
  EXPECT_TRUE(Fresh().Load(*arena_, std::nullopt).ok());
  for (const mode_t mode : {0444, 0404, 0420, 0402}) {
    ASSERT_EQ(::chmod((folder_ + "/kek").c_str(), mode), 0);
    EXPECT_EQ(LoadReason(), Reason::kFileMode) << mode;
  }
  if (::geteuid() == 0) {
    ASSERT_EQ(::chmod((folder_ + "/kek").c_str(), 0400), 0);
    ASSERT_EQ(::chown(folder_.c_str(), 65534, 65534), 0);
    EXPECT_EQ(LoadReason(), Reason::kFileMode);
  }
}

TEST_F(KekCredentialTest, WhatIsNotThereIsNamed) {
  SetFolderMode(0700);
  std::filesystem::remove(folder_ + "/kek");
  EXPECT_EQ(LoadReason(), Reason::kFileNotFound);
  const auto kek = KekCredential(folder_ + "/missing").Load(*arena_, std::nullopt);
  EXPECT_EQ(ReasonOf(kek.status()), Reason::kFileNotFound);
  EXPECT_NE(kek.status().message().find("missing"), absl::string_view::npos);
}

}  // namespace
}  // namespace kobling::crypto
