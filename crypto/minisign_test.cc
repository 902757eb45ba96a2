#include "crypto/minisign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/age_test_support.h"
#include "crypto/base64.h"
#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr std::string_view kComment = "kobling-key-file v1 project=P0041 register=NPR number=7";
constexpr MinisignKeyId kKeyId = {0x34, 0x25, 0x4f, 0x5a, 0xa1, 0xc7, 0xdd, 0x13};

MinisignHash HashOf(std::span<const std::uint8_t> bytes) {
  MinisignHasher hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}

class Minisign : public testing::Test {
 protected:
  MinisignSigner SignerFrom(std::uint8_t seed_byte, const MinisignKeyId& key_id) {
    std::array<std::uint8_t, 32> seed;
    seed.fill(seed_byte);
    return MinisignSigner(*SigningKey::FromSeed(*arena_, seed), key_id);
  }

  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  MinisignSigner signer_ = SignerFrom(7, kKeyId);
  Bytes file_ = PatternBytes(1000, 1);
  MinisignHash hash_ = HashOf(file_);
  std::string signature_ = *signer_.Sign(hash_, kComment);
};

// printf abc | b2sum
TEST_F(Minisign, HashIsBlake2b) {
  const MinisignHash hash = HashOf(BytesOfText("abc"));
  EXPECT_EQ(Base64Encode(std::span(hash).first(12), Base64Padding::kNone), "uoClP5gcTQ1qJ5e2");
}

TEST_F(Minisign, PartsInWhichAFileIsHashedMakeNoDifference) {
  const Bytes bytes = PatternBytes(100000, 4);
  for (std::size_t part : {1u, 127u, 128u, 129u, 65536u}) {
    MinisignHasher hasher;
    for (std::size_t begin = 0; begin < bytes.size(); begin += part) {
      hasher.Update(std::span(bytes).subspan(begin, std::min(part, bytes.size() - begin)));
    }
    EXPECT_EQ(hasher.Finish(), HashOf(bytes)) << part;
  }
}

TEST_F(Minisign, SignatureIsVerifiedAndGivesItsComment) {
  const absl::StatusOr<std::string> comment = VerifyMinisig(signer_.public_key(), hash_, signature_);
  ASSERT_TRUE(comment.ok()) << comment.status();
  EXPECT_EQ(*comment, kComment);
}

TEST_F(Minisign, SameKeyFileAndCommentGiveTheSameSignature) { EXPECT_EQ(*signer_.Sign(hash_, kComment), signature_); }

TEST_F(Minisign, SignatureOfAnotherFileIsRefused) {
  Bytes changed = file_;
  changed[500] = static_cast<std::uint8_t>(changed[500] ^ 1);
  EXPECT_EQ(ReasonOf(VerifyMinisig(signer_.public_key(), HashOf(changed), signature_).status()),
            Reason::kKeyFileSignature);
}

TEST_F(Minisign, SignatureByAnotherKeyIsRefusedEvenUnderTheSameKeyId) {
  for (const MinisignKeyId& key_id : {kKeyId, MinisignKeyId{1}}) {
    const MinisignSigner other = SignerFrom(8, key_id);
    EXPECT_EQ(ReasonOf(VerifyMinisig(signer_.public_key(), hash_, *other.Sign(hash_, kComment)).status()),
              Reason::kKeyFileSignature);
  }
  const MinisignSigner same_key_other_id = SignerFrom(7, MinisignKeyId{1});
  EXPECT_EQ(ReasonOf(VerifyMinisig(signer_.public_key(), hash_, *same_key_other_id.Sign(hash_, kComment)).status()),
            Reason::kKeyFileSignature);
}

TEST_F(Minisign, CommentOfAnotherSignatureIsRefused) {
  const std::string other = *signer_.Sign(hash_, "kobling-key-file v1 project=P0042 register=NPR number=7");
  std::string changed = signature_;
  changed.replace(changed.find("P0041"), 5, "P0042");
  EXPECT_EQ(ReasonOf(VerifyMinisig(signer_.public_key(), hash_, changed).status()), Reason::kKeyFileSignature);
  // The whole comment of another file, with the signature over it, under this file's signature.
  const MinisignHash other_hash = HashOf(PatternBytes(1000, 2));
  const std::string other_file = *signer_.Sign(other_hash, kComment);
  const std::string mixed = signature_.substr(0, signature_.find("trusted comment: k")) +
                            other_file.substr(other_file.find("trusted comment: k"));
  EXPECT_EQ(ReasonOf(VerifyMinisig(signer_.public_key(), hash_, mixed).status()), Reason::kKeyFileSignature);
}

