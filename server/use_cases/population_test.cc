#include "server/use_cases/population.h"

#include <functional>
#include <latch>
#include <thread>

#include "crypto/random.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;
using ::testing::ElementsAre;

std::vector<std::pair<std::uint64_t, Reason>> RowsAndReasons(const std::vector<api::RowFault>& faults) {
  std::vector<std::pair<std::uint64_t, Reason>> list;
  for (const api::RowFault& fault : faults) {
    list.emplace_back(fault.row(), static_cast<Reason>(fault.reason()));
  }
  return list;
}

class PopulationTest : public ::testing::Test {
 protected:
  absl::StatusOr<api::Submission> Withdraw(const std::string& register_id, std::uint32_t number) {
    api::WithdrawSubmissionRequest request;
    request.set_request_id(crypto::NewRequestId());
    request.set_project_id(project_);
    request.set_number(number);
    request.set_reason("feil uttrekk");
    return server_.population().Withdraw(server_.Register(register_id, "PopulationService/WithdrawSubmission"),
                                         request);
  }

  absl::StatusOr<api::Project> Reopen(const std::string& register_id) {
    api::ReopenSourceRequest request;
    request.set_request_id(crypto::NewRequestId());
    request.set_project_id(project_);
    request.set_register_id(register_id);
    request.set_reason("nytt vedtak");
    return server_.projects().ReopenSource(server_.Officer("ProjectService/ReopenSource"), request);
  }

  absl::StatusOr<api::CompletePopulationResponse> Complete(const std::string& register_id) {
    api::CompletePopulationRequest request;
    request.set_request_id(crypto::NewRequestId());
    request.set_project_id(project_);
    return server_.population().Complete(server_.Register(register_id, "PopulationService/CompletePopulation"),
                                         request);
  }

  std::uint64_t Persons() {
    api::GetProjectRequest request;
    request.set_project_id(project_);
    return server_.projects().Get(server_.Officer("ProjectService/GetProject"), request)->persons();
  }

