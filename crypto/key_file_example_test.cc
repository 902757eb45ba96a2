// The example in docs/formats/examples/key-file and the script in docs/recipes/open-with-stock-tools.md do what the
// pages say of them.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/age.h"
#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"
#include "crypto/key_file_comment.h"
#include "crypto/minisign.h"

namespace kobling::crypto {
namespace {

constexpr std::string_view kSealedName = "NPR_P0041_0007.csv.age";
constexpr std::string_view kSignatureName = "NPR_P0041_0007.csv.age.minisig";
constexpr std::string_view kOpenedName = "NPR_P0041_0007.csv";
constexpr std::string_view kPlaintext =
    "fodselsnummer;lopenummer\n"
    "01839012345;L04HMASW9NF6YY093F\n"
    "55858570106;L04HMASW9NF6YY093F\n"
    "01839012353;L9TJSPC5XWSYRHX6TC\n";

std::filesystem::path DocumentPath(std::string_view name) {
  return std::filesystem::path(KOBLING_VECTORS_DIR).parent_path().parent_path() / name;
}

Bytes ExampleFile(std::string_view name) { return ReadWholeFile(DocumentPath("formats/examples/key-file") / name); }

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(KeyFileExample, IsSignedAndOpensToWhatThePageShows) {
  const std::unique_ptr<SecretArena> arena = NewTestArena();
  const std::string key_file = TextOf(ExampleFile("npr.key"));
  const std::string secret = key_file.substr(key_file.find("AGE-SECRET-KEY-1"), 74);
  const absl::StatusOr<AgeIdentity> identity = AgeIdentity::Parse(secret, *arena);
  ASSERT_TRUE(identity.ok()) << identity.status();
  const absl::StatusOr<MinisignPublicKey> signing_key = MinisignPublicKey::Parse(TextOf(ExampleFile("kobling.pub")));
  ASSERT_TRUE(signing_key.ok()) << signing_key.status();

  const Bytes sealed = ExampleFile(kSealedName);
  MinisignHasher hasher;
  hasher.Update(sealed);
  const std::string signature = TextOf(ExampleFile(kSignatureName));
  const absl::StatusOr<std::string> text = VerifyMinisig(*signing_key, hasher.Finish(), signature);
  ASSERT_TRUE(text.ok()) << text.status();
  const absl::StatusOr<KeyFileComment> comment = ParseKeyFileComment(*text);
  ASSERT_TRUE(comment.ok()) << comment.status();
  EXPECT_EQ(KeyFileName(*comment), kOpenedName);
  EXPECT_EQ(comment->recipient, identity->recipient().Fingerprint());
  EXPECT_EQ(comment->rows, 3u);

  const Opened opened = OpenAll(sealed, *identity, *arena);
  EXPECT_TRUE(opened.status.ok()) << opened.status;
  EXPECT_EQ(TextOf(opened.plaintext), kPlaintext);

  // The page shows the same bytes, and its formulas give the sizes.
  const std::string page = TextOf(ReadWholeFile(DocumentPath("formats/key-file.md")));
  EXPECT_TRUE(Contains(page, *text));
  EXPECT_TRUE(Contains(page, std::string(kPlaintext)));
  EXPECT_TRUE(Contains(page, TextOf(sealed).substr(0, 168)));
  EXPECT_TRUE(Contains(page, TextOf(ExampleFile("kobling.pub"))));
  EXPECT_TRUE(Contains(page, signature.substr(0, signature.find(" project="))));
  EXPECT_EQ(opened.plaintext.size(), 25 + 31 * comment->rows);
  EXPECT_EQ(sealed.size(), 184 + opened.plaintext.size() + 16);
}

class StockToolsRecipe : public testing::Test {
 protected:
  StockToolsRecipe() {
    for (std::string_view name :
         {kSealedName, kSignatureName, std::string_view("kobling.pub"), std::string_view("npr.key")}) {
      WriteWholeFile(folder_ / name, ExampleFile(name));
    }
    const std::string page = TextOf(ReadWholeFile(DocumentPath("recipes/open-with-stock-tools.md")));
    const std::string begin_mark = "```sh\n";
    const std::size_t begin = page.find(begin_mark) + begin_mark.size();
    WriteWholeFile(folder_ / "open-key-file.sh", BytesOfText(page.substr(begin, page.find("```", begin) - begin)));
  }

