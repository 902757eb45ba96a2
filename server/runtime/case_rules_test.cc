#include "server/runtime/case_rules.h"

#include <string>

#include "domain/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::server {
namespace {

constexpr const char* kFile = "/etc/kobling/case-rules.toml";

std::string Replaced(const std::string& from, const std::string& to) {
  std::string text(DefaultCaseRulesText());
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string DetailOf(const absl::Status& status, std::string_view name) {
  for (const auto& [key, value] : domain::DetailsOf(status)) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

TEST(CaseRules, TheDefaultHasTheFourteenRegistersOfParagraph3AndFourOtherKinds) {
  const CaseRules& rules = DefaultCaseRules();
  std::size_t included = 0;
  for (const SourceKind& kind : rules.kinds) {
    included += kind.may_be_included ? 1 : 0;
    EXPECT_EQ(kind.may_be_included, kind.paragraph.starts_with("§ 3 ")) << kind.id;
    EXPECT_TRUE(kind.needs_decision) << kind.id;
  }
  EXPECT_EQ(included, 14U);
  EXPECT_EQ(rules.kinds.size(), 18U);
  EXPECT_EQ(rules.FindKind("npr")->paragraph, "§ 3 f");
  EXPECT_TRUE(rules.FindKind("patient-records")->needs_dispensation);
  EXPECT_FALSE(rules.FindKind("other")->needs_dispensation);
  EXPECT_EQ(rules.FindKind("nothing"), nullptr);
  EXPECT_NE(rules.FindAuthority("rek"), nullptr);
  EXPECT_TRUE(rules.FindRoom("other")->needs_details);
  EXPECT_FALSE(rules.FindRoom("TSD")->needs_details);
  EXPECT_EQ(rules.deadlines.one_source, 30U);
  EXPECT_EQ(rules.deadlines.several_sources, 60U);
}

TEST(CaseRules, ALaterLawIsAnotherFile) {
  const auto rules = ParseCaseRules(Replaced("several_sources = 60", "several_sources = 42"), kFile);
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(rules->deadlines.several_sources, 42U);
  const auto more = ParseCaseRules(std::string(DefaultCaseRulesText()) +
                                       "[[kinds]]\nid = \"genome\"\nname = \"Genomregisteret\"\nparagraph = \"§ 3 o\"\n"
                                       "may_be_included = true\nneeds = []\n",
                                   kFile);
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_FALSE(more->FindKind("genome")->needs_decision);
}

TEST(CaseRules, EachFaultNamesFileLineAndKey) {
  const struct {
    const char* from;
    const char* to;
    const char* field;
  } kCases[] = {
      {"[[kinds]]", "[[kind]]", "kind"},
      {"id = \"npr\"", "id = \"kpr\"", "kinds.id"},
      {"id = \"npr\"", "id = \"NPR register\"", "kinds.id"},
      {"name = \"Kreftregisteret\"", "navn = \"Kreftregisteret\"", "kinds.navn"},
      {"name = \"Kreftregisteret\"", "name = \"\"", "kinds.name"},
      {"name = \"Kreftregisteret\"", "name = \"Person 01839012345\"", "kinds.name"},
      {"may_be_included = true", "may_be_included = \"yes\"", "kinds.may_be_included"},
      {"needs = [\"decision\"]", "needs = \"decision\"", "kinds.needs"},
      {"needs = [\"decision\"]", "needs = [\"luck\"]", "kinds.needs"},
      {"one_source = 30", "one_source = 0", "deadlines.one_source"},
      {"one_source = 30", "one_source = \"30\"", "deadlines.one_source"},
      {"english = true", "english = 1", "languages.english"},
      {"[deadlines]", "[deadline]", "deadline"},
  };
  for (const auto& wrong : kCases) {
    const absl::Status status = ParseCaseRules(Replaced(wrong.from, wrong.to), kFile).status();
    EXPECT_EQ(domain::ReasonOf(status), domain::Reason::kConfiguration) << wrong.to;
    EXPECT_EQ(DetailOf(status, "field"), wrong.field) << wrong.to;
    EXPECT_EQ(DetailOf(status, "file"), kFile);
    EXPECT_FALSE(DetailOf(status, "line").empty()) << wrong.to;
  }
  EXPECT_EQ(DetailOf(ParseCaseRules("id = [", kFile).status(), "expected"), "TOML, version 1.0");
  EXPECT_EQ(DetailOf(ParseCaseRules("", kFile).status(), "field"), "kinds");
}

}  // namespace
}  // namespace kobling::server
