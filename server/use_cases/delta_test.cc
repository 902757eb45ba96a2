// Key files that go on from earlier ones, and past files made again.
#include <algorithm>
#include <set>

#include "crypto/random.h"
#include "server/core/core_testing.h"
#include "server/use_cases/key_files.h"

namespace kobling::server {
namespace {

using domain::Reason;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DeltaTest : public ::testing::Test {
 protected:
  // NPR names 0 to 9 and MFR 20 to 24, and key file 1 of NPR is issued.
  DeltaTest() {
    server_.SubmitAll(project_, "NPR", People(0, 10));
    server_.SubmitAll(project_, "MFR", People(20, 25));
    server_.Complete(project_, "NPR");
    server_.Complete(project_, "MFR");
    server_.Issue(project_, "NPR");
    Fetch(1);
  }

  void Fetch(std::uint32_t number) { EXPECT_THAT(server_.Fetch(project_, "NPR", number, 0), IsOk()); }

  void Add(std::size_t begin, std::size_t end) {
    server_.Reopen(project_, "NPR");
    server_.SubmitAll(project_, "NPR", People(begin, end));
    server_.Complete(project_, "NPR");
  }

  std::set<std::pair<std::string, std::string>> RowsOfPeople(const std::vector<std::string>& people) {
    std::set<std::pair<std::string, std::string>> rows;
    for (const std::string& person : people) {
      rows.emplace(person, server_.ExpectedLopenummer(project_, person));
    }
    return rows;
  }

  // The file has exactly these new people and these withdrawn ones, each with the løpenummer that the formulas give.
  void ExpectDelta(std::uint32_t number, const std::vector<std::string>& added,
                   const std::vector<std::string>& withdrawn) {
    const OpenKeyFile file = server_.FetchAndOpen(project_, "NPR", number);
    EXPECT_EQ(std::set(file.rows.begin(), file.rows.end()), RowsOfPeople(added));
    EXPECT_EQ(std::set(file.withdrawn.begin(), file.withdrawn.end()), RowsOfPeople(withdrawn));
    EXPECT_EQ(file.comment.kind, crypto::KeyFileKind::kDelta);
    EXPECT_EQ(file.comment.rows, added.size() + withdrawn.size());
    EXPECT_EQ(file.comment.withdrawn, withdrawn.size());
  }

  absl::StatusOr<api::ReproduceKeyFileResponse> Reproduce(std::uint32_t number) {
    api::ReproduceKeyFileRequest request;
    request.set_project_id(project_);
    request.set_register_id("NPR");
    request.set_number(number);
    request.set_purpose("spørsmål fra Datatilsynet");
    return server_.key_files().Reproduce(server_.By(Role::kAuditor, "anne.audit", "KeyFileService/ReproduceKeyFile"),
                                         request);
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR"), Defining("MFR"), Intersecting("DAAR")});
};

TEST_F(DeltaTest, HoldsWhatIsNewWithTheSameLopenumreAsEver) {
  Add(10, 13);
  const api::KeyFile issued = server_.Issue(project_, "NPR", 1);
  EXPECT_EQ(issued.number(), 2U);
  EXPECT_EQ(issued.kind(), api::KEY_FILE_KIND_DELTA);
  EXPECT_EQ(issued.since(), 1U);
  EXPECT_EQ(issued.rows(), 3U);
  EXPECT_EQ(issued.withdrawn_rows(), 0U);
  ExpectDelta(2, People(10, 13), {});
}

TEST_F(DeltaTest, NamesWhoWasTakenBack) {
  Add(10, 13);
  server_.WithdrawSubmission(project_, "NPR", 1);
  server_.Reopen(project_, "NPR");
  server_.SubmitAll(project_, "NPR", People(0, 8));
  server_.Complete(project_, "NPR");
  const api::KeyFile issued = server_.Issue(project_, "NPR", 1);
  EXPECT_EQ(issued.rows(), 5U);
  EXPECT_EQ(issued.withdrawn_rows(), 2U);
  ExpectDelta(2, People(10, 13), People(8, 10));
}

TEST_F(DeltaTest, GoesOnFromADeltaAsFromAFullFile) {
  Add(10, 13);
  server_.Issue(project_, "NPR", 1);
  EXPECT_THAT(server_.TryIssue(project_, "NPR", 2), RefusedWith(Reason::kKeyFileNotFetched));
  Fetch(2);
  Add(13, 15);
  server_.WithdrawSubmission(project_, "NPR", 2);
  server_.Complete(project_, "NPR");
  server_.Issue(project_, "NPR", 2);
  ExpectDelta(3, People(13, 15), People(10, 13));
  server_.Issue(project_, "NPR", 1);
  ExpectDelta(4, People(13, 15), {});
  const api::KeyFile full = server_.Issue(project_, "NPR");
  EXPECT_EQ(full.kind(), api::KEY_FILE_KIND_FULL);
  EXPECT_EQ(full.rows(), 12U);
}

TEST_F(DeltaTest, EverybodyTakenBackIsADeltaOfWithdrawnRowsOnly) {
  server_.Reopen(project_, "NPR");
  server_.WithdrawSubmission(project_, "NPR", 1);
  server_.SubmitAll(project_, "NPR", People(30, 31));
  server_.Complete(project_, "NPR");
  server_.Issue(project_, "NPR", 1);
  ExpectDelta(2, People(30, 31), People(0, 10));
}

TEST_F(DeltaTest, NothingNewIsSaidAndTheSameDeltaIsNotMadeTwice) {
  const auto nothing = server_.TryIssue(project_, "NPR", 1);
  EXPECT_THAT(nothing, RefusedWith(Reason::kNothingToIssue));
  EXPECT_THAT(DetailOf(nothing.status(), "hint"), HasSubstr("nothing has changed"));
  Add(10, 13);
  server_.Issue(project_, "NPR", 1);
  Fetch(2);
  EXPECT_THAT(server_.TryIssue(project_, "NPR", 1), RefusedWith(Reason::kKeyFileStands));
  EXPECT_THAT(server_.TryIssue(project_, "NPR", 2), RefusedWith(Reason::kNothingToIssue));
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), IsOk()) << "a full file is another one";
}

TEST_F(DeltaTest, GoesOnOnlyFromAFileThatTheRegisterMayHold) {
  Add(10, 13);
  EXPECT_THAT(server_.TryIssue(project_, "NPR", 9), RefusedWith(Reason::kKeyFileNotFound));
  auto withdraw = About<api::WithdrawKeyFileRequest>(project_);
  withdraw.set_register_id("NPR");
  withdraw.set_number(1);
  const Call officer = server_.Officer("KeyFileService/WithdrawKeyFile");
  ASSERT_THAT(server_.key_files().Withdraw(officer, withdraw), IsOk());
  EXPECT_THAT(server_.TryIssue(project_, "NPR", 1), RefusedWith(Reason::kKeyFileWithdrawn));
  server_.Issue(project_, "NPR");
  EXPECT_THAT(server_.TryIssue(project_, "NPR", 2), RefusedWith(Reason::kKeyFileNotFetched));
  Fetch(2);
  Add(13, 14);
  server_.clock().Advance(absl::Hours(24 * 91));
  ASSERT_THAT(server_.key_files().Upkeep(), IsOk());
  EXPECT_THAT(server_.TryIssue(project_, "NPR", 2), IsOk()) << "the register has it, though it has expired here";
}

TEST_F(DeltaTest, AFileThatADeltaGoesOnFromStays) {
  Add(10, 13);
  server_.Issue(project_, "NPR", 1);
  Fetch(2);
  auto withdraw = About<api::WithdrawKeyFileRequest>(project_);
  withdraw.set_register_id("NPR");
  const Call officer = server_.Officer("KeyFileService/WithdrawKeyFile");
  withdraw.set_number(1);
  EXPECT_THAT(server_.key_files().Withdraw(officer, withdraw), RefusedWith(Reason::kKeyFileContinued));
  withdraw.set_request_id(crypto::NewRequestId());
  withdraw.set_number(2);
  ASSERT_THAT(server_.key_files().Withdraw(officer, withdraw), IsOk());
  withdraw.set_request_id(crypto::NewRequestId());
  withdraw.set_number(1);
  EXPECT_THAT(server_.key_files().Withdraw(officer, withdraw), IsOk());
}

TEST_F(DeltaTest, UseOfEverybodyWhoHoldsIsReportedOnIt) {
  Add(10, 13);
  server_.WithdrawSubmission(project_, "NPR", 1);
  server_.Reopen(project_, "NPR");
  server_.SubmitAll(project_, "NPR", People(0, 8));
  server_.Complete(project_, "NPR");
  server_.Issue(project_, "NPR", 1);
  const auto report = server_.Report(server_.Header(project_, 2, "NPR-2"),
                                     {server_.ExpectedLopenummer(project_, Person(0)),    // of the first file
                                      server_.ExpectedLopenummer(project_, Person(11)),   // new
                                      server_.ExpectedLopenummer(project_, Person(9))});  // withdrawn
  ASSERT_THAT(report.response, IsOk());
  EXPECT_EQ(report.response->result().used(), 2U);
  ASSERT_EQ(report.faults.size(), 1U);
  EXPECT_EQ(report.faults[0].row(), 2U);
}

TEST_F(DeltaTest, ACitizenOfTheFirstFileIsStillInTheRegistersHandsAfterADelta) {
  const auto use_of = [&](const std::string& person) {
    api::LookupRequest request;
    request.set_identifier(person);
    request.set_purpose("eget innsyn");
    const Call portal = server_.By(Role::kInsightPortal, "portal", "InsightService/Lookup");
    return server_.insight().Lookup(portal, request)->projects(0).registers(0).use();
  };
  ASSERT_THAT(
      server_.Report(server_.Header(project_, 1, "NPR-1"), {server_.ExpectedLopenummer(project_, Person(1))}).response,
      IsOk());
  EXPECT_EQ(use_of(Person(0)), api::USE_NOT_USED);
  Add(10, 13);
  server_.Issue(project_, "NPR", 1);
  EXPECT_EQ(use_of(Person(0)), api::USE_NOT_YET_REPORTED)
      << "the register may use the first file's rows with the delta";
  EXPECT_EQ(use_of(Person(11)), api::USE_NOT_YET_REPORTED);
  ASSERT_THAT(
      server_.Report(server_.Header(project_, 2, "NPR-2"), {server_.ExpectedLopenummer(project_, Person(0))}).response,
      IsOk());
  EXPECT_EQ(use_of(Person(0)), api::USE_USED);
  EXPECT_EQ(use_of(Person(11)), api::USE_NOT_USED);
}

TEST_F(DeltaTest, EveryPastFileIsMadeAgainAsItWas) {
  Add(10, 13);
  server_.Issue(project_, "NPR", 1);
  Fetch(2);
  server_.WithdrawSubmission(project_, "NPR", 1);
  server_.Complete(project_, "NPR");
  server_.Issue(project_, "NPR", 2);
  server_.clock().Advance(absl::Hours(24 * 365));
  ASSERT_THAT(server_.key_files().Upkeep(), IsOk());
  EXPECT_THAT(server_.FilesInFolder(), IsEmpty());
  server_.Restart();
  std::set<std::string> digests;
  for (std::uint32_t number = 1; number <= 3; ++number) {
    const auto made = Reproduce(number);
    ASSERT_THAT(made, IsOk());
    EXPECT_TRUE(made->equal()) << number;
    EXPECT_EQ(made->plaintext_digest(), made->key_file().plaintext_digest());
    digests.insert(made->plaintext_digest());
  }
  EXPECT_EQ(digests.size(), 3U);
  const transparency::Event event = server_.LastEvent();
  EXPECT_EQ(event.operation, "keyfile.reproduce");
  EXPECT_EQ(event.purpose, "spørsmål fra Datatilsynet");
  EXPECT_EQ(event.object, "keyfile 3");
}

TEST_F(DeltaTest, AFileWhoseSetIsNotWhatWasIssuedIsTold) {
  Add(10, 13);
  server_.Issue(project_, "NPR", 1);
  ASSERT_THAT(server_.core().committer.Commit([&](Change& change) -> absl::Status {
    records::KeyFileRecord first = server_.core().state.Read()->projects.at(project_).rows.key_files[0];
    first.set_set(server_.core().state.Read()->projects.at(project_).rows.key_files[1].set());
    change.Put(first);
    return absl::OkStatus();
  }),
              IsOk());
  const auto made = Reproduce(1);
  ASSERT_THAT(made, IsOk());
  EXPECT_FALSE(made->equal());
}

TEST_F(DeltaTest, PersonsAreThoseWhomTheRegisterHoldsAndRowsThoseOfTheFile) {
  server_.Reopen(project_, "NPR");
  server_.WithdrawSubmission(project_, "NPR", 1);
  server_.SubmitAll(project_, "NPR", People(0, 7));
  server_.Complete(project_, "NPR");
  const api::KeyFile issued = server_.Issue(project_, "NPR", 1);
  EXPECT_EQ(issued.rows(), 3U);
  EXPECT_EQ(issued.withdrawn_rows(), 3U);
  EXPECT_EQ(issued.persons(), 7U);
  EXPECT_EQ(server_.FetchAndOpen(project_, "NPR", 2).comment.persons, 3U) << "the comment speaks of the file's rows";
}

TEST_F(DeltaTest, AFileWithoutADigestIsNotSaidToHaveChanged) {
  ASSERT_THAT(server_.core().committer.Commit([&](Change& change) -> absl::Status {
    records::KeyFileRecord first = server_.core().state.Read()->projects.at(project_).rows.key_files[0];
    first.clear_plaintext_digest();
    change.Put(first);
    return absl::OkStatus();
  }),
              IsOk());
  EXPECT_THAT(Reproduce(1), RefusedWith(Reason::kPreconditionFailed));
}

TEST_F(DeltaTest, MakingAgainNeedsAPurposeAndTheKey) {
  api::ReproduceKeyFileRequest request;
  request.set_project_id(project_);
  request.set_register_id("NPR");
  request.set_number(1);
  const Call officer = server_.Officer("KeyFileService/ReproduceKeyFile");
  EXPECT_THAT(server_.key_files().Reproduce(officer, request), RefusedWith(Reason::kPurposeMissing));
  ASSERT_THAT(server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                       About<api::CloseProjectRequest>(project_)),
              IsOk());
  EXPECT_TRUE(Reproduce(1)->equal());
  auto destroy = About<api::DestroyProjectKeyRequest>(project_);
  destroy.set_confirmation(project_);
  destroy.set_waiver_reason("prøve");
  ASSERT_THAT(server_.projects().DestroyKey(server_.Officer("ProjectService/DestroyProjectKey"), destroy), IsOk());
  EXPECT_THAT(Reproduce(1), RefusedWith(Reason::kKeyDestroyed));
}

}  // namespace
}  // namespace kobling::server
