// Whatever is done to a sealed file, reading it either fails or gives what was sealed; and what is given out before a
// failure is the beginning of what was sealed.
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/age.h"
#include "crypto/age_file_key.h"
#include "crypto/age_header.h"
#include "crypto/age_test_support.h"
#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr std::size_t kSealedChunkBytes = kAgeChunkBytes + 16;

Bytes Joined(std::initializer_list<std::span<const std::uint8_t>> parts) {
  Bytes joined;
  for (const auto& part : parts) {
    joined.insert(joined.end(), part.begin(), part.end());
  }
  return joined;
}

bool IsBeginningOf(const Bytes& part, const Bytes& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

class DamagedAge : public testing::Test {
 protected:
  // A file with a header of one's own making and a right code over it, which a sender can always make.
  Bytes FileWithStanzas(const AgeFileKey& file_key, const std::vector<AgeStanza>& stanzas) {
    std::string header = AgeHeaderText(stanzas);
    header += AgeHeaderEnd(file_key.HeaderMac(header));
    return Joined({BytesOfText(header), EmptyPayload(file_key)});
  }

  Bytes EmptyPayload(const AgeFileKey& file_key) {
    const std::array<std::uint8_t, 16> nonce = {};
    const absl::StatusOr<SecretKey> key = file_key.PayloadKey(nonce, *arena_);
    const std::array<std::uint8_t, 12> chunk_nonce = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    Bytes sealed(16);
    crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, nullptr, 0, nullptr, 0, nullptr,
                                              chunk_nonce.data(), SecretBytes(*key, SecretAccess()).data());
    return Joined({nonce, sealed});
  }

  Opened Open(std::span<const std::uint8_t> sealed) { return OpenAll(sealed, identity_, *arena_); }

  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  AgeIdentity identity_ = TestIdentity(*arena_);
  std::vector<AgeRecipient> recipients_ = {identity_.recipient()};
  std::size_t payload_begin_ = Sealed({}, recipients_, *arena_).size() - 16;  // behind header and nonce
};

TEST_F(DamagedAge, ChangeOfAnySingleByteIsRefused) {
  const AgeIdentity second = TestIdentity(*arena_);
  const std::vector<AgeRecipient> two = {identity_.recipient(), second.recipient()};
  const Bytes sealed = Sealed(PatternBytes(40, 1), two, *arena_);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = sealed;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1 << bit));
      const Opened opened = Open(changed);
      ASSERT_FALSE(opened.status.ok()) << "byte " << i << " bit " << bit;
      ASSERT_TRUE(opened.plaintext.empty()) << "byte " << i << " bit " << bit;
      const auto reason = ReasonOf(opened.status);
      ASSERT_TRUE(reason == Reason::kKeyFileAltered || reason == Reason::kKeyFileTruncated ||
                  reason == Reason::kKeyFileRecipient)
          << "byte " << i << " bit " << bit << " " << opened.status;
    }
  }
}

TEST_F(DamagedAge, SmallFileCutAnywhereIsRefused) {
  const Bytes sealed = Sealed(PatternBytes(40, 1), recipients_, *arena_);
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    const Opened opened = Open(std::span(sealed).first(size));
    ASSERT_FALSE(opened.status.ok()) << size;
    ASSERT_TRUE(opened.plaintext.empty()) << size;
    if (size < payload_begin_ + 16) {
      ASSERT_EQ(ReasonOf(opened.status), Reason::kKeyFileTruncated) << size;
    }
  }
}

TEST_F(DamagedAge, FileCutAtOrBesideAChunkBorderIsRefusedAndNeverEndsCleanly) {
  const Bytes plaintext = PatternBytes(3 * kAgeChunkBytes, 2);
  const Bytes sealed = Sealed(plaintext, recipients_, *arena_);
  ASSERT_EQ(sealed.size(), payload_begin_ + 3 * kSealedChunkBytes);
  for (std::size_t chunks = 0; chunks < 3; ++chunks) {
    const std::size_t border = payload_begin_ + chunks * kSealedChunkBytes;
    for (std::size_t size : {border - 1, border, border + 1, border + 15, border + 16, border + 17}) {
      const Opened opened = Open(std::span(sealed).first(size));
      ASSERT_FALSE(opened.status.ok()) << chunks << " chunks, " << size << " bytes";
      EXPECT_TRUE(IsBeginningOf(opened.plaintext, plaintext));
      if (size >= border && size < border + 16) {
        EXPECT_EQ(ReasonOf(opened.status), Reason::kKeyFileTruncated) << chunks << " chunks, " << size << " bytes";
      }
    }
  }
  EXPECT_EQ(ReasonOf(Open(std::span(sealed).first(sealed.size() - 1)).status), Reason::kKeyFileAltered);
}

