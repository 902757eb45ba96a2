#include "crypto/derivations.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "crypto/crypto_testing.h"
#include "domain/national_id_maker.h"

namespace kobling::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<LinkagePrf> && !std::is_copy_constructible_v<PersonPseudonymizer>);
// A uid cannot be taken for a tag, nor a subject reference for a uid.
static_assert(!std::is_convertible_v<Tag, Uid> && !std::is_convertible_v<Uid, SubjectReference> &&
              !std::is_convertible_v<Uid, Tag>);

template <typename Derivation>
Derivation With(SecretArena& arena, const SecretKey& key) {
  auto derivation = Derivation::Create(arena, key);
  EXPECT_TRUE(derivation.ok());
  return std::move(derivation).value();
}

domain::NationalId Identifier(std::uint64_t packed) {
  auto identifier = domain::NationalId::FromPacked(packed);
  EXPECT_TRUE(identifier.ok());
  return *identifier;
}

std::string TextOf(const domain::Lopenummer& lopenummer) {
  std::string text(domain::Lopenummer::kLength, ' ');
  lopenummer.CopyText(std::span<char, domain::Lopenummer::kLength>(text.data(), text.size()));
  return text;
}

std::vector<domain::NationalId> SyntheticIdentifiers(std::size_t count) {
  std::vector<domain::NationalId> identifiers;
  for (int day = 1; day <= 28; ++day) {
    for (int year = 0; year < 100; ++year) {
      for (int individual = 0; individual < 10; ++individual) {
        const auto identifier =
            domain::MakeValid({.day = day, .month = 1, .two_digit_year = year, .individual = individual});
        if (identifier.has_value()) {
          identifiers.push_back(*identifier);
        }
        if (identifiers.size() == count) {
          return identifiers;
        }
      }
    }
  }
  return identifiers;
}

// The values were computed with Python's hmac module, from the text of docs/formats/derivations.md alone.
TEST(Derivations, AgreeWithAnIndependentComputation) {
  const auto arena = NewTestArena();
  const auto index = With<IdentityIndex>(*arena, CountingKey(*arena, 0x00));
  const auto pseudonymizer = With<PersonPseudonymizer>(*arena, CountingKey(*arena, 0x20));
  const auto linkage = With<LinkagePrf>(*arena, CountingKey(*arena, 0x40));
  const auto referencer = With<SubjectReferencer>(*arena, CountingKey(*arena, 0x60));
  const auto digest = With<KeyedDigest>(*arena, CountingKey(*arena, 0x80));

  const domain::NationalId identifier = Identifier(1839012345);
  EXPECT_EQ(ToHex(index.TagOf(identifier).bytes), "ec7c3e771a685fa4d48de68231c0fde6");
  const Uid uid = pseudonymizer.UidOf(identifier);
  EXPECT_EQ(ToHex(uid.bytes), "686eb7152207f063577bfe2cb4d2dabe");
  EXPECT_EQ(ToHex(linkage.Of(uid).bits()), "4ea59b30bde67d88f4da");
  EXPECT_EQ(TextOf(linkage.Of(uid)), "L9TJSPC5XWSYRHX6TC");
  EXPECT_EQ(ToHex(referencer.Of(uid).bytes), "20f55f59720626b7d356494f07edf001");

  const domain::NationalId help_number = Identifier(81234567802);
  EXPECT_EQ(ToHex(index.TagOf(help_number).bytes), "13fd1973efb48dbff2d33182e6f7b585");
  EXPECT_EQ(TextOf(linkage.Of(pseudonymizer.UidOf(help_number))), "L8FG2XHGM87C1NAD2A");

  EXPECT_EQ(ToHex(digest.Of("set", {})), "7b85a079c615b201f460f4ad6792b6ada6c27730b4682c6d1f4a56b2875a4db0");
  EXPECT_EQ(ToHex(digest.Of("request", AsBytes("abc"))),
            "9ff5b7fe82c70bf579328681fd376552492383e6419d9ece5a45a9c5ffbfccbd");
}

