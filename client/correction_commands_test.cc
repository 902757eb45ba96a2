// Corrections and the key files that they lead to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client_testing.h"
#include "client/server_answer.h"
#include "nlohmann/json.hpp"

namespace kobling::client {
namespace {

using testing::HasSubstr;
using testing::Not;
using Result = CommandRunner::Result;

api::ListCorrectionsResponse Waiting() {
  api::ListCorrectionsResponse answer;
  api::Correction& correction = *answer.add_corrections();
  correction.set_project_id("P0041");
  correction.set_number(2);
  correction.set_state(api::CORRECTION_STATE_CONFIRMED);
  correction.set_merged_persons(17);
  correction.mutable_proposed()->set_actor("kari");
  for (const auto& [id, confirmed, waiting] : {std::tuple("NPR", 1204, 0), {"MFR", 0, 3}}) {
    api::RegisterCorrection& part = *answer.add_registers();
    part.set_project_id("P0041");
    part.set_register_id(id);
    part.set_confirmed_rows(static_cast<std::uint64_t>(confirmed));
    part.set_waiting_rows(static_cast<std::uint64_t>(waiting));
  }
  return answer;
}

TEST(Corrections, ListShowsCorrectionsAndTheRegistersThatWait) {
  CommandRunner runner;
  for (int i = 0; i < 3; ++i) {
    runner.server.Answer("ListCorrectionsRequest", Waiting());
  }
  const Result table = runner.Run({"correction", "list", "--project", "P0041"});
  EXPECT_EQ(table.code, ExitCode::kOk) << table.err;
  EXPECT_EQ(runner.server.At<api::ListCorrectionsRequest>(0).project_id(), "P0041");
  EXPECT_THAT(table.out, HasSubstr("confirmed"));
  EXPECT_THAT(table.out, HasSubstr("kari"));
  EXPECT_THAT(table.out, HasSubstr("ROWS NOT CONFIRMED"));
  EXPECT_THAT(table.out, HasSubstr("1204"));
  const auto json = nlohmann::json::parse(runner.Run({"correction", "list", "--format", "json"}).out);
  EXPECT_EQ(json["registers"][0]["confirmed_rows"], 1204);
  EXPECT_EQ(json["corrections"][0]["merged_persons"], 17);
  EXPECT_THAT(runner.Run({"correction", "list", "--format", "csv"}).out, Not(HasSubstr("NPR")))
      << "one list, one table";
}

TEST(Corrections, ListOfAllProjectsSaysWhichToAskFor) {
  CommandRunner runner;
  api::ListCorrectionsResponse answer;
  answer.add_projects_to_review("P0041");
  answer.add_projects_to_review("P0107");
  runner.server.Answer("ListCorrectionsRequest", answer);
  const Result table = runner.Run({"correction", "list"});
  EXPECT_EQ(table.code, ExitCode::kOk) << table.err;
  EXPECT_THAT(table.out, HasSubstr("PROJECT TO REVIEW\nP0041\nP0107\n"));
  EXPECT_THAT(table.err, HasSubstr("kobling correction list --project PROJECT"));
}

TEST(Corrections, ProposeAndRejectSendEveryField) {
  CommandRunner runner;
  EXPECT_EQ(runner.Run({"correction", "propose", "--project", "P0041", "--reason", "monthly"}).code, ExitCode::kOk);
  const auto& proposed = runner.server.At<api::ProposeCorrectionRequest>(0);
  EXPECT_EQ(proposed.project_id(), "P0041");
  EXPECT_EQ(proposed.reason(), "monthly");
  EXPECT_EQ(proposed.request_id().size(), 36U);
  EXPECT_EQ(runner.Run({"correction", "reject", "--project", "P0041", "--number", "2", "--reason", "undone"}).code,
            ExitCode::kOk);
  const auto& rejected = runner.server.At<api::RejectCorrectionRequest>(1);
  EXPECT_EQ(rejected.project_id(), "P0041");
  EXPECT_EQ(rejected.number(), 2U);
  EXPECT_EQ(rejected.reason(), "undone");
  EXPECT_EQ(rejected.request_id().size(), 36U);
  EXPECT_EQ(runner.Run({"correction", "propose", "--project", "P0041"}).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.Run({"correction", "reject", "--project", "P0041", "--reason", "r"}).code, ExitCode::kUsageOrFile);
}

TEST(Corrections, ConfirmSaysWhoWaitsAndHowTheirFilesAreIssued) {
  CommandRunner runner;
  api::Correction correction;
  correction.set_project_id("P0041");
  correction.set_number(2);
  correction.set_state(api::CORRECTION_STATE_CONFIRMED);
  for (int i = 0; i < 3; ++i) {
    runner.server.Answer("ConfirmCorrectionRequest", correction);
  }
  runner.server.Answer("ListCorrectionsRequest", Waiting());
  const std::vector<std::string> command = {"correction", "confirm", "--project", "P0041",
                                            "--number",   "2",       "--reason",  "compared"};
  const Result result = runner.Run(command);
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  const auto& request = runner.server.At<api::ConfirmCorrectionRequest>(0);
  EXPECT_EQ(request.number(), 2U);
  EXPECT_EQ(request.reason(), "compared");
  EXPECT_EQ(runner.server.At<api::ListCorrectionsRequest>(1).project_id(), "P0041");
  EXPECT_THAT(result.out, HasSubstr("NPR waits for 1 204 rows: kobling keyfile issue P0041 NPR --correction\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("MFR"))) << "nothing of it is confirmed";

  // JSON has the correction alone; and the list failing does not undo the confirmation.
  std::vector<std::string> as_json = command;
  as_json.insert(as_json.end(), {"--format", "json"});
  EXPECT_EQ(nlohmann::json::parse(runner.Run(as_json).out)["number"], 2);
  runner.server.Fail("ListCorrectionsRequest", domain::MakeError(domain::Reason::kServerUnreachable));
  const Result without_list = runner.Run(command);
  EXPECT_EQ(without_list.code, ExitCode::kOk);
  EXPECT_THAT(without_list.err, HasSubstr("kobling correction list --project P0041"));
}

TEST(Corrections, AKeyFileIsIssuedAsACorrectionOrAsADelta) {
  CommandRunner runner;
  EXPECT_EQ(runner.Run({"keyfile", "issue", "P0041", "NPR", "--correction"}).code, ExitCode::kOk);
  EXPECT_TRUE(runner.server.At<api::IssueKeyFileRequest>(0).correction());
  EXPECT_EQ(runner.Run({"keyfile", "issue", "P0041", "NPR", "--since", "1"}).code, ExitCode::kOk);
  EXPECT_FALSE(runner.server.At<api::IssueKeyFileRequest>(1).correction());
  EXPECT_EQ(runner.Run({"keyfile", "issue", "P0041", "NPR", "--since", "1", "--correction"}).code,
            ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.server.calls.size(), 2U);
}

TEST(Corrections, ListsOfKeyFilesShowTheirKindAndTheAnnulledWhereThereAreAny) {
  CommandRunner runner;
  api::ListKeyFilesResponse answer;
  answer.add_key_files()->set_kind(api::KEY_FILE_KIND_CORRECTION);
  answer.mutable_key_files(0)->set_number(3);
  runner.server.Answer("ListKeyFilesRequest", answer);
  const Result without = runner.Run({"keyfile", "list"});
  EXPECT_THAT(without.out, HasSubstr("correction"));
  EXPECT_THAT(without.out, Not(HasSubstr("ANNULLED")));
  answer.mutable_key_files(0)->set_annulled(12);
  runner.server.Answer("ListKeyFilesRequest", answer);
  EXPECT_THAT(runner.Run({"keyfile", "list"}).out, HasSubstr("ANNULLED\n"));
  runner.server.Answer("GetKeyFileRequest", answer.key_files(0));
  const Result shown = runner.Run({"keyfile", "show", "P0041", "3"});
  EXPECT_THAT(shown.out, HasSubstr("correction\n"));
  EXPECT_THAT(shown.out, testing::ContainsRegex("annulled +12\n"));
}

}  // namespace
}  // namespace kobling::client
