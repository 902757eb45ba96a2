// Commands that stream a file: what they send, and what becomes of bad rows.
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

constexpr const char* kExtract =
    "key;fnr;mor_fnr\n"
    "1;01839012345;55858570106\n"   // line 2
    "2;1839012345;\n"               // line 3: ten digits
    "3;;55858570114\n"              // line 4: empty
    "4;01839012346;7185\n"          // line 5: the server finds the check digit; a bad relative
    "\"5\na\";01839012353;\n"       // line 6 and 7
    "6;01839012361;71839012351\n";  // line 8

TEST(Submit, PacksColumnsKeepsBadRowsBackAndTellsLines) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("extract.csv", kExtract);
  const std::string rejects = (runner.folder.path() / "rejects.csv").string();
  runner.server.faults.resize(2);
  runner.server.faults[0].set_row(3);
  runner.server.faults[0].set_reason(static_cast<std::uint32_t>(Reason::kIdentifierCheckDigits));
  runner.server.faults[1].set_row(3);  // the fourth mother: line 8
  runner.server.faults[1].set_column(1);
  runner.server.faults[1].set_reason(static_cast<std::uint32_t>(Reason::kIdentifierTestSeries));
  api::SubmitResponse answer;
  answer.mutable_result()->set_number(7);
  answer.mutable_result()->mutable_counts()->add_faults()->set_reason(5);
  runner.server.Answer("SubmitHeader", answer);

  const Result result = runner.Run({"population", "submit", "P0041", "--file", file, "--column", "fnr", "--relative",
                                    "mor_fnr", "--rejects", rejects, "--format", "json"});
  EXPECT_EQ(result.code, ExitCode::kRowsLeftOut) << result.err;
  const std::string zeros(11, '\0');
  ASSERT_EQ(runner.server.streams.size(), 1U);
  auto& stream = runner.server.streams[0];
  EXPECT_EQ(stream.bytes_by_column[0], "01839012345" + zeros + zeros + "01839012346" + "01839012353" + "01839012361");
  EXPECT_EQ(stream.bytes_by_column[1],
            "55858570106"
            "55858570114" +
                zeros + "71839012351");
  EXPECT_EQ(stream.kept_back, 2U);
  const auto& header = runner.server.At<api::SubmitHeader>(0);
  EXPECT_EQ(header.columns(0), "fnr");
  EXPECT_EQ(header.columns(1), "mor_fnr");
  EXPECT_EQ(header.request_id().size(), 36U);

  EXPECT_THAT(result.err, HasSubstr("3;fnr;IDENTIFIER_LEADING_ZERO_LOST\n"
                                    "4;fnr;IDENTIFIER_EMPTY\n"
                                    "5;fnr;IDENTIFIER_CHECK_DIGITS\n"
                                    "5;mor_fnr;IDENTIFIER_NOT_ELEVEN_DIGITS\n"
                                    "8;mor_fnr;IDENTIFIER_TEST_SERIES\n"));
  const auto parsed = nlohmann::json::parse(result.out);
  EXPECT_EQ(parsed["number"], 7);
  EXPECT_EQ(parsed["left_out"], 5);
  EXPECT_EQ(parsed["counts"]["faults"][0]["reason"], "IDENTIFIER_CHECK_DIGITS");
  const std::string list = runner.folder.Read("rejects.csv");
  EXPECT_THAT(list, HasSubstr("\n8;mor_fnr;IDENTIFIER_TEST_SERIES;"));
  for (const std::string& text : {result.out, result.err, list}) {
    EXPECT_FALSE(IdentifierScan(text).Next()) << text;
  }
}

