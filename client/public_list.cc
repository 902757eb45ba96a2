#include "client/public_list.h"

#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "client/dossier_html.h"
#include "client/dossier_table.h"
#include "client/output.h"

namespace kobling::client {
namespace {

using enum CellKind;

// Each project with its registers in one text: "NPR (NPR-forskriften § 3-6), MFR (MFR-forskriften § 3-4)".
std::vector<Json> WithRegisterNames(const Json& list) {
  std::vector<Json> rows(list.begin(), list.end());
  for (Json& row : rows) {
    std::string names;
    for (const Json& source : row["registers"]) {
      names += (names.empty() ? "" : ", ") + TextOf(source["register_name"]) + " (" +
               TextOf(source["legal_reference"]) + (source["withdrawn"] == Json(true) ? "; har trådt ut)" : ")");
    }
    row["register_names"] = names;
  }
  return rows;
}

ReportTable ProjectTable(const Json& list) {
  return {.caption = "Prosjekter",
          .columns = {{"id", "Prosjekt", kAnchor},
                      {"state", "Tilstand", kWord},
                      {"title", "Tittel"},
                      {"title_nynorsk"},
                      {"title_english"},
                      {"purpose"},
                      {"purpose_nynorsk"},
                      {"purpose_english"},
                      {"purpose_kind"},
                      {"data_user", "Databruker"},
                      {"decision_reference"},
                      {"decision_date", "Vedtatt"},
                      {"legal_basis"},
                      {"register_names", "", kText, "registers"},
                      {"linkage_performer"},
                      {"linkage_register_name"},
                      {"linkage_controller"},
                      {"analysis_room"},
                      {"start_date", "Fra"},
                      {"end_date", "Til"},
                      {"deletion_date"},
                      {"contact"},
                      {"rights"},
                      {"rights_nynorsk"},
                      {"rights_english"},
                      {"results_link"}},
          .rows = WithRegisterNames(list)};
}

ReportTable SourceTable(const Json& project) {
  const Json& sources = project["registers"];
  return {.caption = "Kilder",
          .columns = {{"register_name", "Register"},
                      {"legal_reference", "Hjemmel for utlevering"},
                      {"withdrawn", "Har trådt ut av prosjektet"}},
          .rows = {sources.begin(), sources.end()}};
}

void AddProject(const Json& project, HtmlPage& page) {
  const auto text = [&](std::string_view name) { return TextOf(*FindValue(project, name)); };
  const auto word = [&](std::string_view name) { return ShownValue(*FindValue(project, name), kWord); };
  page.Section(text("id"), text("id") + ": " + text("title"));
  page.Facts("Om prosjektet", {{"Tilstand", word("state")},
                               {"Tittel på nynorsk", text("title_nynorsk"), "nn"},
                               {"Tittel på engelsk", text("title_english"), "en"},
                               {"Formål", text("purpose")},
                               {"Formål på nynorsk", text("purpose_nynorsk"), "nn"},
                               {"Formål på engelsk", text("purpose_english"), "en"},
                               {"Formålets art", word("purpose_kind")},
                               {"Databruker", text("data_user")},
                               {"Vedtak", Joined(project, {"decision_reference", "decision_date"})},
                               {"Rettslig grunnlag", text("legal_basis")},
                               {"Sammenstilles av", word("linkage_performer")},
                               {"Register som sammenstiller", text("linkage_register_name")},
                               {"Dataansvarlig for sammenstillingen", text("linkage_controller")},
                               {"Analyserom", text("analysis_room")},
                               {"Første dag", text("start_date")},
                               {"Siste dag", text("end_date")},
                               {"Koblingsnøkkelen slettes", text("deletion_date")},
                               {"Kontakt", text("contact")},
                               {"Rettigheter", text("rights")},
                               {"Rettigheter på nynorsk", text("rights_nynorsk"), "nn"},
                               {"Rettigheter på engelsk", text("rights_english"), "en"},
                               {"Resultater", text("results_link"), "", Fact::Kind::kLink}});
  page.Table(SourceTable(project));
}

}  // namespace

std::vector<ReportFile> PublicListFiles(const api::ListPublicProjectsResponse& list, absl::Time made) {
  Json json = ToJson(list);
  json["made"] = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", made, absl::UTCTimeZone());
  const Json& projects = json["projects"];
  const ReportTable table = ProjectTable(projects);
  HtmlPage page("Prosjekter som kobler helsedata", kPublicListGenerator);
  page.Introduction(
      "Prosjekter som har fått særskilte løpenumre, slik at opplysninger fra flere helseregistre kan kobles uten at "
      "fødselsnumre utveksles. Listen ble laget " +
      ShownValue(json["made"], kTime) + " (norsk tid).");
  page.Section("oversikt", "Oversikt");
  page.Table(table);
  for (const Json& project : projects) {
    AddProject(project, page);
  }
  return {{"index.html", page.Finish()}, {"projects.json", json.dump(2) + '\n'}, {"projects.csv", CsvOf(table)}};
}

}  // namespace kobling::client
