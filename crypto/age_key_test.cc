#include "crypto/age_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "crypto/age_test_support.h"
#include "crypto/bech32.h"
#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

// From the age specification: the identity of 32 bytes 0x42, and its recipient.
constexpr std::string_view kIdentityText = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
constexpr std::string_view kRecipientText = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

mode_t ModeOf(const std::filesystem::path& file) {
  struct stat status = {};
  EXPECT_EQ(stat(file.c_str(), &status), 0);
  return status.st_mode & 07777;
}

class AgeKey : public testing::Test {
 protected:
  // A file that only its owner can read.
  std::filesystem::path PrivateFile(std::string_view content) {
    const std::filesystem::path file = folder_ / "private.key";
    WriteWholeFile(file, BytesOfText(content));
    EXPECT_EQ(chmod(file.c_str(), 0600), 0);
    return file;
  }

  TemporaryFolder folder_;
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
};

TEST_F(AgeKey, RecipientOfTheSpecificationIsRead) {
  const absl::StatusOr<AgeRecipient> recipient = AgeRecipient::Parse(kRecipientText);
  ASSERT_TRUE(recipient.ok());
  EXPECT_EQ(recipient->text(), kRecipientText);
}

// printf age1zvkyg... | sha256sum
TEST_F(AgeKey, FingerprintIsMadeFromTheTextThatPeopleSee) {
  EXPECT_EQ(AgeRecipient::Parse(kRecipientText)->Fingerprint(), "6a80-4773-9828-40fa-7eae-3847-079a-53b0");
}

TEST_F(AgeKey, RecipientMustBeWrittenInItsOnlySpelling) {
  std::string upper(kRecipientText);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  const std::string text(kRecipientText);
  for (const std::string& wrong :
       {std::string(), upper, text + "\n", " " + text, text.substr(1), std::string(kIdentityText),
        Bech32Encode("age", PatternBytes(31, 1)), Bech32Encode("age", PatternBytes(33, 1)),
        Bech32Encode("agf", PatternBytes(32, 1))}) {
    EXPECT_EQ(ReasonOf(AgeRecipient::Parse(wrong).status()), Reason::kRecipientKeyMalformed) << wrong;
  }
}

// With such a point the agreed secret is zero, so that anybody could open the file.
TEST_F(AgeKey, RecipientOfSmallOrderIsRefused) {
  std::vector<std::uint8_t> zero(32, 0);
  std::vector<std::uint8_t> one(32, 0);
  one[0] = 1;
  for (const auto& point : {zero, one}) {
    EXPECT_EQ(ReasonOf(AgeRecipient::Parse(Bech32Encode("age", point)).status()), Reason::kRecipientKeyMalformed);
  }
}

TEST_F(AgeKey, IdentityOfTheSpecificationHasItsRecipient) {
  const absl::StatusOr<AgeIdentity> identity = AgeIdentity::Parse(kIdentityText, *arena_);
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->recipient().text(), kRecipientText);
}

TEST_F(AgeKey, GeneratedIdentitiesDiffer) {
  EXPECT_NE(TestIdentity(*arena_).recipient().text(), TestIdentity(*arena_).recipient().text());
}

TEST_F(AgeKey, IdentityThatIsMalformedIsRefusedWithoutRepeatingIt) {
  const std::string secret(kIdentityText);
  for (const std::string& wrong : {std::string(), secret.substr(0, secret.size() - 1), secret + "A",
                                   std::string(kRecipientText), Bech32Encode("age-secret-key-", PatternBytes(31, 1))}) {
    const absl::Status status = AgeIdentity::Parse(wrong, *arena_).status();
    EXPECT_EQ(ReasonOf(status), Reason::kProfile);
    EXPECT_THAT(status.ToString(), testing::Not(testing::HasSubstr("GFPYYSJZ")));
  }
}

