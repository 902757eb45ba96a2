#include "crypto/key_file_comment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr std::string_view kText =
    "kobling-key-file v1 project=P0041 register=NPR number=7 kind=full rows=1200 persons=1187 duplicates=4 "
    "key-version=1 "
    "map-version=0 delimiter=semicolon recipient=ba78-16bf-8f01-cfea-4141-40de-5dae-2223 expires=2027-01-31 "
    "previous=none event=318";

KeyFileComment Example() {
  return {.project = *domain::ProjectId::Parse("P0041"),
          .register_id = *domain::RegisterId::Parse("NPR"),
          .number = 7,
          .kind = KeyFileKind::kFull,
          .rows = 1200,
          .persons = 1187,
          .duplicates = 4,
          .key_version = 1,
          .map_version = 0,
          .reservations = {},
          .delimiter = KeyFileDelimiter::kSemicolon,
          .recipient = "ba78-16bf-8f01-cfea-4141-40de-5dae-2223",
          .expires = absl::CivilDay(2027, 1, 31),
          .previous = std::nullopt,
          .event = 318};
}

std::string Replaced(std::string_view old_part, std::string_view new_part) {
  std::string text(kText);
  const std::size_t at = text.find(old_part);
  EXPECT_NE(at, std::string::npos) << old_part;
  return text.replace(at, old_part.size(), new_part);
}

std::string FieldOf(const absl::Status& status) {
  for (const auto& [key, value] : domain::DetailsOf(status)) {
    if (key == "field") {
      return value;
    }
  }
  return "";
}

TEST(KeyFileComment, HasOneText) {
  EXPECT_EQ(FormatKeyFileComment(Example()), kText);
  const absl::StatusOr<KeyFileComment> parsed = ParseKeyFileComment(kText);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, Example());
}

TEST(KeyFileComment, EveryKindDelimiterAndLargestValueIsReadAgain) {
  KeyFileComment comment = Example();
  comment.previous = Digest{0xab, 0xcd, 0xef};
  comment.delimiter = KeyFileDelimiter::kComma;
  comment.number = comment.key_version = std::numeric_limits<std::uint32_t>::max();
  comment.rows = comment.persons = comment.duplicates = comment.map_version = comment.event =
      std::numeric_limits<std::uint64_t>::max();
  for (KeyFileKind kind : {KeyFileKind::kFull, KeyFileKind::kDelta, KeyFileKind::kCorrection}) {
    comment.kind = kind;
    comment.since = kind == KeyFileKind::kFull ? 0 : comment.number - 1;
    comment.withdrawn = kind == KeyFileKind::kDelta ? comment.rows : 0;
    const absl::StatusOr<KeyFileComment> parsed = ParseKeyFileComment(FormatKeyFileComment(comment));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, comment);
  }
}

TEST(KeyFileComment, DeltaSaysWhatItGoesOnFromAndHowManyRowsHoldNoMore) {
  const std::string text = Replaced("kind=full", "kind=delta since=6 withdrawn=12");
  const absl::StatusOr<KeyFileComment> parsed = ParseKeyFileComment(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->kind, KeyFileKind::kDelta);
  EXPECT_EQ(parsed->since, 6U);
  EXPECT_EQ(parsed->withdrawn, 12U);
  EXPECT_EQ(FormatKeyFileComment(*parsed), text);
  for (const auto& [kind, field] :
       {std::pair("kind=delta", "since"), std::pair("kind=delta since=6", "withdrawn"),
        std::pair("kind=delta since=7 withdrawn=0", "since"), std::pair("kind=delta since=0 withdrawn=0", "since"),
        std::pair("kind=delta since=6 withdrawn=1201", "withdrawn"),
        std::pair("kind=full since=6 withdrawn=12", "rows")}) {
    const absl::Status refused = ParseKeyFileComment(Replaced("kind=full", kind)).status();
    EXPECT_EQ(ReasonOf(refused), Reason::kFileMalformed) << kind;
    EXPECT_EQ(FieldOf(refused), field) << kind;
  }
}

TEST(KeyFileComment, CorrectionSaysWhatItGoesOnFromAndNothingOfWithdrawnRows) {
  const std::string text = Replaced("kind=full", "kind=correction since=6");
  const absl::StatusOr<KeyFileComment> parsed = ParseKeyFileComment(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->kind, KeyFileKind::kCorrection);
  EXPECT_EQ(parsed->since, 6U);
  EXPECT_EQ(parsed->withdrawn, 0U);
  EXPECT_EQ(FormatKeyFileComment(*parsed), text);
  for (const auto& [kind, field] :
       {std::pair("kind=correction", "since"), std::pair("kind=correction since=7", "since"),
        std::pair("kind=correction since=0", "since"), std::pair("kind=correction since=06", "since"),
        std::pair("kind=correction since=6 withdrawn=0", "rows")}) {
    const absl::Status refused = ParseKeyFileComment(Replaced("kind=full", kind)).status();
    EXPECT_EQ(ReasonOf(refused), Reason::kFileMalformed) << kind;
    EXPECT_EQ(FieldOf(refused), field) << kind;
  }
}

