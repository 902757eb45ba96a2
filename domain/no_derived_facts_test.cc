// R4: nothing in the service derives a gender, a date of birth, a century or an age from an identifier. The test reads
// the words of every name in the headers and the API and finds none of that vocabulary.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kobling::domain {
namespace {

// Strings stay: a column's or a field's name may stand in one.
std::string WithoutComments(const std::string& source) {
  std::string code;
  for (std::size_t i = 0; i < source.size();) {
    if (source.compare(i, 2, "//") == 0) {
      i = std::min(source.find('\n', i), source.size());
    } else if (source.compare(i, 2, "/*") == 0) {
      const std::size_t end = source.find("*/", i + 2);
      i = end == std::string::npos ? source.size() : end + 2;
      code += ' ';
    } else {
      code += source[i++];
    }
  }
  return code;
}

// "BirthYearOf2" -> birth, year, of; "FHIRSex" -> fhir, sex.
std::vector<std::string> WordsOf(const std::string& name) {
  static const std::regex word("[A-Z]+(?![a-z])|[A-Z]?[a-z]+");
  std::vector<std::string> words;
  for (std::sregex_iterator match(name.begin(), name.end(), word), end; match != end; ++match) {
    std::string lower = match->str();
    for (char& c : lower) {
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    words.push_back(lower);
  }
  return words;
}

// The names in the source that speak of what must not be derived. "age" alone is the name of a file format, and "birth"
// alone of a register.
std::set<std::string> ForbiddenNames(const std::string& source) {
  static const std::set<std::string> forbidden = {
      "gender",    "sex",         "kjonn",     "kjoenn",       "male",        "female",     "dob",
      "birthday",  "birthdate",   "birthyear", "of_birth",     "birth_date",  "birth_year", "birth_day",
      "born",      "fodselsdato", "fodselsar", "foedselsdato", "foedselsaar", "century",    "arhundre",
      "aarhundre", "alder",       "age_of",    "age_in",       "age_years",   "person_age"};
  static const std::regex name("[A-Za-z_][A-Za-z0-9_]*");
  const std::string code = WithoutComments(source);
  std::set<std::string> found;
  for (std::sregex_iterator match(code.begin(), code.end(), name), end; match != end; ++match) {
    const std::vector<std::string> words = WordsOf(match->str());
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (forbidden.contains(words[i]) || (i + 1 < words.size() && forbidden.contains(words[i] + "_" + words[i + 1]))) {
        found.insert(match->str());
      }
    }
  }
  return found;
}

TEST(NoDerivedFacts, TheSearchFindsSuchNamesInEverySpelling) {
  for (const std::string name : {"GenderOf", "birth_date", "IsFemale", "kKjonn", "date_of_birth", "AgeInYears", "ageOf",
                                 "PERSON_AGE", "CenturyOf", "BirthYear2", "SEX_MALE", "fodselsdato"}) {
    EXPECT_EQ(ForbiddenNames("int " + name + "();").size(), 1u) << name;
  }
  EXPECT_EQ(ForbiddenNames("optional string field = 1; // x\nstring gender = 2;").size(), 1u);
  EXPECT_EQ(ForbiddenNames("constexpr char kColumn[] = \"kjonn\";").size(), 1u);
  EXPECT_TRUE(ForbiddenNames(
                  "// No gender.\nclass AgeFile; /* birth */ int message, sextant, Page, BirthRegister; fodselsnummer")
                  .empty());
}

TEST(NoDerivedFacts, R4NoHeaderAndNoApiFileNamesOne) {
  namespace fs = std::filesystem;
  int files = 0;
  for (const std::string folder : {"domain", "crypto", "storage", "server", "client", "proto"}) {
    const fs::path root = fs::path(KOBLING_SOURCE_DIR) / folder;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".proto") {
        continue;
      }
      std::ifstream file(entry.path());
      const std::string source{std::istreambuf_iterator<char>(file), {}};
      const auto found = ForbiddenNames(source);
      EXPECT_TRUE(found.empty()) << entry.path() << " names " << *found.begin();
      ++files;
    }
  }
  EXPECT_GE(files, 10);
}

}  // namespace
}  // namespace kobling::domain