TEST_F(DamagedAge, BytesBehindTheEndAreRefused) {
  for (std::size_t size : {std::size_t{0}, std::size_t{40}, kAgeChunkBytes}) {
    const Bytes sealed = Sealed(PatternBytes(size, 2), recipients_, *arena_);
    for (std::size_t more : {1u, 16u, 17u, 70000u}) {
      const Opened opened = Open(Joined({sealed, Bytes(more, 0)}));
      EXPECT_EQ(ReasonOf(opened.status), Reason::kKeyFileAltered) << size << " + " << more;
      EXPECT_TRUE(opened.plaintext.empty());
    }
    EXPECT_FALSE(Open(Joined({sealed, sealed})).status.ok());
  }
}

TEST_F(DamagedAge, ChunksThatAreSwappedRepeatedOrLeftOutAreRefused) {
  const Bytes plaintext = PatternBytes(3 * kAgeChunkBytes + 5, 2);
  const Bytes sealed = Sealed(plaintext, recipients_, *arena_);
  const std::span<const std::uint8_t> all = sealed;
  const auto head = all.first(payload_begin_);
  const auto chunk0 = all.subspan(payload_begin_, kSealedChunkBytes);
  const auto chunk1 = all.subspan(payload_begin_ + kSealedChunkBytes, kSealedChunkBytes);
  const auto chunk2 = all.subspan(payload_begin_ + 2 * kSealedChunkBytes, kSealedChunkBytes);
  const auto end = all.subspan(payload_begin_ + 3 * kSealedChunkBytes);
  ASSERT_TRUE(Open(Joined({head, chunk0, chunk1, chunk2, end})).status.ok());
  for (const Bytes& damaged :
       {Joined({head, chunk1, chunk0, chunk2, end}), Joined({head, chunk0, chunk2, chunk1, end}),
        Joined({head, chunk0, chunk0, chunk1, chunk2, end}), Joined({head, chunk0, chunk2, end}),
        Joined({head, chunk1, chunk2, end}), Joined({head, end, chunk0, chunk1, chunk2}), Joined({head, end})}) {
    const Opened opened = Open(damaged);
    EXPECT_EQ(ReasonOf(opened.status), Reason::kKeyFileAltered);
    EXPECT_TRUE(IsBeginningOf(opened.plaintext, plaintext));
    EXPECT_LE(opened.plaintext.size(), kAgeChunkBytes);
  }
}

TEST_F(DamagedAge, ContentOrNonceUnderTheHeaderOfAnotherFileIsRefused) {
  const Bytes one = Sealed(PatternBytes(40, 1), recipients_, *arena_);
  const Bytes other = Sealed(PatternBytes(40, 1), recipients_, *arena_);
  const std::size_t header = payload_begin_ - 16;
  const Bytes other_content = Joined({std::span(one).first(payload_begin_), std::span(other).subspan(payload_begin_)});
  const Bytes other_nonce = Joined({std::span(one).first(header), std::span(other).subspan(header)});
  EXPECT_EQ(ReasonOf(Open(other_content).status), Reason::kKeyFileAltered);
  EXPECT_EQ(ReasonOf(Open(other_nonce).status), Reason::kKeyFileAltered);
}

TEST_F(DamagedAge, HeaderWithARecipientAddedRemovedOrExchangedIsRefused) {
  const absl::StatusOr<AgeFileKey> file_key = AgeFileKey::Generate(*arena_);
  const AgeStanza ours = *file_key->WrapFor(identity_.recipient(), *arena_);
  const AgeStanza another = *file_key->WrapFor(TestIdentity(*arena_).recipient(), *arena_);
  const std::vector<AgeStanza> both = {ours, another};
  ASSERT_TRUE(Open(FileWithStanzas(*file_key, both)).status.ok());
  const std::string mac = AgeHeaderEnd(file_key->HeaderMac(AgeHeaderText(both)));
  for (const std::vector<AgeStanza>& stanzas :
       {std::vector<AgeStanza>{ours}, {another, ours}, {ours, another, another}}) {
    const std::string header = AgeHeaderText(stanzas) + mac;
    EXPECT_EQ(ReasonOf(Open(Joined({BytesOfText(header), EmptyPayload(*file_key)})).status), Reason::kKeyFileAltered);
  }
}

