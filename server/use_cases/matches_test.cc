#include "crypto/random.h"
#include "server/core/core_testing.h"
#include "server/use_cases/key_files.h"

namespace kobling::server {
namespace {

using domain::Reason;

class MatchesTest : public ::testing::Test {
 protected:
  MatchesTest() {
    server_.SubmitAll(project_, "NPR", People(0, 10));
    server_.Complete(project_, "NPR");
  }

  absl::StatusOr<api::MatchWindow> Open(const std::string& register_id, std::uint64_t max_rows) {
    api::OpenMatchRequest request;
    request.set_request_id(crypto::NewRequestId());
    request.set_project_id(project_);
    request.set_register_id(register_id);
    request.set_max_rows(max_rows);
    return server_.matches().Open(server_.Officer("KeyFileService/OpenMatch"), request);
  }

  absl::StatusOr<api::MatchWindow> Release(std::uint32_t number, const std::string& reason) {
    api::ReleaseMatchRequest request;
    request.set_request_id(crypto::NewRequestId());
    request.set_project_id(project_);
    request.set_register_id("DAAR");
    request.set_number(number);
    request.set_reason(reason);
    return server_.matches().Release(server_.Officer("KeyFileService/ReleaseMatch"), request);
  }

  // The officer's view of a window.
  api::MatchWindow Window(int position) {
    api::ListMatchesRequest request;
    request.set_project_id(project_);
    return server_.matches().List(server_.Officer("KeyFileService/ListMatches"), request)->matches(position);
  }

  std::uint64_t StoredMatched() {
    const State::View state = server_.core().state.Read();
    return server_.core().sets.Get(state->projects.at(project_).rows.matches.back().matched_set())->cardinality();
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR"), Intersecting("DAAR"), WholePopulation("KRG")});
};

TEST_F(MatchesTest, OnlyMatchingNumbersAreStored) {
  server_.OpenWindow(project_, "DAAR", 100);
  const std::uint32_t known = server_.core().directory.size();
  ASSERT_THAT(server_.Match(project_, "DAAR", People(5, 50)).response, IsOk());
  EXPECT_EQ(server_.core().directory.size(), known) << "strangers got numbers";
  EXPECT_EQ(StoredMatched(), 5U);
  EXPECT_EQ(Window(0).state(), api::MATCH_STATE_MATCHED);
  EXPECT_EQ(Window(0).matched_persons(), 5U);
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(MatchesTest, PeopleOfOtherProjectsDoNotMatch) {
  const std::string other = server_.ActiveProject({Defining("NPR")});
  server_.SubmitAll(other, "NPR", People(10, 30));
  server_.OpenWindow(project_, "DAAR", 100);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(8, 30)).response, IsOk());
  EXPECT_EQ(StoredMatched(), 2U);
}

TEST_F(MatchesTest, TheRegisterIsToldTheSameWhateverMatched) {
  std::vector<std::string> answers;
  for (const std::size_t begin : {0, 5, 100}) {
    server_.OpenWindow(project_, "DAAR", 100);
    std::vector<std::string> rows = People(begin, begin + 10);
    rows.push_back(rows[0]);
    rows.push_back(std::string(11, '1'));
    const auto told = server_.Match(project_, "DAAR", rows);
    ASSERT_THAT(told.response, IsOk());
    answers.push_back(told.response->SerializeAsString());
  }
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_EQ(answers[0], answers[2]) << "nobody matched, and the register could tell";
}

TEST_F(MatchesTest, WhatTheRegisterCanReadOfTheLogSaysNothingOfWhatMatched) {
  server_.OpenWindow(project_, "DAAR", 3);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(5, 50)).response, IsOk());
  ASSERT_THAT(Release(1, "ringte registeret"), IsOk());
  api::ListEventsRequest request;
  std::vector<std::string> counts;
  ASSERT_THAT(server_.audit().List(server_.Register("DAAR", "AuditService/ListEvents"), request,
                                   [&](const api::ListEventsResponse& response) {
                                     for (const api::Event& event : response.events()) {
                                       for (const api::EventCount& count : event.counts()) {
                                         counts.push_back(count.name());
                                       }
                                     }
                                     return absl::OkStatus();
                                   }),
              IsOk());
  EXPECT_FALSE(counts.empty());
  EXPECT_THAT(counts, ::testing::Not(::testing::Contains(::testing::HasSubstr("matched"))));
}

