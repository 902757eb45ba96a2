// Published and derived numbers with what must be said of each. Unprefixed numbers are only those that Skatteetaten
// publishes as examples; common help numbers only those that are published; all others are synthetic.
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "domain/national_id.h"

namespace kobling::domain {
namespace {

constexpr std::optional<Reason> kValid = std::nullopt;
constexpr Reason kBadDate = Reason::kIdentifierImpossibleDate;
constexpr Reason kBadDigits = Reason::kIdentifierCheckDigits;

struct Vector {
  std::string_view number;
  std::optional<Reason> fault;
};

template <std::size_t N>
void ExpectVectors(const AcceptedSeries& accepted, const Vector (&vectors)[N]) {
  const NationalIdRules rules(accepted);
  for (const Vector& vector : vectors) {
    const auto result = rules.Parse(vector.number);
    EXPECT_EQ(result.id.has_value(), !vector.fault.has_value()) << vector.number;
    EXPECT_EQ(rules.Check(vector.number.data()), vector.fault) << vector.number;
    if (vector.fault) {
      EXPECT_EQ(result.fault, *vector.fault) << vector.number;
    } else if (result.id) {
      const auto digits = result.id->digits();
      EXPECT_EQ(std::string_view(digits.data(), digits.size()), vector.number);
    }
  }
}

// R2: Skatteetaten's sample file and the examples in its description of the 2032 rule.
TEST(NationalIdVectors, R2OfficialUnprefixedExamples) {
  constexpr Vector kVectors[] = {
      {"30108299939", kValid},      // 2032 fødselsnummer, remainder 1
      {"20036914700", kValid},      // remainder 0
      {"29020073150", kValid},      // leap day
      {"55102499947", kValid},      // 2032 D-number, remainder 2
      {"20036914712", kBadDigits},  // both check digits
      {"29020105729", kBadDate},    // 29.02.01, check digits right
      {"02013299997", kValid},
      {"02013299903", kValid},
      {"02013299806", kValid},
      {"30108299920", kValid},
      {"41814061033", Reason::kIdentifierTestSeries},
      {"30908299902", Reason::kIdentifierTestSeries},
  };
  ExpectVectors(AcceptedSeries::Production(), kVectors);
}

TEST(NationalIdVectors, R2OfficialSyntheticExamples) {
  constexpr Vector kVectors[] = {
      {"30908299902", kValid},  // 2032 fødselsnummer, remainder 2
      {"03851598730", kValid},  // remainder 0
      {"41819077906", kValid},  // 2032 D-number, remainder 1
      {"41819077302", kValid},  // D-number, remainder 0
      {"41814061033", kValid}, {"41814065640", kValid}, {"41814075603", kValid},
      {"41810021827", kValid}, {"41810025091", kValid}, {"41810034422", kValid},
  };
  ExpectVectors(AcceptedSeries::Trial(), kVectors);
}

// R2: the first check digit has four remainders that are right and seven that are wrong.
TEST(NationalIdVectors, R2RemaindersOfTheFirstCheckDigit) {
  constexpr Vector kVectors[] = {
      {"01839012345", kValid},     {"01839012353", kValid},     {"01839012361", kValid},
      {"01839012450", kValid},     {"55858570106", kValid},     {"55858570114", kValid},
      {"55858570122", kValid},     {"55858570130", kValid},     {"01839012388", kBadDigits},
      {"01839012396", kBadDigits}, {"01839012485", kBadDigits}, {"01839012302", kBadDigits},
      {"01839012310", kBadDigits}, {"01839012329", kBadDigits}, {"01839012337", kBadDigits},
      {"01839012346", kBadDigits},  // the second check digit
  };
  ExpectVectors(AcceptedSeries::Trial(), kVectors);
}

// R3: dates are strict, although the samples that Skatteetaten publishes let 30.02 and 31.04 through.
TEST(NationalIdVectors, R3Dates) {
  constexpr Vector kVectors[] = {
      {"71839012351", kValid},    // D-number, day 31
      {"29820073116", kValid},    // 29.02.00
      {"29829648073", kValid},    // 29.02.96
      {"29820105794", kBadDate},  // 29.02.01
      {"30820073165", kBadDate},  // 30.02.00
      {"31849012358", kBadDate},  // 31.04.90
      {"00839012306", kBadDate},  // day 00
      {"32839012488", kBadDate},  // day 32
      {"40839012480", kBadDate},  // day 00 of a D-number
      {"72839012390", kBadDate},  // day 32 of a D-number
      {"01809012375", kBadDate},  // month 00
      {"01939012393", kBadDate},  // month 13
  };
  ExpectVectors(AcceptedSeries::Trial(), kVectors);
}

// R7: common help numbers, as published by Norsk helsenett and in open test suites.
TEST(NationalIdVectors, R7FhNumbers) {
  constexpr Vector kVectors[] = {
      {"81234567802", kValid},     {"91234567883", kValid}, {"99056326525", kValid}, {"80008117075", kValid},
      {"80008621423", kValid},     {"80009001259", kValid}, {"80005484026", kValid}, {"81234567803", kBadDigits},
      {"81234567810", kBadDigits},  // remainder 1 is for fødselsnumre and D-numbers only
  };
  ExpectVectors(AcceptedSeries{.fh = true}, kVectors);
  const NationalIdRules without_fh(AcceptedSeries::Production());
  for (const Vector& vector : kVectors) {
    if (!vector.fault) {
      EXPECT_EQ(without_fh.Parse(vector.number).fault, Reason::kIdentifierFhNotAccepted) << vector.number;
    }
  }
}

// The table of examples in the format's description: value, verdict in production, verdict in trial.
TEST(NationalIdVectors, TheDocumentationsExamplesAreRight) {
  const auto verdict = [](const NationalIdRules& rules, std::string_view value) {
    const auto result = rules.Parse(value);
    return result.id ? std::string("accepted") : absl::StrFormat("`%s`", InfoOf(result.fault).name);
  };
  const NationalIdRules production(AcceptedSeries::Production());
  const NationalIdRules trial(AcceptedSeries::Trial());
  std::ifstream page(KOBLING_SOURCE_DIR "/docs/formats/identifiers.md");
  ASSERT_TRUE(page.good());
  const std::regex row(R"(\| `([^`]*)` \| ([^|]*) \| ([^|]*) \| [^|]* \|)");
  int rows = 0;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (std::regex_match(line, match, row)) {
      EXPECT_EQ(match[2].str(), verdict(production, match[1].str())) << match[1].str();
      EXPECT_EQ(match[3].str(), verdict(trial, match[1].str())) << match[1].str();
      ++rows;
    }
  }
  EXPECT_GE(rows, 15);
}

}  // namespace
}  // namespace kobling::domain