TEST_F(DamagedAge, StanzasOfUnknownKindsAreSkipped) {
  const absl::StatusOr<AgeFileKey> file_key = AgeFileKey::Generate(*arena_);
  const AgeStanza ours = *file_key->WrapFor(identity_.recipient(), *arena_);
  const AgeStanza unknown = {.arguments = {"example.org/enigma", "1", "2"}, .body = PatternBytes(100, 1)};
  const AgeStanza lower_case = {.arguments = {"x25519", "abc"}, .body = {}};
  EXPECT_TRUE(Open(FileWithStanzas(*file_key, {unknown, ours, lower_case})).status.ok());
  EXPECT_EQ(ReasonOf(Open(FileWithStanzas(*file_key, {unknown, lower_case})).status), Reason::kKeyFileRecipient);
}

TEST_F(DamagedAge, StanzaOfOurKindThatIsNotAsItShouldBeIsRefusedEvenBesideAGoodOne) {
  const absl::StatusOr<AgeFileKey> file_key = AgeFileKey::Generate(*arena_);
  const AgeStanza ours = *file_key->WrapFor(identity_.recipient(), *arena_);
  AgeStanza more_arguments = ours;
  more_arguments.arguments.push_back("more");
  AgeStanza no_share = ours;
  no_share.arguments.pop_back();
  AgeStanza short_share = ours;
  short_share.arguments[1] = "AAAA";
  AgeStanza stray_bits = ours;
  stray_bits.arguments[1].back() = '9';
  AgeStanza long_body = ours;
  long_body.body.push_back(0);
  AgeStanza short_body = ours;
  short_body.body.pop_back();
  AgeStanza zero_share = ours;  // agreeing with it gives zero, whoever agrees
  zero_share.arguments[1] = std::string(43, 'A');
  const AgeStanza passphrase = {.arguments = {"scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "18"}, .body = Bytes(32)};
  for (const AgeStanza& wrong :
       {more_arguments, no_share, short_share, stray_bits, long_body, short_body, zero_share, passphrase}) {
    EXPECT_EQ(ReasonOf(Open(FileWithStanzas(*file_key, {ours, wrong})).status), Reason::kKeyFileAltered)
        << wrong.arguments.size() << " " << wrong.arguments.back() << " " << wrong.body.size();
  }
}

TEST_F(DamagedAge, LastChunkThatIsEmptyIsRefusedUnlessTheFileIs) {
  const absl::StatusOr<AgeFileKey> file_key = AgeFileKey::Generate(*arena_);
  const AgeStanza ours = *file_key->WrapFor(identity_.recipient(), *arena_);
  const Bytes whole = FileWithStanzas(*file_key, {ours});
  ASSERT_TRUE(Open(whole).status.ok());
  const absl::StatusOr<SecretKey> key = file_key->PayloadKey(std::array<std::uint8_t, 16>{}, *arena_);
  const Bytes plaintext = PatternBytes(kAgeChunkBytes, 1);
  Bytes full_chunk(kSealedChunkBytes);
  std::array<std::uint8_t, 12> nonce = {};
  crypto_aead_chacha20poly1305_ietf_encrypt(full_chunk.data(), nullptr, plaintext.data(), plaintext.size(), nullptr, 0,
                                            nullptr, nonce.data(), SecretBytes(*key, SecretAccess()).data());
  Bytes empty_chunk(16);
  nonce[10] = 1;
  nonce[11] = 1;
  crypto_aead_chacha20poly1305_ietf_encrypt(empty_chunk.data(), nullptr, nullptr, 0, nullptr, 0, nullptr, nonce.data(),
                                            SecretBytes(*key, SecretAccess()).data());
  const std::span<const std::uint8_t> head = std::span(whole).first(whole.size() - 16);
  EXPECT_EQ(ReasonOf(Open(Joined({head, full_chunk, empty_chunk})).status), Reason::kKeyFileAltered);
}

TEST_F(DamagedAge, ErrorStaysOnceItWasGiven) {
  Bytes sealed = Sealed(PatternBytes(2 * kAgeChunkBytes, 1), recipients_, *arena_);
  sealed.back() = static_cast<std::uint8_t>(sealed.back() ^ 1);
  MemorySource source(sealed, 100000);
  absl::StatusOr<std::unique_ptr<AgeReader>> reader = AgeReader::Open(source, identity_, *arena_);
  ASSERT_TRUE(reader.ok());
  Bytes out(kAgeChunkBytes);
  EXPECT_EQ(*(*reader)->Read(out), kAgeChunkBytes);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ReasonOf((*reader)->Read(out).status()), Reason::kKeyFileAltered);
  }
}

