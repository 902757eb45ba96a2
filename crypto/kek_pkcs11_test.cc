#include "crypto/kek_pkcs11.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"
#include "crypto/hsm_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

class KekPkcs11Test : public testing::Test {
 protected:
  KekPkcs11Test() { token_.MakeKey("kek", "AES:32", {"--sensitive"}); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  HsmKeyLocation Location() const { return token_.Location("kek"); }
  KekPkcs11 Fresh() const { return KekPkcs11(path_, Location()); }
  void Create() const {
    const absl::Status created = CreateKekPkcs11(path_, Location(), *arena_);
    ASSERT_TRUE(created.ok()) << created;
  }
  absl::StatusOr<KeyEncryptionKey> LoadAt(const HsmKeyLocation& location) const {
    const std::size_t before = arena_->bytes_in_use();
    auto kek = KekPkcs11(path_, location).Load(*arena_, std::nullopt);
    // Whatever is refused neither names the PIN nor leaves anything of it in the arena.
    EXPECT_EQ(kek.status().message().find("482913"), absl::string_view::npos);
    if (!kek.ok()) {
      EXPECT_EQ(arena_->bytes_in_use(), before);
    }
    return kek;
  }
  // The hint tells the operator which of the things that can be wrong it is.
  void ExpectUnavailable(const HsmKeyLocation& location, std::string_view hint) const {
    const absl::Status status = LoadAt(location).status();
    EXPECT_EQ(ReasonOf(status), Reason::kHsmUnavailable) << status;
    EXPECT_NE(status.message().find(hint.data(), 0, hint.size()), absl::string_view::npos) << status;
  }
  std::string PinFile(const std::string& text, mode_t mode) const {
    WriteWholeFile(Path("other-pin"), BytesOfText(text));
    EXPECT_EQ(::chmod(Path("other-pin").c_str(), mode), 0);
    return Path("other-pin");
  }

  SoftHsmToken token_;
  TemporaryFolder folder_;
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  std::string path_ = Path("kek.hsm");
};

TEST_F(KekPkcs11Test, OpensTheSameKekEveryTime) {
  Create();
  const auto first = Fresh().Load(*arena_, std::nullopt);
  const auto second = Fresh().Load(*arena_, std::nullopt);
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(ToHex(SecretBytes(*first, SecretAccess())), ToHex(SecretBytes(*second, SecretAccess())));
  const SecretKey key = CountingKey(*arena_, 1);
  const KeyLabel label = {.kind = "index", .id = "", .version = 1};
  EXPECT_TRUE(second->Unwrap(first->Wrap(key, label).value(), label, *arena_).ok());
  EXPECT_EQ(Fresh().name(), "hsm");
}

TEST_F(KekPkcs11Test, TheFileIsSealedAndForItsOwnerOnly) {
  Create();
  const auto kek = Fresh().Load(*arena_, std::nullopt);
  ASSERT_TRUE(kek.ok()) << kek.status();
  const Bytes bytes = ReadWholeFile(path_);
  EXPECT_EQ(bytes.size(), 72u);
  EXPECT_EQ(TextOf(std::span(bytes).first(4)), "KBH1");
  EXPECT_EQ(ToHex(std::span(bytes).subspan(4, 8)), ToHex(kek->id()));
  EXPECT_EQ(ToHex(bytes).find(ToHex(SecretBytes(*kek, SecretAccess()))), std::string::npos);
  struct stat info = {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(ReasonOf(CreateKekPkcs11(path_, Location(), *arena_)), Reason::kFileExists);
  EXPECT_EQ(ReadWholeFile(path_), bytes);
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(ReasonOf(LoadAt(Location()).status()), Reason::kFileMode);
}

TEST_F(KekPkcs11Test, EachChangedByteIsRefused) {
  Create();
  const Bytes bytes = ReadWholeFile(path_);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 0x01;
    WriteWholeFile(path_, changed);
    EXPECT_EQ(ReasonOf(LoadAt(Location()).status()), Reason::kKeyUnusable) << i;
  }
  for (const std::size_t length : {0, 3, 12, 71}) {
    WriteWholeFile(path_, std::span(bytes).first(length));
    EXPECT_EQ(ReasonOf(LoadAt(Location()).status()), Reason::kKeyUnusable) << length;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  WriteWholeFile(path_, longer);
  EXPECT_EQ(ReasonOf(LoadAt(Location()).status()), Reason::kKeyUnusable);
}

TEST_F(KekPkcs11Test, AFileOfAnotherKeyOfTheHsmIsRefused) {
  Create();
  token_.MakeKey("other", "AES:32", {"--sensitive"});
  EXPECT_EQ(ReasonOf(LoadAt(token_.Location("other")).status()), Reason::kKeyUnusable);
}

TEST_F(KekPkcs11Test, AWrongPinIsSaidAndNotShown) {
  Create();
  HsmKeyLocation location = Location();
  location.pin_file = PinFile("4829130\n", 0600);
  ExpectUnavailable(location, "the PIN is wrong");
  for (const std::string& text : {std::string(), std::string("\n"), std::string(256, '1')}) {
    location.pin_file = PinFile(text, 0600);
    ExpectUnavailable(location, "does not hold a PIN");
  }
  EXPECT_TRUE(LoadAt(Location()).ok()) << "and the right one is taken afterwards";
  for (const std::string end : {"", "\n", "\r\n"}) {
    location.pin_file = PinFile("482913" + end, 0400);
    EXPECT_TRUE(LoadAt(location).ok());
  }
}

TEST_F(KekPkcs11Test, APinThatOthersCanReadIsRefused) {
  Create();
  HsmKeyLocation location = Location();
  location.pin_file = PinFile("482913\n", 0640);
  EXPECT_EQ(ReasonOf(LoadAt(location).status()), Reason::kFileMode);
  location.pin_file = Path("missing");
  EXPECT_EQ(ReasonOf(LoadAt(location).status()), Reason::kFileNotFound);
}

TEST_F(KekPkcs11Test, AMissingModuleTokenOrKeyIsSaid) {
  Create();
  HsmKeyLocation location = Location();
  location.module = Path("no-such-module.so");
  ExpectUnavailable(location, "module cannot be loaded");
  location.module = "libm.so.6";
  ExpectUnavailable(location, "module cannot be loaded");
  location = Location();
  location.token = "kobling-tes";
  ExpectUnavailable(location, "no token has this label");
  ExpectUnavailable(token_.Location("kek2"), "no AES key of this label");
  token_.InitToken("kobling-test");
  ExpectUnavailable(Location(), "several tokens have this label");
}

TEST_F(KekPkcs11Test, AKeyThatCouldLeaveTheHsmIsRefused) {
  Create();
  token_.MakeKey("extractable", "AES:32", {"--sensitive", "--extractable"});
  token_.MakeKey("readable", "AES:32", {});
  for (const char* label : {"extractable", "readable"}) {
    ExpectUnavailable(token_.Location(label), "the key could leave the HSM");
    EXPECT_EQ(ReasonOf(CreateKekPkcs11(Path(label), token_.Location(label), *arena_)), Reason::kHsmUnavailable);
    EXPECT_FALSE(std::filesystem::exists(Path(label)));
  }
}

TEST_F(KekPkcs11Test, AKeyThatIsNotTheOneMeantIsRefused) {
  Create();
  token_.MakeKey("short", "AES:16", {"--sensitive"});
  ExpectUnavailable(token_.Location("short"), "not of 256 bits");
  token_.MakeKey("generic", "GENERIC:32", {"--sensitive"});
  ExpectUnavailable(token_.Location("generic"), "no AES key of this label");
  token_.MakeKey("kek", "AES:32", {"--sensitive"});
  ExpectUnavailable(Location(), "several AES keys of this label");
}

TEST_F(KekPkcs11Test, TheLastTryOfAPinIsLeftToPeople) {
  Create();
  EXPECT_TRUE(LoadAt(token_.OddLocation("kek", "")).ok());
  ExpectUnavailable(token_.OddLocation("kek", "final-try"), "the next wrong one locks it");
}

TEST_F(KekPkcs11Test, AModuleMayChooseTheNonceItself) {
  const HsmKeyLocation location = token_.OddLocation("kek", "own-nonce");
  ASSERT_TRUE(CreateKekPkcs11(path_, location, *arena_).ok());
  EXPECT_EQ(ToHex(std::span<const std::uint8_t>(ReadWholeFile(path_)).subspan(12, 12)), "777777777777777777777777");
  EXPECT_TRUE(LoadAt(location).ok());
}

TEST_F(KekPkcs11Test, AReplacementGoesThroughItsStepsAndItsCrashes) {
  Create();
  const KekId before = Fresh().Load(*arena_, std::nullopt)->id();
  KekPkcs11 provider = Fresh();
  ASSERT_TRUE(provider.Load(*arena_, before).ok());
  const auto unused = provider.MakeNext(*arena_);
  ASSERT_TRUE(unused.ok()) << unused.status();
  // Ended before the keys were wrapped anew.
  provider = Fresh();
  EXPECT_EQ(provider.Load(*arena_, before)->id(), before);
  ASSERT_TRUE(provider.Settle(before).ok());
  EXPECT_FALSE(std::filesystem::exists(path_ + ".next"));
  const auto next = provider.MakeNext(*arena_);
  ASSERT_TRUE(next.ok()) << next.status();
  // Ended after the keys were wrapped anew.
  provider = Fresh();
  EXPECT_EQ(provider.Load(*arena_, next->id())->id(), next->id());
  // Without the HSM nothing is destroyed.
  HsmKeyLocation lost = Location();
  lost.token = "lost";
  EXPECT_EQ(ReasonOf(KekPkcs11(path_, lost).Settle(next->id())), Reason::kHsmUnavailable);
  EXPECT_EQ(Fresh().Load(*arena_, before)->id(), before);
  ASSERT_TRUE(provider.Settle(next->id()).ok());
  ASSERT_TRUE(provider.Settle(next->id()).ok());
  EXPECT_FALSE(std::filesystem::exists(path_ + ".next"));
  EXPECT_EQ(Fresh().Load(*arena_, std::nullopt)->id(), next->id());
  EXPECT_EQ(ReasonOf(Fresh().Load(*arena_, before).status()), Reason::kKeyUnusable);
}

}  // namespace
}  // namespace kobling::crypto
