// What corrections do to løpenumre, and what registers and persons are told of it.
#include "server/use_cases/corrections_testing.h"

namespace kobling::server {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr auto kReplaced = api::IDENTITY_EVENT_KIND_REPLACED;

using Rows = std::vector<std::pair<std::string, std::string>>;
using Text = std::vector<std::string>;

TEST_F(CorrectionsTest, ProjectsKeepWhatEachHadIssuedWhenTwoTurnOutToBeOne) {
  const std::string first = Project({0});
  const std::string second = Project({1});
  const std::string a = Issue(first).rows[0].second;
  const std::string b = Issue(second).rows[0].second;
  Merge(0, 1);
  for (const auto& [project, expected] : {std::pair(first, a), std::pair(second, b)}) {
    server_.Reopen(project, "NPR");
    SubmitMore(project, {0, 1});
    EXPECT_THAT(Issue(project).rows,
                UnorderedElementsAre(std::pair(Person(0), expected), std::pair(Person(1), expected)));
    EXPECT_TRUE(List(project).registers().empty()) << "what was told has not changed";
    ExpectAllReproduced(project);
  }
}

TEST_F(CorrectionsTest, WhereBothWereIssuedEachKeepsItsOwnUntilItIsConfirmed) {
  const std::string project = Project({0, 1, 2});
  const auto before = Map(Issue(project));
  Merge(0, 1);
  EXPECT_EQ(Map(server_.FetchAndOpen(project, "NPR", 1)), before);
  EXPECT_THAT(server_.TryIssue(project, "NPR"), RefusedWith(domain::Reason::kKeyFileStands));
  EXPECT_THAT(server_.TryIssueCorrection(project, "NPR"), RefusedWith(domain::Reason::kNothingToCorrect));
  const auto listed = List(project);
  ASSERT_EQ(listed.registers_size(), 1);
  EXPECT_EQ(listed.registers(0).waiting_rows(), 1U);
  EXPECT_EQ(listed.registers(0).confirmed_rows(), 0U);
  EXPECT_THAT(List().projects_to_review(), ElementsAre(project));

  const auto proposed = Propose(project);
  ASSERT_THAT(proposed, IsOk());
  EXPECT_EQ(proposed->merged_persons(), 1U);
  EXPECT_EQ(proposed->identifiers(), 1U);
  EXPECT_THAT(Propose(project), RefusedWith(domain::Reason::kCorrectionPending));
  EXPECT_THAT(Confirm(project, 1, "olav.key"), RefusedWith(domain::Reason::kSameIdentity));
  EXPECT_THAT(Confirm(project, 2), RefusedWith(domain::Reason::kCorrectionNotFound));
  ASSERT_THAT(Confirm(project, 1), IsOk());
  EXPECT_EQ(List(project).registers(0).confirmed_rows(), 1U);

  const api::KeyFile issued = server_.IssueCorrection(project, "NPR");
  EXPECT_EQ(issued.kind(), api::KEY_FILE_KIND_CORRECTION);
  EXPECT_EQ(issued.since(), 1U);
  const OpenKeyFile correction = server_.FetchAndOpen(project, "NPR", issued.number());
  const bool first_stays = Map(Issue(project)).at(Person(1)) == before.at(Person(0));
  const std::size_t changed = first_stays ? 1 : 0;
  EXPECT_THAT(correction.corrected, ElementsAre(Text{Person(changed), before.at(Person(changed)),
                                                     before.at(Person(1 - changed)), "2026-11-10", "merged"}));
  EXPECT_EQ(correction.comment.kind, crypto::KeyFileKind::kCorrection);
  EXPECT_EQ(correction.comment.rows, 1U);
  const auto after = Map(server_.FetchAndOpen(project, "NPR", 3));
  EXPECT_EQ(after.at(Person(0)), after.at(Person(1)));
  EXPECT_EQ(after.at(Person(2)), before.at(Person(2)));
  EXPECT_TRUE(List(project).registers().empty());
  EXPECT_TRUE(List().projects_to_review().empty());
  EXPECT_THAT(server_.TryIssueCorrection(project, "NPR"), RefusedWith(domain::Reason::kNothingToCorrect));
  ExpectAllReproduced(project);
}

TEST_F(CorrectionsTest, ASplitGivesTheOtherItsOwnAtOnceAndACorrectionOnceConfirmed) {
  Merge(0, 1);
  const std::string project = Project({0, 1});
  const auto before = Map(Issue(project));
  ASSERT_EQ(before.at(Person(0)), before.at(Person(1)));
  Split(1, 0);
  const auto after = Map(Issue(project));
  ASSERT_NE(after.at(Person(0)), after.at(Person(1)));
  const std::size_t changed = after.at(Person(0)) == before.at(Person(0)) ? 1 : 0;
  EXPECT_EQ(after.at(Person(1 - changed)), before.at(Person(0))) << "one of them keeps it";
  // A delta names both rows; a full file in between is no correction of what was delivered.
  const OpenKeyFile delta = Issue(project, 1);
  EXPECT_THAT(delta.rows, ElementsAre(std::pair(Person(changed), after.at(Person(changed)))));
  EXPECT_THAT(delta.withdrawn, ElementsAre(std::pair(Person(changed), before.at(Person(0)))));
  EXPECT_THAT(server_.TryIssueCorrection(project, "NPR"), RefusedWith(domain::Reason::kNothingToCorrect));
  EXPECT_EQ(server_.Correct(project).identifiers(), 1U);
  const OpenKeyFile correction = server_.FetchAndOpen(project, "NPR", server_.IssueCorrection(project, "NPR").number());
  EXPECT_THAT(correction.corrected, ElementsAre(Text{Person(changed), before.at(Person(0)), after.at(Person(changed)),
                                                     "2026-11-15", "split"}));
  ExpectAllReproduced(project);
}

TEST_F(CorrectionsTest, ASplitAfterACorrectionGivesBackTheOldNumber) {
  const std::string project = Project({0, 1});
  const auto before = Map(Issue(project));
  Merge(0, 1);
  server_.Correct(project);
  const api::KeyFile correction = server_.IssueCorrection(project, "NPR");
  server_.FetchAndOpen(project, "NPR", correction.number());
  Split(1, 0);
  const OpenKeyFile delta = Issue(project, correction.number());
  ASSERT_EQ(delta.rows.size(), 1U);
  EXPECT_EQ(delta.rows[0].second, before.at(delta.rows[0].first));
  EXPECT_THAT(server_.TryIssue(project, "NPR"), RefusedWith(domain::Reason::kKeyFileStands))
      << "a full file would be the first one once more";
  server_.Correct(project);
  const OpenKeyFile back = server_.FetchAndOpen(project, "NPR", server_.IssueCorrection(project, "NPR").number());
  ASSERT_EQ(back.corrected.size(), 1U);
  EXPECT_EQ(back.corrected[0][2], before.at(back.corrected[0][0]));
  Merge(1, 0);
  EXPECT_THAT(server_.TryIssue(project, "NPR"), RefusedWith(domain::Reason::kKeyFileStands))
      << "merged anew, it waits for a decision anew";
  EXPECT_EQ(server_.Correct(project).merged_persons(), 1U);
  ExpectAllReproduced(project);
}

TEST_F(CorrectionsTest, WhoWasRetiredAndSplitOffKeepsTheirOwnWhenTheyMergeWithSomebodyElse) {
  const std::string project = Project({0, 1, 2});
  const auto before = Map(Issue(project));
  Merge(0, 1);
  server_.Correct(project);
  const OpenKeyFile correction = server_.FetchAndOpen(project, "NPR", server_.IssueCorrection(project, "NPR").number());
  const std::size_t retired = correction.corrected[0][0] == Person(0) ? 0 : 1;
  Split(retired, 1 - retired);
  Issue(project, correction.comment.number);
  Merge(2, retired);
  EXPECT_THAT(server_.TryIssue(project, "NPR"), RefusedWith(domain::Reason::kKeyFileStands)) << "all as at first";
  EXPECT_EQ(server_.Correct(project).merged_persons(), 1U);
  const auto after = Map(Issue(project));
  EXPECT_EQ(after.at(Person(2)), after.at(Person(retired)));
  EXPECT_NE(before.at(Person(2)), before.at(Person(retired)));
  ExpectAllReproduced(project);
}

TEST_F(CorrectionsTest, WhatChangesAfterACorrectionWaitsForAnother) {
  const std::string project = Project({0, 1});
  Issue(project);
  const auto expect_waiting = [&] {
    EXPECT_THAT(server_.TryIssueCorrection(project, "NPR"), RefusedWith(domain::Reason::kNothingToCorrect));
    const auto listed = List(project);
    ASSERT_EQ(listed.registers_size(), 1);
    EXPECT_EQ(listed.registers(0).confirmed_rows(), 0U);
    EXPECT_EQ(listed.registers(0).waiting_rows(), 1U);
  };
  Merge(0, 1);
  EXPECT_EQ(server_.Correct(project).identifiers(), 1U);
  const api::KeyFile correction = server_.IssueCorrection(project, "NPR");
  server_.FetchAndOpen(project, "NPR", correction.number());
  Split(1, 0);
  expect_waiting();
  EXPECT_EQ(server_.Correct(project).identifiers(), 1U);
  const api::KeyFile back = server_.IssueCorrection(project, "NPR");
  server_.FetchAndOpen(project, "NPR", back.number());
  Merge(0, 1);
  expect_waiting();
}

TEST_F(CorrectionsTest, ARegisterThatWasToldOnlyWhatStaysGetsNoCorrection) {
  const std::string project = server_.ActiveProject({Defining("NPR"), Defining("MFR")});
  server_.SubmitAll(project, "NPR", {Person(0)});
  server_.SubmitAll(project, "MFR", {Person(1)});
  server_.Complete(project, "NPR");
  server_.Complete(project, "MFR");
  const std::string npr = server_.FetchAndOpen(project, "NPR", server_.Issue(project, "NPR").number()).rows[0].second;
  const std::string mfr = server_.FetchAndOpen(project, "MFR", server_.Issue(project, "MFR").number()).rows[0].second;
  Merge(0, 1);
  server_.Correct(project);
  const auto listed = List(project);
  ASSERT_EQ(listed.registers_size(), 1);
  const std::string told = listed.registers(0).register_id();
  const std::string other = told == "NPR" ? "MFR" : "NPR";
  EXPECT_THAT(server_.TryIssueCorrection(project, other), RefusedWith(domain::Reason::kNothingToCorrect));
  const OpenKeyFile correction = server_.FetchAndOpen(project, told, server_.IssueCorrection(project, told).number());
  ASSERT_EQ(correction.corrected.size(), 1U);
  EXPECT_EQ(correction.corrected[0][1], told == "NPR" ? npr : mfr);
  EXPECT_EQ(correction.corrected[0][2], told == "NPR" ? mfr : npr);
}

TEST_F(CorrectionsTest, WhatWasFetchedIsCorrectedThoughAllOfItWasWithdrawn) {
  const std::string project = Project({0, 1});
  Issue(project);
  Merge(0, 1);
  server_.Correct(project);
  auto withdraw = About<api::WithdrawKeyFileRequest>(project);
  withdraw.set_register_id("NPR");
  withdraw.set_number(1);
  ASSERT_THAT(server_.key_files().Withdraw(server_.Officer("KeyFileService/WithdrawKeyFile"), withdraw), IsOk());
  const api::KeyFile correction = server_.IssueCorrection(project, "NPR");
  EXPECT_EQ(correction.since(), 1U);
  EXPECT_EQ(correction.rows(), 1U);
}

TEST_F(CorrectionsTest, TheDateIsThatOfTheSplitFromWhomTheNumberWas) {
  Merge(0, 1);
  const std::string project = Project({0, 1});
  const auto before = Map(Issue(project));
  Split(1, 0, "2026-11-15");
  const std::size_t changed = Map(Issue(project)).at(Person(0)) == before.at(Person(0)) ? 1 : 0;
  Merge(changed, 2, "2026-11-16");
  Split(2, changed, "2026-11-17");
  server_.Correct(project);
  const OpenKeyFile correction = server_.FetchAndOpen(project, "NPR", server_.IssueCorrection(project, "NPR").number());
  ASSERT_EQ(correction.corrected.size(), 1U);
  EXPECT_EQ(correction.corrected[0][3], "2026-11-15");
  EXPECT_EQ(correction.corrected[0][4], "split");
  ExpectAllReproduced(project);
}

TEST_F(CorrectionsTest, WhatAFileInBetweenToldIsCorrectedThoughTheFirstWasRight) {
  // Two persons, for a while taken for one, and a file from that time.
  const std::string project = Project({0, 1});
  const auto before = Map(Issue(project));
  Merge(0, 1);
  server_.Correct(project);
  const auto meanwhile = Map(Issue(project));
  ASSERT_EQ(meanwhile.at(Person(0)), meanwhile.at(Person(1)));
  const std::string changed = before.at(Person(0)) == meanwhile.at(Person(0)) ? Person(1) : Person(0);
  Split(1, 0);
  ASSERT_EQ(List(project).registers_size(), 1);
  EXPECT_EQ(List(project).registers(0).waiting_rows(), 1U);
  server_.Correct(project);
  const OpenKeyFile correction = server_.FetchAndOpen(project, "NPR", server_.IssueCorrection(project, "NPR").number());
  EXPECT_THAT(correction.corrected,
              ElementsAre(Text{changed, meanwhile.at(changed), before.at(changed), "2026-11-15", "split"}));
  EXPECT_EQ(List(project).registers_size(), 0);
  ExpectAllReproduced(project);
}

TEST_F(CorrectionsTest, OnePersonWhomAFileInBetweenToldAsTwoIsCorrected) {
  Merge(0, 1);
  const std::string project = Project({0, 1});
  const auto before = Map(Issue(project));
  Split(1, 0);
  const auto meanwhile = Map(Issue(project));
  ASSERT_NE(meanwhile.at(Person(0)), meanwhile.at(Person(1)));
  const std::string changed = meanwhile.at(Person(0)) == before.at(Person(0)) ? Person(1) : Person(0);
  Merge(0, 1);
  server_.Correct(project);
  const OpenKeyFile correction = server_.FetchAndOpen(project, "NPR", server_.IssueCorrection(project, "NPR").number());
  EXPECT_THAT(correction.corrected,
              ElementsAre(Text{changed, meanwhile.at(changed), before.at(changed), "2026-11-10", "merged"}));
  ExpectAllReproduced(project);
}

TEST_F(CorrectionsTest, WhoWasSettledTwiceStaysSettledWhenTheFirstForWhoseSakeIsGone) {
  // Which of them stays is for their numbers in the directory to say, so that each of three comes last once: the lowest
  // stays for the sake of both others.
  int tried = 0;
  for (std::size_t last = 0; last < 3; ++last) {
    const std::size_t first = 10 * (last + 1);
    const std::size_t comes_last = first + last;
    const std::size_t one = first + (last + 1) % 3;
    const std::size_t other = first + (last + 2) % 3;
    const std::string project = Project({first, first + 1, first + 2});
    const auto before = Map(Issue(project));
    Merge(one, other);
    server_.Correct(project);
    const bool one_stays = Map(Issue(project)).at(Person(one)) == before.at(Person(one));
    Merge(comes_last, one);
    server_.Correct(project);
    if (Map(Issue(project)).at(Person(one)) != before.at(Person(comes_last))) {
      continue;
    }
    ++tried;
    const std::size_t parted = one_stays ? one : other;
    const std::size_t remains = one_stays ? other : one;
    Split(parted, comes_last);
    server_.Reopen(project, "NPR");
    SubmitMore(project, {50 + last});  // else the first file may stand with the same rows
    const auto rows = Map(Issue(project));
    EXPECT_EQ(rows.at(Person(comes_last)), rows.at(Person(remains))) << "they were one person throughout";
    EXPECT_NE(rows.at(Person(comes_last)), rows.at(Person(parted)));
  }
  EXPECT_EQ(tried, 1);
}

TEST_F(CorrectionsTest, ACorrectionWaitsForWhatTheRegisterCouldStillFetch) {
  const std::string project = Project({0, 1});
  Issue(project);
  server_.Reopen(project, "NPR");
  SubmitMore(project, {2});
  server_.Issue(project, "NPR", 1);
  Merge(0, 1);
  server_.Correct(project);
  const auto refused = server_.TryIssueCorrection(project, "NPR");
  EXPECT_THAT(refused, RefusedWith(domain::Reason::kKeyFileOutdated));
  EXPECT_EQ(DetailOf(refused.status(), "key_file"), "2");
  ASSERT_THAT(server_.Fetch(project, "NPR", 2, 0), IsOk());
  server_.IssueCorrection(project, "NPR");
}

TEST_F(CorrectionsTest, ACorrectionThatIsTrueNoMoreIsNotHandedOut) {
  const std::string project = Project({0, 1});
  Issue(project);
  Merge(0, 1);
  server_.Correct(project);
  server_.IssueCorrection(project, "NPR");
  Split(1, 0);
  EXPECT_THAT(server_.Fetch(project, "NPR", 2, 0), RefusedWith(domain::Reason::kKeyFileOutdated));
}

TEST_F(CorrectionsTest, ACorrectionThatWasFetchedCanBeFetchedAgain) {
  const std::string project = Project({0, 1});
  Issue(project);
  Merge(0, 1);
  server_.Correct(project);
  server_.IssueCorrection(project, "NPR");
  ASSERT_THAT(server_.Fetch(project, "NPR", 2, 0), IsOk());
  Split(1, 0);
  EXPECT_THAT(server_.Fetch(project, "NPR", 2, 0), IsOk());
}

TEST_F(CorrectionsTest, ADeltaGoesOnFromTheCorrectionAndNotPastIt) {
  const std::string project = Project({0, 1, 2});
  Issue(project);
  Merge(0, 1);
  server_.Correct(project);
  server_.IssueCorrection(project, "NPR");
  server_.Reopen(project, "NPR");
  SubmitMore(project, {3});
  // Not even before the correction is fetched: the register could take in only one of the two.
  EXPECT_THAT(server_.TryIssue(project, "NPR", 1), RefusedWith(domain::Reason::kKeyFileOutdated));
  EXPECT_THAT(server_.TryIssue(project, "NPR", 2), RefusedWith(domain::Reason::kKeyFileNotFetched));
  ASSERT_THAT(server_.Fetch(project, "NPR", 2, 0), IsOk());
  const auto refused = server_.TryIssue(project, "NPR", 1);
  EXPECT_THAT(refused, RefusedWith(domain::Reason::kKeyFileOutdated));
  EXPECT_THAT(DetailOf(refused.status(), "hint"), testing::HasSubstr("key file 2 has corrected it"));
  const OpenKeyFile delta = Issue(project, 2);
  EXPECT_EQ(delta.rows.size(), 1U);
  EXPECT_TRUE(delta.withdrawn.empty());
}

TEST_F(CorrectionsTest, ACorrectionThatWasTakenBackStandsInNoDeltasWay) {
  const std::string project = Project({0, 1, 2});
  Issue(project);
  Merge(0, 1);
  server_.Correct(project);
  server_.IssueCorrection(project, "NPR");
  auto withdraw = About<api::WithdrawKeyFileRequest>(project);
  withdraw.set_register_id("NPR");
  withdraw.set_number(2);
  ASSERT_THAT(server_.key_files().Withdraw(server_.Officer("KeyFileService/WithdrawKeyFile"), withdraw), IsOk());
  const OpenKeyFile delta = Issue(project, 1);
  EXPECT_EQ(delta.rows.size(), 1U);
  EXPECT_EQ(delta.withdrawn.size(), 1U);
}

TEST_F(CorrectionsTest, UseIsReportedWithOldAndNewNumbers) {
  const std::string project = Project({0, 1, 2});
  const auto before = Map(Issue(project));
  Merge(0, 1);
  server_.Correct(project);
  const api::KeyFile correction = server_.IssueCorrection(project, "NPR");
  const OpenKeyFile opened = server_.FetchAndOpen(project, "NPR", correction.number());
  ASSERT_EQ(opened.corrected.size(), 1U);
  const std::string changed = opened.corrected[0][0];
  // On the first file, with the number that was retired since.
  const auto old_report = server_.Report(server_.Header(project, 1, "levering 1"), {before.at(changed)});
  ASSERT_THAT(old_report.response, IsOk());
  EXPECT_TRUE(old_report.faults.empty());
  EXPECT_EQ(old_report.response->result().used(), 1U);
  // On the correction, with the new one: it is everybody's who was told it.
  const auto new_report =
      server_.Report(server_.Header(project, correction.number(), "levering 2"), {opened.corrected[0][2]});
  ASSERT_THAT(new_report.response, IsOk());
  EXPECT_TRUE(new_report.faults.empty());
  const auto foreign = server_.Report(server_.Header(project, correction.number(), "levering 3"),
                                      {"L00000000000000000", opened.corrected[0][2]});
  ASSERT_THAT(foreign.response, IsOk());
  EXPECT_EQ(foreign.faults.size(), 1U);
  // Nobody waits for a report on a correction.
  api::GetUsageStatusRequest status;
  status.set_project_id(project);
  const auto lines = server_.usage().Status(server_.Officer("UsageService/GetUsageStatus"), status).value();
  for (const api::KeyFileUsage& line : lines.key_files()) {
    EXPECT_FALSE(line.reports().empty());
  }
}

TEST_F(CorrectionsTest, PersonsAreToldOfCorrections) {
  const std::string project = Project({0, 1});
  Issue(project);
  Merge(0, 1);
  server_.Correct(project);
  const OpenKeyFile correction = server_.FetchAndOpen(project, "NPR", server_.IssueCorrection(project, "NPR").number());
  api::LookupRequest request;
  request.set_purpose("eget innsyn");
  for (const std::size_t person : {0, 1}) {
    request.set_identifier(Person(person));
    const auto answer =
        server_.insight().Lookup(server_.By(Role::kInsightPortal, "helsenorge", "InsightService/Lookup"), request);
    ASSERT_THAT(answer, IsOk());
    ASSERT_EQ(answer->projects_size(), 1);
    EXPECT_EQ(answer->projects(0).registers(0).corrected_times_size(), 1);
    EXPECT_EQ(answer->projects(0).registers(0).use(), api::USE_NOT_YET_REPORTED);
  }
}

TEST_F(CorrectionsTest, WhoWasAddedByTheirCurrentNumberIsStillToldAfterASplit) {
  ASSERT_THAT(server_.Feed({TestCore::Event(kReplaced, {Person(50)}, Person(0))}), IsOk());
  const std::string project = server_.ActiveProject({Defining("NPR"), WholePopulation("KRG")});
  SubmitMore(project, {0});
  server_.FetchAndOpen(project, "KRG", server_.Issue(project, "KRG").number());
  Split(50, 0);
  for (int round = 0; round < 2; ++round) {
    api::LookupRequest request;
    request.set_identifier(Person(50));
    request.set_purpose("eget innsyn");
    const auto answer =
        server_.insight().Lookup(server_.By(Role::kInsightPortal, "helsenorge", "InsightService/Lookup"), request);
    ASSERT_THAT(answer, IsOk());
    ASSERT_EQ(answer->projects_size(), 1);
    EXPECT_EQ(answer->projects(0).inclusion(), api::INCLUSION_FORMER);
    server_.Restart();
  }
}

}  // namespace
}  // namespace kobling::server
