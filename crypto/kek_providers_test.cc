// Whichever provider a KEK comes from, it is used in the same way, and opens nothing that another one wrapped.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"
#include "crypto/hsm_testing.h"
#include "crypto/kek_credential.h"
#include "crypto/kek_file.h"
#include "crypto/kek_pkcs11.h"
#include "crypto/kek_shares.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr KeyLabel kLabel = {.kind = "index", .id = "", .version = 1};

class KekProvidersTest : public testing::Test {
 protected:
  KekProvidersTest() {
    token_.MakeKey("kek", "AES:32", {"--sensitive"});
    std::filesystem::create_directory(folder_ / "credentials");
    std::filesystem::create_directory(folder_ / "shares");
    for (const char* name : {"anne", "bjarne"}) {
      officers_.push_back(TestIdentity(*arena_));
      holders_.holders.push_back({.name = name, .recipient = officers_.back().recipient()});
    }
    EXPECT_TRUE(CreateKekFile(Path("kek"), *arena_).ok());
    EXPECT_TRUE(CreateKekFile(Path("credentials/kek"), *arena_).ok());
    EXPECT_TRUE(CreateKekFile(Path("credentials/kek-next"), *arena_).ok());
    EXPECT_EQ(::chmod(Path("credentials").c_str(), 0500), 0);
    EXPECT_TRUE(CreateKekPkcs11(Path("kek.hsm"), token_.Location("kek"), *arena_).ok());
    const auto kek = CreateKekShares(holders_, Path("shares"), *arena_);
    EXPECT_TRUE(kek.ok()) << kek.status();
    providers_.push_back(std::make_unique<KekFile>(Path("kek")));
    providers_.push_back(std::make_unique<KekCredential>(Path("credentials")));
    providers_.push_back(std::make_unique<KekPkcs11>(Path("kek.hsm"), token_.Location("kek")));
    providers_.push_back(std::make_unique<KekShares>(collector_, holders_, Path("shares")));
    GiveShares(kek->id());
  }
  ~KekProvidersTest() override { ::chmod(Path("credentials").c_str(), 0700); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  void GiveShares(const KekId& id) {
    for (std::size_t i = 0; i < officers_.size(); ++i) {
      const std::string file = Path("shares/" + ToHex(id) + "/" + holders_.holders[i].name + ".age");
      EXPECT_TRUE(collector_.Add(TextOf(OpenAll(ReadWholeFile(file), officers_[i], *arena_).plaintext)).ok());
    }
  }

  SoftHsmToken token_;
  TemporaryFolder folder_;
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  std::vector<AgeIdentity> officers_;
  ShareHolders holders_ = {.holders = {}, .needed = 2};
  ShareCollector collector_{*arena_, std::nullopt};
  std::vector<std::unique_ptr<KekProvider>> providers_;
};

TEST_F(KekProvidersTest, NoKekOpensWhatAnotherOneWrapped) {
  const SecretKey key = CountingKey(*arena_, 1);
  std::vector<KeyEncryptionKey> keks;
  std::vector<std::string> wrapped;
  for (const auto& provider : providers_) {
    auto kek = provider->Load(*arena_, std::nullopt);
    ASSERT_TRUE(kek.ok()) << provider->name() << kek.status();
    wrapped.push_back(kek->Wrap(key, kLabel).value());
    keks.push_back(*std::move(kek));
  }
  for (std::size_t i = 0; i < keks.size(); ++i) {
    for (std::size_t j = 0; j < keks.size(); ++j) {
      const auto opened = keks[i].Unwrap(wrapped[j], kLabel, *arena_);
      if (i == j) {
        ASSERT_TRUE(opened.ok()) << providers_[i]->name();
        EXPECT_EQ(ToHex(SecretBytes(*opened, SecretAccess())), ToHex(SecretBytes(key, SecretAccess())));
      } else {
        EXPECT_EQ(ReasonOf(opened.status()), Reason::kKeyUnusable) << providers_[i]->name();
      }
    }
  }
}

// The whole way of a replacement, as the server goes it, by the interface alone.
TEST_F(KekProvidersTest, EachReplacesItsKek) {
  const SecretKey key = CountingKey(*arena_, 1);
  for (const auto& provider : providers_) {
    SCOPED_TRACE(provider->name());
    const auto current = provider->Load(*arena_, std::nullopt);
    ASSERT_TRUE(current.ok()) << current.status();
    ASSERT_TRUE(provider->Settle(current->id()).ok());
    const auto next = provider->MakeNext(*arena_);
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_NE(next->id(), current->id());
    const std::string wrapped = next->Wrap(key, kLabel).value();
    ASSERT_TRUE(provider->Settle(next->id()).ok());
    if (provider->name() == "shares") {
      GiveShares(next->id());
    }
    const auto again = provider->Load(*arena_, KekIdOf(wrapped).value());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(again->Unwrap(wrapped, kLabel, *arena_).ok());
  }
}

// The recovery copy: shares of a KEK whose daily provider is another one.
TEST_F(KekProvidersTest, SharesOfEveryKekOpenIt) {
  for (const auto& provider : providers_) {
    SCOPED_TRACE(provider->name());
    const auto kek = provider->Load(*arena_, std::nullopt);
    ASSERT_TRUE(kek.ok()) << kek.status();
    const std::string folder = Path(std::string("recovery-") + std::string(provider->name()));
    std::filesystem::create_directory(folder);
    ASSERT_TRUE(WriteSealedShares(*kek, holders_, folder, *arena_).ok());
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < officers_.size(); ++i) {
      std::string file = folder;
      file.append("/").append(ToHex(kek->id())).append("/").append(holders_.holders[i].name).append(".age");
      lines.push_back(TextOf(OpenAll(ReadWholeFile(file), officers_[i], *arena_).plaintext));
    }
    const auto recovered = CombineShares(std::vector<std::string_view>{lines[0], lines[1]}, *arena_);
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    EXPECT_EQ(recovered->id(), kek->id());
  }
}

}  // namespace
}  // namespace kobling::crypto
