// Reports as commands: what stands in the folders they write, and when they refuse to write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "client/client_testing.h"
#include "client/files/identifier_scan.h"
#include "client/html_testing.h"
#include "client/server_answer.h"
#include "nlohmann/json.hpp"

namespace kobling::client {
namespace {

namespace fs = std::filesystem;
using domain::MakeError;
using domain::Reason;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;
using Result = CommandRunner::Result;

void Set(api::Mark& mark, const std::string& actor) {
  mark.set_actor(actor);
  mark.mutable_time()->set_seconds(1795348800);
}

api::Disclosure Disclosed() {
  api::Disclosure row;
  row.set_register_id("NPR");
  row.set_project_id("P0041");
  row.set_recipient("=Universitetet i Eksempel");
  row.set_delivered_on("2026-11-21");
  row.set_used(731);
  row.set_persons(977);
  row.set_key_file_number(2);
  Set(*row.mutable_issued(), "olav.key");
  row.set_legal_basis("§§ 4 og 5");
  row.set_decision_reference("26/1234-5");
  row.set_decision_date("2026-10-01");
  row.set_legal_reference("helseregisterloven § 19 e");
  Set(*row.mutable_reported(), "NPR");
  return row;
}

api::Dossier FullDossier() {
  api::Dossier dossier;
  Set(*dossier.mutable_made(), "revisor");
  api::Project& project = *dossier.mutable_project();
  project.set_id("P0041");
  project.set_state(api::PROJECT_STATE_ACTIVE);
  project.set_persons(1003);
  project.set_case_version(2);
  Set(*project.mutable_created(), "anna.sak");
  project.mutable_deadline()->set_due_date("2027-02-01");
  api::ProjectCase& project_case = *project.mutable_project_case();
  project_case.set_title(kHostile);
  project_case.set_approved_persons(2000);
  project_case.set_end_date("2028-11-01");
  api::Source& source = *project_case.add_sources();
  source.set_register_id("NPR");
  source.set_scope(api::SCOPE_OWN);
  source.set_decision_reference("NPR-26/9");
  source.set_decision_date("2026-09-09");
  api::Condition& condition = *project_case.add_conditions();
  condition.set_kind(api::CONDITION_KIND_DELETION);
  condition.set_text("Data slettes etter bruk");
  api::CaseVersion& draft = *dossier.add_versions();
  draft.set_number(1);
  *draft.mutable_project_case() = project_case;
  draft.mutable_project_case()->set_end_date("2027-11-01");
  Set(*draft.mutable_changed(), "anna.sak");
  api::CaseVersion& changed = *dossier.add_versions();
  changed.set_number(2);
  *changed.mutable_project_case() = project_case;
  changed.set_decision_reference("27/9-3");
  Set(*changed.mutable_changed(), "olav.key");
  api::Register& record = *dossier.add_registers();
  record.set_id("NPR");
  record.set_name("Norsk pasientregister");
  api::RecipientKey& key = *dossier.add_recipient_keys();
  key.set_register_id("NPR");
  key.set_number(1);
  key.set_fingerprint("1234-5678-9012-3456-7890-1234-5678-9012");
  key.set_state(api::RECIPIENT_KEY_STATE_APPROVED);
  api::Submission& submission = *dossier.add_submissions();
  submission.set_register_id("NPR");
  submission.set_number(1);
  submission.mutable_counts()->set_rows(1011);
  submission.mutable_counts()->set_identifiers(997);
  submission.mutable_counts()->set_relatives(6);
  Set(*submission.mutable_submitted(), "NPR");
  api::MatchWindow& match = *dossier.add_matches();
  match.set_register_id("MFR");
  match.set_number(1);
  match.mutable_counts()->set_rows(4021);
  match.set_matched_persons(613);
  Set(*match.mutable_opened(), "olav.key");
  api::KeyFile& key_file = *dossier.add_key_files();
  key_file.set_register_id("NPR");
  key_file.set_number(2);
  key_file.set_rows(983);
  key_file.set_persons(977);
  Set(*key_file.mutable_issued(), "olav.key");
  api::UsageReport& usage = *dossier.add_usage();
  usage.set_register_id("NPR");
  usage.set_used(731);
  usage.set_recipient("=Universitetet i Eksempel");
  Set(*usage.mutable_reported(), "NPR");
  *dossier.add_disclosures() = Disclosed();
  dossier.set_index_persons(997);
  dossier.set_relatives(6);
  dossier.set_may_list_events(true);
  return dossier;
}

api::Event Happened() {
  api::Event event;
  event.set_index(12);
  event.set_operation("project.update");
  event.set_actor("anna.sak");
  event.set_reason("@forlenget");
  api::FieldChange& change = *event.add_changes();
  change.set_field("end_date");
  change.set_old_value("2027-11-01");
  change.set_new_value("2028-11-01");
  return event;
}

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

// The numbers in the table with the caption, as a reader meets them.
std::vector<std::uint64_t> NumbersUnder(const std::string& html, const std::string& caption) {
  const std::size_t begin = html.find("<caption>" + caption);
  EXPECT_NE(begin, std::string::npos) << caption;
  const std::string table = html.substr(begin, html.find("</table>", begin) - begin);
  static const std::regex number("<td class=\"number\">([0-9]*)</td>");
  std::vector<std::uint64_t> numbers;
  for (std::sregex_iterator at(table.begin(), table.end(), number); at != std::sregex_iterator(); ++at) {
    numbers.push_back(std::stoull((*at)[1]));
  }
  return numbers;
}

class DossierCommand : public testing::Test {
 protected:
  DossierCommand() {
    runner_.server.Answer("GetDossierRequest", FullDossier());
    runner_.server.events = {Happened()};
  }
  Result Write() { return runner_.Run({"audit", "dossier", "P0041", "--out", folder_.string()}); }
  std::string Read(const std::string& name) const { return runner_.folder.Read("dossier/" + name); }