  static api::ProjectCase CaseFor(std::uint64_t approved) {
    api::ProjectCase project_case = FullCase({Defining("NPR"), Defining("MFR"), WholePopulation("DAAR")});
    project_case.set_approved_persons(approved);
    return project_case;
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject(CaseFor(10));
};

TEST_F(PopulationTest, BadRowsAreReportedByNumberAndReasonAndTheRestStands) {
  std::string wrong_check = Person(1);
  wrong_check.back() = wrong_check.back() == '0' ? '1' : '0';
  std::string letters = Person(2);
  letters[3] = 'x';
  const auto submitted = server_.Submit(
      project_, "NPR", {{Person(0), wrong_check, "", Person(3), letters, Person(0), std::string(11, '0')}});
  ASSERT_THAT(submitted.response, IsOk());
  EXPECT_THAT(RowsAndReasons(submitted.faults),
              ElementsAre(std::pair(std::uint64_t{1}, Reason::kIdentifierCheckDigits),
                          std::pair(std::uint64_t{4}, Reason::kIdentifierNotElevenDigits),
                          std::pair(std::uint64_t{6}, static_cast<Reason>(submitted.faults.back().reason()))));
  const api::StreamCounts& counts = submitted.response->result().counts();
  EXPECT_EQ(counts.rows(), 7U);
  EXPECT_EQ(counts.kept_back(), 1U);
  EXPECT_EQ(counts.valid_rows(), 3U);
  EXPECT_EQ(counts.duplicates(), 1U);
  EXPECT_EQ(counts.identifiers(), 2U);
  std::uint64_t faults = 0;
  for (const api::FaultCount& fault : counts.faults()) {
    faults += fault.rows();
  }
  EXPECT_EQ(faults, 3U);
  EXPECT_EQ(submitted.response->result().number(), 1U);
  EXPECT_EQ(Persons(), 2U);
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(PopulationTest, ARealPersonsNumberIsRefusedInATrial) {
  // An officially published example of a fødselsnummer.
  const auto submitted = server_.Submit(project_, "NPR", {{Person(0), "29020073150"}});
  ASSERT_THAT(submitted.response, IsOk());
  EXPECT_THAT(RowsAndReasons(submitted.faults),
              ElementsAre(std::pair(std::uint64_t{1}, Reason::kIdentifierNotSynthetic)));
  EXPECT_EQ(Persons(), 1U);
}

TEST_F(PopulationTest, RelativesAreCountedApartAndOnceWhenTheyAreAlsoIndexPersons) {
  const auto submitted =
      server_.Submit(project_, "NPR", {{Person(0), Person(1)}, {Person(2), Person(0)}, {"", Person(2)}});
  ASSERT_THAT(submitted.response, IsOk());
  const api::StreamCounts& counts = submitted.response->result().counts();
  EXPECT_EQ(counts.identifiers(), 2U);
  EXPECT_EQ(counts.relatives(), 1U);
  EXPECT_EQ(counts.kept_back(), 1U);
  EXPECT_EQ(Persons(), 3U);
  const State::View state = server_.core().state.Read();
  EXPECT_EQ(state->projects.at(project_).index.cardinality(), 2U);
  EXPECT_EQ(state->projects.at(project_).relatives.cardinality(), 1U);
}

TEST_F(PopulationTest, AnEqualSubmissionReturnsTheEarlierNumber) {
  ASSERT_THAT(server_.Submit(project_, "NPR", {{Person(0), Person(1)}, {Person(2)}}).response, IsOk());
  const auto again = server_.Submit(project_, "NPR", {{Person(1), Person(0), Person(0)}, {Person(2), Person(1)}});
  ASSERT_THAT(again.response, IsOk());
  EXPECT_TRUE(again.response->already_submitted());
  EXPECT_EQ(again.response->result().number(), 1U);
  EXPECT_EQ(server_.core().state.Read()->projects.at(project_).rows.submissions.size(), 1U);
  const auto other = server_.Submit(project_, "MFR", {{Person(0), Person(1)}, {Person(2)}});
  EXPECT_FALSE(other.response->already_submitted()) << "another register's is a submission of its own";
  const auto as_index = server_.Submit(project_, "NPR", {{Person(0), Person(1), Person(2)}});
  EXPECT_FALSE(as_index.response->already_submitted()) << "a relative who becomes an index person is news";
  EXPECT_EQ(as_index.response->result().number(), 2U);
}

TEST_F(PopulationTest, ARepeatedRequestGetsItsAnswerAndAnotherContentIsRefused) {
  const std::string id = crypto::NewRequestId();
  const auto first = server_.Submit(project_, "NPR", {People(0, 5)}, {.request_id = id});
  ASSERT_THAT(first.response, IsOk());
  const std::size_t events = server_.Events().size();
  const auto second = server_.Submit(project_, "NPR", {People(0, 5)}, {.request_id = id});
  ASSERT_THAT(second.response, IsOk());
  EXPECT_EQ(second.response->SerializeAsString(), first.response->SerializeAsString());
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 6)}, {.request_id = id}).response,
              RefusedWith(Reason::kRequestIdReused));
  EXPECT_EQ(server_.Events().size(), events);
  ASSERT_THAT(Complete("NPR"), IsOk());
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 5)}, {.request_id = id}).response, IsOk())
      << "also when the project has moved on";
}

TEST_F(PopulationTest, TooManyPersonsStoreNothingGiveNoNumberAndLockTheSource) {
  server_.SubmitAll(project_, "NPR", People(0, 8));
  const std::uint32_t identifiers = server_.core().directory.size();
  const auto refused = server_.Submit(project_, "NPR", {People(6, 10), {Person(10)}});
  EXPECT_THAT(refused.response, RefusedWith(Reason::kBudgetExceeded));
  EXPECT_EQ(server_.core().directory.size(), identifiers);
  EXPECT_EQ(Persons(), 8U);
  EXPECT_EQ(server_.core().state.Read()->projects.at(project_).rows.submissions.size(), 1U);
  EXPECT_EQ(server_.LastEvent().operation, "population.lock-source");
  EXPECT_EQ(server_.LastEvent().register_id, "NPR");
  EXPECT_THAT(server_.Submit(project_, "NPR", {{Person(0)}}).response, RefusedWith(Reason::kSourceLocked));
  EXPECT_THAT(Complete("NPR"), RefusedWith(Reason::kSourceLocked));
  EXPECT_THAT(server_.Submit(project_, "MFR", {People(0, 10)}).response, IsOk()) << "another source goes on";
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
  server_.Restart();
  EXPECT_THAT(server_.Submit(project_, "NPR", {{Person(0)}}).response, RefusedWith(Reason::kSourceLocked));
  ASSERT_THAT(Reopen("NPR"), IsOk());
  const auto after = server_.Submit(project_, "NPR", {People(5, 10)});
  ASSERT_THAT(after.response, IsOk());
  EXPECT_EQ(after.response->result().number(), 2U) << "the refused one took a number";
}

