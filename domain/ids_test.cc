#include "domain/ids.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <type_traits>

#include "domain/error.h"

namespace kobling::domain {
namespace {

template <typename Id>
void ExpectAccepts(std::string_view text) {
  const auto id = Id::Parse(text);
  ASSERT_TRUE(id.ok()) << text;
  EXPECT_EQ(id->text(), text);
}

template <typename Id>
void ExpectRefuses(std::string_view text, std::string_view field) {
  const auto id = Id::Parse(text);
  ASSERT_FALSE(id.ok()) << text;
  EXPECT_EQ(ReasonOf(id.status()), Reason::kFieldMalformed);
  const auto details = DetailsOf(id.status());
  ASSERT_FALSE(details.empty());
  EXPECT_EQ(details.front(), (std::pair<std::string, std::string>("field", field)));
  if (text.size() > 2) {
    EXPECT_EQ(std::string(id.status().message()).find(text), std::string::npos) << "the refusal repeats the value";
  }
}

TEST(RegisterId, IsTwoToTwentyCapitalsDigitsAndHyphensAfterALetter) {
  for (const auto text : {"NPR", "MF", "K2", "HUNT-4", "A-", "ABCDEFGHIJKLMNOPQRST"}) {
    ExpectAccepts<RegisterId>(text);
  }
  for (const auto text : {"", "N", "npr", "Npr", "1NPR", "-NPR", "N PR", "NPR ", "N_PR", "N.PR", "NPRÆ", "NPR\n",
                          "ABCDEFGHIJKLMNOPQRSTU", "A01839012345", "A018390-12345"}) {
    ExpectRefuses<RegisterId>(text, "register");
  }
}

TEST(ProjectId, IsPAndFourToEightDigits) {
  for (const auto text : {"P0041", "P00041", "P12345678", "P0000"}) {
    ExpectAccepts<ProjectId>(text);
  }
  for (const auto text :
       {"", "P", "P041", "P123456789", "p0041", "0041", "Q0041", "P004a", "P00 41", " P0041", "P0041 "}) {
    ExpectRefuses<ProjectId>(text, "project");
  }
}

TEST(ActorId, IsTwoToSixtyFourCharactersAfterALetter) {
  for (const auto text : {"kari.nordmann", "NPR", "a1", "K_N-2", "no-983658776"}) {
    ExpectAccepts<ActorId>(text);
  }
  ExpectAccepts<ActorId>(std::string(64, 'a'));
  ExpectRefuses<ActorId>(std::string(65, 'a'), "actor");
  for (const auto text : {"", "a", "1a", ".a", "-a", "_a", "kari nordmann", "kari/nordmann", "kåre", "a\n", "a:b"}) {
    ExpectRefuses<ActorId>(text, "actor");
  }
}

TEST(ActorId, IsNeverAnIdentifier) {
  for (const auto text :
       {"u30908299902", "fnr-30908299902", "a309082-99902", "a3-0-9-0-8-2-9-9-9-0-2", "a309082b99902"}) {
    ExpectRefuses<ActorId>(text, "actor");
  }
  ExpectAccepts<ActorId>("a0123456789");
}

TEST(RequestId, IsALowerCaseUuid) {
  ExpectAccepts<RequestId>("3f2b1c00-9d8e-4f7a-8b6c-0123456789ab");
  ExpectAccepts<RequestId>("00000000-0000-0000-0000-000000000000");
  for (const auto text : {"", "3F2B1C00-9D8E-4F7A-8B6C-0123456789AB", "3f2b1c009d8e4f7a8b6c0123456789ab",
                          "3f2b1c00-9d8e-4f7a-8b6c-0123456789a", "3f2b1c00-9d8e-4f7a-8b6c-0123456789abc",
                          "3f2b1c00-9d8e-4f7a-8b6c-0123456789ag", "3f2b1c0-09d8e-4f7a-8b6c-0123456789ab",
                          "{f2b1c00-9d8e-4f7a-8b6c-0123456789ab", "3f2b1c00-9d8e-4f7a-8b6c0-123456789ab"}) {
    ExpectRefuses<RequestId>(text, "request_id");
  }
}

TEST(StrongId, NulBytesAreRefusedInEveryKind) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(RegisterId::Parse("NP\0R"sv).ok());
  EXPECT_FALSE(ProjectId::Parse("P0041\0"sv).ok());
  EXPECT_FALSE(ActorId::Parse("ab\0"sv).ok());
}

TEST(StrongId, ComparesByText) {
  EXPECT_EQ(*RegisterId::Parse("NPR"), *RegisterId::Parse("NPR"));
  EXPECT_NE(*RegisterId::Parse("NPR"), *RegisterId::Parse("MFR"));
  EXPECT_LT(*RegisterId::Parse("MFR"), *RegisterId::Parse("NPR"));
}

TEST(StrongId, KindsDoNotMix) {
  static_assert(!std::is_convertible_v<RegisterId, ProjectId>);
  static_assert(!std::is_constructible_v<RegisterId, ProjectId>);
  static_assert(!std::is_constructible_v<RegisterId, std::string>);
  static_assert(!std::is_convertible_v<RegisterId, std::string>);
}

}  // namespace
}  // namespace kobling::domain
