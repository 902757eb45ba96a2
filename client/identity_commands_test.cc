// The commands of the identity feed and of the operator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client_testing.h"
#include "client/files/identifier_scan.h"
#include "client/server_answer.h"
#include "nlohmann/json.hpp"

namespace kobling::client {
namespace {

using domain::Reason;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Result = CommandRunner::Result;

constexpr const char* kEvents =
    "sequence;event;identifier;other;effective_date\n"
    "1;created;01839012345;;2026-11-22\n"
    "2;created;01839012353;;\n"
    "3;split;01839012353;01839012345;\n";

TEST(Identity, ImportPrintsTheCounts) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("events.csv", kEvents);
  const Result first = runner.Run({"identity", "import", "--file", file, "--format", "json"});
  EXPECT_EQ(first.code, ExitCode::kOk) << first.err;
  EXPECT_EQ(nlohmann::json::parse(first.out),
            nlohmann::json::parse(R"({"applied": 3, "already_applied": 0, "not_compared": 0, "without_effect": 1,
                                         "version": 3})"));
  const Result again = runner.Run({"identity", "import", "--file", file});
  EXPECT_EQ(again.code, ExitCode::kOk);
  EXPECT_THAT(again.out, HasSubstr("already_applied  3\n"));
  EXPECT_EQ(runner.server.identities.sequences.at(1).size(), 3U) << "sent, to be compared";
}

TEST(Identity, WhatIsLeftOutUnseenIsCountedAndSaid) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("events.csv", kEvents);
  EXPECT_THAT(runner.Run({"identity", "import", "--file", file, "--only-new"}).err, Not(HasSubstr("unseen")));
  const Result again = runner.Run({"identity", "import", "--file", file, "--only-new"});
  EXPECT_EQ(again.code, ExitCode::kOk) << again.err;
  EXPECT_THAT(again.out, HasSubstr("already_applied  0\n"));
  EXPECT_THAT(again.out, HasSubstr("not_compared     3\n"));
  EXPECT_THAT(again.out, HasSubstr("version          3\n"));
  EXPECT_THAT(again.err, HasSubstr("3 events of the file"));
  EXPECT_THAT(again.err, HasSubstr("left out unseen"));
}

TEST(Identity, WhoMayNotImportIsRefusedWhateverTheFileHas) {
  CommandRunner runner;
  const std::string none = runner.folder.Write("none.csv", "sequence;event;identifier;other;effective_date\n");
  EXPECT_EQ(runner.Run({"identity", "import", "--file", none}).code, ExitCode::kOk) << "no event is no error";
  const std::string file = runner.folder.Write("events.csv", kEvents);
  runner.Run({"identity", "import", "--file", file});
  runner.server.identities.refuse_with = MarkFromServer(domain::MakeError(Reason::kNotPermitted));
  for (const std::string& path : {none, file}) {
    EXPECT_EQ(runner.Run({"identity", "import", "--file", path}).code, ExitCode::kNotPermitted);
    EXPECT_EQ(runner.Run({"identity", "import", "--file", path, "--only-new"}).code, ExitCode::kNotPermitted);
  }
}

TEST(Identity, AnEmptyFileIsAnErrorInBothFormats) {
  CommandRunner runner;
  for (const char* name : {"events.csv", "events.jsonl"}) {
    for (const char* content : {"", "\n"}) {
      const Result empty = runner.Run({"identity", "import", "--file", runner.folder.Write(name, content)});
      EXPECT_EQ(empty.code, ExitCode::kUsageOrFile);
      EXPECT_THAT(empty.err, HasSubstr("[FILE_EMPTY]")) << name;
    }
  }
}

TEST(Identity, AnImportThatGivesUpSaysHowToGoOn) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("events.csv", kEvents);
  runner.server.identities.part = 2;
  runner.server.identities.break_after = {2, 0, 0, 0, 0, 0, 0, 0};
  const Result result = runner.Run({"--quiet", "identity", "import", "--file", file});
  EXPECT_EQ(result.code, ExitCode::kRefused);
  EXPECT_THAT(result.err, Not(HasSubstr("confirmed by the server")));
  EXPECT_THAT(result.err, HasSubstr("run the same command again: it goes on by itself\n"));
  const Result rest = runner.Run({"identity", "import", "--file", file});
  EXPECT_THAT(rest.err, HasSubstr("trying again for up to"));
  EXPECT_EQ(rest.code, ExitCode::kRefused);
  EXPECT_EQ(runner.Run({"identity", "import", "--file", file}).code, ExitCode::kOk);
}

TEST(Identity, ImportTakesTheFormatFromTheNameOrTheOptionAndReadsStandardInput) {
  const std::string line = R"({"sequence":7,"event":"created","identifier":"01839012345"})";
  CommandRunner by_name;
  const std::string file = by_name.folder.Write("events.jsonl", line);
  EXPECT_EQ(by_name.Run({"identity", "import", "--file", file, "--start-at", "7"}).code, ExitCode::kOk);
  EXPECT_EQ(by_name.server.identities.headers.at(0).start_at(), 7U);
  CommandRunner by_option;
  const Result result = by_option.RunWithInput(
      {"identity", "import", "--file", "-", "--file-format", "jsonl", "--start-at", "7", "--resume-reason", "compared"},
      line, CommandRunner::Terminal::kNo);
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(by_option.server.identities.version, 7U);
  EXPECT_EQ(by_option.server.identities.headers.at(0).resume_reason(), "compared");
  EXPECT_EQ(by_option.Run({"identity", "import", "--file", file, "--file-format", "xml"}).code, ExitCode::kUsageOrFile);
}

