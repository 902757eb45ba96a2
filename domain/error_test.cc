#include "domain/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "domain/error_catalogue.h"

namespace kobling::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using WireDetails = std::vector<std::pair<std::string, std::string>>;

std::string ReadSource(const std::string& path) {
  std::ifstream file(std::string(KOBLING_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file.good()) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// "kFileMode" -> "FILE_MODE".
std::string UpperSnake(const std::string& enumerator) {
  std::string name;
  for (const char c : enumerator.substr(1)) {
    if (!name.empty() && std::isupper(static_cast<unsigned char>(c))) {
      name += '_';
    }
    name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

TEST(ReasonTable, HoldsEveryReasonOfTheHeaderUnderItsNumberAndName) {
  const std::string header = ReadSource("domain/error.h");
  const std::regex enumerator("\n  (k[A-Za-z]+) = ([0-9]+),");
  std::map<std::uint32_t, std::string> expected;
  for (std::sregex_iterator match(header.begin(), header.end(), enumerator), end; match != end; ++match) {
    expected[static_cast<std::uint32_t>(std::stoul((*match)[2]))] = UpperSnake((*match)[1]);
  }
  std::map<std::uint32_t, std::string> actual;
  for (const ReasonInfo& info : AllReasons()) {
    actual[static_cast<std::uint32_t>(info.reason)] = info.name;
  }
  EXPECT_GT(expected.size(), 100u);
  EXPECT_EQ(actual, expected);
  EXPECT_EQ(actual.size(), AllReasons().size());
}

TEST(ReasonTable, IsFoundByReasonNameAndNumber) {
  for (const ReasonInfo& info : AllReasons()) {
    EXPECT_EQ(&InfoOf(info.reason), &info);
    EXPECT_EQ(ReasonFromName(info.name), info.reason);
    EXPECT_EQ(ReasonFromNumber(static_cast<std::uint32_t>(info.reason)), info.reason);
  }
  EXPECT_EQ(ReasonFromName("NO_SUCH_REASON"), std::nullopt);
  EXPECT_EQ(ReasonFromName(""), std::nullopt);
  EXPECT_EQ(ReasonFromNumber(0), std::nullopt);
  EXPECT_EQ(ReasonFromNumber(65'537), std::nullopt);  // not 1, although it is 1 in sixteen bits
}

TEST(ReasonTable, TakesANumberThatIsNoReasonForAnInternalError) {
  EXPECT_EQ(InfoOf(static_cast<Reason>(9'999)).reason, Reason::kInternal);
}

TEST(ReasonTable, SaysWhatIsWrongAndWhatToDoInWholeSentencesOfTheirOwn) {
  std::set<std::string_view> whats;
  for (const ReasonInfo& info : AllReasons()) {
    for (const std::string_view text : {info.what, info.remedy}) {
      ASSERT_FALSE(text.empty()) << info.name;
      EXPECT_TRUE(std::isupper(static_cast<unsigned char>(text.front()))) << text;
      EXPECT_EQ(text.back(), '.') << text;
      EXPECT_EQ(text.find_first_of("|\n\t"), std::string_view::npos) << text;
      EXPECT_EQ(text.find("  "), std::string_view::npos) << text;
      EXPECT_EQ(Scrub(text), text);
    }
    EXPECT_TRUE(whats.insert(info.what).second) << info.what;
  }
}

TEST(ReasonTable, GivesEachReasonItsCanonicalCode) {
  const auto code = [](Reason reason) { return InfoOf(reason).code; };
  for (const ReasonInfo& info : AllReasons()) {
    EXPECT_NE(info.code, absl::StatusCode::kOk) << info.name;
    if (static_cast<int>(info.reason) < 100 &&
        info.reason != Reason::kIdentifierNotFound) {  // nothing is wrong with it
      EXPECT_EQ(info.code, absl::StatusCode::kInvalidArgument) << info.name;
    }
    if (info.name.ends_with("_NOT_FOUND")) {
      EXPECT_EQ(info.code, absl::StatusCode::kNotFound) << info.name;
    }
    if (info.name.ends_with("_EXISTS")) {
      EXPECT_EQ(info.code, absl::StatusCode::kAlreadyExists) << info.name;
    }
  }
  EXPECT_EQ(code(Reason::kNotPermitted), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(Reason::kCallerUnknown), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(code(Reason::kRequestIdReused), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(code(Reason::kBudgetExceeded), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(Reason::kServerBusy), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code(Reason::kStorageUnavailable), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(Reason::kRecordCorrupt), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code(Reason::kInternal), absl::StatusCode::kInternal);
  EXPECT_EQ(code(Reason::kDeadline), absl::StatusCode::kDeadlineExceeded);
}

TEST(ReasonTable, LetsOnlyPassingTroubleBeTriedAgain) {
  std::set<Reason> again;
  for (const ReasonInfo& info : AllReasons()) {
    if (info.retry == Retry::kSameRequest) {
      again.insert(info.reason);
    }
  }
  EXPECT_EQ(again,
            (std::set<Reason>{Reason::kServerBusy, Reason::kStorageUnavailable, Reason::kDraining, Reason::kDeadline,
                              Reason::kServerUnreachable, Reason::kSealed, Reason::kWitnessUnreachable}));
}

TEST(ReasonTable, IsWhatTheDocumentationShows) {
  const std::string expected = ErrorsMarkdown();
  if (ReadSource("docs/errors.md") != expected) {
    const std::string right_page = ::testing::TempDir() + "errors.md";
    std::ofstream(right_page) << expected;
    FAIL() << "docs/errors.md does not show the table; replace it by " << right_page;
  }
}

TEST(ErrorsMarkdown, HasOneLineForEveryReason) {
  const std::string page = ErrorsMarkdown();
  for (const ReasonInfo& info : AllReasons()) {
    const std::string cell = "| `" + std::string(info.name) + "` |";
    EXPECT_NE(page.find(cell), std::string::npos) << cell;
  }
  const std::regex row("\n\\| [0-9]+ \\| `");
  EXPECT_EQ(std::distance(std::sregex_iterator(page.begin(), page.end(), row), std::sregex_iterator()),
            static_cast<std::ptrdiff_t>(AllReasons().size()));
}

TEST(MakeError, SaysWhatThenWhereThenWhatToDo) {
  const absl::Status status =
      MakeError(Reason::kFileMalformed, {{DetailKey::kFile, "npr.csv"}, {DetailKey::kLine, 12}});
  const ReasonInfo& info = InfoOf(Reason::kFileMalformed);
  const std::string what_without_stop(info.what.substr(0, info.what.size() - 1));
  EXPECT_EQ(std::string(status.message()), what_without_stop + " (file npr.csv, line 12). " + std::string(info.remedy));
  EXPECT_EQ(status.code(), info.code);
}

TEST(MakeError, HasNoBracketsWithoutDetails) {
  const absl::Status status = MakeError(Reason::kDiskFull);
  const ReasonInfo& info = InfoOf(Reason::kDiskFull);
  EXPECT_EQ(std::string(status.message()), std::string(info.what) + " " + std::string(info.remedy));
  EXPECT_EQ(WhereOf(status), "");
}

TEST(MakeError, CarriesReasonAndDetailsForEveryReason) {
  for (const ReasonInfo& info : AllReasons()) {
    const absl::Status status = MakeError(info.reason, {{DetailKey::kKeyFile, 7}, {DetailKey::kHint, "look here"}});
    const absl::Status copy = status;
    EXPECT_EQ(ReasonOf(copy), info.reason);
    if (info.reason != Reason::kNotPermitted) {
      EXPECT_THAT(DetailsOf(copy), ElementsAre(Pair("key_file", "7"), Pair("hint", "look here")));
      EXPECT_EQ(WhereOf(copy), "key file 7, hint look here");
    }
  }
}

TEST(MakeError, ReadsTheSameForEveryDenial) {
  const absl::Status bare = MakeError(Reason::kNotPermitted);
  const absl::Status with_details =
      MakeError(Reason::kNotPermitted, {{DetailKey::kProject, "P0041"}, {DetailKey::kState, "closed"}});
  EXPECT_EQ(with_details, bare);
  EXPECT_THAT(DetailsOf(with_details), IsEmpty());
}

TEST(MakeError, KeepsAnEmptyDetail) {
  EXPECT_THAT(DetailsOf(MakeError(Reason::kFieldMalformed, {{DetailKey::kField, ""}, {DetailKey::kLimit, 3}})),
              ElementsAre(Pair("field", ""), Pair("limit", "3")));
}

TEST(ReasonOf, IsAbsentForAStatusMadeElsewhere) {
  const absl::Status foreign = absl::UnavailableError("connection refused");
  EXPECT_EQ(ReasonOf(foreign), std::nullopt);
  EXPECT_THAT(DetailsOf(foreign), IsEmpty());
  EXPECT_EQ(WhereOf(foreign), "");
  EXPECT_EQ(ReasonOf(absl::OkStatus()), std::nullopt);
}

TEST(Detail, HasANameForEveryKey) {
  std::set<std::string_view> names;
  for (int key = 0; key <= static_cast<int>(DetailKey::kHint); ++key) {
    names.insert(NameOf(static_cast<DetailKey>(key)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(DetailKey::kHint) + 1);
  EXPECT_EQ(NameOf(DetailKey::kField), "field");
  EXPECT_EQ(NameOf(DetailKey::kRequestId), "request_id");
  EXPECT_EQ(NameOf(DetailKey::kHint), "hint");
}

TEST(Detail, IsScrubbed) {
  EXPECT_EQ(Detail(DetailKey::kHint, "value 30908299902").value, "value [removed]");
  EXPECT_EQ(Detail(DetailKey::kFile, "/data/30908299902.csv").value, "/data/[removed].csv");
}

TEST(Detail, KeepsCountsButNoNumberThatCouldBeAnIdentifier) {
  EXPECT_EQ(Detail(DetailKey::kRow, 0).value, "0");
  EXPECT_EQ(Detail(DetailKey::kCount, 999'999'999).value, "999999999");
  EXPECT_EQ(Detail(DetailKey::kCount, 1'000'000'000).value, "[removed]");
  EXPECT_EQ(Detail(DetailKey::kCount, 30'908'299'902).value, "[removed]");
}

TEST(Detail, KeepsARequestIdButNothingElseInItsPlace) {
  EXPECT_EQ(Detail(DetailKey::kRequestId, "12345678-9012-4345-8789-0123456789ab").value,
            "12345678-9012-4345-8789-0123456789ab");
  EXPECT_EQ(Detail(DetailKey::kRequestId, "30908299902").value, "[removed]");
  EXPECT_EQ(Detail(DetailKey::kHint, "12345678-9012-4345-8789-0123456789ab").value.find("6789"), std::string::npos);
}

TEST(ErrorFromWire, RebuildsWhatWasSent) {
  const absl::Status sent =
      MakeError(Reason::kTooManyRows, {{DetailKey::kLimit, 999'999'999},
                                       {DetailKey::kRegister, "NPR"},
                                       {DetailKey::kRequestId, "12345678-9012-4345-8789-0123456789ab"}});
  EXPECT_EQ(ErrorFromWire(*ReasonOf(sent), DetailsOf(sent)), sent);
}

TEST(ErrorFromWire, DropsUnknownDetailsAndScrubsTheRest) {
  const WireDetails received = {{"trace", "secret"}, {"row", "30908299902"}, {"hint", "L0123456789ABCDEFX"}, {"", "x"}};
  EXPECT_THAT(DetailsOf(ErrorFromWire(Reason::kInternal, received)),
              ElementsAre(Pair("row", "[removed]"), Pair("hint", "[removed]")));
}

TEST(ErrorFromWire, LetsNoValueForgeAnotherDetail) {
  const WireDetails received = {{"hint", std::string("a\x1e") + "field\x1f" + "b\r\nline"}};
  EXPECT_THAT(DetailsOf(ErrorFromWire(Reason::kInternal, received)), ElementsAre(Pair("hint", "a field b  line")));
}

TEST(ErrorFromWire, SurvivesAReasonThatThisVersionDoesNotKnow) {
  EXPECT_EQ(ReasonOf(ErrorFromWire(static_cast<Reason>(9'999), {})), Reason::kInternal);
}

TEST(Detail, IsCutAtAWholeCharacterIfACallerSentALongText) {
  std::string text = "x";
  for (int i = 0; i < 1000; ++i) {
    text += "ø";
  }
  const std::string value = Detail(DetailKey::kField, std::string_view(text)).value;
  EXPECT_EQ(value.size(), 999U + 3U) << "an odd number of bytes of whole characters, and three full stops";
  EXPECT_TRUE(value.ends_with("ø..."));
}

}  // namespace
}  // namespace kobling::domain