TEST_F(AgeKey, WrittenFileIsReadAgainAndOnlyByItsOwner) {
  const AgeIdentity identity = TestIdentity(*arena_);
  const std::filesystem::path file = folder_ / "npr.key";
  const absl::Time created = absl::FromCivil(absl::CivilSecond(2026, 3, 4, 5, 6, 7), absl::UTCTimeZone());
  ASSERT_TRUE(identity.Write(file, created).ok());
  EXPECT_EQ(ModeOf(file), 0600u);
  const std::string text = TextOf(ReadWholeFile(file));
  EXPECT_THAT(text, testing::StartsWith("# created: 2026-03-04T05:06:07Z\n# public key: " +
                                        identity.recipient().text() + "\nAGE-SECRET-KEY-1"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(text.back(), '\n');
  const absl::StatusOr<AgeIdentity> loaded = AgeIdentity::Load(file, *arena_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->recipient(), identity.recipient());
}

TEST_F(AgeKey, WritingNeverReplacesAFile) {
  const std::filesystem::path file = PrivateFile("precious");
  EXPECT_EQ(ReasonOf(TestIdentity(*arena_).Write(file, absl::UnixEpoch())), Reason::kFileExists);
  EXPECT_EQ(TextOf(ReadWholeFile(file)), "precious");
}

TEST_F(AgeKey, WritingIntoAMissingFolderIsRefused) {
  EXPECT_EQ(ReasonOf(TestIdentity(*arena_).Write(folder_ / "missing/npr.key", absl::UnixEpoch())),
            Reason::kFileUnwritable);
}

TEST_F(AgeKey, FileThatOthersCanReadIsRefused) {
  const std::filesystem::path file = PrivateFile(kIdentityText);
  for (mode_t mode : {0640, 0604, 0620, 0660, 0644, 0700, 04600}) {
    ASSERT_EQ(chmod(file.c_str(), mode), 0);
    const absl::Status status = AgeIdentity::Load(file, *arena_).status();
    EXPECT_EQ(ReasonOf(status), Reason::kFileMode) << mode;
    EXPECT_THAT(status.ToString(), testing::HasSubstr("private.key"));
  }
  for (mode_t mode : {0600, 0400}) {
    ASSERT_EQ(chmod(file.c_str(), mode), 0);
    EXPECT_TRUE(AgeIdentity::Load(file, *arena_).ok()) << mode;
  }
}

TEST_F(AgeKey, FileThatIsMissingOrNoFileIsRefused) {
  EXPECT_EQ(ReasonOf(AgeIdentity::Load(folder_ / "missing", *arena_).status()), Reason::kFileNotFound);
  EXPECT_EQ(ReasonOf(AgeIdentity::Load(folder_ / "", *arena_).status()), Reason::kFileUnreadable);
}

TEST_F(AgeKey, FileMustHoldExactlyOneIdentity) {
  const std::string secret(kIdentityText);
  for (const std::string& content :
       {std::string(), std::string("# public key: nothing\n"), secret + "\n" + secret + "\n", secret + "\nmore\n",
        " " + secret + "\n", std::string("hello\n"), std::string(9000, '#')}) {
    const absl::Status status = AgeIdentity::Load(PrivateFile(content), *arena_).status();
    EXPECT_EQ(ReasonOf(status), Reason::kProfile);
    EXPECT_THAT(status.ToString(), testing::HasSubstr("private.key"));
    EXPECT_THAT(status.ToString(), testing::Not(testing::HasSubstr("GFPYYSJZ")));
  }
  for (const std::string& content : {secret, secret + "\n", "\n# mine\n\n" + secret + "\r\n\n"}) {
    EXPECT_TRUE(AgeIdentity::Load(PrivateFile(content), *arena_).ok());
  }
}

TEST_F(AgeKey, TwoSidesAgreeOnOneSecretAndAZeroShareIsRefused) {
  const AgeIdentity one = TestIdentity(*arena_);
  const AgeIdentity other = TestIdentity(*arena_);
  const absl::StatusOr<SecretKey> here = one.AgreeWith(other.recipient().point(), *arena_);
  const absl::StatusOr<SecretKey> there = other.AgreeWith(one.recipient().point(), *arena_);
  ASSERT_TRUE(here.ok() && there.ok());
  EXPECT_TRUE(EqualInConstantTime(SecretBytes(*here, SecretAccess()), SecretBytes(*there, SecretAccess())));
  EXPECT_EQ(ReasonOf(one.AgreeWith(X25519Point{}, *arena_).status()), Reason::kKeyFileAltered);
}

}  // namespace
}  // namespace kobling::crypto