TEST(KeyFileComment, ReservationListsThatWereAppliedAreNamedOnce) {
  for (const auto& [part, count] :
       {std::pair("national:3", 1U), std::pair("own:12", 1U), std::pair("national:3,own:12", 2U)}) {
    const std::string text = Replaced("map-version=0", std::string("map-version=0 reservations=") + part);
    const absl::StatusOr<KeyFileComment> parsed = ParseKeyFileComment(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->reservations.size(), count);
    EXPECT_EQ(FormatKeyFileComment(*parsed), text);
  }
  for (const char* part : {"", "none", "own:12,national:3", "national:3,", "national:03", "national:0",
                           "national:3,own", "national:3,national:3", "NPR:3"}) {
    const absl::Status refused =
        ParseKeyFileComment(Replaced("map-version=0", std::string("map-version=0 reservations=") + part)).status();
    EXPECT_EQ(ReasonOf(refused), Reason::kFileMalformed) << part;
  }
}

TEST(KeyFileComment, AnyOtherSpellingIsRefusedAndTheFieldIsNamed) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {Replaced("P0041", "X0041"), "project"},
      {Replaced("=NPR", "=npr"), "register"},
      {Replaced("number=7", "number=0"), "number"},
      {Replaced("number=7", "number=07"), "number"},
      {Replaced("number=7", "number=+7"), "number"},
      {Replaced("number=7", "number=-7"), "number"},
      {Replaced("number=7", "number="), "number"},
      {Replaced("number=7", "number=7x"), "number"},
      {Replaced("number=7", "number=4294967296"), "number"},
      {Replaced("kind=full", "kind=half"), "kind"},
      {Replaced("kind=full", "kind=FULL"), "kind"},
      {Replaced("rows=1200", "rows=18446744073709551616"), "rows"},
      {Replaced("persons=1187", "persons=1201"), "persons"},
      {Replaced("duplicates=4", "duplicates=four"), "duplicates"},
      {Replaced("key-version=1", "key-version=0"), "key-version"},
      {Replaced("map-version=0", "map-version=00"), "map-version"},
      {Replaced("semicolon", ";"), "delimiter"},
      {Replaced("ba78-", "BA78-"), "recipient"},
      {Replaced("ba78-", ""), "recipient"},
      {Replaced("2027-01-31", "2027-02-29"), "expires"},
      {Replaced("2027-01-31", "2027-1-31"), "expires"},
      {Replaced("2027-01-31", "2027/01/31"), "expires"},
      {Replaced("2027-01-31", "-027-01-31"), "expires"},
      {Replaced("2027-01-31", "31-01-2027"), "expires"},
      {Replaced("previous=none", "previous="), "previous"},
      {Replaced("previous=none", "previous=" + std::string(63, 'a')), "previous"},
      {Replaced("previous=none", "previous=" + std::string(64, 'A')), "previous"},
      {Replaced("previous=none", "previous=" + std::string(64, 'g')), "previous"},
      {Replaced("event=318", "event="), "event"},
      {Replaced("event=318", "event=318 "), "format"},
      {Replaced(" kind", "  kind"), "kind"},
      {Replaced("kobling", "Kobling"), "format"},
      {"", "format"},
  };
  for (const auto& [text, field] : wrong) {
    const absl::Status status = ParseKeyFileComment(text).status();
    EXPECT_EQ(ReasonOf(status), Reason::kFileMalformed) << text;
    EXPECT_EQ(FieldOf(status), field) << text;
  }
}

TEST(KeyFileComment, OtherVersionAndUnknownMissingRepeatedOrMovedFieldsAreRefusedWithAHintOfTheVersion) {
  for (const std::string& text :
       {Replaced(" v1 ", " v2 "), Replaced(" v1 ", " v10 "), std::string("kobling-key-file v"),
        Replaced("kind=", "sort="), Replaced(" kind=full", ""), Replaced(" kind=full", " kind=full kind=full"),
        Replaced(" rows=1200 persons=1187", " persons=1187 rows=1200"), Replaced("event=318", "event=318 more=1"),
        Replaced(" event=318", "")}) {
    const absl::Status status = ParseKeyFileComment(text).status();
    EXPECT_EQ(ReasonOf(status), Reason::kFileMalformed) << text;
    EXPECT_THAT(status.ToString(), testing::HasSubstr("another version")) << text;
  }
}

TEST(KeyFileComment, TextCutAnywhereIsRefusedUnlessItIsAnotherComment) {
  const std::string_view event_digits = "318";
  for (std::size_t size = 0; size < kText.size(); ++size) {
    const bool only_event_is_shorter = size > kText.size() - event_digits.size();
    EXPECT_EQ(ParseKeyFileComment(kText.substr(0, size)).ok(), only_event_is_shorter) << size;
  }
}

TEST(KeyFileComment, NamesItsFile) {
  KeyFileComment comment = Example();
  EXPECT_EQ(KeyFileName(comment), "NPR_P0041_0007.csv");
  comment.number = 12345;
  EXPECT_EQ(KeyFileName(comment), "NPR_P0041_12345.csv");
}

}  // namespace
}  // namespace kobling::crypto
