// What may stand in the files of the project.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/style/source_tree.h"

namespace kobling::tests {
namespace {

constexpr std::size_t kLongestFile = 500;

// Longer files, and why they are not cut.
const std::set<std::string> kLongFiles = {
    "docs/commands.md",  // generated: every command with its options
    "docs/errors.md",    // generated: every reason
};

// Published examples that are not synthetic numbers of the +80 series.
const std::set<std::string> kPublished = {
    // Skatteetaten's examples of fødselsnumre and D-numbers; the last two are its examples of invalid ones.
    "30108299939", "20036914700", "29020073150", "55102499947", "02013299997", "02013299903", "02013299806",
    "30108299920", "20036914712", "29020105729",
    // Felles hjelpenummer, as Norsk helsenett publishes them; the last two are invalid.
    "81234567802", "91234567883", "99056326525", "80008117075", "80008621423", "80009001259", "80005484026",
    "81234567803", "81234567810",
    // Synthetic numbers whose month was changed to one that no series has.
    "01809012375", "01939012393"};

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Runs of exactly eleven digits that stand alone: not a part of a longer word or hexadecimal text.
std::vector<std::string> ElevenDigits(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < text.size();) {
    if (!IsDigit(text[i]) || (i > 0 && IsWordCharacter(text[i - 1]))) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && IsDigit(text[end])) {
      ++end;
    }
    if (end - i == 11 && (end == text.size() || !IsWordCharacter(text[end]))) {
      found.emplace_back(text.substr(i, 11));
    }
    i = end;
  }
  return found;
}

// A number of the +80 series: whatever its check digits, no living person has it.
bool IsSynthetic(std::string_view digits) {
  const int month = (digits[2] - '0') * 10 + (digits[3] - '0');
  return month >= 81 && month <= 92;
}

TEST(Texts, ElevenDigitsAreFoundWhereTheyStandAlone) {
  EXPECT_EQ(ElevenDigits("a 01810012345, 123456789012 x01810012345 \"01810012346\""),
            (std::vector<std::string>{"01810012345", "01810012346"}));
  EXPECT_TRUE(IsSynthetic("01810012345"));
  EXPECT_FALSE(IsSynthetic("30108299939"));
}

TEST(Texts, EveryElevenDigitsAreSyntheticOrPublished) {
  std::vector<std::string> offences;
  std::size_t numbers = 0;
  for (const SourceFile& file : ReadSourceTree()) {
    for (const std::string& digits : ElevenDigits(file.text)) {
      ++numbers;
      if (!IsSynthetic(digits) && !kPublished.contains(digits)) {
        // The number itself is not repeated.
        const std::size_t place = file.text.find(digits);
        offences.push_back(
            file.path + ':' +
            std::to_string(
                1 + std::count(file.text.begin(), file.text.begin() + static_cast<std::ptrdiff_t>(place), '\n')));
      }
    }
  }
  EXPECT_EQ(offences, std::vector<std::string>());
  EXPECT_GT(numbers, 20U) << "the search finds nothing at all";
}

TEST(Texts, FilesAreShortEnoughToRead) {
  std::vector<std::string> offences;
  for (const SourceFile& file : ReadSourceTree()) {
    const bool is_prose = file.path.ends_with(".h") || file.path.ends_with(".cc") || file.path.ends_with(".proto") ||
                          file.path.ends_with(".md") || file.path.ends_with(".sh");
    const std::size_t lines = file.lines().size();
    if (is_prose && lines > kLongestFile && !kLongFiles.contains(file.path)) {
      offences.push_back(file.path + " has " + std::to_string(lines) + " lines");
    }
  }
  EXPECT_EQ(offences, std::vector<std::string>());
}

TEST(Texts, NothingIsLeftForLater) {
  // Put together here, so that this file does not hold them.
  const std::vector<std::string> words = {std::string("TO") + "DO", std::string("FIX") + "ME"};
  std::vector<std::string> offences;
  for (const SourceFile& file : ReadSourceTree()) {
    if (file.path == "CONTRIBUTING.md") {
      continue;  // states this rule
    }
    const auto lines = file.lines();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (const std::string& word : words) {
        const std::size_t place = lines[i].find(word);
        if (place != std::string_view::npos && (place == 0 || !IsWordCharacter(lines[i][place - 1])) &&
            (place + word.size() == lines[i].size() || !IsWordCharacter(lines[i][place + word.size()]))) {
          offences.push_back(file.path + ':' + std::to_string(i + 1));
        }
      }
    }
  }
  EXPECT_EQ(offences, std::vector<std::string>());
}

TEST(Texts, KeyBytesAreReadInCryptoAlone) {
  const std::string word = std::string("Secret") + "Access";
  // Looks for keys where they must not be, and must know them for that.
  const std::set<std::string> allowed = {"tests/privacy/known_keys.cc"};
  std::vector<std::string> offences;
  for (const SourceFile& file : ReadCode()) {
    if (!file.IsIn("crypto") && !allowed.contains(file.path) && file.text.find(word) != std::string::npos) {
      offences.push_back(file.path);
    }
  }
  EXPECT_EQ(offences, std::vector<std::string>());
}

}  // namespace
}  // namespace kobling::tests