TEST(Identity, AnImportThatStopsSaysWhatWasAppliedAndWhere) {
  CommandRunner runner;
  const std::string file = runner.folder.Write("events.csv", std::string(kEvents) + "5;ended;01839012345;;\n");
  const Result gap = runner.Run({"identity", "import", "--file", file});
  EXPECT_EQ(gap.code, ExitCode::kRefused);
  EXPECT_EQ(gap.out, "");
  EXPECT_THAT(gap.err, StartsWith("note: confirmed by the server: 3 events of the file applied, 0 applied before; "
                                  "the history stands at version 3\nerror: "));
  EXPECT_THAT(gap.err, HasSubstr("[IDENTITY_SEQUENCE]\n  where: file " + file +
                                 ", line 5, field sequence, expected 4, position 5\n"));
  EXPECT_THAT(gap.err, Not(HasSubstr("run the same command again")));

  const std::string bad = runner.folder.Write("bad.csv", std::string(kEvents) + "4;ended;0183901234;;\n");
  const Result stopped = runner.Run({"identity", "import", "--file", bad});
  EXPECT_EQ(stopped.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(stopped.err, HasSubstr("0 events of the file applied, 3 applied before; "));
  EXPECT_THAT(stopped.err, HasSubstr("bad.csv"));
  EXPECT_THAT(stopped.err, HasSubstr("line 5"));
  EXPECT_THAT(stopped.err, Not(HasSubstr("0183901234")));
}

TEST(Identity, StatusShowsTheVersion) {
  CommandRunner runner;
  runner.server.identities.version = 48210377;
  api::IdentityStatus status;
  status.set_mode(api::CATALOGUE_MODE_LEARNED);
  runner.server.Answer("GetIdentityStatusRequest", status);
  const Result result = runner.Run({"identity", "status"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("48210377"));
  EXPECT_THAT(result.out, HasSubstr("learned"));
}

TEST(Identity, HistoryReadsTheIdentifierFromStandardInputOnly) {
  CommandRunner runner;
  api::IdentityHistory history;
  history.add_identifiers("01839012353");
  history.add_identifiers("01839012345");
  history.set_protected_(true);
  api::AppliedIdentityEvent& applied = *history.add_events();
  applied.mutable_event()->set_sequence(12);
  applied.mutable_event()->set_kind(api::IDENTITY_EVENT_KIND_PARENTS_BLOCKED);
  applied.mutable_event()->add_identifiers("01839012345");
  applied.mutable_applied()->set_seconds(1795348800);
  for (int i = 0; i < 3; ++i) {
    runner.server.Answer("GetIdentityHistoryRequest", history);
  }
  const std::vector<std::string> command = {"identity", "history", "--purpose", "complaint 26/7"};
  const Result table = runner.RunWithInput(command, "01839012345\n", CommandRunner::Terminal::kYes);
  EXPECT_EQ(table.code, ExitCode::kOk) << table.err;
  EXPECT_FALSE(IdentifierScan(table.err).Next());
  const auto& request = runner.server.At<api::GetIdentityHistoryRequest>(0);
  EXPECT_EQ(request.identifier(), "01839012345");
  EXPECT_EQ(request.purpose(), "complaint 26/7");
  EXPECT_THAT(table.out, HasSubstr("parents-blocked"));
  EXPECT_THAT(table.out, HasSubstr("2026-11-22T12:00:00Z"));
  EXPECT_THAT(table.out, HasSubstr("now: 01839012353, 01839012345; protected\n"));

  std::vector<std::string> as_json = command;
  as_json.insert(as_json.end(), {"--format", "json"});
  const Result json = runner.RunWithInput(as_json, "01839012345\n", CommandRunner::Terminal::kNo);
  EXPECT_EQ(nlohmann::json::parse(json.out)["events"][0]["event"]["sequence"], 12);

  const std::size_t calls = runner.server.calls.size();
  EXPECT_EQ(runner.RunWithInput(command, "0183901234\n", CommandRunner::Terminal::kNo).code, ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.RunWithInput(command, "01839012345\n01839012353\n", CommandRunner::Terminal::kNo).code,
            ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.RunWithInput({"identity", "history"}, "01839012345\n", CommandRunner::Terminal::kNo).code,
            ExitCode::kUsageOrFile);
  EXPECT_EQ(runner.server.calls.size(), calls) << "nothing is asked";
}

TEST(Audit, ScrubPrintsTheTableAndFailsUnlessAllIsSound) {
  CommandRunner runner;
  api::ScrubReport report;
  report.set_sound(true);
  api::ScrubLine& line = *report.add_lines();
  line.set_what("sets of submissions");
  line.set_checked(412);
  runner.server.Answer("ScrubRequest", report);
  const Result sound = runner.Run({"audit", "scrub"});
  EXPECT_EQ(sound.code, ExitCode::kOk) << sound.err;
  EXPECT_THAT(sound.out, HasSubstr("sets of submissions  412      0"));
  report.set_sound(false);
  line.set_wrong(1);
  line.set_first_wrong("project P0041, key file NPR 7");
  runner.server.Answer("ScrubRequest", report);
  runner.server.Answer("ScrubRequest", report);
  const Result wrong = runner.Run({"audit", "scrub"});
  EXPECT_EQ(wrong.code, ExitCode::kRefused);
  EXPECT_THAT(wrong.out, HasSubstr("project P0041, key file NPR 7"));
  const Result json = runner.Run({"audit", "scrub", "--format", "json"});
  EXPECT_EQ(json.code, ExitCode::kRefused);
  EXPECT_EQ(nlohmann::json::parse(json.out)["sound"], false);
}

}  // namespace
}  // namespace kobling::client