TEST(Submit, AFileOfManyBatchesArrivesWholeAndInOrder) {
  CommandRunner runner;
  std::string content = "fnr\n";
  std::string expected;
  const std::vector<std::string> people = {"01839012345", "01839012353", "01839012361"};
  for (int i = 0; i < 50'001; ++i) {
    content += people[static_cast<std::size_t>(i) % 3] + "\n";
    expected += people[static_cast<std::size_t>(i) % 3];
  }
  const std::string file = runner.folder.Write("extract.csv", content);
  const Result result = runner.Run({"population", "submit", "P0041", "--file", file, "--column", "fnr"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(runner.server.streams.at(0).bytes_by_column[0], expected);
  EXPECT_EQ(runner.server.streams.at(0).batches, 3U);
}

TEST(Submit, StandardInputIsReadAndAnEarlierRejectsFileIsNotOverwritten) {
  CommandRunner runner;
  const std::string rejects = runner.folder.Write("rejects.csv", "mine");
  const std::vector<std::string> command = {"population", "submit",   "P0041", "--file",
                                            "-",          "--column", "1",     "--no-header"};
  EXPECT_EQ(runner.RunWithInput(command, "01839012345;x\n01839012353;y\n", CommandRunner::Terminal::kNo).code,
            ExitCode::kOk);
  EXPECT_EQ(runner.server.streams.at(0).bytes_by_column[0], "0183901234501839012353");
  std::vector<std::string> with_rejects = command;
  with_rejects.insert(with_rejects.end(), {"--rejects", rejects});
  EXPECT_EQ(runner.RunWithInput(with_rejects, "01839012345;x\n", CommandRunner::Terminal::kNo).code,
            ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.server.streams.size(), 1U);
  EXPECT_EQ(runner.folder.Read("rejects.csv"), "mine");
}

TEST(Submit, AnUnansweredIdOfOtherContentGivesWayToANewOne) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("extract.csv", "fnr\n01839012345\n");
  const std::vector<std::string> command = {"population", "submit", "P0041", "--file", file, "--column", "fnr"};
  runner.server.Fail("SubmitHeader", MakeError(Reason::kServerUnreachable));
  EXPECT_EQ(runner.Run(command).code, ExitCode::kRefused);
  runner.server.Fail("SubmitHeader", Refusal(Reason::kRequestIdReused, {}));
  EXPECT_EQ(runner.Run(command).code, ExitCode::kOk);
  const std::string first = runner.server.At<api::SubmitHeader>(0).request_id();
  EXPECT_EQ(runner.server.At<api::SubmitHeader>(1).request_id(), first);
  EXPECT_NE(runner.server.At<api::SubmitHeader>(2).request_id(), first);
  EXPECT_EQ(runner.server.streams.back().bytes_by_column[0], "01839012345");
  EXPECT_EQ(runner.unanswered(), 0U);
}

TEST(Submit, ARefusalStillListsTheRows) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("extract.csv", "fnr\nabc\n01839012345\n");
  runner.server.Fail("SubmitHeader", Refusal(Reason::kInvalidRowsRefused, {}));
  const Result result =
      runner.Run({"population", "submit", "P0041", "--file", file, "--column", "fnr", "--refuse-invalid"});
  EXPECT_EQ(result.code, ExitCode::kRefused);
  EXPECT_THAT(result.err, HasSubstr("2;fnr;IDENTIFIER_NOT_ELEVEN_DIGITS"));
  EXPECT_THAT(result.err, HasSubstr("[INVALID_ROWS_REFUSED]"));
  EXPECT_TRUE(runner.server.At<api::SubmitHeader>(0).refuse_invalid());
}