TEST_F(MatchesTest, AWindowIsUsedOnceAndALaterOneTakesItsPlace) {
  EXPECT_THAT(server_.Match(project_, "DAAR", People(0, 5)).response, RefusedWith(Reason::kMatchWindowMissing));
  server_.OpenWindow(project_, "DAAR", 100);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(0, 5)).response, IsOk());
  EXPECT_THAT(server_.Match(project_, "DAAR", People(0, 6)).response, RefusedWith(Reason::kMatchWindowUsed));
  const auto second = Open("DAAR", 100);
  EXPECT_EQ(second->number(), 2U);
  EXPECT_EQ(Window(0).state(), api::MATCH_STATE_SUPERSEDED);
  EXPECT_THAT(server_.TryIssue(project_, "DAAR"), RefusedWith(Reason::kMatchMissing)) << "the old match is not used";
  ASSERT_THAT(server_.Match(project_, "DAAR", People(0, 6)).response, IsOk());
  EXPECT_EQ(server_.Issue(project_, "DAAR").rows(), 6U);
}

TEST_F(MatchesTest, AFileWithoutAnyIdentifierDoesNotUseUpTheWindow) {
  server_.OpenWindow(project_, "DAAR", 100);
  const std::vector<std::string> wrong = {std::string(11, '1'), std::string(11, '2')};
  EXPECT_THAT(server_.Match(project_, "DAAR", wrong).response, RefusedWith(Reason::kNothingValid));
  EXPECT_EQ(Window(0).state(), api::MATCH_STATE_OPEN);
}

TEST_F(MatchesTest, AStreamDoesNotUseUpAWindowThatWasOpenedAfterIt) {
  server_.OpenWindow(project_, "DAAR", 100);
  server_.before_match_commit = [&] { ASSERT_THAT(Open("DAAR", 200), IsOk()); };
  EXPECT_THAT(server_.Match(project_, "DAAR", People(0, 5)).response, RefusedWith(Reason::kMatchWindowUsed));
  server_.before_match_commit = nullptr;
  EXPECT_EQ(Window(1).state(), api::MATCH_STATE_OPEN);
  EXPECT_THAT(server_.Match(project_, "DAAR", People(0, 6)).response, IsOk());
}

TEST_F(MatchesTest, ALargerStreamIsParkedUntilItIsReleased) {
  server_.OpenWindow(project_, "DAAR", 4);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(0, 5)).response, IsOk());
  EXPECT_EQ(Window(0).state(), api::MATCH_STATE_PARKED);
  EXPECT_EQ(Window(0).parked_because(), "more rows than the window allows");
  EXPECT_THAT(server_.TryIssue(project_, "DAAR"), RefusedWith(Reason::kMatchParked));
  EXPECT_THAT(server_.Match(project_, "DAAR", People(0, 3)).response, RefusedWith(Reason::kMatchWindowUsed));
  EXPECT_THAT(Release(1, ""), RefusedWith(Reason::kFieldMissing));
  EXPECT_THAT(Release(2, "fordi"), RefusedWith(Reason::kMatchMissing));
  ASSERT_THAT(Release(1, "registeret har vokst"), IsOk());
  EXPECT_THAT(Release(1, "igjen"), RefusedWith(Reason::kMatchWindowUsed));
  EXPECT_EQ(server_.Issue(project_, "DAAR").rows(), 5U);
}

TEST_F(MatchesTest, ExactlyTheExpectedRowsAreNotParked) {
  server_.OpenWindow(project_, "DAAR", 5);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(0, 5)).response, IsOk());
  EXPECT_EQ(Window(0).state(), api::MATCH_STATE_MATCHED);
}