// A source that fails once, after a number of calls, and then goes on as if nothing had been.
class HiccupSource final : public ByteSource {
 public:
  HiccupSource(std::span<const std::uint8_t> bytes, int good_calls) : bytes_(bytes, 4096), good_calls_(good_calls) {}
  absl::StatusOr<std::size_t> Read(std::span<std::uint8_t> out) override {
    if (good_calls_-- == 0) {
      return domain::MakeError(Reason::kFileUnreadable);
    }
    return bytes_.Read(out);
  }

 private:
  MemorySource bytes_;
  int good_calls_;
};

TEST_F(DamagedAge, SourceThatFailedIsNotReadOn) {
  const Bytes sealed = Sealed(PatternBytes(2 * kAgeChunkBytes, 1), recipients_, *arena_);
  HiccupSource source(sealed, 3);
  absl::StatusOr<std::unique_ptr<AgeReader>> reader = AgeReader::Open(source, identity_, *arena_);
  ASSERT_TRUE(reader.ok());
  Bytes out(kAgeChunkBytes);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ReasonOf((*reader)->Read(out).status()), Reason::kFileUnreadable);
  }
}

// Changes a file in one of the ways in which storage, transport and attackers do.
Bytes Mutated(const Bytes& sealed, std::mt19937_64& random) {
  const auto below = [&random](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  Bytes changed = sealed;
  const std::size_t at = below(changed.size());
  const std::size_t length = 1 + below(std::min<std::size_t>(changed.size() - at, 1 + below(300)));
  const auto begin = changed.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = begin + static_cast<std::ptrdiff_t>(length);
  switch (below(6)) {
    case 0:
      changed[at] = static_cast<std::uint8_t>(random());
      break;
    case 1:
      changed.erase(begin, end);
      break;
    case 2:
      changed.resize(at);
      break;
    case 3: {
      const Bytes inserted = PatternBytes(length, random());
      changed.insert(begin, inserted.begin(), inserted.end());
      break;
    }
    case 4: {
      const Bytes repeated(begin, end);
      changed.insert(begin, repeated.begin(), repeated.end());
      break;
    }
    default:
      std::rotate(begin, begin + static_cast<std::ptrdiff_t>(below(length)), end);
      break;
  }
  return changed;
}

TEST_F(DamagedAge, RandomChangesNeverGiveOutMoreThanAnAuthenticBeginning) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  std::mt19937_64 random(seed);
  const Bytes small_text = PatternBytes(100, 1);
  const Bytes large_text = PatternBytes(2 * kAgeChunkBytes + 100, 1);
  const Bytes small_file = Sealed(small_text, recipients_, *arena_);
  const Bytes large_file = Sealed(large_text, recipients_, *arena_);
  for (int round = 0; round < 6000; ++round) {
    const bool is_large = round % 10 == 0;
    const Bytes& sealed = is_large ? large_file : small_file;
    const Bytes& plaintext = is_large ? large_text : small_text;
    Bytes changed = sealed;
    for (std::uint64_t changes = 1 + random() % 3; changes > 0 && !changed.empty(); --changes) {
      changed = Mutated(changed, random);
    }
    const Opened opened =
        OpenAll(changed, identity_, *arena_, {.source = 1 + random() % 5000, .reader = 1 + random() % 70000});
    ASSERT_EQ(opened.status.ok(), changed == sealed) << "round " << round << " " << opened.status;
    ASSERT_TRUE(IsBeginningOf(opened.plaintext, plaintext)) << "round " << round;
  }
}

TEST_F(DamagedAge, RandomBytesAreNoAgeFile) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes = PatternBytes(random() % 500, random());
    if (round % 2 == 0) {
      bytes = Joined({BytesOfText("age-encryption.org/v1\n-> X25519 "), bytes});
    }
    ASSERT_FALSE(Open(bytes).status.ok()) << "round " << round;
  }
}

}  // namespace
}  // namespace kobling::crypto