TEST_F(PopulationTest, ExactlyTheApprovedNumberPasses) {
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 9), {Person(9), Person(0)}}).response, IsOk());
  EXPECT_EQ(Persons(), 10U);
}

TEST_F(PopulationTest, ACompleteSourceTakesNothingMoreUntilItIsReopened) {
  EXPECT_THAT(Complete("NPR"), RefusedWith(Reason::kPopulationEmpty));
  server_.SubmitAll(project_, "NPR", People(0, 3));
  server_.SubmitAll(project_, "NPR", People(2, 5));
  const auto complete = Complete("NPR");
  ASSERT_THAT(complete, IsOk());
  EXPECT_EQ(complete->submissions(), 2U);
  EXPECT_EQ(complete->identifiers(), 5U);
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(5, 6)}).response, RefusedWith(Reason::kPopulationComplete));
  ASSERT_THAT(Reopen("NPR"), IsOk());
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(5, 6)}).response, IsOk());
  EXPECT_THAT(Complete("DAAR"), RefusedWith(Reason::kSourceNotDefining));
}

TEST_F(PopulationTest, OnlyARegisterThatDefinesThePopulationSubmits) {
  server_.AddRegister("KRG");
  EXPECT_THAT(server_.Submit(project_, "DAAR", {People(0, 1)}).response, RefusedWith(Reason::kSourceNotDefining));
  const auto outsider = server_.Submit(project_, "KRG", {People(0, 1)}).response;
  EXPECT_THAT(outsider, RefusedWith(Reason::kNotPermitted));
  EXPECT_EQ(outsider.status(), server_.Submit("P9999", "KRG", {People(0, 1)}).response.status());
}

TEST_F(PopulationTest, NothingIsTakenAfterTheEndDate) {
  server_.clock().Advance(absl::Hours(24 * 345));  // 2027-11-02
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 1)}).response, RefusedWith(Reason::kProjectEnded));
}

TEST_F(PopulationTest, NothingIsTakenBeforeTheFirstDay) {
  api::ProjectCase project_case = CaseFor(10);
  project_case.set_start_date("2026-11-23");
  const std::string later = server_.ActiveProject(project_case);
  EXPECT_THAT(server_.Submit(later, "NPR", {People(0, 1)}).response, RefusedWith(Reason::kProjectState));
  server_.clock().Advance(absl::Hours(24));
  EXPECT_THAT(server_.Submit(later, "NPR", {People(0, 1)}).response, IsOk());
}

TEST_F(PopulationTest, AWithdrawalReopensACompleteSourceAndWaitsForALockedOne) {
  server_.SubmitAll(project_, "NPR", People(0, 4));
  ASSERT_THAT(Complete("NPR"), IsOk());
  ASSERT_THAT(Withdraw("NPR", 1), IsOk());
  EXPECT_THAT(Complete("NPR"), RefusedWith(Reason::kPopulationEmpty));
  server_.SubmitAll(project_, "NPR", People(0, 5));
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 11)}).response, RefusedWith(Reason::kBudgetExceeded));
  EXPECT_THAT(Withdraw("NPR", 2), RefusedWith(Reason::kSourceLocked));
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(PopulationTest, AWithdrawnSubmissionLeavesThePopulationButNotWhatOthersNamed) {
  server_.SubmitAll(project_, "NPR", People(0, 4));
  server_.SubmitAll(project_, "MFR", People(3, 6));
  EXPECT_EQ(Persons(), 6U);
  EXPECT_THAT(Withdraw("MFR", 2), RefusedWith(Reason::kSubmissionNotFound));
  ASSERT_THAT(Withdraw("NPR", 1), IsOk());
  EXPECT_EQ(Persons(), 3U);
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
  EXPECT_THAT(Withdraw("NPR", 1), RefusedWith(Reason::kSubmissionNotFound));
  const auto again = server_.Submit(project_, "NPR", {People(0, 4)});
  ASSERT_THAT(again.response, IsOk());
  EXPECT_FALSE(again.response->already_submitted()) << "what was withdrawn does not stand";
  EXPECT_EQ(again.response->result().number(), 2U);
}

