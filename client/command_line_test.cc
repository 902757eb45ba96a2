// What is refused before anything is sent, and how errors and counts are put into words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "client/client_testing.h"
#include "client/server_answer.h"

namespace kobling::client {
namespace {

using domain::MakeError;
using domain::Reason;
using testing::HasSubstr;
using testing::Not;
using Result = CommandRunner::Result;

TEST(Numbers, OnlyWholeNumbersFromOneAreTaken) {
  CommandRunner runner;
  for (const std::string text : {"-5", "+5", "0", "1e3", "0x10", "12a", " 7", "99999999999999999999"}) {
    const Result result = runner.Run({"project", "create", "--approved-persons=" + text});
    EXPECT_EQ(result.code, ExitCode::kUsageOrFile) << text;
    EXPECT_THAT(result.err, HasSubstr("[USAGE]"));
    EXPECT_THAT(result.err, HasSubstr("--approved-persons"));
  }
  EXPECT_EQ(runner.Run({"project", "update", "P0041", "--approved-persons", "-5"}).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.Run({"keyfile", "open-match", "P0041", "NPR", "--max-rows", "-1"}).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.Run({"population", "show", "P0041", "-1"}).code, ExitCode::kUsageOrFile);
  EXPECT_TRUE(runner.server.calls.empty());
  EXPECT_EQ(runner.Run({"project", "create", "--approved-persons", "5"}).code, ExitCode::kOk);
  EXPECT_EQ(runner.server.At<api::CreateProjectRequest>(0).project_case().approved_persons(), 5U);
}

TEST(UnknownCommand, IsNamedWithThoseThatThereAre) {
  CommandRunner runner;
  const Result bogus = runner.Run({"--format", "json", "bogus"});
  EXPECT_EQ(bogus.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(bogus.err, HasSubstr("there is no command 'bogus'"));
  EXPECT_THAT(bogus.err, HasSubstr("population"));
  EXPECT_THAT(runner.Run({"population", "fly"}).err,
              HasSubstr("there is no command 'population fly'; there are: submit"));
  EXPECT_THAT(runner.Run({"project", "show", "P0041", "P0042"}).err, Not(HasSubstr("there is no command")));
}

class Rejects : public testing::Test {
 protected:
  Rejects() : file_(runner_.folder.Write("extract.csv", "fnr\n01839012345\nabc\n")) {}

  Result Submit(const std::string& rejects, const std::vector<std::string>& more) {
    std::vector<std::string> command = {"population", "submit", "P0041",     "--file", file_,
                                        "--column",   "fnr",    "--rejects", rejects};
    command.insert(command.end(), more.begin(), more.end());
    return runner_.Run(command);
  }

  CommandRunner runner_;
  std::string file_;
};

TEST_F(Rejects, AFileThatCannotBeWrittenIsFoundOutBeforeAnythingIsSent) {
  const std::string folder = runner_.folder.path().string();
  for (const std::string& path : {folder + "/none/rejects.csv", folder, std::string("/dev/null"), std::string("-")}) {
    EXPECT_EQ(Submit(path, {"--force"}).code, ExitCode::kUsageOrFile) << path;
  }
  EXPECT_EQ(runner_.Run({"keyfile", "match", "P0041", "--file", file_, "--column", "fnr", "--rejects", "/none/x"}).code,
            ExitCode::kUsageOrFile);
  EXPECT_TRUE(runner_.server.streams.empty());
}

TEST_F(Rejects, AListThatFailsAfterwardsLeavesTheAnswerStanding) {
  api::SubmitResponse answer;
  answer.mutable_result()->set_number(7);
  runner_.server.Answer("SubmitHeader", answer);
  const std::string rejects = (runner_.folder.path() / "rejects.csv").string();
  runner_.server.during_stream = [&] { runner_.folder.Write("rejects.csv", "somebody else's"); };
  const Result result = Submit(rejects, {});
  EXPECT_EQ(result.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(result.out, HasSubstr("number"));
  EXPECT_THAT(result.err, HasSubstr("what the server answered stands"));
  EXPECT_THAT(result.err, HasSubstr("[FILE_EXISTS]")) << "why the list failed";
  EXPECT_THAT(result.err, HasSubstr(rejects));
  EXPECT_THAT(result.err, Not(HasSubstr("nothing was stored")));
  EXPECT_EQ(runner_.folder.Read("rejects.csv"), "somebody else's");
}

TEST_F(Rejects, ACallThatFailsWithoutABadRowLeavesNoFile) {
  file_ = runner_.folder.Write("good.csv", "fnr\n01839012345\n");
  runner_.server.Fail("SubmitHeader", MakeError(Reason::kServerUnreachable));
  const std::string rejects = (runner_.folder.path() / "rejects.csv").string();
  EXPECT_EQ(Submit(rejects, {}).code, ExitCode::kRefused);
  EXPECT_FALSE(std::filesystem::exists(rejects));
  EXPECT_FALSE(std::filesystem::exists(rejects + ".part"));
}

TEST_F(Rejects, OneValueIsCalledOneValue) {
  EXPECT_THAT(Submit((runner_.folder.path() / "rejects.csv").string(), {}).err, HasSubstr("1 value left out"));
}

TEST_F(Rejects, TheFileThatIsReadIsNeverTheFileThatIsWritten) {
  const std::string link = (runner_.folder.path() / "link.csv").string();
  ASSERT_EQ(::link(file_.c_str(), link.c_str()), 0);
  const std::string detour = (runner_.folder.path() / "home" / ".." / "extract.csv").string();
  for (const std::string& rejects : {file_, link, detour}) {
    const Result result = Submit(rejects, {"--force"});
    EXPECT_EQ(result.code, ExitCode::kUsageOrFile) << rejects;
    EXPECT_THAT(result.err, HasSubstr("--file and --rejects are the same file"));
  }
  EXPECT_TRUE(runner_.server.streams.empty());
  EXPECT_EQ(runner_.folder.Read("extract.csv"), "fnr\n01839012345\nabc\n");
}

TEST(SameFile, ApplyAndOpenRefuseItAndStandardOutput) {
  CommandRunner runner;
  const std::string in = runner.folder.Write("in.csv", "fnr\n");
  const std::string sealed = runner.folder.Write("F.csv.age", "x");
  const std::string out = (runner.folder.path() / "out.csv").string();
  const auto apply = [&](const std::string& out_file, const std::string& used) {
    return runner
        .Run({"apply", "--keyfile", sealed, "--in", in, "--column", "1", "--out", out_file, "--used", used, "--force"})
        .err;
  };
  EXPECT_THAT(apply(in, out), HasSubstr("--in and --out are the same file"));
  EXPECT_THAT(apply(out, in), HasSubstr("--in and --used are the same file"));
  EXPECT_THAT(apply(out, out), HasSubstr("--out and --used are the same file"));
  EXPECT_THAT(apply(sealed, out), HasSubstr("--keyfile and --out are the same file"));
  EXPECT_THAT(apply(sealed + ".minisig", out), HasSubstr("--keyfile's signature and --out are the same file"));
  EXPECT_THAT(apply("-", out), HasSubstr("--out: name a file"));
  EXPECT_THAT(runner.Run({"keyfile", "open", sealed, "--out", sealed, "--force"}).err,
              HasSubstr("FILE and --out are the same file"));
  EXPECT_THAT(runner.Run({"keyfile", "open", sealed, "--out", "-"}).err, HasSubstr("--out: name a file"));
  EXPECT_EQ(runner.folder.Read("in.csv") + runner.folder.Read("F.csv.age"), "fnr\nx");
}

TEST(Insight, MoreThanOneLineIsRefusedAndNothingIsSent) {
  CommandRunner runner;
  const std::vector<std::string> command = {"insight", "lookup", "--purpose", "own request"};
  const Result two = runner.RunWithInput(command, "01839012345\n\n01839012353\n", CommandRunner::Terminal::kNo);
  EXPECT_EQ(two.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(two.err, HasSubstr("more than one line"));
  EXPECT_TRUE(runner.server.calls.empty());
  EXPECT_EQ(runner.RunWithInput(command, "01839012345\n\n \n", CommandRunner::Terminal::kNo).code, ExitCode::kOk);
}

TEST(Errors, AnInternalErrorTellsTheRequestId) {
  CommandRunner runner;
  runner.server.Fail("MarkReadyRequest", MarkFromServer(MakeError(Reason::kInternal)));
  const Result result = runner.Run({"project", "ready", "P0041"});
  EXPECT_EQ(result.code, ExitCode::kRefused);
  EXPECT_THAT(result.err, HasSubstr(runner.server.At<api::MarkReadyRequest>(0).request_id()));
}

TEST(Errors, AFileThatExistsIsToldWithForce) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("extract.csv", "fnr\n01839012345\n");
  const std::string rejects = runner.folder.Write("rejects.csv", "mine");
  EXPECT_THAT(
      runner.Run({"population", "submit", "P0041", "--file", file, "--column", "fnr", "--rejects", rejects}).err,
      HasSubstr("--force overwrites it"));
}

TEST(RecipientKey, FingerprintsAreTakenInCapitalsAndWithoutHyphens) {
  CommandRunner runner;
  const std::string right = "3f2a-b1c2-d3e4-f5a6-b7c8-d9ea-fb0c-91bc";
  const std::vector<std::string> typed = {"3F2A-B1C2-D3E4-F5A6-B7C8-D9EA-FB0C-91BC",
                                          "3f2ab1c2d3e4f5a6b7c8d9eafb0c91bc"};
  for (std::size_t i = 0; i < typed.size(); ++i) {
    runner.Run({"recipient-key", "approve", "NPR", "1", "--fingerprint", typed[i]});
    EXPECT_EQ(runner.server.At<api::ApproveRecipientKeyRequest>(i).fingerprint(), right);
  }
}

TEST(Output, CountsGoByNameAndChangesAreReadable) {
  CommandRunner runner;
  api::Submission submission;
  auto* fault = submission.mutable_counts()->add_faults();
  fault->set_reason(static_cast<std::uint32_t>(Reason::kIdentifierCheckDigits));
  fault->set_rows(3);
  runner.server.Answer("GetSubmissionRequest", submission);
  EXPECT_THAT(runner.Run({"population", "show", "P0041", "1", "--format", "csv"}).out,
              HasSubstr("counts.faults.IDENTIFIER_CHECK_DIGITS;3\n"));

  api::GetProjectHistoryResponse history;
  auto* entry = history.add_entries();
  auto* kind = entry->add_changes();
  kind->set_field("purpose_kind");
  kind->set_new_value("3");
  auto* scope = entry->add_changes();
  scope->set_field("sources[NPR].scope");
  scope->set_old_value("1");
  scope->set_new_value("2");
  runner.server.Answer("GetProjectHistoryRequest", history);
  const std::string told = runner.Run({"project", "history", "P0041"}).out;
  EXPECT_THAT(told, HasSubstr("purpose_kind: (none) -> research"));
  EXPECT_THAT(told, HasSubstr("sources[NPR].scope: own -> "));

  runner.server.events.resize(1);
  runner.server.events[0].set_purpose("yearly review");
  *runner.server.events[0].add_changes() = *kind;
  const std::string events = runner.Run({"audit", "list", "--format", "csv"}).out;
  EXPECT_THAT(events, HasSubstr(";purpose;reason;counts;changes\n"));
  EXPECT_THAT(events, HasSubstr("yearly review;;;purpose_kind: (none) -> research\n"));
}

}  // namespace
}  // namespace kobling::client
