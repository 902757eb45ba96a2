#include "crypto/bech32.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kobling::crypto {
namespace {

// From the age specification: a secret key of 32 bytes 0x42, and the public key that belongs to it.
constexpr std::string_view kSecretPrefix = "age-secret-key-";
constexpr std::string_view kSecretText = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
constexpr std::string_view kPublicText = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

std::string Upper(std::string text) {
  for (char& character : text) {
    character = character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A') : character;
  }
  return text;
}

TEST(Bech32, AgreesWithTheVectorsOfTheAgeSpecification) {
  const std::vector<std::uint8_t> secret(32, 0x42);
  EXPECT_EQ(Upper(Bech32Encode(kSecretPrefix, secret)), kSecretText);
  EXPECT_EQ(Bech32Decode(kSecretPrefix, kSecretText), secret);
  const std::optional<std::vector<std::uint8_t>> point = Bech32Decode("age", kPublicText);
  ASSERT_TRUE(point.has_value());
  EXPECT_EQ(Bech32Encode("age", *point), kPublicText);
}

// BIP 173, valid strings.
TEST(Bech32, AgreesWithThePublishedVectorsOfItsStandard) {
  EXPECT_EQ(Bech32Decode("a", "A12UEL5L"), std::vector<std::uint8_t>());
  EXPECT_EQ(Bech32Decode("a", "a12uel5l"), std::vector<std::uint8_t>());
  EXPECT_EQ(Bech32Encode("a", {}), "a12uel5l");
  const auto data = Bech32Decode("abcdef", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw");
  ASSERT_TRUE(data.has_value());
  EXPECT_EQ(data->size(), 20u);
  EXPECT_EQ(Bech32Encode("abcdef", *data), "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw");
}

TEST(Bech32, RefusesAChangeOfAnySingleCharacter) {
  for (std::size_t i = 0; i < kPublicText.size(); ++i) {
    for (char character : std::string_view("qpzry9x8gf2tvdw0s3jn54khce6mua7l1bio-Q ")) {
      std::string changed(kPublicText);
      if (changed[i] == character) {
        continue;
      }
      changed[i] = character;
      EXPECT_EQ(Bech32Decode("age", changed), std::nullopt) << changed;
    }
  }
}

TEST(Bech32, RefusesMixedCaseAnotherPrefixAndShortTexts) {
  EXPECT_EQ(Bech32Decode(kSecretPrefix, kPublicText), std::nullopt);
  std::string mixed(kSecretText);
  mixed.back() = 'x';
  EXPECT_EQ(Bech32Decode(kSecretPrefix, mixed), std::nullopt);
  for (std::size_t size = 0; size < kPublicText.size(); ++size) {
    EXPECT_EQ(Bech32Decode("age", kPublicText.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(Bech32Decode("a", "a11qqqqqq"), std::nullopt);
}

TEST(Bech32, RoundTripsEveryLength) {
  std::vector<std::uint8_t> data;
  for (int size = 0; size < 70; ++size) {
    EXPECT_EQ(Bech32Decode("x", Bech32Encode("x", data)), data);
    data.push_back(static_cast<std::uint8_t>(size * 37 + 11));
  }
}

}  // namespace
}  // namespace kobling::crypto