TEST_F(Minisign, ChangeOfAnySingleByteBehindTheUntrustedCommentIsRefused) {
  for (std::size_t i = 0; i < signature_.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = signature_;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const absl::StatusOr<std::string> comment = VerifyMinisig(signer_.public_key(), hash_, changed);
      const bool is_untrusted_text = i >= std::string_view("untrusted comment: ").size() && i < signature_.find('\n');
      if (!is_untrusted_text) {
        ASSERT_EQ(ReasonOf(comment.status()), Reason::kKeyFileSignature) << "byte " << i << " bit " << bit;
      } else {
        ASSERT_TRUE(!comment.ok() || *comment == kComment) << "byte " << i << " bit " << bit;
      }
    }
  }
}

TEST_F(Minisign, SignatureCutAnywhereOrWithMoreBehindItIsRefused) {
  for (std::size_t size = 0; size < signature_.size(); ++size) {
    ASSERT_EQ(ReasonOf(VerifyMinisig(signer_.public_key(), hash_, signature_.substr(0, size)).status()),
              Reason::kKeyFileSignature)
        << size;
  }
  for (std::string_view more : {"\n", "x", "x\n", " "}) {
    EXPECT_EQ(ReasonOf(MinisignSignature::Parse(signature_ + std::string(more)).status()), Reason::kKeyFileSignature);
  }
}

TEST_F(Minisign, CommentsThatCouldSteerATerminalAreRefused) {
  EXPECT_EQ(ReasonOf(signer_.Sign(hash_, "two\nlines").status()), Reason::kFieldMalformed);
  EXPECT_EQ(ReasonOf(signer_.Sign(hash_, "\x1b[31m").status()), Reason::kFieldMalformed);
  std::string changed = signature_;
  changed[25] = '\x1b';
  EXPECT_EQ(ReasonOf(MinisignSignature::Parse(changed).status()), Reason::kKeyFileSignature);
  std::string with_carriage_returns;
  for (char character : signature_) {
    with_carriage_returns += character == '\n' ? "\r\n" : std::string(1, character);
  }
  EXPECT_EQ(ReasonOf(MinisignSignature::Parse(with_carriage_returns).status()), Reason::kKeyFileSignature);
}

TEST_F(Minisign, CommentHasALongestLength) {
  EXPECT_TRUE(signer_.Sign(hash_, std::string(kMaxMinisignTrustedComment, 'a')).ok());
  EXPECT_EQ(ReasonOf(signer_.Sign(hash_, std::string(kMaxMinisignTrustedComment + 1, 'a')).status()),
            Reason::kFieldTooLong);
}

TEST_F(Minisign, RandomChangesOfASignatureAreRefused) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  std::mt19937_64 random(seed);
  const std::size_t signed_part = signature_.find('\n') + 1;
  for (int round = 0; round < 3000; ++round) {
    std::string changed = signature_;
    const std::size_t at = signed_part + random() % (changed.size() - signed_part);
    switch (random() % 3) {
      case 0:
        changed[at] = static_cast<char>(random());
        break;
      case 1:
        changed.erase(at, 1 + random() % 20);
        break;
      default:
        changed.insert(at, 1 + random() % 20, static_cast<char>(random()));
        break;
    }
    ASSERT_EQ(VerifyMinisig(signer_.public_key(), hash_, changed).ok(), changed == signature_) << "round " << round;
  }
}

// Made with stock minisign 0.11: `minisign -G -W`, then `minisign -S -t 'hello comment'` over "hi\n".
TEST_F(Minisign, SignatureMadeByTheStockProgramIsVerified) {
  const std::string_view key =
      "untrusted comment: minisign public key 13DDC7A15A4F2534\n"
      "RWQ0JU9aocfdEy27hhYtV9rBZTDg42LXVbQ4lAApIFQqnPo788xtvyVH\n";
  const std::string_view signature =
      "untrusted comment: signature from minisign secret key\n"
      "RUQ0JU9aocfdE3zlpsztCI7E70AUrSvfQj/MQQFCKQrjDweKhhJO9iyyxQS8P1OChoxwtlNDSYAxgwsd9iKip2iEgnoO9wsPxgg=\n"
      "trusted comment: hello comment\n"
      "dYdUacYuj0CufGk/QDGQBtreKqIRQILTtThEV4PbrRaBUuRJ6c5fJrXkAnWRNnE3qbwtQWbzjnlXsTOE0RIkCQ==\n";
  const absl::StatusOr<MinisignPublicKey> public_key = MinisignPublicKey::Parse(key);
  ASSERT_TRUE(public_key.ok());
  EXPECT_EQ(MinisignKeyIdText(public_key->key_id()), "13DDC7A15A4F2534");
  EXPECT_EQ(public_key->text(), key);
  EXPECT_EQ(*VerifyMinisig(*public_key, HashOf(BytesOfText("hi\n")), signature), "hello comment");
}