TEST(Derivations, InBulkAreTheSameAsOneByOne) {
  const auto arena = NewTestArena();
  const auto index = With<IdentityIndex>(*arena, CountingKey(*arena, 1));
  const auto pseudonymizer = With<PersonPseudonymizer>(*arena, CountingKey(*arena, 2));
  const auto linkage = With<LinkagePrf>(*arena, CountingKey(*arena, 3));
  const auto identifiers = SyntheticIdentifiers(1000);
  ASSERT_EQ(identifiers.size(), 1000u);
  std::vector<Tag> tags(identifiers.size());
  std::vector<Uid> uids(identifiers.size());
  std::vector<domain::Lopenummer> lopenumre(identifiers.size(), domain::Lopenummer({}));
  index.TagsOf(identifiers, tags);
  pseudonymizer.UidsOf(identifiers, uids);
  linkage.LopenumreOf(uids, lopenumre);
  for (std::size_t i = 0; i < identifiers.size(); ++i) {
    EXPECT_TRUE(tags[i] == index.TagOf(identifiers[i]));
    EXPECT_TRUE(uids[i] == pseudonymizer.UidOf(identifiers[i]));
    EXPECT_TRUE(lopenumre[i] == linkage.Of(uids[i]));
  }
}

// The same key everywhere is a mistake that the labels make harmless.
TEST(Derivations, OfDifferentPurposesHaveNothingInCommonEvenUnderOneKey) {
  const auto arena = NewTestArena();
  const SecretKey key = CountingKey(*arena, 1);
  const auto index = With<IdentityIndex>(*arena, key);
  const auto pseudonymizer = With<PersonPseudonymizer>(*arena, key);
  const auto linkage = With<LinkagePrf>(*arena, key);
  const auto referencer = With<SubjectReferencer>(*arena, key);
  const auto digest = With<KeyedDigest>(*arena, key);

  // Everything is cut to the 80 bits of the shortest. 200,000 values: one collision by chance has 2 * 10^-14.
  std::unordered_set<std::string> seen;
  const auto add = [&seen](std::span<const std::uint8_t> bytes) {
    return seen.insert(std::string(bytes.begin(), bytes.begin() + 10)).second;
  };
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto identifiers = SyntheticIdentifiers(20'000);
  for (const domain::NationalId& identifier : identifiers) {
    const auto digits = identifier.digits();
    const std::string_view text(digits.data(), digits.size());
    ASSERT_TRUE(add(index.TagOf(identifier).bytes));
    ASSERT_TRUE(add(pseudonymizer.UidOf(identifier).bytes));
    Uid uid;
    for (std::uint8_t& byte : uid.bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    ASSERT_TRUE(add(linkage.Of(uid).bits()));
    ASSERT_TRUE(add(referencer.Of(uid).bytes));
    ASSERT_TRUE(add(digest.Of("set", AsBytes(text))));
    ASSERT_TRUE(add(digest.Of("request", AsBytes(text))));
    ASSERT_TRUE(add(digest.Of("set", uid.bytes)));
  }
}

TEST(Derivations, OfDifferentKeysHaveNothingInCommon) {
  const auto arena = NewTestArena();
  const auto identifiers = SyntheticIdentifiers(2'000);
  std::set<Tag> tags;
  std::set<Uid> uids;
  std::set<std::string> lopenumre;
  for (std::uint8_t key = 0; key < 10; ++key) {
    const auto index = With<IdentityIndex>(*arena, CountingKey(*arena, key));
    const auto pseudonymizer = With<PersonPseudonymizer>(*arena, CountingKey(*arena, key));
    const auto linkage = With<LinkagePrf>(*arena, CountingKey(*arena, key));
    const auto one_pseudonymizer = With<PersonPseudonymizer>(*arena, CountingKey(*arena, 0));
    for (const domain::NationalId& identifier : identifiers) {
      tags.insert(index.TagOf(identifier));
      uids.insert(pseudonymizer.UidOf(identifier));
      lopenumre.insert(TextOf(linkage.Of(one_pseudonymizer.UidOf(identifier))));
    }
  }
  EXPECT_EQ(tags.size(), 10 * identifiers.size());
  EXPECT_EQ(uids.size(), 10 * identifiers.size());
  EXPECT_EQ(lopenumre.size(), 10 * identifiers.size());
}

// Neighbouring identifiers must not give neighbouring løpenumre: each bit of the result is one in about half of them.
TEST(LinkagePrf, EveryBitOfALopenummerIsEven) {
  const auto arena = NewTestArena();
  const auto pseudonymizer = With<PersonPseudonymizer>(*arena, CountingKey(*arena, 4));
  const auto linkage = With<LinkagePrf>(*arena, CountingKey(*arena, 5));
  const auto identifiers = SyntheticIdentifiers(10'000);
  std::array<int, 80> ones{};
  for (const domain::NationalId& identifier : identifiers) {
    const domain::Lopenummer lopenummer = linkage.Of(pseudonymizer.UidOf(identifier));
    for (std::size_t bit = 0; bit < ones.size(); ++bit) {
      ones[bit] += lopenummer.bits()[bit / 8] >> bit % 8 & 1;
    }
  }
  // Six standard deviations of 50 each around 5,000. The keys are fixed, so that this does not fail by chance.
  for (const int count : ones) {
    EXPECT_NEAR(count, 5'000, 300);
  }
}

TEST(KeyedDigest, PurposeAndDataCannotBeShiftedIntoEachOther) {
  const auto arena = NewTestArena();
  const auto digest = With<KeyedDigest>(*arena, CountingKey(*arena, 6));
  EXPECT_NE(digest.Of("ab", AsBytes("c")), digest.Of("a", AsBytes("bc")));
  EXPECT_NE(digest.Of("ab", AsBytes("c")), digest.Of("abc", AsBytes("")));
  EXPECT_NE(digest.Of("a", AsBytes(std::string_view("\0b", 2))), digest.Of("a", AsBytes("b")));
  EXPECT_NE(digest.Of("a", AsBytes("")), digest.Of("a", AsBytes(std::string_view("\0", 1))));
}

TEST(KeyedDigest, OfAStreamIsThatOfTheWhole) {
  const auto arena = NewTestArena();
  const auto digest = With<KeyedDigest>(*arena, CountingKey(*arena, 6));
  const std::string data(1000, 'd');
  for (const std::size_t part : {1, 7, 64, 999, 1000}) {
    HmacSha256::Stream stream = digest.Start("key-file-plaintext");
    for (std::size_t at = 0; at < data.size(); at += part) {
      stream.Update(AsBytes(std::string_view(data).substr(at, part)));
    }
    EXPECT_EQ(stream.Finish(), digest.Of("key-file-plaintext", AsBytes(data))) << part;
  }
}

TEST(Derivations, AFullArenaIsAnError) {
  const auto arena = NewTestArena();
  const SecretKey key = CountingKey(*arena, 1);
  const auto rest = SecretBuffer::Allocate(*arena, arena->capacity() - SecretArena::kSlotBytes);
  ASSERT_TRUE(rest.ok());
  EXPECT_FALSE(IdentityIndex::Create(*arena, key).ok());
  EXPECT_FALSE(PersonPseudonymizer::Create(*arena, key).ok());
  EXPECT_FALSE(LinkagePrf::Create(*arena, key).ok());
  EXPECT_FALSE(SubjectReferencer::Create(*arena, key).ok());
  EXPECT_FALSE(KeyedDigest::Create(*arena, key).ok());
}

}  // namespace
}  // namespace kobling::crypto
