// The way of a correction: which projects are to be looked at, who proposes, who confirms, and who waits.
#include "server/use_cases/corrections_testing.h"

namespace kobling::server {
namespace {

using ::testing::ElementsAre;

constexpr auto kReplaced = api::IDENTITY_EVENT_KIND_REPLACED;

using CorrectionStepsTest = CorrectionsTest;

TEST_F(CorrectionStepsTest, AProjectIsReviewedUntilEveryRegisterHasItsCorrection) {
  const std::string project = server_.ActiveProject({Defining("NPR"), WholePopulation("KRG")});
  SubmitMore(project, {0, 1});
  Issue(project);
  server_.FetchAndOpen(project, "KRG", server_.Issue(project, "KRG").number());
  Merge(0, 1);
  server_.Correct(project);
  for (const std::string register_id : {"KRG", "NPR"}) {
    EXPECT_THAT(List().projects_to_review(), ElementsAre(project));
    server_.FetchAndOpen(project, register_id, server_.IssueCorrection(project, register_id).number());
  }
  EXPECT_THAT(List().projects_to_review(), testing::IsEmpty());
}

TEST_F(CorrectionStepsTest, AProjectIsReviewedIfAnOldKeyFileIsFetchedAfterTheCorrection) {
  const std::string project = Project({0, 1});
  const std::uint32_t number = server_.Issue(project, "NPR").number();
  Merge(0, 1);
  ASSERT_THAT(Propose(project), IsOk());
  ASSERT_THAT(Confirm(project, 1), IsOk());
  EXPECT_THAT(List().projects_to_review(), testing::IsEmpty()) << "nobody was told anything";
  server_.clock().Advance(absl::Minutes(1));
  server_.FetchAndOpen(project, "NPR", number);
  EXPECT_EQ(List(project).registers(0).waiting_rows(), 1U);
  EXPECT_THAT(List().projects_to_review(), ElementsAre(project));
}

TEST_F(CorrectionStepsTest, AProjectInWhichNoLopenummerChangesIsNotReviewed) {
  const std::string project = Project({0, 1});
  Issue(project);
  ASSERT_THAT(server_.Feed({TestCore::Event(kReplaced, {Person(0)}, Person(60))}), IsOk());
  Merge(1, 61);
  EXPECT_THAT(List().projects_to_review(), testing::IsEmpty());
}

TEST_F(CorrectionStepsTest, AProjectThatCanBeCorrectedNoMoreIsNotReviewed) {
  const std::string project = Project({0, 1});
  Issue(project);
  Merge(0, 1);
  ASSERT_THAT(Propose(project), IsOk());
  EXPECT_THAT(List().projects_to_review(), ElementsAre(project));
  ASSERT_THAT(server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                       About<api::CloseProjectRequest>(project)),
              IsOk());
  EXPECT_THAT(List().projects_to_review(), testing::IsEmpty());
  EXPECT_EQ(List(project).registers_size(), 0);
  EXPECT_THAT(Confirm(project, 1), RefusedWith(domain::Reason::kProjectState));
  auto reject = About<api::RejectCorrectionRequest>(project);
  reject.set_number(1);
  EXPECT_THAT(server_.corrections().Reject(server_.Officer("CorrectionService/RejectCorrection"), reject), IsOk())
      << "so that none is left undecided for ever";
}

TEST_F(CorrectionStepsTest, ARegisterThatHasLeftTheProjectIsWaitedForNoMore) {
  const std::string project = server_.ActiveProject({Defining("NPR"), WholePopulation("KRG")});
  SubmitMore(project, {0, 1});
  server_.FetchAndOpen(project, "KRG", server_.Issue(project, "KRG").number());
  Merge(0, 1);
  server_.Correct(project);
  EXPECT_THAT(List().projects_to_review(), ElementsAre(project));
  auto withdraw = About<api::WithdrawSourceRequest>(project);
  withdraw.set_register_id("KRG");
  ASSERT_THAT(server_.projects().WithdrawSource(server_.Caseworker("ProjectService/WithdrawSource"), withdraw), IsOk());
  auto confirm = About<api::ConfirmRevisionRequest>(project);
  confirm.set_revision(1);
  ASSERT_THAT(server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), confirm), IsOk());
  EXPECT_THAT(List().projects_to_review(), testing::IsEmpty());
}

