#include "server/tokens/strict_json.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "server/tokens/base64url.h"

namespace kobling::server {
namespace {

TEST(StrictJson, ReadsWhatTokensHold) {
  const auto json = Json::ParseObject(
      R"( {"text":"\u00e5\"","list":["a",1,null,{}],"object":{"x":{"y":"z"}},"number":18446744073709551615,)"
      R"("negative":-1,"fraction":1.0,"true":true,"null":null} )");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(*json->FindText("text"), "å\"");
  ASSERT_NE(json->Find("list")->array(), nullptr);
  EXPECT_EQ(json->Find("list")->array()->size(), 4U);
  EXPECT_EQ(*json->Find("list")->array()->front().text(), "a");
  EXPECT_EQ(*json->Find("object")->Find("x")->FindText("y"), "z");
  EXPECT_EQ(json->Find("number")->whole_number(), 18446744073709551615ULL);
  for (const char* other : {"negative", "fraction", "true", "null"}) {
    EXPECT_EQ(json->Find(other)->whole_number(), std::nullopt) << other;
    EXPECT_EQ(json->Find(other)->text(), nullptr) << other;
  }
  EXPECT_EQ(json->Find("nothing"), nullptr);
  EXPECT_EQ(json->Find("text")->Find("x"), nullptr);
  EXPECT_EQ(json->FindText("number"), nullptr);
}

TEST(StrictJson, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  for (const std::string text : {R"({"a":1,"a":1})",
                                 R"({"a":1,"\u0061":2})",
                                 R"({"x":{"a":1,"b":2,"a":3}})",
                                 R"({"x":[{"a":1,"a":2}]})",
                                 R"({"a":"\u0000"})",
                                 R"({"\u0000":1})",
                                 R"({"a":1}x)",
                                 R"({"a":1}{})",
                                 R"({"a":1,})",
                                 R"({"a":01})",
                                 R"({'a':1})",
                                 R"({"a":NaN})",
                                 R"({"a":1e999})",
                                 R"({"a":1/**/})",
                                 "{\"a\":\"\xC0\x80\"}",
                                 "{\"a\":\"\x01\"}",
                                 "{\"a\":\"\\ud800\"}",
                                 "\xEF\xBB\xBF{}",
                                 "[]",
                                 "1",
                                 "\"a\"",
                                 "null",
                                 "",
                                 "{",
                                 "{\"a\"}"}) {
    EXPECT_FALSE(Json::ParseObject(text).has_value()) << text;
  }
}

std::string Nested(std::size_t lists) { return "{\"a\":" + std::string(lists, '[') + std::string(lists, ']') + "}"; }

TEST(StrictJson, DepthAndWidthAreBounded) {
  EXPECT_TRUE(Json::ParseObject(Nested(Json::kMaxDepth - 1)).has_value());
  EXPECT_FALSE(Json::ParseObject(Nested(Json::kMaxDepth)).has_value());
  EXPECT_FALSE(Json::ParseObject(std::string(100'000, '{')).has_value());
  std::string wide = "{";
  for (std::size_t i = 0; i < Json::kMaxMembers; ++i) {
    wide += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  EXPECT_TRUE(Json::ParseObject(wide + "}").has_value());
  EXPECT_FALSE(Json::ParseObject(wide + ",\"x\":0}").has_value());
}

static_assert(!std::is_copy_constructible_v<Json> && !std::is_copy_assignable_v<Json>);

TEST(StrictJson, WipedTextLeavesNothingBehind) {
  for (const std::size_t size : {std::size_t{11}, std::size_t{300}}) {
    std::string text(size, 'x');
    text.resize(size - 3);
    const char* data = text.data();
    WipeText(text);
    EXPECT_TRUE(text.empty());
    ASSERT_EQ(text.data(), data) << "the room is still there to look at";
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_EQ(data[i], '\0') << i;
    }
  }
}

TEST(Base64Url, IsDecodedStrictly) {
  EXPECT_EQ(Base64UrlEncode(BytesOf("\xFB\xFF\xFE?")), "-__-Pw");
  EXPECT_EQ(Base64UrlDecode("-__-Pw"), "\xFB\xFF\xFE?");
  EXPECT_EQ(Base64UrlDecode(""), "");
  for (const char* text : {"+__-Pw", "-//-Pw", "-__-Pw==", "-__-Px", "-__-P", "-_ _-Pw", "-__-Pw\n", "="}) {
    EXPECT_EQ(Base64UrlDecode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kobling::server