TEST(Series, SendsPairsKeepsBadRowsBackAndTellsLines) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("old.csv",
                                               "lnr;note;fnr\n"
                                               "A-1;\"over\ntwo lines\";01839012345\n"  // lines 2 and 3
                                               "A-2;;1839012345\n"                      // line 4: ten digits
                                               ";;01839012346\n"                        // line 5: no number
                                               "to ord;;01839012353\n"                  // line 6
                                               "A-5;;01839012361\n"                     // line 7: the server objects
                                               "\"A;6\";;01839012345\n");               // line 8
  const std::string rejects = (runner.folder.path() / "rejects.csv").string();
  runner.server.faults.resize(1);
  runner.server.faults[0].set_row(4);
  runner.server.faults[0].set_column(1);
  runner.server.faults[0].set_reason(static_cast<std::uint32_t>(Reason::kSeriesConflict));
  api::ImportSeriesResponse answer;
  answer.mutable_result()->set_number(2);
  answer.mutable_result()->set_kind(api::KEY_FILE_KIND_IMPORTED);
  answer.mutable_counts()->set_identifiers(1);
  runner.server.Answer("ImportSeriesHeader", answer);

  const Result result =
      runner.Run({"series",     "import",          "P0001",   "--file",      file,         "--column",
                  "fnr",        "--number-column", "lnr",     "--issued-on", "2019-03-01", "--delivered-on",
                  "2019-04-01", "--delivery",      "2019-17", "--recipient", "UiE",        "--rejects",
                  rejects,      "--format",        "json"});
  EXPECT_EQ(result.code, ExitCode::kRowsLeftOut) << result.err;
  ASSERT_EQ(runner.server.streams.size(), 1U);
  const auto& stream = runner.server.streams[0];
  const std::string zeros(11, '\0');
  EXPECT_EQ(stream.bytes_by_column.at(0), "01839012345" + zeros + zeros + zeros + "01839012361" + "01839012345");
  EXPECT_THAT(stream.numbers, testing::ElementsAre("A-1", "", "", "", "A-5", "A;6"));
  const auto& header = runner.server.At<api::ImportSeriesHeader>(0);
  EXPECT_EQ(header.project_id(), "P0001");
  EXPECT_EQ(header.issued_on(), "2019-03-01");
  EXPECT_EQ(header.delivered_on(), "2019-04-01");
  EXPECT_EQ(header.delivery_reference(), "2019-17");
  EXPECT_EQ(header.recipient(), "UiE");
  EXPECT_THAT(result.err, HasSubstr("4;fnr;IDENTIFIER_LEADING_ZERO_LOST\n"
                                    "5;lnr;SERIES_NUMBER_FORMAT\n"
                                    "6;lnr;SERIES_NUMBER_FORMAT\n"
                                    "7;lnr;SERIES_CONFLICT\n"));
  const auto parsed = nlohmann::json::parse(result.out);
  EXPECT_EQ(parsed["kind"], "imported");
  EXPECT_EQ(parsed["counts"]["identifiers"], 1);
  EXPECT_EQ(parsed["left_out"], 4);
  EXPECT_EQ(parsed["already_imported"], false);
  const std::string list = runner.folder.Read("rejects.csv");
  EXPECT_THAT(list, HasSubstr("\n7;lnr;SERIES_CONFLICT;"));
  for (const std::string& text : {result.out, result.err, list}) {
    EXPECT_FALSE(IdentifierScan(text).Next()) << text;
    EXPECT_THAT(text, Not(HasSubstr("A-")));
    EXPECT_THAT(text, Not(HasSubstr("to ord")));
  }
}

