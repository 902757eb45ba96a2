// The worked example of docs/formats/kek.md, opened by each of the providers and by the script of
// docs/recipes/rebuild-kek-with-stock-tools.md.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"
#include "crypto/hsm_testing.h"
#include "crypto/kek_file.h"
#include "crypto/kek_pkcs11.h"
#include "crypto/share_collector.h"

namespace kobling::crypto {
namespace {

class KekExampleTest : public testing::Test {
 protected:
  KekExampleTest() { std::ifstream(std::string(KOBLING_VECTORS_DIR) + "/kek.json") >> example_; }

  // A file of the example, as it stands in hexadecimal.
  std::string Write(const std::string& name, const std::string& hexadecimal) const {
    const std::filesystem::path file = folder_ / name;
    WriteWholeFile(file, BytesOfText(FromHex(hexadecimal)));
    EXPECT_EQ(::chmod(file.c_str(), 0600), 0);
    return file.string();
  }
  void ExpectExample(const absl::StatusOr<KeyEncryptionKey>& kek) const {
    ASSERT_TRUE(kek.ok()) << kek.status();
    EXPECT_EQ(ToHex(SecretBytes(*kek, SecretAccess())), example_["kek"]);
    EXPECT_EQ(ToHex(kek->id()), example_["kek_id"]);
  }

  TemporaryFolder folder_;
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  nlohmann::json example_;
};

TEST_F(KekExampleTest, TheFileHoldsTheKek) {
  ExpectExample(KekFile(Write("kek", example_["file"])).Load(*arena_, std::nullopt));
}

TEST_F(KekExampleTest, AnyTwoSharesOpenTheKek) {
  std::vector<std::string> texts;
  for (const auto& share : example_["splitting"]["shares"]) {
    texts.push_back(share["text"]);
  }
  ASSERT_EQ(texts.size(), 3u);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ExpectExample(CombineShares(std::vector<std::string_view>{texts[i], texts[(i + 1) % 3]}, *arena_));
  }
}

TEST_F(KekExampleTest, TheRecipesScriptRebuildsTheFileFromEnoughShares) {
  const std::filesystem::path documents = std::filesystem::path(KOBLING_VECTORS_DIR).parent_path().parent_path();
  const std::string page = TextOf(ReadWholeFile(documents / "recipes/rebuild-kek-with-stock-tools.md"));
  const std::string begin_mark = "```python\n";
  const std::size_t begin = page.find(begin_mark) + begin_mark.size();
  WriteWholeFile(folder_ / "rebuild-kek.py", BytesOfText(page.substr(begin, page.find("```", begin) - begin)));
  for (const std::size_t i : {0, 2}) {
    const std::string text = example_["splitting"]["shares"][i]["text"];
    WriteWholeFile(folder_ / ("share" + std::to_string(i)), BytesOfText(text + "\n"));
  }
  const std::string out = (folder_ / "rebuilt").string();
  std::vector<std::string> command = {"python3", (folder_ / "rebuild-kek.py").string(), out,
                                      (folder_ / "share2").string()};
  EXPECT_NE(RunProgram(command), 0);
  EXPECT_FALSE(std::filesystem::exists(out));
  command.push_back((folder_ / "share0").string());
  EXPECT_EQ(RunProgram(command), 0);
  ExpectExample(KekFile(out).Load(*arena_, std::nullopt));
  EXPECT_NE(RunProgram(command), 0) << "it replaces no file";
}

TEST_F(KekExampleTest, TheModuleWithTheExamplesKeyOpensTheFile) {
  SoftHsmToken token;
  token.ImportKey("example", Write("module-key", example_["hsm"]["module_key"]));
  ExpectExample(
      KekPkcs11(Write("kek.hsm", example_["hsm"]["file"]), token.Location("example")).Load(*arena_, std::nullopt));
}

}  // namespace
}  // namespace kobling::crypto
