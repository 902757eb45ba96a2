#include "domain/national_id.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "domain/national_id_maker.h"

namespace kobling::domain {
namespace {

constexpr AcceptedSeries kEverything{
    .unprefixed = true, .fh = true, .npid20 = true, .nav40 = true, .npid60 = true, .nhn65 = true, .synthetic80 = true};

NationalId Synthetic(std::string_view digits) {
  static const NationalIdRules rules(AcceptedSeries::Trial());
  const auto result = rules.Parse(digits);
  EXPECT_TRUE(result.id.has_value());
  return *result.id;
}

std::string TextOf(const NationalId& id) {
  const auto digits = id.digits();
  return std::string(digits.begin(), digits.end());
}

std::mt19937 MakeRandom(std::uint32_t& seed) {
  seed = std::random_device{}();
  return std::mt19937(seed);
}

// A random synthetic identifier of any kind and remainder.
NationalId RandomSynthetic(std::mt19937& random) {
  const auto up_to = [&random](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  while (true) {
    const auto id = MakeValid({.day = 1 + up_to(30),
                               .month = 1 + up_to(11),
                               .two_digit_year = up_to(99),
                               .individual = up_to(999),
                               .series = MonthSeries::kSynthetic80,
                               .kind = up_to(1) == 0 ? NumberKind::kFodselsnummer : NumberKind::kDNumber,
                               .remainder = up_to(3)});
    if (id) {
      return *id;
    }
  }
}

// ---- The value.

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <typename T>
concept Stringifiable = requires(const T& value) {
  AbslStringify(std::declval<std::string&>(), value);
};
template <typename T>
concept FormatsWithAbseil = requires(const T& value) {
  absl::StrCat(value);
};
template <typename T>
concept HasToString = requires(const T& value) {
  to_string(value);
};

TEST(NationalId, CannotBePrintedOrTurnedIntoTextByAccident) {
  static_assert(Streamable<std::string> && !Streamable<NationalId>);
  static_assert(!Stringifiable<NationalId>);
  static_assert(FormatsWithAbseil<int> && !FormatsWithAbseil<NationalId>);
  static_assert(!HasToString<NationalId>);
  static_assert(fmt::is_formattable<int>::value && !fmt::is_formattable<NationalId>::value);
  static_assert(!std::is_convertible_v<NationalId, std::string> &&
                !std::is_convertible_v<NationalId, std::string_view>);
  static_assert(!std::is_convertible_v<NationalId, std::uint64_t> && !std::is_convertible_v<NationalId, bool>);
  static_assert(!std::is_convertible_v<std::uint64_t, NationalId> &&
                !std::is_constructible_v<NationalId, std::uint64_t>);
  static_assert(!std::is_default_constructible_v<NationalId>);
}

TEST(NationalId, GivesItsElevenDigitsBackWithLeadingZeros) {
  const NationalId id = Synthetic("01839012345");
  std::array<char, NationalId::kLength> copy;
  id.CopyDigits(copy);
  EXPECT_EQ(std::string_view(copy.data(), copy.size()), "01839012345");
  EXPECT_EQ(TextOf(id), "01839012345");
  EXPECT_EQ(id.packed(), 1'839'012'345u);
}

TEST(NationalId, ComparesSortsAndHashesAsItsDigitsDo) {
  std::uint32_t seed = 0;
  std::mt19937 random = MakeRandom(seed);
  SCOPED_TRACE(seed);
  for (int i = 0; i < 1'000; ++i) {
    const NationalId a = RandomSynthetic(random);
    const NationalId b = RandomSynthetic(random);
    ASSERT_TRUE((a <=> b) == (TextOf(a).compare(TextOf(b)) <=> 0));
    ASSERT_TRUE((a == b) == (TextOf(a) == TextOf(b)));
    const NationalId again = *NationalId::FromPacked(a.packed());
    ASSERT_TRUE(again == a);
    ASSERT_EQ(absl::Hash<NationalId>()(again), absl::Hash<NationalId>()(a));
  }
}

TEST(NationalId, FromStorageIsRefusedWithMoreThanElevenDigits) {
  EXPECT_EQ(ReasonOf(NationalId::FromPacked(100'000'000'000).status()), Reason::kRecordCorrupt);
  EXPECT_EQ(ReasonOf(NationalId::FromPacked(~std::uint64_t{0}).status()), Reason::kRecordCorrupt);
  const auto id = NationalId::FromPacked(30'908'299'902);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(TextOf(*id), "30908299902");
  EXPECT_TRUE(NationalId::FromPacked(99'999'999'999).ok());
}

// ---- R1: the format.

TEST(NationalIdRules, R1SaysWhatIsWrongWithValuesOfAnotherForm) {
  const NationalIdRules rules(kEverything);
  const auto fault = [&rules](std::string_view text) {
    const auto result = rules.Parse(text);
    EXPECT_FALSE(result.id.has_value()) << text;
    return result.fault;
  };
  EXPECT_EQ(fault(""), Reason::kIdentifierEmpty);
  EXPECT_EQ(fault("1839012345"), Reason::kIdentifierLeadingZeroLost);
  EXPECT_EQ(fault("183901234x"), Reason::kIdentifierNotElevenDigits);
  EXPECT_EQ(fault("200205705502"), Reason::kIdentifierDufNumber);  // R7
  EXPECT_EQ(fault("200900595509"), Reason::kIdentifierDufNumber);
  EXPECT_EQ(fault("200205705503"), Reason::kIdentifierNotElevenDigits);  // twelve digits, but no DUF number
  EXPECT_EQ(fault("200205705512"), Reason::kIdentifierNotElevenDigits);
  for (const std::string_view text :
       {" ", "x", "309082", "309082999021", " 30908299902", "30908299902 ", "30908299902\n", "\"30908299902\"",
        "309082 99902", "309082-99902", "+3090829990", "-3090829990", "3090829990l", "3090829990O", "3.090829990",
        "\xef\xbb\xbf"
        "30908299902",
        "30908299\xc2\xa0"
        "902",
        "abcdefghijk", "30908299902;L0000000000000000X"}) {
    EXPECT_EQ(fault(text), Reason::kIdentifierNotElevenDigits) << text;
  }
  using namespace std::string_view_literals;
  EXPECT_EQ(fault("3090829990\0"sv), Reason::kIdentifierNotElevenDigits);
}

TEST(NationalIdRules, R1RefusesEveryByteThatIsNoDigitAtEveryPlace) {
  const NationalIdRules rules(kEverything);
  for (std::size_t place = 0; place < NationalId::kLength; ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = "30908299902";
      text[place] = static_cast<char>(byte);
      const auto fault = rules.Check(text.data());
      if (byte < '0' || byte > '9') {
        ASSERT_EQ(fault, Reason::kIdentifierNotElevenDigits) << place << " " << byte;
      } else {
        ASSERT_NE(fault, Reason::kIdentifierNotElevenDigits) << place << " " << byte;
      }
    }
  }
}

// ---- Which reason comes first.

TEST(NationalIdRules, CallsANumberWithAWrongCheckDigitMistypedWhateverItsSeries) {
  const NationalIdRules production(AcceptedSeries::Production());
  const NationalIdRules trial(AcceptedSeries::Trial());
  EXPECT_EQ(production.Parse("01839012346").fault, Reason::kIdentifierCheckDigits);
  EXPECT_EQ(production.Parse("01839012345").fault, Reason::kIdentifierTestSeries);
  EXPECT_EQ(trial.Parse("20036914712").fault, Reason::kIdentifierCheckDigits);
  EXPECT_EQ(trial.Parse("20036914700").fault, Reason::kIdentifierNotSynthetic);
  EXPECT_EQ(production.Parse("81234567803").fault, Reason::kIdentifierCheckDigits);
  EXPECT_EQ(production.Parse("81234567802").fault, Reason::kIdentifierFhNotAccepted);
}

TEST(NationalIdRules, CallsAnImpossibleDateThatEvenWhenTheCheckDigitsAreWrongToo) {
  const NationalIdRules rules(kEverything);
  EXPECT_EQ(rules.Parse("29820105794").fault, Reason::kIdentifierImpossibleDate);
  EXPECT_EQ(rules.Parse("29820105795").fault, Reason::kIdentifierImpossibleDate);
}

// ---- R5, R6, R7: series and environments.

TEST(AcceptedSeries, R5ProductionTakesNoSeriesThatHasNoPlaceThere) {
  EXPECT_TRUE(AcceptedSeries::Production().CheckForProduction().ok());
  AcceptedSeries with_fh = AcceptedSeries::Production();
  with_fh.fh = true;
  EXPECT_TRUE(with_fh.CheckForProduction().ok());

  for (bool AcceptedSeries::*series : {&AcceptedSeries::npid20, &AcceptedSeries::nav40, &AcceptedSeries::npid60,
                                       &AcceptedSeries::nhn65, &AcceptedSeries::synthetic80}) {
    AcceptedSeries accepted = AcceptedSeries::Production();
    accepted.*series = true;
    EXPECT_EQ(ReasonOf(accepted.CheckForProduction()), Reason::kConfiguration);
  }
  AcceptedSeries nhn = AcceptedSeries::Production();
  nhn.nhn65 = true;
  EXPECT_NE(WhereOf(nhn.CheckForProduction()).find("nhn65"), std::string::npos);
  EXPECT_FALSE(AcceptedSeries::Trial().CheckForProduction().ok());
}

struct SeriesCase {
  MonthSeries series;
  bool AcceptedSeries::*accepted;
  Reason refusal;
};
constexpr SeriesCase kSeriesCases[] = {
    {MonthSeries::kNpid20, &AcceptedSeries::npid20, Reason::kIdentifierTestSeries},
    {MonthSeries::kNav40, &AcceptedSeries::nav40, Reason::kIdentifierHelpNumber},
    {MonthSeries::kNpid60, &AcceptedSeries::npid60, Reason::kIdentifierTestSeries},
    {MonthSeries::kNhn65, &AcceptedSeries::nhn65, Reason::kIdentifierTestSeries},
    {MonthSeries::kSynthetic80, &AcceptedSeries::synthetic80, Reason::kIdentifierTestSeries},
};

// The first number that can be made with this day and month.
NationalId MakeAny(int day, int month, MonthSeries series, NumberKind kind) {
  for (int individual = 0;; ++individual) {
    if (const auto id = MakeValid({.day = day,
                                   .month = month,
                                   .two_digit_year = 90,
                                   .individual = individual,
                                   .series = series,
                                   .kind = kind,
                                   .remainder = 1})) {
      return *id;
    }
  }
}

TEST(NationalIdRules, R5RefusesEverySeriesInEveryMonthUnlessItIsSwitchedOn) {
  const NationalIdRules production(AcceptedSeries::Production());
  for (const SeriesCase& c : kSeriesCases) {
    AcceptedSeries only{.unprefixed = false};
    only.*c.accepted = true;
    const NationalIdRules rules(only);
    for (int month = 1; month <= 12; ++month) {
      for (const NumberKind kind : {NumberKind::kFodselsnummer, NumberKind::kDNumber}) {
        const NationalId id = MakeAny(28, month, c.series, kind);
        EXPECT_TRUE(rules.Parse(TextOf(id)).id == id) << static_cast<int>(c.series) << " " << month;
        EXPECT_EQ(production.Parse(TextOf(id)).fault, c.refusal) << static_cast<int>(c.series) << " " << month;
      }
    }
  }
}

TEST(NationalIdRules, R5RefusesEveryMonthThatNoSeriesHas) {
  const NationalIdRules rules(kEverything);
  const auto has_month = [](int month) {
    return std::any_of(std::begin(kSeriesCases), std::end(kSeriesCases),
                       [&](const SeriesCase& c) {
                         return month > static_cast<int>(c.series) && month <= static_cast<int>(c.series) + 12;
                       }) ||
           (month >= 1 && month <= 12);
  };
  int without = 0;
  for (int month = 0; month <= 99; ++month) {
    // The date is looked at before the check digits, so that any will do.
    const std::string text = absl::StrFormat("28%02d9012345", month);
    const bool impossible = rules.Parse(text).fault == Reason::kIdentifierImpossibleDate && !rules.Parse(text).id;
    EXPECT_EQ(impossible, !has_month(month)) << month;
    without += has_month(month) ? 0 : 1;
  }
  EXPECT_EQ(without, 100 - 12 - 12 - 12 - 12 - 12 - 5);
}

TEST(NationalIdRules, AcceptsAMonthOfTwoSeriesIfOneOfThemIsAcceptedAndHasTheDate) {
  const NationalIdRules npid60(AcceptedSeries{.unprefixed = false, .npid60 = true});
  const NationalIdRules nhn65(AcceptedSeries{.unprefixed = false, .nhn65 = true});
  // Month 70: October of the one series, May of the other.
  const std::string both = TextOf(MakeAny(31, 5, MonthSeries::kNhn65, NumberKind::kFodselsnummer));
  EXPECT_TRUE(npid60.Parse(both).id.has_value());
  EXPECT_TRUE(nhn65.Parse(both).id.has_value());
  // Month 66, day 31: January has it, June has not.
  const std::string january = TextOf(MakeAny(31, 1, MonthSeries::kNhn65, NumberKind::kFodselsnummer));
  EXPECT_TRUE(nhn65.Parse(january).id.has_value());
  EXPECT_EQ(npid60.Parse(january).fault, Reason::kIdentifierTestSeries);
}

TEST(NationalIdRules, R6TrialRefusesRealNumbersAndTakesSyntheticOnes) {
  const NationalIdRules trial(AcceptedSeries::Trial());
  // Published by Skatteetaten as examples.
  for (const std::string_view number : {"30108299939", "20036914700", "29020073150", "55102499947"}) {
    EXPECT_EQ(trial.Parse(number).fault, Reason::kIdentifierNotSynthetic);
  }
  EXPECT_TRUE(trial.Parse("30908299902").id.has_value());
  EXPECT_EQ(trial.Parse("81234567802").fault, Reason::kIdentifierFhNotAccepted);
  const NationalId of_another_series = MakeAny(28, 6, MonthSeries::kNhn65, NumberKind::kDNumber);
  EXPECT_EQ(trial.Parse(TextOf(of_another_series)).fault, Reason::kIdentifierTestSeries);
}

TEST(NationalIdRules, R7TakesFhNumbersOnlyIfSwitchedOn) {
  AcceptedSeries with_fh = AcceptedSeries::Production();
  with_fh.fh = true;
  const NationalIdRules on(with_fh);
  const NationalIdRules off(AcceptedSeries::Production());
  EXPECT_TRUE(on.Parse("99056326525").id.has_value());  // no date test: month 05, day 99
  EXPECT_EQ(off.Parse("99056326525").fault, Reason::kIdentifierFhNotAccepted);
}

// ---- Check digits.

TEST(NationalIdRules, EverySingleWrongDigitOfEveryNumberIsNoticed) {
  const NationalIdRules rules(kEverything);
  std::uint32_t seed = 0;
  std::mt19937 random = MakeRandom(seed);
  SCOPED_TRACE(seed);
  for (int i = 0; i < 5'000; ++i) {
    const std::string right = TextOf(RandomSynthetic(random));
    ASSERT_TRUE(rules.Parse(right).id.has_value());
    for (std::size_t place = 0; place < right.size(); ++place) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        std::string wrong = right;
        wrong[place] = digit;
        ASSERT_EQ(rules.Check(wrong.data()).has_value(), wrong != right) << "place " << place;
      }
    }
  }
}

TEST(NationalIdRules, EverySwapOfTwoNeighbouringDigitsIsNoticed) {
  const NationalIdRules rules(kEverything);
  std::uint32_t seed = 0;
  std::mt19937 random = MakeRandom(seed);
  SCOPED_TRACE(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string right = TextOf(RandomSynthetic(random));
    for (std::size_t place = 0; place + 1 < right.size(); ++place) {
      std::string wrong = right;
      std::swap(wrong[place], wrong[place + 1]);
      ASSERT_EQ(rules.Check(wrong.data()).has_value(), wrong != right) << "place " << place;
    }
  }
}

// ---- The ways in agree, and agree with the rules written down plainly.

bool IsValidSyntheticByTheBook(const std::string& text) {
  std::array<int, 11> d;
  std::transform(text.begin(), text.end(), d.begin(), [](char c) { return c - '0'; });
  const int written_day = d[0] * 10 + d[1];
  const int day = written_day > 40 ? written_day - 40 : written_day;
  const int month = d[2] * 10 + d[3] - 80;
  const int year = d[4] * 10 + d[5];
  if (month < 1 || month > 12 || day < 1) {
    return false;
  }
  const bool short_month = month == 4 || month == 6 || month == 9 || month == 11;
  const int last_day = month == 2 ? (year % 4 == 0 ? 29 : 28) : short_month ? 30 : 31;
  constexpr int kFirst[] = {3, 7, 6, 1, 8, 9, 4, 5, 2, 1};
  constexpr int kSecond[] = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
  int first = 0;
  int second = 0;
  for (int i = 0; i < 10; ++i) {
    first += kFirst[i] * d[i];
  }
  for (int i = 0; i < 11; ++i) {
    second += kSecond[i] * d[i];
  }
  return day <= last_day && first % 11 <= 3 && second % 11 == 0;
}

TEST(NationalIdRules, AgreeWithTheRulesByTheBookOnRandomDigits) {
  const NationalIdRules rules(AcceptedSeries::Trial());
  std::uint32_t seed = 0;
  std::mt19937 random = MakeRandom(seed);
  SCOPED_TRACE(seed);
  int valid = 0;
  for (int i = 0; i < 500'000; ++i) {
    // Months 80 to 99, the rest at random.
    const std::uint64_t number = std::uniform_int_distribution<std::uint64_t>(0, 99'999'999'999)(random);
    std::string text = absl::StrFormat("%011d", number);
    text[2] = i % 2 == 0 ? '8' : '9';
    const auto fault = rules.Check(text.data());
    ASSERT_EQ(!fault.has_value(), IsValidSyntheticByTheBook(text)) << seed;
    const auto parsed = rules.Parse(text);
    const auto eleven = rules.ParseEleven(text.data());
    ASSERT_TRUE(parsed.id == eleven.id);
    ASSERT_EQ(parsed.id.has_value(), !fault.has_value());
    if (fault) {
      ASSERT_EQ(parsed.fault, *fault);
    } else {
      ASSERT_EQ(TextOf(*parsed.id), text);
      ++valid;
    }
  }
  EXPECT_GT(valid, 1'000);
}

// ---- The maker.

TEST(MakeValid, MakesNumbersOfAllFourRemaindersThatTheRulesAccept) {
  const NationalIdRules rules(AcceptedSeries::Trial());
  for (const NumberKind kind : {NumberKind::kFodselsnummer, NumberKind::kDNumber}) {
    for (int remainder = 0; remainder <= 3; ++remainder) {
      int made = 0;
      for (int individual = 0; individual <= 999; ++individual) {
        const auto id = MakeValid({.day = 15,
                                   .month = 6,
                                   .two_digit_year = 84,
                                   .individual = individual,
                                   .kind = kind,
                                   .remainder = remainder});
        if (id) {
          ASSERT_TRUE(rules.Parse(TextOf(*id)).id == id);
          ++made;
        }
      }
      // Each of two check digits is impossible in one case of eleven.
      EXPECT_NEAR(made, 1000 * 100 / 121, 30);
    }
  }
}

TEST(MakeValid, GivesThePublishedNumbers) {
  const auto text = [](const NationalIdParts& parts) {
    const auto id = MakeValid(parts);
    return id ? TextOf(*id) : std::string("none");
  };
  EXPECT_EQ(text({.day = 30, .month = 10, .two_digit_year = 82, .individual = 999, .remainder = 2}), "30908299902");
  const NationalIdParts d_number{
      .day = 1, .month = 1, .two_digit_year = 90, .individual = 779, .kind = NumberKind::kDNumber, .remainder = 1};
  EXPECT_EQ(text(d_number), "41819077906");
  EXPECT_EQ(text({.day = 3, .month = 5, .two_digit_year = 15, .individual = 987, .remainder = 0}), "03851598730");
  EXPECT_EQ(text({.day = 29, .month = 2, .two_digit_year = 0, .individual = 731, .remainder = 0}), "29820073116");
}

TEST(MakeValid, MakesNothingFromImpossibleParts) {
  EXPECT_FALSE(MakeValid({.day = 0}));
  EXPECT_FALSE(MakeValid({.day = 32}));
  EXPECT_FALSE(MakeValid({.day = -1}));
  EXPECT_FALSE(MakeValid({.month = 0}));
  EXPECT_FALSE(MakeValid({.month = 13}));
  EXPECT_FALSE(MakeValid({.day = 30, .month = 2}));
  EXPECT_FALSE(MakeValid({.day = 29, .month = 2, .two_digit_year = 1}));
  EXPECT_FALSE(MakeValid({.day = 31, .month = 4}));
  EXPECT_FALSE(MakeValid({.two_digit_year = 100}));
  EXPECT_FALSE(MakeValid({.two_digit_year = -1}));
  EXPECT_FALSE(MakeValid({.individual = 1000}));
  EXPECT_FALSE(MakeValid({.individual = -1}));
  EXPECT_FALSE(MakeValid({.remainder = 4}));
  EXPECT_FALSE(MakeValid({.remainder = -1}));
}

}  // namespace
}  // namespace kobling::domain
