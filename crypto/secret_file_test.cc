#include "crypto/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

class SecretFileTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string MakeFile(const std::string& name, const std::string& text, mode_t mode) const {
    WriteWholeFile(Path(name), BytesOfText(text));
    EXPECT_EQ(::chmod(Path(name).c_str(), mode), 0);
    return Path(name);
  }

  TemporaryFolder folder_;
};

TEST_F(SecretFileTest, IsReadAsFarAsThereIsRoom) {
  const std::string path = MakeFile("pin", "12345", 0600);
  std::array<std::uint8_t, 8> bytes = {};
  const auto count = ReadSecretFile(path, SecretFileRule::kOwnFile, bytes);
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(*count, 5u);
  EXPECT_EQ(TextOf(std::span(bytes).first(5)), "12345");
  EXPECT_EQ(*ReadSecretFile(path, SecretFileRule::kOwnFile, std::span(bytes).first(3)), 3u);
}

TEST_F(SecretFileTest, TheServicesOwnFileIsForNobodyElse) {
  for (const mode_t mode : {0600, 0400}) {
    EXPECT_TRUE(OpenSecretFile(MakeFile("file", "x", mode), SecretFileRule::kOwnFile).ok()) << mode;
  }
  for (const mode_t mode : {0640, 0440, 0604, 0660, 0644, 0700, 0601, 04600}) {
    EXPECT_EQ(ReasonOf(OpenSecretFile(MakeFile("file", "x", mode), SecretFileRule::kOwnFile).status()),
              Reason::kFileMode)
        << mode;
  }
}

TEST_F(SecretFileTest, ACredentialIsForTheServiceAndRoot) {
  for (const mode_t mode : {0600, 0400}) {
    EXPECT_TRUE(OpenSecretFile(MakeFile("file", "x", mode), SecretFileRule::kCredential).ok()) << mode;
  }
  for (const mode_t mode : {0404, 0444, 0420, 0402, 0620, 0500, 04400, 0401}) {
    EXPECT_EQ(ReasonOf(OpenSecretFile(MakeFile("file", "x", mode), SecretFileRule::kCredential).status()),
              Reason::kFileMode)
        << mode;
  }
  // What an access control entry for the service's user looks like: root's file, readable by root's group.
  const std::string shared = MakeFile("shared", "x", 0440);
  const bool is_root = ::geteuid() == 0;
  EXPECT_EQ(OpenSecretFile(shared, SecretFileRule::kCredential).ok(), is_root && ::getegid() == 0);
  if (is_root) {
    ASSERT_EQ(::chown(shared.c_str(), 0, 65534), 0);
    EXPECT_EQ(ReasonOf(OpenSecretFile(shared, SecretFileRule::kCredential).status()), Reason::kFileMode);
    ASSERT_EQ(::chown(shared.c_str(), 65534, 0), 0);
    ASSERT_EQ(::chmod(shared.c_str(), 0400), 0);
    EXPECT_EQ(ReasonOf(OpenSecretFile(shared, SecretFileRule::kCredential).status()), Reason::kFileMode);
  }
}

TEST_F(SecretFileTest, ADestroyedFileHoldsZerosUnderItsOtherNames) {
  // A second name for the same file shows what became of its content.
  for (const mode_t mode : {0600, 0400}) {
    const std::string path = MakeFile("kek", std::string(1000, 'k'), mode);
    std::filesystem::create_hard_link(path, Path("witness"));
    EXPECT_TRUE(DestroySecretFile(path).ok());
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(TextOf(ReadWholeFile(Path("witness"))), std::string(1000, '\0'));
    std::filesystem::remove(Path("witness"));
  }
  EXPECT_TRUE(DestroySecretFile(Path("missing")).ok());
  EXPECT_TRUE(OverwriteSecretFile(Path("missing")).ok());
}

TEST_F(SecretFileTest, WhatALinkLeadsToIsNotOverwritten) {
  const std::string target = MakeFile("target", "precious", 0600);
  std::filesystem::create_symlink(target, Path("link"));
  EXPECT_TRUE(DestroySecretFile(Path("link")).ok());
  EXPECT_FALSE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(TextOf(ReadWholeFile(target)), "precious");
}

TEST_F(SecretFileTest, WhatIsNoFileIsLeftAlone) {
  std::filesystem::create_directory(Path("folder"));
  EXPECT_EQ(ReasonOf(DestroySecretFile(Path("folder"))), Reason::kFileUnwritable);
  EXPECT_TRUE(std::filesystem::is_directory(Path("folder")));
  EXPECT_EQ(ReasonOf(RenameSecretFile(Path("missing"), Path("other"))), Reason::kFileUnwritable);
  EXPECT_EQ(ReasonOf(SyncFolder(Path("missing"))), Reason::kFileUnwritable);
}

}  // namespace
}  // namespace kobling::crypto