TEST_F(PopulationTest, WhoWasTakenBackAfterAnIssueStillCountsAndComesBackAsWhoTheyWere) {
  server_.SubmitAll(project_, "NPR", People(0, 4));
  server_.SubmitAll(project_, "MFR", People(3, 6));
  server_.Complete(project_, "NPR");
  server_.Complete(project_, "MFR");
  server_.Issue(project_, "NPR");
  ASSERT_THAT(Withdraw("NPR", 1), IsOk());
  EXPECT_EQ(Persons(), 6U) << "their numbers may be in a register's hands";
  EXPECT_EQ(server_.core().state.Read()->projects.at(project_).former.cardinality(), 3U) << "one is named by MFR too";
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 2)}).response, RefusedWith(Reason::kPopulationComplete))
      << "the key officer opens a part again, not the register";
  server_.Reopen(project_, "NPR");
  ASSERT_THAT(server_.Submit(project_, "NPR", {People(0, 2)}).response, IsOk());
  EXPECT_EQ(server_.core().state.Read()->projects.at(project_).former.cardinality(), 1U);
  EXPECT_EQ(Persons(), 6U);
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(PopulationTest, RefuseInvalidRefusesTheWholeStream) {
  EXPECT_THAT(server_.Submit(project_, "NPR", {{Person(0), std::string(11, '1')}}, {.refuse_invalid = true}).response,
              RefusedWith(Reason::kInvalidRowsRefused));
  EXPECT_THAT(server_.Submit(project_, "NPR", {{Person(0), ""}}, {.refuse_invalid = true}).response,
              RefusedWith(Reason::kInvalidRowsRefused));
  EXPECT_EQ(server_.core().directory.size(), 0U);
  EXPECT_THAT(server_.Submit(project_, "NPR", {{Person(0)}}, {.refuse_invalid = true}).response, IsOk());
}

TEST_F(PopulationTest, NothingValidIsRefused) {
  EXPECT_THAT(server_.Submit(project_, "NPR", {{"", std::string(11, '1')}}).response,
              RefusedWith(Reason::kNothingValid));
  EXPECT_THAT(server_.Submit(project_, "NPR", {{}}).response, RefusedWith(Reason::kNothingValid));
  EXPECT_THAT(server_.Submit(project_, "NPR", {{""}, {Person(0)}}).response, RefusedWith(Reason::kNothingValid));
}

TEST_F(PopulationTest, ADryRunCountsAndStoresNothing) {
  const std::string before = server_.StoredBytes();
  const auto dry = server_.Submit(project_, "NPR", {{Person(0), Person(0), std::string(11, '1')}}, {.dry_run = true});
  ASSERT_THAT(dry.response, IsOk());
  EXPECT_EQ(dry.response->result().state(), api::SUBMISSION_STATE_DRY_RUN);
  EXPECT_EQ(dry.response->result().counts().duplicates(), 1U);
  EXPECT_EQ(dry.faults.size(), 1U);
  EXPECT_EQ(server_.StoredBytes(), before);
  // No oracle of who is in the project: over the approved number it is still just counted.
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 20)}, {.dry_run = true}).response, IsOk());
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 1)}).response, IsOk()) << "it locked the source";
}

TEST_F(PopulationTest, RegistersSeeTheirOwnSubmissionsOnly) {
  server_.SubmitAll(project_, "NPR", People(0, 4));
  server_.SubmitAll(project_, "MFR", People(3, 6));
  api::ListSubmissionsRequest request;
  request.set_project_id(project_);
  const Call call = server_.Register("MFR", "PopulationService/ListSubmissions");
  const auto own = server_.population().List(call, request);
  ASSERT_THAT(own, IsOk());
  ASSERT_EQ(own->submissions_size(), 1);
  EXPECT_EQ(own->submissions(0).register_id(), "MFR");
  request.set_register_id("NPR");
  EXPECT_THAT(server_.population().List(call, request), RefusedWith(Reason::kNotPermitted));
  request.clear_register_id();
  EXPECT_EQ(
      server_.population().List(server_.Officer("PopulationService/ListSubmissions"), request)->submissions_size(), 2);
}

TEST_F(PopulationTest, NothingThatIsStoredIsClear) {
  ASSERT_THAT(server_.Submit(project_, "NPR", {People(0, 5), People(5, 8)}).response, IsOk());
  const std::string stored = server_.StoredBytes();
  for (const std::string& person : People(0, 8)) {
    EXPECT_EQ(stored.find(person), std::string::npos);
  }
}

