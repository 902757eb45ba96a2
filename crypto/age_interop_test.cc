// Sealed files go both ways between this code and the stock age program, which a register may use instead of ours.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "crypto/age.h"
#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"

namespace kobling::crypto {
namespace {

constexpr std::size_t kSizes[] = {0, 1, 65535, 65536, 65537, 131072, 131073, 1000003};

class StockAge : public testing::Test {
 protected:
  StockAge() {
    for (std::size_t i = 0; i < 3; ++i) {
      identities_.push_back(TestIdentity(*arena_));
      recipients_.push_back(identities_.back().recipient());
      EXPECT_TRUE(identities_.back().Write(KeyFile(i), absl::UnixEpoch()).ok());
    }
  }

  std::filesystem::path KeyFile(std::size_t i) const { return folder_ / ("npr" + std::to_string(i) + ".key"); }

  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  TemporaryFolder folder_;
  std::vector<AgeIdentity> identities_;
  std::vector<AgeRecipient> recipients_;
};

TEST_F(StockAge, OpensOurFilesForEachOfOneToThreeRecipients) {
  const std::filesystem::path sealed_file = folder_ / "file.age";
  const std::filesystem::path opened_file = folder_ / "file";
  for (std::size_t size : kSizes) {
    const Bytes plaintext = PatternBytes(size, size);
    for (std::size_t recipients = 1; recipients <= 3; ++recipients) {
      WriteWholeFile(sealed_file, Sealed(plaintext, std::span(recipients_).first(recipients), *arena_));
      for (std::size_t i = 0; i < recipients; ++i) {
        std::filesystem::remove(opened_file);
        ASSERT_EQ(
            RunProgram({"age", "-d", "-i", KeyFile(i).string(), "-o", opened_file.string(), sealed_file.string()}), 0)
            << size;
        // For an empty file, stock age ends well and writes none.
        EXPECT_EQ(std::filesystem::exists(opened_file), size > 0);
        EXPECT_TRUE(size == 0 || ReadWholeFile(opened_file) == plaintext) << size;
      }
    }
  }
}

TEST_F(StockAge, FilesForOneToThreeRecipientsAreOpenedByUs) {
  const std::filesystem::path sealed_file = folder_ / "file.age";
  const std::filesystem::path plain_file = folder_ / "file";
  for (std::size_t size : kSizes) {
    const Bytes plaintext = PatternBytes(size, size);
    WriteWholeFile(plain_file, plaintext);
    std::vector<std::string> command = {"age", "-o", sealed_file.string()};
    for (std::size_t i = 0; i < 3; ++i) {
      command.insert(command.end(), {"-r", recipients_[i].text()});
      std::vector<std::string> with_input = command;
      with_input.push_back(plain_file.string());
      ASSERT_EQ(RunProgram(with_input), 0);
      const Opened opened = OpenAll(ReadWholeFile(sealed_file), identities_[i], *arena_);
      EXPECT_TRUE(opened.status.ok()) << size << " " << opened.status;
      EXPECT_TRUE(opened.plaintext == plaintext) << size;
    }
  }
}

TEST_F(StockAge, RefusesOurFileWithAnotherIdentity) {
  const std::filesystem::path sealed_file = folder_ / "file.age";
  WriteWholeFile(sealed_file, Sealed(PatternBytes(10, 1), std::span(recipients_).first(1), *arena_));
  EXPECT_NE(
      RunProgram({"age", "-d", "-i", KeyFile(1).string(), "-o", (folder_ / "file").string(), sealed_file.string()}), 0);
}

TEST_F(StockAge, KeyFileOfTheStockGeneratorIsLoaded) {
  const std::filesystem::path key_file = folder_ / "stock.key";
  ASSERT_EQ(RunProgram({"age-keygen", "-o", key_file.string()}), 0);
  const absl::StatusOr<AgeIdentity> identity = AgeIdentity::Load(key_file, *arena_);
  ASSERT_TRUE(identity.ok()) << identity.status();
  const std::string text = TextOf(ReadWholeFile(key_file));
  EXPECT_NE(text.find("# public key: " + identity->recipient().text() + "\n"), std::string::npos);
}

TEST_F(StockAge, GeneratorDerivesTheSameRecipientFromOurKeyFile) {
  const std::filesystem::path recipient_file = folder_ / "recipient";
  ASSERT_EQ(RunProgram({"age-keygen", "-y", "-o", recipient_file.string(), KeyFile(0).string()}), 0);
  EXPECT_EQ(TextOf(ReadWholeFile(recipient_file)), recipients_[0].text() + "\n");
}

}  // namespace
}  // namespace kobling::crypto