TEST_F(MatchesTest, AStreamThatLooksMadeUpIsParked) {
  // More than one row in 200 that is no identifier, of at least 1,000.
  std::vector<std::string> rows = People(0, 1000);
  for (std::size_t i = 0; i < 5; ++i) {
    rows[i] = std::string(11, '1');
  }
  server_.OpenWindow(project_, "DAAR", 2000);
  ASSERT_THAT(server_.Match(project_, "DAAR", rows).response, IsOk());
  EXPECT_EQ(Window(0).state(), api::MATCH_STATE_MATCHED);
  rows[5] = std::string(11, '1');
  server_.OpenWindow(project_, "DAAR", 2000);
  ASSERT_THAT(server_.Match(project_, "DAAR", rows).response, IsOk());
  EXPECT_EQ(Window(1).state(), api::MATCH_STATE_PARKED);
  EXPECT_EQ(Window(1).parked_because(), "many rows are no valid identifiers, or nobody's");
}

TEST_F(MatchesTest, WindowsAreForScopeIntersectionAndACompletePopulation) {
  EXPECT_THAT(Open("NPR", 10), RefusedWith(Reason::kScopeDoesNotMatch));
  EXPECT_THAT(Open("KRG", 10), RefusedWith(Reason::kScopeDoesNotMatch));
  EXPECT_THAT(Open("MFR", 10), RefusedWith(Reason::kSourceNotFound));
  EXPECT_THAT(Open("DAAR", 0), RefusedWith(Reason::kFieldMalformed));
  EXPECT_THAT(Open("DAAR", 20'000'001), RefusedWith(Reason::kFieldMalformed));
  EXPECT_THAT(server_.Match(project_, "KRG", People(0, 1)).response, RefusedWith(Reason::kScopeDoesNotMatch));
  project_ = server_.ActiveProject({Defining("NPR"), Intersecting("DAAR")});
  server_.SubmitAll(project_, "NPR", People(0, 10));
  EXPECT_THAT(Open("DAAR", 10), RefusedWith(Reason::kPopulationIncomplete));
}

TEST_F(MatchesTest, RelativesMatchOnlyWhereTheCaseSaysSo) {
  api::Source with_relatives = Intersecting("MFR");
  with_relatives.set_includes_relatives(true);
  project_ = server_.ActiveProject({Defining("NPR"), Intersecting("DAAR"), with_relatives});
  ASSERT_THAT(server_.Submit(project_, "NPR", {People(0, 3), People(3, 5)}).response, IsOk());
  server_.Complete(project_, "NPR");
  for (const auto& [register_id, expected] : {std::pair("DAAR", 3U), std::pair("MFR", 5U)}) {
    server_.OpenWindow(project_, register_id, 100);
    ASSERT_THAT(server_.Match(project_, register_id, People(0, 20)).response, IsOk());
    EXPECT_EQ(server_.Issue(project_, register_id).persons(), expected) << register_id;
  }
}

TEST_F(MatchesTest, ARepeatedRequestGetsItsAnswer) {
  const std::string id = crypto::NewRequestId();
  server_.OpenWindow(project_, "DAAR", 100);
  const auto first = server_.Match(project_, "DAAR", People(0, 5), id);
  ASSERT_THAT(first.response, IsOk());
  const std::size_t events = server_.Events().size();
  const auto second = server_.Match(project_, "DAAR", People(0, 5), id);
  ASSERT_THAT(second.response, IsOk());
  EXPECT_EQ(first.response->SerializeAsString(), second.response->SerializeAsString());
  EXPECT_EQ(server_.Events().size(), events);
}

TEST_F(MatchesTest, OtherPeopleUnderTheSameRequestAreRefused) {
  const std::string id = crypto::NewRequestId();
  server_.OpenWindow(project_, "DAAR", 100);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(0, 5), id).response, IsOk());
  EXPECT_THAT(server_.Match(project_, "DAAR", People(1, 6), id).response, RefusedWith(Reason::kRequestIdReused));
}

}  // namespace
}  // namespace kobling::server
