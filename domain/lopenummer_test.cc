#include "domain/lopenummer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <ostream>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "domain/error.h"

namespace kobling::domain {
namespace {

using Kind = LopenummerProblem::Kind;

constexpr std::string_view kBase32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kBase36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

std::string TextOf(const Lopenummer& lopenummer) {
  std::array<char, Lopenummer::kLength> text;
  lopenummer.CopyText(text);
  return std::string(text.begin(), text.end());
}

Lopenummer::Bits BitsFromHex(std::string_view hex) {
  Lopenummer::Bits bits{};
  EXPECT_EQ(hex.size(), 2 * bits.size());
  for (std::size_t i = 0; i < bits.size(); ++i) {
    std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, bits[i], 16);
  }
  return bits;
}

Lopenummer RandomLopenummer(std::mt19937& random) {
  Lopenummer::Bits bits;
  std::generate(bits.begin(), bits.end(), [&random] { return static_cast<std::uint8_t>(random()); });
  return Lopenummer(bits);
}

Reason FaultOf(std::string_view text) {
  const auto result = Lopenummer::Parse(text);
  EXPECT_FALSE(result.lopenummer.has_value()) << text;
  return result.fault;
}

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <typename T>
concept FormatsWithAbseil = requires(const T& value) {
  absl::StrCat(value);
};

TEST(Lopenummer, CannotBePrintedOrTurnedIntoTextByAccident) {
  static_assert(Streamable<std::string> && !Streamable<Lopenummer>);
  static_assert(FormatsWithAbseil<int> && !FormatsWithAbseil<Lopenummer>);
  static_assert(fmt::is_formattable<int>::value && !fmt::is_formattable<Lopenummer>::value);
  static_assert(!std::is_convertible_v<Lopenummer, std::string> &&
                !std::is_convertible_v<Lopenummer, std::string_view>);
  static_assert(!std::is_convertible_v<Lopenummer::Bits, Lopenummer>);
  static_assert(!std::is_default_constructible_v<Lopenummer>);
}

// The vectors were computed by another program, in another language, straight from the description.
TEST(Lopenummer, TheDocumentationsExamplesAreRight) {
  std::ifstream page(KOBLING_SOURCE_DIR "/docs/formats/lopenummer.md");
  ASSERT_TRUE(page.good());
  const std::regex row(R"(\| `([0-9a-f]{20})` \| `([0-9A-Z]{18})` \|)");
  int rows = 0;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (std::regex_match(line, match, row)) {
      EXPECT_EQ(TextOf(Lopenummer(BitsFromHex(match[1].str()))), match[2].str());
      ++rows;
    }
  }
  EXPECT_GE(rows, 10);
}

TEST(Lopenummer, HasItsPublishedVectors) {
  constexpr std::pair<std::string_view, std::string_view> kVectors[] = {
      {"00000000000000000000", "L00000000000000009"}, {"ffffffffffffffffffff", "LZZZZZZZZZZZZZZZZF"},
      {"00000000000000000001", "L00000000000000017"}, {"80000000000000000000", "LG0000000000000004"},
      {"0123456789abcdef0123", "L04HMASW9NF6YY093F"}, {"00443214c74254b635cf", "L0123456789ABCDEF5"},
      {"84653a56d7c675be77df", "LGHJKMNPQRSTVWXYZU"}, {"fedcba9876543210fedc", "LZVEBN63PAGS11ZPWY"},
  };
  for (const auto& [hex, text] : kVectors) {
    EXPECT_EQ(TextOf(Lopenummer(BitsFromHex(hex))), text);
    const auto parsed = Lopenummer::Parse(text);
    ASSERT_TRUE(parsed.lopenummer.has_value()) << text;
    EXPECT_EQ(parsed.lopenummer->bits(), BitsFromHex(hex));
  }
}

