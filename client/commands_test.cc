// Commands against a server without a network: what they send, what they print, and how they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "client/client_testing.h"
#include "client/files/identifier_scan.h"
#include "client/server_answer.h"
#include "nlohmann/json.hpp"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
using testing::HasSubstr;
using testing::Not;
using Result = CommandRunner::Result;

absl::Status Refusal(Reason reason, std::vector<domain::Detail> details) {
  return MarkFromServer(MakeError(reason, std::move(details)));
}

api::Register Npr() {
  api::Register npr;
  npr.set_id("NPR");
  npr.set_name("Norsk pasientregister, sjøsiden");
  npr.set_contact("npr@example.no");
  return npr;
}

TEST(Commands, RegisterAddSendsEveryFieldAndARequestId) {
  CommandRunner runner;
  runner.server.Answer("AddRegisterRequest", Npr());
  const Result result = runner.Run({"register", "add", "NPR", "--name", "Norsk pasientregister", "--kind", "npr",
                                    "--controller", "FHI", "--contact", "npr@example.no", "--inclusion-reference",
                                    "FOR-2007", "--inclusion-date", "2026-01-02"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  const auto& request = runner.server.At<api::AddRegisterRequest>(0);
  EXPECT_EQ(request.register_().id(), "NPR");
  EXPECT_EQ(request.register_().name(), "Norsk pasientregister");
  EXPECT_EQ(request.register_().inclusion_date(), "2026-01-02");
  EXPECT_EQ(request.request_id().size(), 36U);
  EXPECT_THAT(result.out, HasSubstr("npr@example.no"));
  EXPECT_EQ(result.err, "");
}

TEST(Commands, TableAlignsByCharactersAndCsvQuotesAndJsonIsWhole) {
  CommandRunner runner;
  api::ListRegistersResponse answer;
  *answer.add_registers() = Npr();
  *answer.add_registers() = Npr();
  answer.mutable_registers(1)->set_id("MFR");
  answer.mutable_registers(1)->set_name("Fødsel; og \"mer\"");
  for (int i = 0; i < 3; ++i) {
    runner.server.Answer("ListRegistersRequest", answer);
  }
  const Result table = runner.Run({"register", "list"});
  EXPECT_EQ(table.out,
            "ID   NAME                             KIND  CONTROLLER  CONTACT         INCLUSION DATE\n"
            "NPR  Norsk pasientregister, sjøsiden                    npr@example.no\n"
            "MFR  Fødsel; og \"mer\"                                   npr@example.no\n");
  const Result csv = runner.Run({"register", "list", "--format", "csv"});
  EXPECT_THAT(csv.out, HasSubstr("id;name;kind;controller;contact;inclusion_date\n"));
  EXPECT_THAT(csv.out, HasSubstr("MFR;\"Fødsel; og \"\"mer\"\"\";;;npr@example.no;\n"));
  const Result json = runner.Run({"--format", "json", "register", "list"});
  const auto parsed = nlohmann::json::parse(json.out);
  ASSERT_EQ(parsed.size(), 2U);
  EXPECT_EQ(parsed[0]["id"], "NPR");
  EXPECT_TRUE(parsed[0]["created"].is_null());
}

TEST(Commands, TerminalCommandsInAnswersAreMadeHarmlessInTables) {
  CommandRunner runner;
  api::Register hostile = Npr();
  hostile.set_name("a\x1b[2Jb");
  runner.server.Answer("GetRegisterRequest", hostile);
  const Result result = runner.Run({"register", "show", "NPR"});
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(result.out, HasSubstr("a?[2Jb"));
}

TEST(Commands, ErrorsHaveThreePartsAndExitCodesTellWho) {
  CommandRunner runner;
  runner.server.Fail("MarkReadyRequest",
                     Refusal(Reason::kProjectState, {{DetailKey::kProject, "P0041"}, {DetailKey::kState, "active"}}));
  const Result refused = runner.Run({"project", "ready", "P0041"});
  EXPECT_EQ(refused.code, ExitCode::kRefused);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(refused.err,
            "error: The project is not in a state that allows this. [PROJECT_STATE]\n"
            "  where: project P0041, state active\n"
            "  do: Look at the project's state and take the step that is due first.\n");

  runner.server.Fail("GetProjectRequest", Refusal(Reason::kNotPermitted, {}));
  EXPECT_EQ(runner.Run({"project", "show", "P0041"}).code, ExitCode::kNotPermitted);
  runner.server.Fail("GetProjectRequest", Refusal(Reason::kProjectNotFound, {}));
  EXPECT_EQ(runner.Run({"project", "show", "P0041"}).code, ExitCode::kNotFound);
  runner.server.Fail("GetProjectRequest", MakeError(Reason::kServerUnreachable));
  EXPECT_EQ(runner.Run({"project", "show", "P0041"}).code, ExitCode::kRefused);
  // The same code NOT_FOUND, but a local file: nothing that the server said.
  EXPECT_EQ(runner.Run({"project", "check", "no-such-file.toml"}).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.Run({"project", "fly"}).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.Run({}).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.Run({"project", "show", "P0041", "--format", "xml"}).code, ExitCode::kUsageOrFile);
}

TEST(Commands, AnIdentifierAsArgumentIsRefusedAndNotRepeated) {
  CommandRunner runner;
  for (const std::string text : {"01839012345", "name 018390 12345", "--reason=01839012345"}) {
    const Result result = runner.Run({"project", "cancel", "P0041", "--reason", text});
    EXPECT_EQ(result.code, ExitCode::kUsageOrFile);
    EXPECT_THAT(result.err, HasSubstr("[USAGE]"));
    EXPECT_FALSE(IdentifierScan(result.err + result.out).Next()) << result.err;
  }
  EXPECT_TRUE(runner.server.calls.empty());
  // A fingerprint is none, whatever digits it has.
  EXPECT_EQ(
      runner.Run({"recipient-key", "approve", "NPR", "1", "--fingerprint", "12345678901abcdefabcdefabcdefabc"}).code,
      ExitCode::kOk);
}

TEST(Commands, ALostAnswerIsAskedForUnderTheSameRequestIdAndThenForgotten) {
  CommandRunner runner;
  const std::vector<std::string> command = {"keyfile", "issue", "P0041", "NPR"};
  runner.server.Fail("IssueKeyFileRequest", MakeError(Reason::kDeadline));
  EXPECT_EQ(runner.Run(command).code, ExitCode::kRefused);
  EXPECT_EQ(runner.unanswered(), 1U);

  const Result again = runner.Run(command);
  EXPECT_EQ(again.code, ExitCode::kOk);
  EXPECT_THAT(again.err, HasSubstr("sent before without an answer"));
  EXPECT_EQ(runner.unanswered(), 0U);
  const std::string first = runner.server.At<api::IssueKeyFileRequest>(0).request_id();
  EXPECT_EQ(runner.server.At<api::IssueKeyFileRequest>(1).request_id(), first);

  EXPECT_EQ(runner.Run(command).code, ExitCode::kOk);
  EXPECT_NE(runner.server.At<api::IssueKeyFileRequest>(2).request_id(), first);
}

TEST(Commands, ARefusalIsAnAnswerAndAPassingTroubleIsNot) {
  CommandRunner runner;
  runner.server.Fail("CloseProjectRequest", Refusal(Reason::kProjectState, {}));
  runner.Run({"project", "close", "P0041", "--reason", "done"});
  EXPECT_EQ(runner.unanswered(), 0U);
  for (const Reason reason : {Reason::kDraining, Reason::kStorageUnavailable, Reason::kInternal, Reason::kDiskFull}) {
    runner.server.Fail("CloseProjectRequest", Refusal(reason, {}));
    runner.Run({"project", "close", "P0041", "--reason", "done"});
    EXPECT_EQ(runner.unanswered(), 1U);
  }
}

TEST(Commands, AnotherRequestHasAnotherId) {
  CommandRunner runner;
  runner.server.Fail("IssueKeyFileRequest", MakeError(Reason::kDeadline));
  runner.server.Fail("IssueKeyFileRequest", MakeError(Reason::kDeadline));
  runner.Run({"keyfile", "issue", "P0041", "NPR"});
  runner.Run({"keyfile", "issue", "P0042", "NPR"});
  EXPECT_EQ(runner.unanswered(), 2U);
  EXPECT_NE(runner.server.At<api::IssueKeyFileRequest>(0).request_id(),
            runner.server.At<api::IssueKeyFileRequest>(1).request_id());
}

TEST(Project, AnExemptionFromInsightIsWholeInAFileToo) {
  CommandRunner runner;
  const std::string half = "insight_exemption_reason = \"r\"\n";
  const Result missing = runner.Run({"project", "check", runner.folder.Write("case.toml", half)});
  EXPECT_THAT(missing.err, HasSubstr("insight_exemption_reference"));
  EXPECT_THAT(missing.err, HasSubstr("insight_exemption_until"));
  EXPECT_THAT(runner.Run({"project", "check", runner.folder.Write("case.toml", "title = \"t\"\n")}).err,
              Not(HasSubstr("insight_exemption")));
  EXPECT_THAT(runner.Run({"project", "create", "--title", "t", "--exemption-until", "tomorrow"}).err,
              HasSubstr("2026-11-22"));
}

TEST(WaiveUsage, SaysWhy) {
  CommandRunner runner;
  EXPECT_EQ(runner.Run({"project", "waive-usage", "P0041"}).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.Run({"project", "waive-usage", "P0041", "--reason", "closed"}).code, ExitCode::kOk);
  EXPECT_EQ(runner.server.At<api::WaiveUsageRequest>(0).reason(), "closed");
}

TEST(DestroyKey, NeedsTheProjectsIdFromTheTerminalOrAsAnOption) {
  CommandRunner runner;
  const std::vector<std::string> command = {"project", "destroy-key", "P0041", "--reason", "date reached"};
  EXPECT_EQ(runner.Run(command).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.RunWithInput(command, "P0042\n", CommandRunner::Terminal::kYes).code, ExitCode::kUsageOrFile);
  EXPECT_TRUE(runner.server.calls.empty());
  EXPECT_EQ(runner.RunWithInput(command, "P0041\n", CommandRunner::Terminal::kYes).code, ExitCode::kOk);
  std::vector<std::string> with_option = command;
  with_option.insert(with_option.end(), {"--confirm", "P0041", "--waive-usage", "register closed"});
  EXPECT_EQ(runner.Run(with_option).code, ExitCode::kOk);
  EXPECT_EQ(runner.server.At<api::DestroyProjectKeyRequest>(0).confirmation(), "P0041");
  EXPECT_EQ(runner.server.At<api::DestroyProjectKeyRequest>(1).waiver_reason(), "register closed");
}

TEST(Project, UpdateKeepsWhatIsNotNamed) {
  CommandRunner runner;
  api::Project before;
  before.mutable_project_case()->set_title("Old title");
  before.mutable_project_case()->set_end_date("2026-12-31");
  before.mutable_project_case()->add_sources()->set_locked(true);
  runner.server.Answer("GetProjectRequest", before);
  const Result result = runner.Run({"project", "update", "P0041", "--end-date", "2027-12-31", "--reason", "extended"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  const auto& request = runner.server.At<api::UpdateProjectRequest>(1);
  EXPECT_EQ(request.project_case().title(), "Old title");
  EXPECT_EQ(request.project_case().end_date(), "2027-12-31");
  EXPECT_FALSE(request.project_case().sources(0).locked());
  EXPECT_EQ(runner.Run({"project", "update", "P0041", "--end-date", "31.12.2027"}).code, ExitCode::kUsageOrFile);
}

TEST(Project, TemplateIsACaseAndCheckNamesWhatIsMissing) {
  CommandRunner runner;
  const Result blank = runner.Run({"project", "template"});
  std::string text = blank.out;
  const std::string empty_case = runner.folder.Write("case.toml", text);
  const Result checked = runner.Run({"project", "check", empty_case});
  EXPECT_EQ(checked.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(checked.err, HasSubstr("field title"));
  EXPECT_THAT(checked.err, HasSubstr("field sources"));

  const std::string filled = runner.folder.Write("filled.toml", R"(
title = "Barn og medisin"
purpose = "We study children"
purpose_kind = "research"
data_user = "UiB"
decision_reference = "2026/1"
decision_date = "2026-01-02"
legal_basis = "§ 19 e"
linkage_performer = "data-user"
approved_persons = 1000
start_date = "2026-02-01"
end_date = "2027-02-01"
deletion_date = "2028-02-01"
title_nynorsk = "Barn og medisin"
title_english = "Children and medicine"
purpose_nynorsk = "Vi studerer barn"
purpose_english = "We study children"
analysis_room = "TSD"
contact = "post@example.no"
[[sources]]
register_id = "MFR"
defines_population = true
scope = "own"
legal_reference = "§ 19 e"
)");
  EXPECT_EQ(runner.Run({"project", "check", filled}).code, ExitCode::kOk);
  EXPECT_EQ(runner.Run({"project", "create", "--file", filled, "--title", "Better"}).code, ExitCode::kOk);
  const auto& request = runner.server.At<api::CreateProjectRequest>(0);
  EXPECT_EQ(request.project_case().title(), "Better");
  EXPECT_EQ(request.project_case().purpose_kind(), api::PURPOSE_KIND_RESEARCH);
  EXPECT_EQ(request.project_case().sources(0).scope(), api::SCOPE_OWN);

  const std::string wrong = runner.folder.Write("wrong.toml", "titel = \"x\"\n");
  EXPECT_THAT(runner.Run({"project", "check", wrong}).err, HasSubstr("line 1, field titel"));
}

TEST(Project, CheckSaysThatACaseIsPastItsEnd) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("past.toml", "end_date = \"2001-01-01\"\n");
  const Result checked = runner.Run({"project", "check", file});
  EXPECT_EQ(checked.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(checked.err, HasSubstr("[PROJECT_ENDED]"));
  EXPECT_THAT(checked.err, HasSubstr("limit 2001-01-01"));
}

TEST(Project, CheckAsksLessOfACaseWhoseNumbersWereMadeElsewhere) {
  CommandRunner runner;
  const std::string essentials =
      "title = \"t\"\npurpose = \"p\"\ncontact = \"c\"\ndata_user = \"u\"\ndecision_reference = \"14/2\"\n"
      "decision_date = \"2014-11-01\"\nlegal_basis = \"§\"\nstart_date = \"2015-01-01\"\n"
      "end_date = \"2019-12-31\"\ndeletion_date = \"2020-12-31\"\n";
  const std::string source = "[[sources]]\nregister_id = \"NPR\"\nlegal_reference = \"§ 3-1\"\n";
  const std::string origin = "series_origin = \"made by the old unit in 2015\"\n";
  const auto check = [&](const std::string& text) {
    return runner.Run({"project", "check", runner.folder.Write("old.toml", text)});
  };
  EXPECT_EQ(check(essentials + origin + source).code, ExitCode::kOk);
  const Result own = check(essentials + source);
  EXPECT_EQ(own.code, ExitCode::kUsageOrFile);
  for (const char* problem : {"approved_persons", "purpose_kind", "scope", "[PROJECT_ENDED]"}) {
    EXPECT_THAT(own.err, HasSubstr(problem));
  }
  EXPECT_THAT(check(origin + source).err, HasSubstr("field decision_reference"));
  EXPECT_THAT(check(essentials + origin).err, HasSubstr("field sources"));
}

TEST(Arguments, ATextThatIsNotUtf8IsNamedAndNothingIsSent) {
  CommandRunner runner;
  const Result refused = runner.Run({"project", "create", "--title", "bl\xE5"});
  EXPECT_EQ(refused.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(refused.err, HasSubstr("field title"));
  EXPECT_TRUE(runner.server.calls.empty());
  EXPECT_EQ(runner.unanswered(), 0U);
}

TEST(Register, UpdateWithoutAnyFieldIsRefusedBeforeAnythingIsSent) {
  CommandRunner runner;
  EXPECT_EQ(runner.Run({"register", "update", "NPR"}).code, ExitCode::kUsageOrFile);
  EXPECT_TRUE(runner.server.calls.empty());
}

TEST(RecipientKey, BothScreensShowTheSameFingerprint) {
  CommandRunner runner;
  const Result made = runner.Run({"keygen", "--format", "json"});
  ASSERT_EQ(made.code, ExitCode::kOk) << made.err;
  const auto parsed = nlohmann::json::parse(made.out);
  const auto permissions = std::filesystem::status(std::string(parsed["identity_file"])).permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(runner.Run({"keygen"}).code, ExitCode::kUsageOrFile);

  api::RecipientKey key;
  key.set_fingerprint(parsed["fingerprint"]);
  runner.server.Answer("SubmitRecipientKeyRequest", key);
  const Result submitted = runner.Run({"recipient-key", "submit"});
  EXPECT_EQ(submitted.code, ExitCode::kOk) << submitted.err;
  EXPECT_EQ(runner.server.At<api::SubmitRecipientKeyRequest>(0).recipient(), std::string(parsed["recipient"]));
  EXPECT_THAT(submitted.out, HasSubstr(std::string(parsed["fingerprint"])));

  key.set_fingerprint("0000-0000-0000-0000-0000-0000-0000-0000");
  runner.server.Answer("SubmitRecipientKeyRequest", key);
  EXPECT_THAT(runner.Run({"recipient-key", "submit"}).err, HasSubstr("[FINGERPRINT_MISMATCH]"));
  EXPECT_EQ(runner.Run({"recipient-key", "approve", "NPR", "1"}).code, ExitCode::kUsageOrFile);
}

TEST(Config, ShowTellsWhereEachValueComesFrom) {
  CommandRunner runner;
  runner.environment["KOBLING_CA"] = "/etc/ca.pem";
  const Result result = runner.Run({"config", "show", "--format", "csv", "--key", "my.key"});
  EXPECT_THAT(result.out,
              HasSubstr("address;server.example.no:8443;" + (runner.profile_folder() / "kobling.toml").string()));
  EXPECT_THAT(result.out, HasSubstr("ca;/etc/ca.pem;environment KOBLING_CA"));
  EXPECT_THAT(result.out, HasSubstr("key;my.key;flag --key"));
  EXPECT_THAT(result.out, HasSubstr("certificate;;not set"));
  EXPECT_THAT(result.out, HasSubstr(";default"));
}

TEST(Config, CreateMakesAProfileOnceAndAnUnknownSettingIsNamed) {
  CommandRunner runner;
  const std::vector<std::string> command = {"profile", "create",        "npr",   "--address", "host:1", "--ca",
                                            "ca.pem",  "--certificate", "c.pem", "--key",     "k.pem"};
  EXPECT_EQ(runner.Run(command).code, ExitCode::kOk);
  EXPECT_EQ(runner.Run(command).code, ExitCode::kUsageOrFile);
  EXPECT_THAT(runner.Run({"--profile", "npr", "config", "show"}).out, HasSubstr("host:1"));
  runner.folder.Write("home/bad/kobling.toml", "adress = \"x\"\n");
  EXPECT_THAT(runner.Run({"--profile", "bad", "config", "show"}).err, HasSubstr("field adress"));
}

TEST(Config, AnAddressIsHostAndPort) {
  CommandRunner runner;
  for (const char* address : {"kobling.example.no", "host:", ":7400", "host:0", "host:99999", "host:74x", "::1:7400"}) {
    const Result created =
        runner.Run({"profile", "create", "x", "--address", address, "--ca", "a", "--certificate", "b", "--key", "c"});
    EXPECT_EQ(created.code, ExitCode::kUsageOrFile) << address;
    EXPECT_THAT(created.err, HasSubstr("host:port")) << address;
  }
  EXPECT_FALSE(std::filesystem::exists(runner.folder.path() / "home" / "x"));
  EXPECT_EQ(
      runner.Run({"profile", "create", "x", "--address", "[::1]:7400", "--ca", "a", "--certificate", "b", "--key", "c"})
          .code,
      ExitCode::kOk);
}

TEST(Config, ProfilesAreListedAsTheirFilesHaveThem) {
  CommandRunner runner;
  runner.folder.Write("home/zebra/kobling.toml", "address = \"z.example.no:1\"\n");
  runner.folder.Write("home/empty/other.txt", "");
  runner.environment["KOBLING_ADDRESS"] = "elsewhere:2";
  const Result listed = runner.Run({"profile", "list", "--format", "csv"});
  EXPECT_THAT(listed.out, HasSubstr("zebra;z.example.no:1;"));
  EXPECT_THAT(listed.out, testing::Not(HasSubstr("empty")));
  EXPECT_THAT(listed.out, testing::Not(HasSubstr("elsewhere")));
}

TEST(Audit, SendsTheFiltersAndPrintsEvents) {
  CommandRunner runner;
  runner.server.events.resize(2);
  runner.server.events[1].set_index(1);
  runner.server.events[1].set_operation("keyfile.issue");
  runner.server.events[1].add_counts()->set_name("rows");
  runner.server.events[1].mutable_counts(0)->set_value(12);
  const Result result =
      runner.Run({"audit", "list", "--since", "2026-11-01T00:00:00Z", "--actor", "kari", "--project", "P0041"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  const auto& request = runner.server.At<api::ListEventsRequest>(0);
  EXPECT_EQ(request.since().seconds(), 1793491200);
  EXPECT_EQ(request.actor(), "kari");
  EXPECT_EQ(request.project_id(), "P0041");
  EXPECT_THAT(result.out, HasSubstr("keyfile.issue"));
  EXPECT_THAT(result.out, HasSubstr("rows 12"));
  EXPECT_EQ(runner.Run({"audit", "list", "--since", "yesterday"}).code, ExitCode::kUsageOrFile);
}

TEST(Lopenummer, CheckNamesTheLineAndNotTheValue) {
  CommandRunner runner;
  const Result result =
      runner.RunWithInput({"lopenummer", "check"}, "L0000000000000000I\nx\n", CommandRunner::Terminal::kNo);
  EXPECT_EQ(result.code, ExitCode::kRowsLeftOut);
  EXPECT_THAT(result.out, Not(HasSubstr("L0000000000000000I")));
}

}  // namespace
}  // namespace kobling::client