TEST_F(CorrectionStepsTest, EveryProjectOfManyIsReviewedIfAndOnlyIfItMust) {
  std::vector<std::string> concerned;
  for (std::size_t i = 0; i < 6; ++i) {
    std::vector<std::size_t> people = {0, 10 + i};
    if (i % 2 == 0) {
      people.push_back(1);
    }
    const std::string project = Project(people);
    Issue(project);
    if (i % 2 == 0) {
      concerned.push_back(project);
    }
    // Each key file was issued as of another version of the history.
    ASSERT_THAT(server_.Feed({TestCore::Event(kReplaced, {Person(10 + i)}, Person(70 + i))}), IsOk());
  }
  EXPECT_THAT(List().projects_to_review(), testing::IsEmpty());
  Merge(0, 1);
  const auto listed = List();
  EXPECT_THAT(listed.projects_to_review(), testing::ElementsAreArray(concerned));
}

TEST_F(CorrectionStepsTest, WhoAsksForAFileTooEarlyIsToldWhatItWaitsFor) {
  const std::string project = Project({0, 1});
  Issue(project);
  Merge(0, 1);
  EXPECT_EQ(DetailOf(server_.TryIssueCorrection(project, "NPR").status(), "hint"), "");
  ASSERT_THAT(Propose(project), IsOk());
  const auto refused = server_.TryIssueCorrection(project, "NPR");
  EXPECT_THAT(refused, RefusedWith(domain::Reason::kNothingToCorrect));
  EXPECT_THAT(DetailOf(refused.status(), "hint"), testing::HasSubstr("another key officer has to confirm it"));
}

TEST_F(CorrectionStepsTest, WhatHasChangedAgainIsLeftForAnotherProposal) {
  const std::string project = Project({0, 1, 2, 3});
  Issue(project);
  Merge(0, 1);
  Merge(2, 3);
  ASSERT_THAT(Propose(project), IsOk());
  Split(3, 2);
  const auto confirmed = Confirm(project, 1);
  ASSERT_THAT(confirmed, IsOk());
  EXPECT_EQ(confirmed->merged_persons(), 1U);
  Merge(2, 3);
  ASSERT_THAT(Propose(project), IsOk());
  Split(3, 2);
  EXPECT_THAT(Confirm(project, 2), RefusedWith(domain::Reason::kCorrectionStale));
  auto reject = About<api::RejectCorrectionRequest>(project);
  reject.set_number(2);
  const auto rejected = server_.corrections().Reject(server_.Officer("CorrectionService/RejectCorrection"), reject);
  ASSERT_THAT(rejected, IsOk());
  EXPECT_EQ(rejected->state(), api::CORRECTION_STATE_REJECTED);
  EXPECT_THAT(Confirm(project, 2), RefusedWith(domain::Reason::kCorrectionNotFound));
  EXPECT_THAT(Propose(project), RefusedWith(domain::Reason::kNothingToCorrect));
}

TEST_F(CorrectionStepsTest, TheSameRequestGetsTheSameAnswer) {
  const std::string project = Project({0, 1});
  Issue(project);
  Merge(0, 1);
  const auto request = About<api::ProposeCorrectionRequest>(project);
  const Call call = server_.Officer("CorrectionService/ProposeCorrection");
  const auto first = server_.corrections().Propose(call, request);
  ASSERT_THAT(first, IsOk());
  const auto again = server_.corrections().Propose(call, request);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
  EXPECT_EQ(List(project).corrections_size(), 1);
}

TEST_F(CorrectionStepsTest, SurviveARestart) {
  const std::string project = Project({0, 1});
  Issue(project);
  Merge(0, 1);
  server_.Correct(project);
  const auto after = Map(Issue(project));
  server_.Restart();
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
  EXPECT_EQ(Map(server_.FetchAndOpen(project, "NPR", 2)), after);
  EXPECT_EQ(List(project).registers(0).confirmed_rows(), 1U);
  server_.IssueCorrection(project, "NPR");
  ExpectAllReproduced(project);
}

}  // namespace
}  // namespace kobling::server
