#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "domain/error.h"
#include "domain/lopenummer.h"
#include "domain/national_id_maker.h"

namespace kobling::domain {
namespace {

// Synthetic (month + 80).
constexpr std::string_view kIdentifier = "30908299902";

struct Case {
  std::string_view text;
  std::string_view scrubbed;
};

TEST(Scrub, RemovesIdentifiersHoweverTheyAreWritten) {
  constexpr Case kCases[] = {
      {"30908299902", "[removed]"},
      {"row 3: 30908299902, refused", "row 3: [removed], refused"},
      {"309082 99902", "[removed]"},
      {"309082-99902", "[removed]"},
      {"309082.99902", "[removed]"},
      {"309082/99902", "[removed]"},
      {"309082_99902", "[removed]"},
      {"309082\t99902", "[removed]"},
      {"309082\xc2\xa0"
       "99902",
       "[removed]"},
      {"30 90 82 99902", "[removed]"},
      {"30.90.82-99902", "[removed]"},
      {"309 082 999 02", "[removed]"},
      {"row 5 309082 99902", "row 5 [removed]"},
      {"12 309082-99902 13", "12 [removed] 13"},
      {"fnr30908299902", "fnr[removed]"},
      {"30908299902x", "[removed]x"},
      {"a30908299902b", "a[removed]b"},
      {"fnr309082 99902x", "fnr[removed]x"},
      {"\"30908299902\"", "\"[removed]\""},
      {"'30908299902;", "'[removed];"},
      {"3.0908299902E+10", "[removed]E+10"},
      {"30908299902 55858570106", "[removed] [removed]"},
      {"30908299902,55858570106;01839012345", "[removed],[removed];[removed]"},
      {"3090829990255858570106", "[removed]"},
      {"908299902", "[removed]"},     // nine digits: what two lost zeros would leave
      {"1839012345", "[removed]"},    // ten digits: one lost zero
      {"200205705502", "[removed]"},  // twelve: a DUF number
      {"30908299902\n55858570106", "[removed] [removed]"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Scrub(c.text), c.scrubbed) << c.text;
  }
}

TEST(Scrub, RemovesLopenumreHoweverTheyAreWritten) {
  constexpr Case kCases[] = {
      {"L0123456789ABCDEFX", "[removed]"},
      {"l0123456789abcdefx", "[removed]"},
      {"LopABCDEFGHJKMNPQR", "LopABCDEFGHJKMNPQR"},  // letters only, and two that no løpenummer has: a word
      {"LABCDEFGHJKMNPQRSI", "[removed]"},           // letters only, all of them possible
      {"L0I23456789ABCDEFX", "[removed]"},           // mistyped
      {"LO1234567B9ABCDEFX", "[removed]"},
      {"value L0123456789ABCDEFX in row 9", "value [removed] in row 9"},
      {"xL0123456789ABCDEFX", "[removed]"},
      {"L0123456789ABCDEFXx", "[removed]"},
      {"30908299902;L0123456789ABCDEFX", "[removed];[removed]"},
      {"L0000000000000000X", "[removed]"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Scrub(c.text), c.scrubbed) << c.text;
  }
}

TEST(Scrub, LeavesOrdinaryTextAlone) {
  for (const std::string_view text :
       {"", "NPR", "P0041", "P12345678", "line 12, column fnr", "12345678", "2032-01-01", "2032-01-01T10:00:00Z",
        "NPR_P2041_0007.csv.age", "/srv/kobling/export/2032/mfr.csv", "fødselsnummer", "lopenummerregister",
        "lopenummerregistrering", "spiffe://kobling.example/register/npr", "1 000 000 rows",
        "2 to 20 of A-Z, 0-9 and hyphen", "123456 1234", "1234-123456-1234567", "123456, 12345"}) {
    EXPECT_EQ(Scrub(text), text);
  }
}

TEST(Scrub, LeavesNoControlCharacters) { EXPECT_EQ(Scrub("a\nb\rc\td\x1b[31me\x7f"), "a b c d [31me "); }

TEST(Scrub, ChangesNothingTheSecondTime) {
  for (const std::string_view text : {"row 5 309082 99902", "xL0123456789ABCDEFXy", "1 309082 99902 2 55858570106 3"}) {
    EXPECT_EQ(Scrub(Scrub(text)), Scrub(text));
  }
}

TEST(Scrub, FindsAnIdentifierCutAnywhereByAnySeparatorInAnyText) {
  for (const std::string_view before : {"", "fnr ", "x", "12 ", "7-", "2032-01-01 "}) {
    for (const std::string_view after : {"", " x", "x", " 12", "-7"}) {
      for (std::size_t cut = 1; cut < kIdentifier.size(); ++cut) {
        for (const char separator : std::string_view(" -./_,;:|'\t")) {
          std::string text(before);
          text += kIdentifier.substr(0, cut);
          text += separator;
          text += kIdentifier.substr(cut);
          text += after;
          const std::string scrubbed = Scrub(text);
          EXPECT_EQ(scrubbed.find(kIdentifier.substr(0, cut).substr(0, 6)) != std::string::npos &&
                        scrubbed.find(kIdentifier.substr(cut)) != std::string::npos,
                    false)
              << text << " -> " << scrubbed;
          EXPECT_NE(scrubbed.find("[removed]"), std::string::npos) << text;
        }
      }
    }
  }
}

TEST(Scrub, FindsEveryLopenummerInEitherCase) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    Lopenummer::Bits bits;
    for (auto& byte : bits) {
      byte = static_cast<std::uint8_t>(random());
    }
    std::array<char, Lopenummer::kLength> text;
    Lopenummer(bits).CopyText(text);
    std::string upper(text.begin(), text.end());
    std::string lower = upper;
    for (char& c : lower) {
      c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    ASSERT_EQ(Scrub("a " + upper + ";b"), "a [removed];b");
    ASSERT_EQ(Scrub(lower + "."), "[removed].");
  }
}

}  // namespace
}  // namespace kobling::domain
