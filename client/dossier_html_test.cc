// The page and the tables of a report: nothing in a text can become markup or a formula.
#include "client/dossier_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/dossier_case.h"
#include "client/dossier_report.h"
#include "client/html_testing.h"
#include "kobling/v1/key_file_service.pb.h"
#include "kobling/v1/population_service.pb.h"
#include "kobling/v1/register_service.pb.h"

namespace kobling::client {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostileScript = "<script>alert('&\"')</script>\x01";

ReportTable TableOf(const std::string& text) {
  Json row;
  row["a"] = text;
  row["n"] = 1234567890;
  row["day"] = "2026-11-22T12:00:00Z";
  row["done"] = true;
  row["state"] = "key-destroyed";
  row["people_only"] = "for mennesker";
  row["nothing"] = Json();
  return {.caption = text,
          .columns = {{"a", text},
                      {"n", "Antall", CellKind::kNumber},
                      {"day", "Dag", CellKind::kTime},
                      {"done", "Ferdig"},
                      {"state", "Tilstand", CellKind::kWord},
                      {"people_only", "Vist", CellKind::kText, "-"},
                      {"nothing", "Ingenting"},
                      {"missing"}},
          .rows = {row}};
}

TEST(HtmlPageTest, EveryTextIsEscapedWhereverItStands) {
  HtmlPage page(kHostileScript, kHostileScript);
  page.Introduction(kHostileScript);
  page.Section("a1", kHostileScript);
  page.Paragraph(kHostileScript);
  page.Facts(kHostileScript, {{kHostileScript, kHostileScript}});
  page.Table(TableOf(kHostileScript));
  const std::string html = page.Finish();
  EXPECT_EQ(XmlProblem(html), "");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"));
}

TEST(HtmlPageTest, StandsAloneAndIsMadeForReadersOfAllKinds) {
  HtmlPage page("Tittel", "test");
  page.Section("a1", "Avsnitt");
  page.Facts("Fakta", {{"Formål", "På nynorsk", "nn"}, {"Tomt", ""}});
  page.Table(TableOf("x"));
  const std::string html = page.Finish();
  EXPECT_EQ(XmlProblem(html), "");
  EXPECT_THAT(html, HasSubstr("<html lang=\"nb\">"));
  EXPECT_THAT(html, HasSubstr("<title>Tittel</title>"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, HasSubstr("@media print"));
  EXPECT_THAT(html, HasSubstr("<caption>Fakta</caption>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">Formål</th><td lang=\"nn\">På nynorsk</td>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\">Antall</th>"));
  EXPECT_THAT(html, HasSubstr("<a href=\"#a1\">Avsnitt</a>"));
  EXPECT_THAT(html, Not(HasSubstr("Tomt"))) << "what is not known is left out";
  for (const char* outside : {"src=", "<link", "<script", "url(", "@import"}) {
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  }
}

TEST(HtmlPageTest, CellsAreShownAsPeopleReadThem) {
  HtmlPage page("Tittel", "test");
  page.Table(TableOf("x"));
  const std::string html = page.Finish();
  EXPECT_THAT(html, HasSubstr("<td class=\"number\">1234567890</td>"));
  EXPECT_THAT(html, HasSubstr("<td>2026-11-22 13:00:00</td>")) << "noon in UTC is one o'clock in Norway in winter";
  EXPECT_THAT(html, HasSubstr("<td>ja</td>"));
  EXPECT_THAT(html, HasSubstr("<td>nøkkelen er slettet</td>"));
  EXPECT_THAT(html, HasSubstr("<td>for mennesker</td>"));
}

TEST(HtmlPageTest, ATableWithoutRowsSaysSo) {
  HtmlPage page("Tittel", "test");
  page.Table({.caption = "Nøkkelfiler", .columns = {{"a", "A"}}, .rows = {}});
  const std::string html = page.Finish();
  EXPECT_THAT(html, HasSubstr("<p>Nøkkelfiler: ingen.</p>"));
  EXPECT_THAT(html, Not(HasSubstr("<table>")));
}

TEST(HtmlPageTest, OnlyAWebAddressBecomesALink) {
  const auto fact = [](const std::string& value) {
    HtmlPage page("Tittel", "test");
    page.Facts("Fakta", {{"Resultater", value, "", Fact::Kind::kLink}});
    return page.Finish();
  };
  EXPECT_THAT(fact("https://www.example.no/?a=1&b=\"2\""),
              HasSubstr("<a href=\"https://www.example.no/?a=1&amp;b=&quot;2&quot;\">"));
  EXPECT_THAT(fact("javascript:alert(1)"), Not(HasSubstr("<a ")));
}

TEST(HtmlPageTest, KnowsItsOwnPagesAgain) {
  const std::string page = HtmlPage("Om kobling project publish", "another").Finish();
  EXPECT_TRUE(IsMadeBy(page, "another"));
  EXPECT_FALSE(IsMadeBy(page, "kobling project publish"));
}

TEST(CsvTest, HasTheValuesOfJsonAndTheColumnsForPrograms) {
  EXPECT_EQ(CsvOf(TableOf("x")),
            "a;n;day;done;state;nothing;missing\n"
            "x;1234567890;2026-11-22T12:00:00Z;yes;key-destroyed;;\n");
}

TEST(CsvTest, NoCellIsAFormula) {
  const auto cell = [](const std::string& text) {
    Json row;
    row["a"] = text;
    return CsvOf({.caption = "", .columns = {{"a"}}, .rows = {row}}).substr(2);
  };
  EXPECT_EQ(cell("=1+1"), "'=1+1\n");
  EXPECT_EQ(cell("+47 22 00 00 00"), "'+47 22 00 00 00\n");
  EXPECT_EQ(cell("-x"), "'-x\n");
  EXPECT_EQ(cell("@SUM(A1)"), "'@SUM(A1)\n");
  EXPECT_EQ(cell("  =1"), "'  =1\n");
  EXPECT_EQ(cell("=\"a;b\""), "\"'=\"\"a;b\"\"\"\n");
  EXPECT_EQ(cell("1=1"), "1=1\n");
  EXPECT_EQ(cell("2026-11-22"), "2026-11-22\n");
}

TEST(NorwegianWordTest, EveryStateOfTheApiHasAWord) {
  for (const auto* type :
       {api::ProjectState_descriptor(), api::PurposeKind_descriptor(), api::Scope_descriptor(),
        api::LinkagePerformer_descriptor(), api::ConditionKind_descriptor(), api::RecipientKeyState_descriptor(),
        api::SubmissionState_descriptor(), api::MatchState_descriptor(), api::KeyFileState_descriptor(),
        api::KeyFileKind_descriptor()}) {
    for (const std::string& word : WordsOf(*type)) {
      EXPECT_NE(NorwegianWord(word), word) << type->name() << ": add it in client/dossier_table.cc";
    }
  }
}

TEST(CaseFactsTest, AFieldWithoutANorwegianNameIsShownAllTheSame) {
  Json project_case = ToJson(api::ProjectCase());
  project_case["title"] = "Hofte";
  project_case["approved_persons"] = 1000;
  project_case["something_new"] = "verdi";
  project_case["unset_new"] = "";
  const std::vector<Fact> facts = CaseFacts(project_case);
  ASSERT_EQ(facts.size(), 3U);
  EXPECT_EQ(facts[0].heading, "Tittel");
  EXPECT_EQ(facts[1].value, "1000");
  EXPECT_EQ(facts[2].heading, "something_new");
  EXPECT_EQ(facts[2].value, "verdi");
}

TEST(CaseFactsTest, ChangesNameTheFieldAndBothValues) {
  api::ProjectCase before;
  before.set_end_date("2027-11-01");
  api::ProjectCase after = before;
  after.set_end_date("2028-11-01");
  after.set_purpose_kind(api::PURPOSE_KIND_RESEARCH);
  after.add_sources()->set_register_id("NPR");
  const CaseChanges changes = ChangesBetween(ToJson(before), ToJson(after));
  EXPECT_EQ(changes.changes, Json({"purpose_kind", "sources", "end_date"}));
  EXPECT_EQ(changes.shown,
            Json({"Formålets art (§ 1): (ingen) → forskning", "Kilder", "Siste dag: 2027-11-01 → 2028-11-01"}));
}

}  // namespace
}  // namespace kobling::client