// Two streams that began before either was committed, with the same new people.
TEST_F(PopulationTest, TwoStreamsWithTheSameNewPeopleGiveEachPersonOneNumber) {
  const auto begin = [&](const std::string& register_id) {
    api::SubmitHeader header;
    header.set_request_id(crypto::NewRequestId());
    header.set_project_id(project_);
    header.add_columns("pasient");
    auto stream = SubmissionStream::Begin(server_.core(), server_.Register(register_id, "PopulationService/Submit"),
                                          {server_.rules(), server_.rows_in_use()}, header)
                      .value();
    api::IdentifierBatch batch;
    for (const std::string& person : People(0, 7)) {
      batch.mutable_identifiers()->append(person);
    }
    std::vector<api::RowFault> faults;
    EXPECT_THAT(stream->Add(batch, faults), IsOk());
    return stream;
  };
  const auto one = begin("NPR");
  const auto two = begin("MFR");
  api::SubmitCommit commit;
  commit.add_rows_per_column(7);
  std::vector<std::jthread> threads;
  ASSERT_THAT(server_.core().committer.Commit([&](Change& change) {
    change.event.operation = "test.wait";
    std::latch begun(2);
    for (const auto& stream : {std::ref(one), std::ref(two)}) {
      threads.emplace_back([&begun, &commit, stream] {
        begun.count_down();
        EXPECT_THAT(stream.get()->Commit(commit), IsOk());
      });
    }
    begun.wait();
    for (int i = 0; i < 10'000; ++i) {
      std::this_thread::yield();  // until both have looked their people up and wait for this change
    }
    return absl::OkStatus();
  }),
              IsOk());
  threads.clear();
  EXPECT_EQ(server_.core().directory.size(), 7U);
  EXPECT_EQ(Persons(), 7U);
  const State::View state = server_.core().state.Read();
  const auto& submissions = state->projects.at(project_).rows.submissions;
  ASSERT_EQ(submissions.size(), 2U);
  EXPECT_EQ(submissions[0].index_set(), submissions[1].index_set());
  EXPECT_EQ(submissions[0].counts().identifiers(), 7U);
  EXPECT_EQ(submissions[1].counts().identifiers(), 7U);
}

TEST_F(PopulationTest, AStreamThatLosesRowsIsRefused) {
  api::SubmitHeader header;
  header.set_request_id(crypto::NewRequestId());
  header.set_project_id(project_);
  header.add_columns("pasient");
  const Call call = server_.Register("NPR", "PopulationService/Submit");
  auto stream = SubmissionStream::Begin(server_.core(), call, {server_.rules(), server_.rows_in_use()}, header).value();
  std::vector<api::RowFault> faults;
  api::IdentifierBatch batch;
  batch.set_identifiers(Person(0) + Person(1));
  ASSERT_THAT(stream->Add(batch, faults), IsOk());
  EXPECT_THAT(stream->Add(batch, faults), RefusedWith(Reason::kStreamProtocol)) << "the same rows again";
  batch.set_first_row(3);
  EXPECT_THAT(stream->Add(batch, faults), RefusedWith(Reason::kStreamProtocol)) << "a gap";
  batch.set_first_row(2);
  batch.set_column(1);
  EXPECT_THAT(stream->Add(batch, faults), RefusedWith(Reason::kStreamProtocol)) << "no such column";
  batch.set_column(0);
  batch.set_identifiers(Person(2).substr(1));
  EXPECT_THAT(stream->Add(batch, faults), RefusedWith(Reason::kStreamProtocol)) << "half a row";
  api::SubmitCommit commit;
  EXPECT_THAT(stream->Commit(commit), RefusedWith(Reason::kStreamProtocol));
  commit.add_rows_per_column(3);
  EXPECT_THAT(stream->Commit(commit), RefusedWith(Reason::kStreamProtocol));
}

TEST(PopulationLimits, RowsOfOneStreamAndOfAllTogetherAreLimited) {
  ServerConfig config;
  config.limits.max_stream_rows = 10;
  config.limits.max_total_stream_rows = 15;
  TestCore server(config);
  const std::string project = server.ActiveProject({Defining("NPR")});
  EXPECT_THAT(server.Submit(project, "NPR", {People(0, 11)}).response, RefusedWith(Reason::kTooManyRows));
  ASSERT_TRUE(server.rows_in_use().Take(6));  // another stream
  EXPECT_THAT(server.Submit(project, "NPR", {People(0, 10)}).response, RefusedWith(Reason::kServerBusy));
  server.rows_in_use().Return(6);
  EXPECT_THAT(server.Submit(project, "NPR", {People(0, 10)}).response, IsOk());
  EXPECT_TRUE(server.rows_in_use().Take(15)) << "streams that ended keep their rows";
}

}  // namespace
}  // namespace kobling::server