TEST(Series, AnUnansweredImportIsSentAgainAsItWas) {
  CommandRunner runner;
  std::string text = "fnr;lnr\n";
  for (int i = 0; i < 45'000; ++i) {  // three batches
    text += "01839012345;N" + std::to_string(i) + '\n';
  }
  const std::string file = runner.folder.Write("old.csv", text);
  const std::vector<std::string> command = {"series", "import",      "P0001",     "--file",
                                            file,     "--column",    "fnr",       "--number-column",
                                            "lnr",    "--issued-on", "2019-03-01"};
  runner.server.Fail("ImportSeriesHeader", MakeError(Reason::kServerUnreachable));
  EXPECT_EQ(runner.Run(command).code, ExitCode::kRefused);
  EXPECT_EQ(runner.Run(command).code, ExitCode::kOk);
  ASSERT_EQ(runner.server.streams.size(), 2U);
  EXPECT_EQ(runner.server.streams[1].batches, 3U);
  EXPECT_EQ(runner.server.streams[1].numbers.size(), 45'000U);
  EXPECT_EQ(runner.server.streams[1].numbers.back(), "N44999");
  EXPECT_EQ(runner.server.streams[0].numbers, runner.server.streams[1].numbers);
  EXPECT_EQ(runner.server.At<api::ImportSeriesHeader>(0).request_id(),
            runner.server.At<api::ImportSeriesHeader>(1).request_id());
}

TEST(Series, WhatIsWrongIsSaidBeforeAnythingIsSent) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("old.csv", "fnr;lnr\n01839012345;A\n");
  const auto run = [&](const std::string& number_column, const std::vector<std::string>& more) {
    std::vector<std::string> command = {"series",   "import", "P0001",           "--file",     file,
                                        "--column", "fnr",    "--number-column", number_column};
    command.insert(command.end(), more.begin(), more.end());
    return runner.Run(command);
  };
  EXPECT_EQ(run("lnr", {}).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(run("lnr", {"--issued-on", "1.3.2019"}).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(run("lnr", {"--issued-on", "2019-03-01", "--delivery", "7"}).code, ExitCode::kUsageOrFile);
  EXPECT_THAT(run("nr", {"--issued-on", "2019-03-01"}).err, HasSubstr("COLUMN_NOT_FOUND"));
  EXPECT_THAT(run("fnr", {"--issued-on", "2019-03-01"}).err, HasSubstr("COLUMN_DUPLICATE"));
  EXPECT_TRUE(runner.server.streams.empty());
}

TEST(Usage, ReportsLopenumreAndKeepsMisspelledOnesBack) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("used.txt", "lopenummer\nL00000000000000000\nnonsense\n");
  const Result result = runner.Run({"usage", "report", "P0041", "--keyfile", "2", "--delivery", "D1", "--delivered-on",
                                    "2026-11-22", "--recipient", "UiB", "--file", file});
  ASSERT_EQ(runner.server.streams.size(), 1U) << result.err;
  EXPECT_EQ(runner.server.streams[0].bytes_by_column[0].size(), 2U * 18U);
  EXPECT_EQ(runner.server.streams[0].bytes_by_column[0].substr(18), std::string(18, '\0'));
  EXPECT_EQ(result.code, ExitCode::kRowsLeftOut);
  EXPECT_THAT(result.err, HasSubstr("3;lopenummer;LOPENUMMER_FORMAT"));
  EXPECT_EQ(runner.server.At<api::ReportHeader>(0).key_file_number(), 2U);
}

TEST(Usage, WritesTheListOfRejects) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("used.txt", "lopenummer\nL00000000000000000\nnonsense\n");
  const std::string rejects = (runner.folder.path() / "rejects.csv").string();
  const Result result = runner.Run({"usage", "report", "P0041", "--keyfile", "2", "--delivery", "D1", "--delivered-on",
                                    "2026-11-22", "--recipient", "UiB", "--file", file, "--rejects", rejects});
  EXPECT_EQ(result.code, ExitCode::kRowsLeftOut) << result.err;
  EXPECT_THAT(runner.folder.Read("rejects.csv"), HasSubstr("\n3;lopenummer;LOPENUMMER_FORMAT;"));
}

TEST(Usage, NoneNeedsNoFileAndOneOfTheTwoMustBeGiven) {
  CommandRunner runner;
  std::vector<std::string> command = {"usage", "report",         "P0041",      "--keyfile",   "2",     "--delivery",
                                      "D1",    "--delivered-on", "2026-11-22", "--recipient", "nobody"};
  EXPECT_EQ(runner.Run(command).code, ExitCode::kUsageOrFile);
  command.push_back("--none");
  EXPECT_EQ(runner.Run(command).code, ExitCode::kOk);
  EXPECT_TRUE(runner.server.At<api::ReportHeader>(0).none_used());
}

}  // namespace
}  // namespace kobling::client