// The same key over the file itself, as old versions of minisign signed: `minisign -S -l`.
TEST_F(Minisign, SignatureThatIsNotPreHashedIsRefused) {
  const std::string_view signature =
      "untrusted comment: signature from minisign secret key\n"
      "RWQ0JU9aocfdEzjs1frkTp2/iuiYOyFt9027lP27BAJY0vupFey7l17844fL0NrtUjc9MY1O5fzPjyLh9Zt6mjZIaEq+0QClCQw=\n"
      "trusted comment: hello\n"
      "DJ6u96MK67J5TbTCfufAfl+oUsYTYd2UHb/ZFHFiZ/G7sWdPvONPoSQHgQSKc80JGAvhOVGcZ8eBWc1Cp0kfBQ==\n";
  EXPECT_EQ(ReasonOf(MinisignSignature::Parse(signature).status()), Reason::kKeyFileSignature);
}

TEST_F(Minisign, PublicKeyIsReadAsAFileOrAsOneLine) {
  const MinisignPublicKey& key = signer_.public_key();
  EXPECT_EQ(*MinisignPublicKey::Parse(key.text()), key);
  EXPECT_EQ(*MinisignPublicKey::Parse(key.line()), key);
  EXPECT_EQ(*MinisignPublicKey::Parse(key.line() + "\n"), key);
  EXPECT_EQ(key.line().size(), 56u);
  EXPECT_EQ(key.Fingerprint().size(), 39u);
  const std::vector<std::string> malformed = {"",
                                              "\n",
                                              key.line().substr(1),
                                              key.line() + "A",
                                              key.line() + "\n\n",
                                              "comment\n" + key.line(),
                                              key.text() + key.line(),
                                              "untrusted comment: \n",
                                              signature_};
  for (const std::string& wrong : malformed) {
    EXPECT_EQ(ReasonOf(MinisignPublicKey::Parse(wrong).status()), Reason::kFileMalformed) << wrong;
  }
  std::string other_algorithm = key.line();
  other_algorithm.replace(0, 3, "RUQ");
  EXPECT_EQ(ReasonOf(MinisignPublicKey::Parse(other_algorithm).status()), Reason::kFileMalformed);
}

class StockMinisign : public Minisign {
 protected:
  int Verify() const {
    return RunProgram({"minisign", "-V", "-p", (folder_ / "kobling.pub").string(), "-m", (folder_ / "file").string()});
  }

  TemporaryFolder folder_;
};

TEST_F(StockMinisign, VerifiesOurSignatureAndRefusesItOnceAnythingIsChanged) {
  for (std::size_t size : {0u, 1u, 1000003u}) {
    const Bytes bytes = PatternBytes(size, size);
    const std::string signature = *signer_.Sign(HashOf(bytes), kComment);
    WriteWholeFile(folder_ / "kobling.pub", BytesOfText(signer_.public_key().text()));
    WriteWholeFile(folder_ / "file", bytes);
    WriteWholeFile(folder_ / "file.minisig", BytesOfText(signature));
    EXPECT_EQ(Verify(), 0) << size;
    EXPECT_EQ(RunProgram({"minisign", "-V", "-P", signer_.public_key().line(), "-m", (folder_ / "file").string()}), 0);

    std::string changed_comment = signature;
    changed_comment.replace(changed_comment.find("number=7"), 8, "number=8");
    WriteWholeFile(folder_ / "file.minisig", BytesOfText(changed_comment));
    EXPECT_NE(Verify(), 0) << size;

    WriteWholeFile(folder_ / "file.minisig", BytesOfText(signature));
    Bytes longer = bytes;
    longer.push_back('x');
    WriteWholeFile(folder_ / "file", longer);
    EXPECT_NE(Verify(), 0) << size;
  }
}

TEST_F(StockMinisign, SignaturesAreVerifiedByUs) {
  ASSERT_EQ(RunProgram({"minisign", "-G", "-W", "-p", (folder_ / "stock.pub").string(), "-s",
                        (folder_ / "stock.sec").string()}),
            0);
  const absl::StatusOr<MinisignPublicKey> key = MinisignPublicKey::Parse(TextOf(ReadWholeFile(folder_ / "stock.pub")));
  ASSERT_TRUE(key.ok()) << key.status();
  for (std::size_t size : {0u, 1u, 1000003u}) {
    const Bytes bytes = PatternBytes(size, size);
    WriteWholeFile(folder_ / "file", bytes);
    ASSERT_EQ(RunProgram({"minisign", "-S", "-s", (folder_ / "stock.sec").string(), "-m", (folder_ / "file").string(),
                          "-t", std::string(kComment)}),
              0);
    const std::string signature = TextOf(ReadWholeFile(folder_ / "file.minisig"));
    const absl::StatusOr<std::string> comment = VerifyMinisig(*key, HashOf(bytes), signature);
    ASSERT_TRUE(comment.ok()) << comment.status();
    EXPECT_EQ(*comment, kComment);
    EXPECT_FALSE(VerifyMinisig(*key, HashOf(PatternBytes(5, 5)), signature).ok());
  }
}

}  // namespace
}  // namespace kobling::crypto
