#include "crypto/kek_share.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crypto/bech32.h"
#include "crypto/crypto_testing.h"
#include "crypto/shamir.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

class KekShareTest : public testing::Test {
 protected:
  std::vector<KekShare> Split(const ShareCounts& counts) const {
    auto shares = SplitKek(kek_, counts, *arena_);
    EXPECT_TRUE(shares.ok()) << shares.status();
    return *std::move(shares);
  }
  std::string TextOf(const KekShare& share) const {
    const auto text = share.Text(*arena_);
    EXPECT_TRUE(text.ok());
    const auto bytes = text->bytes(SecretAccess());
    return std::string(bytes.begin(), bytes.end());
  }
  Reason ParseReason(std::string_view text) const {
    return ReasonOf(KekShare::Parse(text, *arena_).status()).value_or(Reason::kUsage);
  }

  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  KeyEncryptionKey kek_{CountingKey(*arena_, 9)};
};

TEST_F(KekShareTest, IsOneLineThatReadsBack) {
  for (const KekShare& share : Split({.needed = 3, .count = 5})) {
    const std::string text = TextOf(share);
    EXPECT_TRUE(text.starts_with("kobling-share-1")) << text;
    EXPECT_EQ(text.size(), KekShare::kTextLength);
    for (const std::string& given : {text, text + "\n", "  " + text + " \r\n"}) {
      const auto parsed = KekShare::Parse(given, *arena_);
      ASSERT_TRUE(parsed.ok()) << parsed.status();
      EXPECT_EQ(parsed->splitting(), share.splitting());
      EXPECT_EQ(parsed->number(), share.number());
      EXPECT_EQ(ToHex(SecretBytes(*parsed, SecretAccess())), ToHex(SecretBytes(share, SecretAccess())));
    }
  }
}

TEST_F(KekShareTest, SaysWhatItIsAShareOf) {
  const auto shares = Split({.needed = 2, .count = 3});
  ASSERT_EQ(shares.size(), 3u);
  std::set<std::string> values;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    EXPECT_EQ(shares[i].number(), i + 1);
    EXPECT_EQ(shares[i].splitting().kek_id, kek_.id());
    EXPECT_EQ(shares[i].splitting().counts, (ShareCounts{.needed = 2, .count = 3}));
    EXPECT_EQ(shares[i].splitting().id, shares[0].splitting().id);
    values.insert(ToHex(SecretBytes(shares[i], SecretAccess())));
  }
  EXPECT_EQ(values.size(), 3u);
  EXPECT_FALSE(values.contains(ToHex(SecretBytes(kek_, SecretAccess()))));
}

TEST_F(KekShareTest, TwoSplittingsOfOneKekHaveNothingInCommon) {
  const auto first = Split({.needed = 2, .count = 2});
  const auto second = Split({.needed = 2, .count = 2});
  EXPECT_NE(first[0].splitting().id, second[0].splitting().id);
  EXPECT_NE(ToHex(SecretBytes(first[0], SecretAccess())), ToHex(SecretBytes(second[0], SecretAccess())));
}

// That the polynomials have the degree that they should: one less, and these shares would be enough.
TEST_F(KekShareTest, OneShareTooFewLeadsToAnotherKey) {
  for (const ShareCounts& counts :
       {ShareCounts{.needed = 2, .count = 3}, {.needed = 3, .count = 5}, {.needed = 9, .count = 10}}) {
    const auto shares = Split(counts);
    for (unsigned bits = 0; bits < (1u << counts.count); ++bits) {
      std::vector<SharePoint> points;
      for (const KekShare& share : shares) {
        if (((bits >> (share.number() - 1)) & 1) != 0) {
          points.push_back({.x = share.number(), .y = SecretBytes(share, SecretAccess())});
        }
      }
      std::array<std::uint8_t, kSharedBytes> secret;
      SecretOf(points, secret);
      EXPECT_EQ(ToHex(secret) == ToHex(SecretBytes(kek_, SecretAccess())), points.size() >= counts.needed) << bits;
    }
  }
}