// The check character by the words of ISO 7064, as a second opinion.
TEST(Lopenummer, EveryOneReadsBackAndHasTheCheckCharacterOfTheStandard) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 100'000; ++i) {
    const Lopenummer lopenummer = RandomLopenummer(random);
    const std::string text = TextOf(lopenummer);
    const auto parsed = Lopenummer::Parse(text);
    ASSERT_TRUE(parsed.lopenummer == lopenummer);
    int product = 36;
    for (std::size_t place = 1; place <= 16; ++place) {
      ASSERT_NE(kBase32.find(text[place]), std::string_view::npos);
      const int sum = (product + static_cast<int>(kBase36.find(text[place]))) % 36;
      product = (sum == 0 ? 36 : sum) * 2 % 37;
    }
    ASSERT_EQ((product + static_cast<int>(kBase36.find(text.back()))) % 36, 1);
    ASSERT_FALSE(ExplainLopenummer(text).has_value());
  }
}

TEST(Lopenummer, SortsAlikeByBitsAndByText) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const Lopenummer a = RandomLopenummer(random);
    Lopenummer::Bits near = a.bits();
    near[random() % near.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
    for (const Lopenummer& b : {RandomLopenummer(random), Lopenummer(near), a}) {
      ASSERT_TRUE((a <=> b) == (TextOf(a).compare(TextOf(b)) <=> 0));
      ASSERT_TRUE((a == b) == (TextOf(a) == TextOf(b)));
    }
    ASSERT_EQ(absl::Hash<Lopenummer>()(Lopenummer(a.bits())), absl::Hash<Lopenummer>()(a));
  }
}

TEST(Lopenummer, OtherFormsAreRefused) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(Lopenummer::Parse("L0123456789ABCDEF5").lopenummer.has_value());
  for (const std::string_view text : {""sv,
                                      "L"sv,
                                      "L0123456789ABCDEF"sv,
                                      "L0123456789ABCDEF55"sv,
                                      " L0123456789ABCDEF5"sv,
                                      "L0123456789ABCDEF5 "sv,
                                      "l0123456789ABCDEF5"sv,
                                      "L0123456789abcdef5"sv,
                                      "L0123456789ABCDEf5"sv,
                                      "M0123456789ABCDEF5"sv,
                                      "L0I23456789ABCDEF5"sv,
                                      "L0L23456789ABCDEF5"sv,
                                      "LO123456789ABCDEF5"sv,
                                      "L0U23456789ABCDEF5"sv,
                                      "L0123-456789ABCDE5"sv,
                                      "L01234567 9ABCDEF5"sv,
                                      "L0123456789ABCDE\0005"sv,
                                      "L0123456789ABCDEF\0"sv,
                                      "L0123456789ABCDEFu"sv,
                                      "30908299902"sv,
                                      "L0123456789ABCDE\xc3\x98"sv,
                                      "L0123456789ABCDEF*"sv}) {
    EXPECT_EQ(FaultOf(text), Reason::kLopenummerFormat) << text;
  }
  EXPECT_EQ(FaultOf("L0123456789ABCDEF6"), Reason::kLopenummerCheckCharacter);
}

TEST(Lopenummer, EverySingleWrongCharacterIsNoticed) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 2'000; ++i) {
    const std::string right = TextOf(RandomLopenummer(random));
    for (std::size_t place = 0; place < right.size(); ++place) {
      for (const char c : kBase36) {
        std::string wrong = right;
        wrong[place] = c;
        ASSERT_EQ(Lopenummer::Parse(wrong).lopenummer.has_value(), wrong == right) << "place " << place + 1;
      }
    }
  }
}

// The values of the two characters when written in base 36 are neighbours, or the first and the last.
bool AreNeighbours(char a, char b) {
  const auto distance = (kBase36.find(a) + 36 - kBase36.find(b)) % 36;
  return distance == 1 || distance == 35;
}

TEST(Lopenummer, NearlyEverySwapOfTwoNeighbouringCharactersIsNoticed) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  int swaps = 0;
  int unnoticed = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string right = TextOf(RandomLopenummer(random));
    for (std::size_t place = 0; place + 1 < right.size(); ++place) {
      std::string wrong = right;
      std::swap(wrong[place], wrong[place + 1]);
      if (wrong == right) {
        continue;
      }
      ++swaps;
      if (Lopenummer::Parse(wrong).lopenummer) {
        ++unnoticed;
        ASSERT_TRUE(AreNeighbours(right[place], right[place + 1])) << "only such pairs can go unnoticed";
      }
    }
  }
  // 28 of 17,856 combinations of remainder and pair: 1.6 in 1,000.
  EXPECT_LT(unnoticed, swaps / 400);
}