  int RunScript() const {
    return RunProgram({"sh", (folder_ / "open-key-file.sh").string(), (folder_ / kSealedName).string(),
                       (folder_ / "kobling.pub").string(), (folder_ / "npr.key").string()});
  }

  bool Exists(std::string_view name) const { return std::filesystem::exists(folder_ / name); }

  // Replaces the sealed file, with a right signature over the new bytes under a key that the script trusts.
  void SealedFileBecomes(const Bytes& sealed) {
    const std::unique_ptr<SecretArena> arena = NewTestArena();
    const MinisignSigner signer(*SigningKey::Generate(*arena), MinisignKeyId{1});
    MinisignHasher hasher;
    hasher.Update(sealed);
    WriteWholeFile(folder_ / kSealedName, sealed);
    WriteWholeFile(folder_ / kSignatureName, BytesOfText(*signer.Sign(hasher.Finish(), "test")));
    WriteWholeFile(folder_ / "kobling.pub", BytesOfText(signer.public_key().text()));
  }

  TemporaryFolder folder_;
};

TEST_F(StockToolsRecipe, OpensTheExample) {
  ASSERT_EQ(RunScript(), 0);
  EXPECT_EQ(TextOf(ReadWholeFile(folder_ / kOpenedName)), kPlaintext);
  EXPECT_FALSE(Exists("NPR_P0041_0007.csv.part"));
}

TEST_F(StockToolsRecipe, ReplacesNoFile) {
  WriteWholeFile(folder_ / kOpenedName, BytesOfText("precious"));
  EXPECT_NE(RunScript(), 0);
  EXPECT_EQ(TextOf(ReadWholeFile(folder_ / kOpenedName)), "precious");
}

TEST_F(StockToolsRecipe, OpensNothingThatIsNotSigned) {
  Bytes changed = ExampleFile(kSealedName);
  changed.push_back('x');
  WriteWholeFile(folder_ / kSealedName, changed);
  EXPECT_NE(RunScript(), 0);
  EXPECT_FALSE(Exists(kOpenedName));
}

// Even if the cut file were signed. Without the script, stock age leaves the first chunk under the final name.
TEST_F(StockToolsRecipe, LeavesNothingOfAFileThatIsCut) {
  const std::unique_ptr<SecretArena> arena = NewTestArena();
  const std::string key_file = TextOf(ExampleFile("npr.key"));
  const AgeIdentity identity = *AgeIdentity::Parse(key_file.substr(key_file.find("AGE-SECRET-KEY-1"), 74), *arena);
  const std::vector<AgeRecipient> recipients = {identity.recipient()};
  Bytes sealed = Sealed(PatternBytes(3 * kAgeChunkBytes, 1), recipients, *arena);
  sealed.resize(184 + 2 * (kAgeChunkBytes + 16));
  SealedFileBecomes(sealed);
  EXPECT_NE(RunScript(), 0);
  EXPECT_FALSE(Exists(kOpenedName));
  EXPECT_FALSE(Exists("NPR_P0041_0007.csv.part"));

  const std::string plain_age_output = (folder_ / "left-over").string();
  EXPECT_NE(RunProgram({"age", "-d", "-i", (folder_ / "npr.key").string(), "-o", plain_age_output,
                        (folder_ / kSealedName).string()}),
            0);
  EXPECT_TRUE(Exists("left-over"));
}

}  // namespace
}  // namespace kobling::crypto