  CommandRunner runner_;
  fs::path folder_ = runner_.folder.path() / "dossier";
};

TEST_F(DossierCommand, WritesAPageAllTablesAndEverythingAsJson) {
  const Result result = Write();
  ASSERT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(runner_.server.At<api::GetDossierRequest>(0).project_id(), "P0041");
  EXPECT_EQ(runner_.server.At<api::ListEventsRequest>(1).project_id(), "P0041");
  EXPECT_THAT(NamesIn(folder_),
              UnorderedElementsAre("dossier.json", "dossier.html", "versions.csv", "sources.csv", "recipient-keys.csv",
                                   "conditions.csv", "submissions.csv", "matches.csv", "key-files.csv", "usage.csv",
                                   "disclosures.csv", "events.csv"));
  struct stat information {};
  ASSERT_EQ(stat((folder_ / "dossier.html").c_str(), &information), 0);
  EXPECT_EQ(information.st_mode & 0777, 0600U);
  ASSERT_EQ(stat(folder_.c_str(), &information), 0);
  EXPECT_EQ(information.st_mode & 0777, 0700U);
  const auto json = nlohmann::json::parse(Read("dossier.json"));
  EXPECT_EQ(json["project"]["project_case"]["title"], kHostile);
  EXPECT_EQ(json["key_files"][0]["persons"], 977);
  EXPECT_EQ(json["events"][0]["changes"][0]["new_value"], "2028-11-01");
}

TEST_F(DossierCommand, ThePageIsWellFormedAndReadableAndEscapesWhatPeopleWrote) {
  ASSERT_EQ(Write().code, ExitCode::kOk);
  const std::string html = Read("dossier.html");
  EXPECT_EQ(XmlProblem(html), "");
  EXPECT_THAT(html, HasSubstr(std::string("<title>Saksmappe P0041: ") + kEscaped + "</title>"));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  for (const char* heading : {"Saken", "Kilder", "Vilkår", "Endringer", "Populasjonen", "Nøkkelfiler", "Bruk",
                              "Utleveringer (§ 19 h)", "Hendelser"}) {
    EXPECT_THAT(html, HasSubstr(std::string(">") + heading + "</h2>"));
  }
  EXPECT_THAT(html, HasSubstr("Siste dag: 2027-11-01 → 2028-11-01"));
  EXPECT_THAT(html, HasSubstr("NPR-26/9, 2026-09-09"));
  EXPECT_THAT(html, HasSubstr("Data slettes etter bruk"));
  EXPECT_THAT(html, HasSubstr("1234-5678-9012-3456"));
  EXPECT_THAT(html, HasSubstr("§§ 4 og 5\nVedtak 26/1234-5, 2026-10-01\nKildens hjemmel: helseregisterloven § 19 e"));
}

TEST_F(DossierCommand, TheNumbersOnThePageAreThoseOfTheJson) {
  ASSERT_EQ(Write().code, ExitCode::kOk);
  const std::string html = Read("dossier.html");
  const auto json = nlohmann::json::parse(Read("dossier.json"));
  const auto numbers = [&](const char* list, const std::vector<std::string>& pointers) {
    std::vector<std::uint64_t> found;
    for (const auto& row : json[list]) {
      for (const std::string& pointer : pointers) {
        found.push_back(row.at(nlohmann::json::json_pointer(pointer)));
      }
    }
    return found;
  };
  EXPECT_EQ(NumbersUnder(html, "Innsendinger"),
            numbers("submissions", {"/counts/rows", "/counts/identifiers", "/counts/relatives"}));
  EXPECT_EQ(NumbersUnder(html, "Sammenholding"), numbers("matches", {"/counts/rows", "/matched_persons"}));
  EXPECT_EQ(NumbersUnder(html, "Nøkkelfiler"),
            numbers("key_files", {"/rows", "/withdrawn_rows", "/persons", "/reserved", "/annulled"}));
  EXPECT_EQ(NumbersUnder(html, "Rapporter om bruk"), numbers("usage", {"/used"}));
  EXPECT_EQ(NumbersUnder(html, "Utleveringer"), numbers("disclosures", {"/used", "/persons"}));
  for (const auto& [heading, number] :
       {std::pair("Personer i prosjektet", json["project"]["persons"]),
        std::pair("Indekspersoner", json["index_persons"]), std::pair("Bare relasjonspersoner", json["relatives"])}) {
    EXPECT_THAT(html, HasSubstr(std::string(heading) + "</th><td>" + number.dump() + "</td>"));
  }
}

TEST_F(DossierCommand, NothingLooksLikeAnIdentifier) {
  ASSERT_EQ(Write().code, ExitCode::kOk);
  for (const std::string& name : NamesIn(folder_)) {
    EXPECT_FALSE(IdentifierScan(Read(name)).Next().has_value()) << name;
  }
}

TEST_F(DossierCommand, TheTablesAreSafeForSpreadsheets) {
  ASSERT_EQ(Write().code, ExitCode::kOk);
  EXPECT_THAT(Read("usage.csv"), HasSubstr(";'=Universitetet i Eksempel;"));
  EXPECT_THAT(Read("disclosures.csv"), HasSubstr(";'=Universitetet i Eksempel;2026-11-21;731;"));
  EXPECT_THAT(Read("events.csv"), HasSubstr(";'@forlenget;"));
  EXPECT_THAT(Read("versions.csv"), HasSubstr(";27/9-3;;end_date\n"));
}

TEST_F(DossierCommand, WhoMayNotListTheEventsIsToldSoAndIsNotRefused) {
  api::Dossier dossier = FullDossier();
  dossier.set_may_list_events(false);
  CommandRunner officer;
  officer.server.Answer("GetDossierRequest", dossier);
  const fs::path folder = officer.folder.path() / "dossier";
  const Result result = officer.Run({"audit", "dossier", "P0041", "--out", folder.string()});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(result.err, HasSubstr("the events are left out"));
  EXPECT_EQ(officer.server.calls.size(), 1U) << "a refused call would be an event";
  EXPECT_FALSE(fs::exists(folder / "events.csv"));
  EXPECT_TRUE(nlohmann::json::parse(officer.folder.Read("dossier/dossier.json"))["events"].is_null());
  EXPECT_THAT(officer.folder.Read("dossier/dossier.html"), HasSubstr("kan ikke lese prosjektets hendelser"));
}

TEST_F(DossierCommand, AFolderThatHoldsAnythingIsLeftAlone) {
  runner_.folder.Write("dossier/mine.txt", "mine");
  const Result result = Write();
  EXPECT_EQ(result.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(result.err, HasSubstr("FILE_EXISTS"));
  EXPECT_TRUE(runner_.server.calls.empty()) << "seen before the server is asked";
  EXPECT_THAT(NamesIn(folder_), UnorderedElementsAre("mine.txt"));
}

TEST_F(DossierCommand, AnEmptyFolderWillDo) {
  fs::create_directory(folder_);
  EXPECT_EQ(Write().code, ExitCode::kOk);
}

TEST(DossierRefused, WritesNothing) {
  CommandRunner runner;
  runner.server.Fail("GetDossierRequest", MarkFromServer(MakeError(Reason::kProjectNotFound)));
  const fs::path folder = runner.folder.path() / "dossier";
  EXPECT_EQ(runner.Run({"audit", "dossier", "P0041", "--out", folder.string()}).code, ExitCode::kNotFound);
  EXPECT_FALSE(fs::exists(folder));
}

TEST(DisclosuresCommand, SendsTheFiltersAndPrintsInEveryFormat) {
  CommandRunner runner;
  api::ListDisclosuresResponse answer;
  *answer.add_disclosures() = Disclosed();
  for (int i = 0; i < 3; ++i) {
    runner.server.Answer("ListDisclosuresRequest", answer);
  }
  const Result table = runner.Run({"audit", "disclosures", "--register", "NPR", "--project", "P0041", "--since",
                                   "2026-01-01", "--until", "2026-12-31"});
  ASSERT_EQ(table.code, ExitCode::kOk) << table.err;
  const auto& request = runner.server.At<api::ListDisclosuresRequest>(0);
  EXPECT_EQ(request.register_id(), "NPR");
  EXPECT_EQ(request.project_id(), "P0041");
  EXPECT_EQ(request.since(), "2026-01-01");
  EXPECT_EQ(request.until(), "2026-12-31");
  EXPECT_THAT(table.out, HasSubstr("2026-11-21"));
  EXPECT_THAT(table.out, HasSubstr("731"));
  const Result csv = runner.Run({"audit", "disclosures", "--format", "csv"});
  EXPECT_THAT(csv.out, HasSubstr("register_id;register_name;controller;project_id;"));
  EXPECT_THAT(csv.out, HasSubstr(";'=Universitetet i Eksempel;2026-11-21;731;no;no;2;"));
  const auto json = nlohmann::json::parse(runner.Run({"audit", "disclosures", "--format", "json"}).out);
  EXPECT_EQ(json[0]["persons"], 977);
}

TEST(DisclosuresCommand, ADateThatIsNoneIsRefusedHere) {
  CommandRunner runner;
  const Result result = runner.Run({"audit", "disclosures", "--since", "1.1.2026"});
  EXPECT_EQ(result.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(result.err, HasSubstr("since"));
  EXPECT_TRUE(runner.server.calls.empty());
}

}  // namespace
}  // namespace kobling::client