TEST(Lopenummer, TheDocumentedSwapThatGoesUnnoticedIsOne) {
  EXPECT_TRUE(Lopenummer::Parse("L0123896789ABCDEF6").lopenummer.has_value());
  EXPECT_TRUE(Lopenummer::Parse("L0123986789ABCDEF6").lopenummer.has_value());
}

// ---- The explanation.

LopenummerProblem Explain(std::string_view text) {
  const auto problem = ExplainLopenummer(text);
  EXPECT_TRUE(problem.has_value()) << text;
  return problem.value_or(LopenummerProblem{.kind = Kind::kWrongLength});
}

TEST(ExplainLopenummer, HasNothingToSayAboutARightOne) {
  EXPECT_FALSE(ExplainLopenummer("L0123456789ABCDEF5").has_value());
  EXPECT_FALSE(ExplainLopenummer("LGHJKMNPQRSTVWXYZU").has_value());  // U as check character
}

TEST(ExplainLopenummer, CountsTheCharactersOfAWrongLength) {
  const auto length_of = [](std::string_view text) {
    const LopenummerProblem problem = Explain(text);
    EXPECT_EQ(problem.kind, Kind::kWrongLength) << text;
    return problem.length;
  };
  EXPECT_EQ(length_of(""), 0u);
  EXPECT_EQ(length_of("L0123456789ABCDEF"), 17u);
  EXPECT_EQ(length_of("L0123456789ABCDEF5 "), 19u);
  EXPECT_EQ(length_of("l\xc3\xb8penummer"), 10u);
}

TEST(ExplainLopenummer, PointsToTheFirstCharacterThatCannotBe) {
  const auto expect = [](std::string_view text, Kind kind, std::size_t position, std::optional<char> probable) {
    const LopenummerProblem problem = Explain(text);
    EXPECT_EQ(problem.kind, kind) << text;
    EXPECT_EQ(problem.position, position) << text;
    EXPECT_EQ(problem.probable, probable) << text;
  };
  expect("M0123456789ABCDEF5", Kind::kFirstCharacter, 1, std::nullopt);
  expect("00123456789ABCDEF5", Kind::kFirstCharacter, 1, std::nullopt);
  expect("l0123456789ABCDEF5", Kind::kLowerCase, 1, std::nullopt);
  expect("L0123456789aBCDEF5", Kind::kLowerCase, 12, std::nullopt);
  expect("LGHJKMNPQRSTVWXYZu", Kind::kLowerCase, 18, std::nullopt);
  expect("LO123456789ABCDEF5", Kind::kConfusable, 2, '0');
  expect("L0I23456789ABCDEF5", Kind::kConfusable, 3, '1');
  expect("L0L23456789ABCDEF5", Kind::kConfusable, 3, '1');
  expect("L0123456789ABCDEU5", Kind::kConfusable, 17, 'V');
  expect("L01234567 9ABCDEF5", Kind::kForeignCharacter, 10, std::nullopt);
  expect("L0123456789ABCDEF*", Kind::kForeignCharacter, 18, std::nullopt);
  expect(
      "L\xc3\x98"
      "123456789ABCDEF5",
      Kind::kForeignCharacter, 2, std::nullopt);
  expect("L0123456789ABCDEF5\x80", Kind::kForeignCharacter, 18, std::nullopt);
  expect("LOi23456789ABCDEF5", Kind::kConfusable, 2, '0');
}

TEST(ExplainLopenummer, SaysThatTheCheckCharacterDoesNotFit) {
  EXPECT_EQ(Explain("L0123456789ABCDEF6").kind, Kind::kCheckCharacter);
  EXPECT_EQ(Explain("L1023456789ABCDEF5").kind, Kind::kCheckCharacter);
}

TEST(ExplainLopenummer, FindsAProblemExactlyWhereParsingFails) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 100'000; ++i) {
    std::string text = TextOf(RandomLopenummer(random));
    for (auto changes = random() % 3; changes > 0; --changes) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    if (random() % 8 == 0) {
      text.resize(random() % 25, static_cast<char>(random()));
    }
    ASSERT_EQ(ExplainLopenummer(text).has_value(), !Lopenummer::Parse(text).lopenummer.has_value()) << seed;
  }
}

}  // namespace
}  // namespace kobling::domain
