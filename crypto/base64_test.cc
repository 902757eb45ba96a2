#include "crypto/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace kobling::crypto {
namespace {

std::vector<std::uint8_t> BytesOf(std::string_view text) { return {text.begin(), text.end()}; }

// RFC 4648, section 10.
TEST(Base64, AgreesWithThePublishedVectors) {
  const std::vector<std::pair<std::string_view, std::string_view>> vectors = {{"", ""},
                                                                              {"f", "Zg=="},
                                                                              {"fo", "Zm8="},
                                                                              {"foo", "Zm9v"},
                                                                              {"foob", "Zm9vYg=="},
                                                                              {"fooba", "Zm9vYmE="},
                                                                              {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, padded] : vectors) {
    const std::string unpadded(padded.substr(0, padded.find('=')));
    EXPECT_EQ(Base64Encode(BytesOf(plain), Base64Padding::kPadded), padded);
    EXPECT_EQ(Base64Encode(BytesOf(plain), Base64Padding::kNone), unpadded);
    EXPECT_EQ(Base64Decode(padded, Base64Padding::kPadded), BytesOf(plain));
    EXPECT_EQ(Base64Decode(unpadded, Base64Padding::kNone), BytesOf(plain));
  }
}

TEST(Base64, UsesEveryCharacterOfTheStandardAlphabet) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(i));
  }
  const std::string text = Base64Encode(bytes, Base64Padding::kNone);
  EXPECT_EQ(Base64Decode(text, Base64Padding::kNone), bytes);
  EXPECT_NE(Base64Encode(std::vector<std::uint8_t>{0xfb, 0xff}, Base64Padding::kNone).find("+/8"), std::string::npos);
}

TEST(Base64, RefusesPaddingThatIsNotAsked) {
  EXPECT_EQ(Base64Decode("Zg==", Base64Padding::kNone), std::nullopt);
  EXPECT_EQ(Base64Decode("Zg", Base64Padding::kPadded), std::nullopt);
  EXPECT_EQ(Base64Decode("Zg=", Base64Padding::kPadded), std::nullopt);
  EXPECT_EQ(Base64Decode("Zg===", Base64Padding::kPadded), std::nullopt);
  EXPECT_EQ(Base64Decode("Zm9v====", Base64Padding::kPadded), std::nullopt);
  EXPECT_EQ(Base64Decode("Z===", Base64Padding::kPadded), std::nullopt);
  EXPECT_EQ(Base64Decode("====", Base64Padding::kPadded), std::nullopt);
  EXPECT_EQ(Base64Decode("=", Base64Padding::kNone), std::nullopt);
}

TEST(Base64, RefusesStrayBitsSoThatEachValueHasOneText) {
  EXPECT_EQ(Base64Decode("Zh", Base64Padding::kNone), std::nullopt);
  EXPECT_EQ(Base64Decode("Zh==", Base64Padding::kPadded), std::nullopt);
  EXPECT_EQ(Base64Decode("Zm9=", Base64Padding::kPadded), std::nullopt);
}

TEST(Base64, RefusesOtherCharactersAndImpossibleLengths) {
  for (std::string_view text : {"Zm9\n", " Zm9", "Zm_v", "Zm-v", "Zm\xc3\xb8", "A", "AAAAA", "Zm=v"}) {
    EXPECT_EQ(Base64Decode(text, Base64Padding::kNone), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kobling::crypto
