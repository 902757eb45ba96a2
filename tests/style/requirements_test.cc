// The page that names a test for each requirement names tests that exist.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/style/source_tree.h"

namespace kobling::tests {
namespace {

std::set<std::string> TestsInSources() {
  const std::regex declaration(R"(TEST(?:_F|_P)?\((\w+),\s*(\w+)\))");
  std::set<std::string> tests;
  for (const SourceFile& file : ReadCode()) {
    for (std::sregex_iterator match(file.text.begin(), file.text.end(), declaration), end; match != end; ++match) {
      tests.insert((*match)[1].str() + '.' + (*match)[2].str());
    }
  }
  return tests;
}

TEST(Requirements, EachNamesTestsThatExist) {
  const std::set<std::string> tests = TestsInSources();
  const std::regex name(R"(`(\w+\.\w+)`)");
  std::size_t named = 0;
  std::size_t requirements = 0;
  for (const SourceFile& file : ReadSourceTree()) {
    if (file.path != "docs/requirements.md") {
      continue;
    }
    for (const std::string_view line : file.lines()) {
      requirements += line.starts_with("| R") ? 1 : 0;
      const std::string text(line);
      for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) {
        if ((*match)[1].str() == "Suite.Test") {
          continue;
        }
        ++named;
        EXPECT_TRUE(tests.contains((*match)[1].str())) << (*match)[1].str();
      }
    }
  }
  EXPECT_GE(requirements, 17U);
  EXPECT_GE(named, 2 * requirements) << "the page names hardly any test";
}

}  // namespace
}  // namespace kobling::tests