TEST_F(KekShareTest, EachChangedCharacterIsRefused) {
  const std::string text = TextOf(Split({.needed = 2, .count = 2})[0]);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char character : std::string_view("qpzry9x8gf2tvdw0s3jn54khce6mua7lbio1-QP ")) {
      if (text[i] != character) {
        std::string changed = text;
        changed[i] = character;
        EXPECT_EQ(ParseReason(changed), Reason::kKekShareMalformed) << i << character;
      }
    }
    EXPECT_EQ(ParseReason(text.substr(0, i)), Reason::kKekShareMalformed) << i;
    std::string swapped = text;
    if (i > 0 && text[i] != text[i - 1]) {
      std::swap(swapped[i], swapped[i - 1]);
      EXPECT_EQ(ParseReason(swapped), Reason::kKekShareMalformed) << i;
    }
    EXPECT_EQ(ParseReason(text.substr(0, i) + text[i] + text.substr(i)), Reason::kKekShareMalformed) << i;
  }
  std::string upper = text;
  for (char& character : upper) {
    character = static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  }
  EXPECT_EQ(ParseReason(upper), Reason::kKekShareMalformed);
  EXPECT_EQ(ParseReason(""), Reason::kKekShareMalformed);
  EXPECT_EQ(ParseReason(" \n"), Reason::kKekShareMalformed);
}

TEST_F(KekShareTest, NumbersThatCannotBeAreRefused) {
  struct Case {
    std::uint8_t needed, count, number;
    Reason expected;
  };
  constexpr Case kCases[] = {
      {2, 3, 3, Reason::kUsage},  // none: it is read
      {16, 16, 16, Reason::kUsage},
      {1, 3, 1, Reason::kKekShareMalformed},
      {0, 3, 1, Reason::kKekShareMalformed},
      {4, 3, 1, Reason::kKekShareMalformed},
      {2, 17, 1, Reason::kKekShareMalformed},
      {2, 3, 0, Reason::kKekShareMalformed},
      {2, 3, 4, Reason::kKekShareMalformed},
  };
  for (const Case& each : kCases) {
    std::string bytes(51, 's');
    bytes[8] = static_cast<char>(each.needed);
    bytes[9] = static_cast<char>(each.count);
    bytes[10] = static_cast<char>(each.number);
    EXPECT_EQ(ParseReason(Bech32Encode("kobling-share-", AsBytes(bytes))), each.expected)
        << int{each.needed} << " of " << int{each.count} << ", number " << int{each.number};
  }
  EXPECT_EQ(ParseReason(Bech32Encode("kobling-share-", AsBytes(std::string(50, 's')))), Reason::kKekShareMalformed);
  EXPECT_EQ(ParseReason(Bech32Encode("kobling-shape-", AsBytes(std::string(51, '\3')))), Reason::kKekShareMalformed);
}

TEST_F(KekShareTest, AKekIsNotSplitForTooFewOrTooMany) {
  for (const ShareCounts& counts : {ShareCounts{.needed = 1, .count = 2},
                                    {.needed = 0, .count = 2},
                                    {.needed = 3, .count = 2},
                                    {.needed = 2, .count = 17},
                                    {.needed = 2, .count = 1}}) {
    EXPECT_EQ(ReasonOf(SplitKek(kek_, counts, *arena_).status()), Reason::kConfiguration);
  }
  EXPECT_EQ(Split({.needed = 16, .count = 16}).size(), 16u);
}

TEST_F(KekShareTest, LeavesNothingInTheArena) {
  const std::size_t before = arena_->bytes_in_use();
  const std::string text = TextOf(Split({.needed = 2, .count = 3})[1]);
  EXPECT_TRUE(KekShare::Parse(text, *arena_).ok());
  EXPECT_EQ(arena_->bytes_in_use(), before);
}

}  // namespace
}  // namespace kobling::crypto
