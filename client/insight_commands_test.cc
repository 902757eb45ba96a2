// What a citizen's portal and the identity feed ask about one person.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client_testing.h"
#include "client/files/identifier_scan.h"
#include "nlohmann/json.hpp"

namespace kobling::client {
namespace {

using testing::HasSubstr;
using testing::Not;
using Result = CommandRunner::Result;

TEST(Insight, ReadsTheIdentifierFromStandardInputOnlyAndNeverPrintsIt) {
  CommandRunner runner;
  api::LookupResponse answer;
  answer.add_projects()->set_project_id("P0041");
  answer.mutable_projects(0)->set_inclusion(api::INCLUSION_RELATIVE);
  answer.mutable_projects(0)->add_registers()->set_register_id("NPR");
  answer.mutable_projects(0)->mutable_registers(0)->set_reservation(api::RESERVATION_EFFECT_AFTER_ISSUE);
  answer.add_reservations()->set_reserved_on("2026-11-20");
  runner.server.Answer("LookupRequest", answer);
  const std::vector<std::string> command = {"insight", "lookup", "--purpose", "own request"};
  const Result found = runner.RunWithInput(command, "01839012345\n", CommandRunner::Terminal::kYes);
  EXPECT_EQ(found.code, ExitCode::kOk);
  EXPECT_EQ(runner.server.At<api::LookupRequest>(0).identifier(), "01839012345");
  EXPECT_THAT(found.out, HasSubstr("P0041"));
  EXPECT_THAT(found.out, HasSubstr("relative"));
  EXPECT_THAT(found.out, HasSubstr("after-issue"));
  EXPECT_THAT(found.out, HasSubstr("reserved since 2026-11-20: national list"));
  EXPECT_FALSE(IdentifierScan(found.out + found.err).Next());

  // An unknown person: an empty list, and no error.
  std::vector<std::string> as_json = command;
  as_json.insert(as_json.end(), {"--format", "json"});
  const Result unknown = runner.RunWithInput(as_json, "01839012353\n", CommandRunner::Terminal::kNo);
  EXPECT_EQ(unknown.code, ExitCode::kOk);
  EXPECT_EQ(Json::parse(unknown.out),
            Json::parse(R"({"projects": [], "reservations": [], "accesses": [], "access_count": 0})"));

  const Result bad = runner.RunWithInput(command, "0183901234\n", CommandRunner::Terminal::kNo);
  EXPECT_EQ(bad.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(bad.err, HasSubstr("[IDENTIFIER_NOT_ELEVEN_DIGITS]"));
  EXPECT_THAT(bad.err, Not(HasSubstr("0183901234")));
  EXPECT_EQ(runner.server.calls.size(), 2U);
}

TEST(Insight, ARepresentativeStandsOnTheSecondLine) {
  CommandRunner runner;
  const std::vector<std::string> command = {"insight",
                                            "lookup",
                                            "--purpose",
                                            "asked by guardian",
                                            "--representation",
                                            "power-of-attorney",
                                            "--representation-reference",
                                            "fullmakt 26/7"};
  const Result found = runner.RunWithInput(command, "01839012345\n01839012353\n", CommandRunner::Terminal::kNo);
  EXPECT_EQ(found.code, ExitCode::kOk) << found.err;
  const auto& request = runner.server.At<api::LookupRequest>(0);
  EXPECT_EQ(request.identifier(), "01839012345");
  EXPECT_EQ(request.representation().representative(), "01839012353");
  EXPECT_EQ(request.representation().kind(), api::REPRESENTATION_KIND_POWER_OF_ATTORNEY);
  EXPECT_EQ(request.representation().reference(), "fullmakt 26/7");

  const Result typed = runner.RunWithInput(command, "01839012345\n01839012353\n", CommandRunner::Terminal::kYes);
  EXPECT_THAT(typed.err, HasSubstr("The person's identifier"));
  EXPECT_THAT(typed.err, HasSubstr("The representative's identifier"));
  EXPECT_EQ(runner.server.calls.size(), 2U);

  for (const char* input : {"01839012345\n", "01839012345\n0183901235\n", "01839012345\n01839012353\n01839012345\n"}) {
    const Result bad = runner.RunWithInput(command, input, CommandRunner::Terminal::kNo);
    EXPECT_EQ(bad.code, ExitCode::kUsageOrFile) << input;
    EXPECT_FALSE(IdentifierScan(bad.out + bad.err).Next());
  }
  for (const std::vector<std::string>& half :
       {std::vector<std::string>{"insight", "lookup", "--purpose", "p", "--representation", "guardian"},
        {"insight", "lookup", "--purpose", "p", "--representation-reference", "26/7"},
        {"insight", "lookup", "--purpose", "p", "--representation", "uncle", "--representation-reference", "26/7"}}) {
    EXPECT_EQ(runner.RunWithInput(half, "01839012345\n01839012353\n", CommandRunner::Terminal::kNo).code,
              ExitCode::kUsageOrFile);
  }
  EXPECT_EQ(runner.server.calls.size(), 2U);
}

TEST(Insight, AWithheldProjectSaysWhyAndUntilWhen) {
  CommandRunner runner;
  api::LookupResponse answer;
  api::ProjectInsight& project = *answer.add_projects();
  project.set_contact("post@example.no");
  project.mutable_withheld()->set_reason("an investigation");
  project.mutable_withheld()->set_legal_reference("personopplysningsloven § 16");
  project.mutable_withheld()->set_until("2027-05-31");
  project.mutable_withheld()->set_contact("post@example.no");
  runner.server.Answer("LookupRequest", answer);
  const Result found = runner.RunWithInput({"insight", "lookup", "--purpose", "own request"}, "01839012345\n",
                                           CommandRunner::Terminal::kNo);
  EXPECT_THAT(found.out, HasSubstr("withheld, an investigation (personopplysningsloven § 16), until 2027-05-31; ask "
                                   "post@example.no"));
}

TEST(Insight, SaysWhoHasLookedAndWhenRegistersWereCorrected) {
  CommandRunner runner;
  api::LookupResponse answer;
  answer.add_projects()->set_project_id("P0041");
  answer.mutable_projects(0)->add_registers()->set_register_id("NPR");
  answer.mutable_projects(0)->mutable_registers(0)->add_corrected_times()->set_seconds(1795348800);
  answer.set_access_count(1204);
  api::Access& guardian = *answer.add_accesses();
  guardian.mutable_time()->set_seconds(1795348860);
  guardian.set_operation("insight.lookup");
  guardian.set_role("insight-portal");
  guardian.set_purpose("asked by\x1b[2J guardian");
  guardian.set_representation(api::REPRESENTATION_KIND_GUARDIAN);
  api::Access& feed = *answer.add_accesses();
  feed.mutable_time()->set_seconds(1795348800);
  feed.set_operation("identity.history");
  feed.set_role("identity-feed");
  feed.set_purpose("complaint 26/7");
  runner.server.Answer("LookupRequest", answer);
  runner.server.Answer("LookupRequest", answer);
  const std::vector<std::string> command = {"insight", "lookup", "--purpose", "own request"};
  const Result found = runner.RunWithInput(command, "01839012345\n", CommandRunner::Terminal::kNo);
  EXPECT_EQ(found.code, ExitCode::kOk) << found.err;
  EXPECT_THAT(found.out, HasSubstr("CORRECTED\n"));
  EXPECT_THAT(found.out, HasSubstr("2026-11-22T12:00:00Z\n"));
  EXPECT_THAT(found.out,
              HasSubstr("looked at 1 204 times, the newest first:\n"
                        "  2026-11-22T12:01:00Z insight.lookup in the role insight-portal, as guardian: asked by?[2J "
                        "guardian\n"
                        "  2026-11-22T12:00:00Z identity.history in the role identity-feed: complaint 26/7\n"));

  std::vector<std::string> as_json = command;
  as_json.insert(as_json.end(), {"--format", "json"});
  const auto json =
      nlohmann::json::parse(runner.RunWithInput(as_json, "01839012345\n", CommandRunner::Terminal::kNo).out);
  EXPECT_EQ(json["access_count"], 1204);
  EXPECT_EQ(json["accesses"][0]["representation"], "guardian");
  EXPECT_EQ(json["projects"][0]["registers"][0]["corrected_times"][0], "2026-11-22T12:00:00Z");
}

}  // namespace
}  // namespace kobling::client
