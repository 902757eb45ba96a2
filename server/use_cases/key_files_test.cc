#include "server/use_cases/key_files.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

#include "crypto/random.h"
#include "server/core/core_testing.h"
#include "server/core/key_file_maker.h"

namespace kobling::server {
namespace {

using domain::Reason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

class KeyFilesTest : public ::testing::Test {
 protected:
  // NPR names 0 to 9 and the relatives 20 and 21, MFR 5 to 14.
  void FillIn() {
    ASSERT_THAT(server_.Submit(project_, "NPR", {People(0, 10), People(20, 22)}).response, IsOk());
    server_.SubmitAll(project_, "MFR", People(5, 15));
    server_.Complete(project_, "NPR");
    server_.Complete(project_, "MFR");
  }

  // The file has exactly these people, each with the løpenummer that the formulas give, sorted.
  void ExpectRows(const OpenKeyFile& file, const std::string& project, const std::vector<std::string>& people) {
    std::vector<std::pair<std::string, std::string>> expected;
    for (const std::string& person : people) {
      expected.emplace_back(person, server_.ExpectedLopenummer(project, person));
    }
    EXPECT_THAT(file.rows, UnorderedElementsAreArray(expected));
    EXPECT_TRUE(std::is_sorted(file.rows.begin(), file.rows.end(), [](const auto& a, const auto& b) {
      return std::tie(a.second, a.first) < std::tie(b.second, b.first);
    }));
    EXPECT_EQ(file.text.size(), 25 + file.rows.size() * 31) << "header, then rows of 31 bytes, and nothing else";
  }

  absl::StatusOr<api::KeyFile> Withdraw(const std::string& register_id, std::uint32_t number) {
    api::WithdrawKeyFileRequest request;
    request.set_request_id(crypto::NewRequestId());
    request.set_project_id(project_);
    request.set_register_id(register_id);
    request.set_number(number);
    request.set_reason("feil mottaker");
    return server_.key_files().Withdraw(server_.Officer("KeyFileService/WithdrawKeyFile"), request);
  }

  void RevokeKeyOfNpr() {
    api::RevokeRecipientKeyRequest revoke;
    revoke.set_request_id(crypto::NewRequestId());
    revoke.set_register_id("NPR");
    revoke.set_number(1);
    revoke.set_reason("tapt");
    ASSERT_THAT(server_.registers().RevokeKey(server_.Officer("RegisterService/RevokeRecipientKey"), revoke), IsOk());
  }

  static std::vector<std::string> Joined(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }

  TestCore server_;
  std::string project_ =
      server_.ActiveProject({Defining("NPR"), Defining("MFR"), Intersecting("DAAR"), WholePopulation("KRG")});
};

TEST_F(KeyFilesTest, OwnHoldsExactlyTheRegistersOwnPeople) {
  FillIn();
  server_.Issue(project_, "NPR");
  server_.Issue(project_, "MFR");
  ExpectRows(server_.FetchAndOpen(project_, "NPR", 1), project_, Joined(People(0, 10), People(20, 22)));
  ExpectRows(server_.FetchAndOpen(project_, "MFR", 1), project_, People(5, 15));
}

TEST_F(KeyFilesTest, OwnLeavesOutWhatWasWithdrawn) {
  server_.SubmitAll(project_, "NPR", People(0, 4));
  server_.SubmitAll(project_, "NPR", People(3, 6));
  server_.SubmitAll(project_, "MFR", People(0, 9));
  api::WithdrawSubmissionRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project_);
  request.set_number(1);
  request.set_reason("feil uttrekk");
  ASSERT_THAT(server_.population().Withdraw(server_.Register("NPR", "PopulationService/WithdrawSubmission"), request),
              IsOk());
  server_.Complete(project_, "NPR");
  server_.Complete(project_, "MFR");
  server_.Issue(project_, "NPR");
  ExpectRows(server_.FetchAndOpen(project_, "NPR", 1), project_, People(3, 6));
}

TEST_F(KeyFilesTest, IntersectionHoldsExactlyWhatWasStreamedAndIsInThePopulation) {
  FillIn();
  EXPECT_THAT(server_.TryIssue(project_, "DAAR"), RefusedWith(Reason::kMatchMissing));
  server_.OpenWindow(project_, "DAAR", 100);
  EXPECT_THAT(server_.TryIssue(project_, "DAAR"), RefusedWith(Reason::kMatchMissing));
  ASSERT_THAT(server_.Match(project_, "DAAR", People(8, 60)).response, IsOk());
  server_.Issue(project_, "DAAR");
  ExpectRows(server_.FetchAndOpen(project_, "DAAR", 1), project_, People(8, 15));
}

TEST_F(KeyFilesTest, AMatchOfNobodyIssuesNothing) {
  FillIn();
  server_.OpenWindow(project_, "DAAR", 100);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(50, 60)).response, IsOk());
  EXPECT_THAT(server_.TryIssue(project_, "DAAR"), RefusedWith(Reason::kNothingToIssue));
  EXPECT_THAT(server_.FilesInFolder(), IsEmpty());
}

TEST_F(KeyFilesTest, PopulationHoldsTheWholePopulationAndRelativesOnlyIfTheCaseSaysSo) {
  FillIn();
  server_.Issue(project_, "KRG");
  ExpectRows(server_.FetchAndOpen(project_, "KRG", 1), project_, People(0, 15));
  api::Source with_relatives = WholePopulation("KRG");
  with_relatives.set_includes_relatives(true);
  const std::string other = server_.ActiveProject({Defining("NPR"), with_relatives});
  ASSERT_THAT(server_.Submit(other, "NPR", {People(0, 3), People(20, 22)}).response, IsOk());
  server_.Complete(other, "NPR");
  server_.Issue(other, "KRG");
  ExpectRows(server_.FetchAndOpen(other, "KRG", 1), other, Joined(People(0, 3), People(20, 22)));
}

TEST_F(KeyFilesTest, APersonHasOneLopenummerInAProjectAndAnotherInTheNext) {
  FillIn();
  server_.Issue(project_, "NPR");
  server_.Issue(project_, "MFR");
  const std::string other = server_.ActiveProject({Defining("NPR")});
  server_.SubmitAll(other, "NPR", People(0, 10));
  server_.Complete(other, "NPR");
  server_.Issue(other, "NPR");
  const auto map_of = [](const OpenKeyFile& file) {
    return std::map<std::string, std::string>(file.rows.begin(), file.rows.end());
  };
  const auto npr = map_of(server_.FetchAndOpen(project_, "NPR", 1));
  const auto mfr = map_of(server_.FetchAndOpen(project_, "MFR", 1));
  const auto next = map_of(server_.FetchAndOpen(other, "NPR", 1));
  for (const std::string& person : People(5, 10)) {
    EXPECT_EQ(npr.at(person), mfr.at(person));
    EXPECT_NE(npr.at(person), next.at(person));
  }
}

TEST_F(KeyFilesTest, EachProjectGetsAKeyOfItsOwn) {
  // Without the keys that the tests know: what activation itself made.
  std::set<std::string> wrapped;
  for (int i = 0; i < 2; ++i) {
    const std::string id = server_.Draft(FullCase({Defining("NPR")}));
    storage::WriteBatch batch;
    const domain::ProjectId project = domain::ProjectId::Parse(id).value();
    ASSERT_THAT(server_.core().keys.CreateProjectKey(project, 1, batch), IsOk());
    ASSERT_THAT(server_.store().Commit(batch), IsOk());
    const auto prf = server_.core().keys.ProjectPrf(server_.store(), project, 1);
    ASSERT_THAT(prf, IsOk());
    const auto bits = prf->Of(crypto::Uid{}).bits();
    wrapped.insert(std::string(bits.begin(), bits.end()));
  }
  EXPECT_EQ(wrapped.size(), 2U);
}

TEST_F(KeyFilesTest, TheSignedCommentSaysWhatTheFileIs) {
  std::vector<std::string> rows = People(0, 10);
  rows.push_back(rows[3]);
  server_.SubmitAll(project_, "NPR", rows);
  server_.SubmitAll(project_, "MFR", People(5, 15));
  server_.Complete(project_, "NPR");
  server_.Complete(project_, "MFR");
  const api::KeyFile record = server_.Issue(project_, "NPR");
  const OpenKeyFile file = server_.FetchAndOpen(project_, "NPR", 1);
  EXPECT_EQ(file.comment.project.text(), project_);
  EXPECT_EQ(file.comment.register_id.text(), "NPR");
  EXPECT_EQ(file.comment.number, 1U);
  EXPECT_EQ(file.comment.kind, crypto::KeyFileKind::kFull);
  EXPECT_EQ(file.comment.rows, 10U);
  EXPECT_EQ(file.comment.persons, 10U);
  EXPECT_EQ(file.comment.duplicates, 1U);
  EXPECT_EQ(file.comment.key_version, 1U);
  EXPECT_EQ(file.comment.recipient, record.recipient_fingerprint());
  EXPECT_EQ(file.comment.expires, absl::CivilDay(2027, 2, 20));  // 90 days from 2026-11-22
  EXPECT_EQ(record.expiry_date(), "2027-02-20");
  EXPECT_FALSE(file.comment.previous.has_value());
  const auto events = server_.Events();
  ASSERT_LT(file.comment.event, events.size());
  EXPECT_EQ(events[file.comment.event].operation, "keyfile.issue");
  EXPECT_EQ(events[file.comment.event].object, "keyfile 1");
  EXPECT_EQ(record.event_index(), file.comment.event);
  EXPECT_EQ(record.file_name(), "NPR_" + project_ + "_0001.csv.age");
  EXPECT_THAT(server_.FilesInFolder(), ElementsAre(record.file_name()));

  server_.EnrolKey("NPR");
  server_.Issue(project_, "NPR");
  const OpenKeyFile second = server_.FetchAndOpen(project_, "NPR", 2);
  EXPECT_EQ(second.comment.number, 2U);
  EXPECT_EQ(second.comment.previous,
            crypto::Sha256(std::span(reinterpret_cast<const std::uint8_t*>(file.sealed.data()), file.sealed.size())));
  EXPECT_EQ(second.text, file.text) << "the same rows, whenever they are issued";
  EXPECT_NE(second.sealed, file.sealed);
}

TEST_F(KeyFilesTest, ARepeatedIssueIsTheSameFile) {
  FillIn();
  api::IssueKeyFileRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project_);
  request.set_register_id("NPR");
  const Call call = server_.Officer("KeyFileService/IssueKeyFile");
  const auto first = server_.key_files().Issue(call, request);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(server_.key_files().Issue(call, request)->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(server_.FilesInFolder().size(), 1U);
  request.set_register_id("MFR");
  EXPECT_THAT(server_.key_files().Issue(call, request), RefusedWith(Reason::kRequestIdReused));
}

TEST_F(KeyFilesTest, IssueWaitsUntilEveryDefiningRegisterIsComplete) {
  server_.SubmitAll(project_, "NPR", People(0, 10));
  server_.SubmitAll(project_, "MFR", People(5, 15));
  server_.Complete(project_, "NPR");
  const auto refused = server_.TryIssue(project_, "NPR");
  EXPECT_THAT(refused, RefusedWith(Reason::kPopulationIncomplete));
  EXPECT_EQ(DetailOf(refused.status(), "register"), "MFR");
  server_.Complete(project_, "MFR");
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), IsOk());
  EXPECT_THAT(server_.TryIssue(project_, "ABC"), RefusedWith(Reason::kSourceNotFound));
}

TEST_F(KeyFilesTest, TheSameFileIsNotIssuedTwiceWhileItStands) {
  FillIn();
  server_.Issue(project_, "NPR");
  const auto again = server_.TryIssue(project_, "NPR");
  EXPECT_THAT(again, RefusedWith(Reason::kKeyFileStands));
  EXPECT_EQ(DetailOf(again.status(), "key_file"), "1");
  EXPECT_EQ(server_.FilesInFolder().size(), 1U);
  server_.clock().Advance(absl::Hours(24 * 91));
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), IsOk()) << "an expired file can be issued again";
}

TEST_F(KeyFilesTest, WhatIsSealedToARevokedKeyIsGivenToNobody) {
  FillIn();
  server_.Issue(project_, "NPR");
  RevokeKeyOfNpr();
  const auto refused = server_.Fetch(project_, "NPR", 1, 0);
  EXPECT_THAT(refused, RefusedWith(Reason::kRecipientKeyState));
  EXPECT_EQ(DetailOf(refused.status(), "state"), "REVOKED");
  server_.EnrolKey("NPR");
  EXPECT_EQ(server_.Issue(project_, "NPR").number(), 2U) << "sealed to another key it is another file";
  EXPECT_THAT(server_.Fetch(project_, "NPR", 2, 0), IsOk());
}

TEST_F(KeyFilesTest, AUsableRecipientKeyIsNeeded) {
  FillIn();
  RevokeKeyOfNpr();
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kRecipientKeyMissing));
  EXPECT_THAT(server_.FilesInFolder(), IsEmpty());
  server_.EnrolKey("NPR");
  server_.Issue(project_, "NPR");
  EXPECT_EQ(server_.FetchAndOpen(project_, "NPR", 1).rows.size(), 12U) << "opened with the new key";
}

TEST_F(KeyFilesTest, AnExpiredRecipientKeyIsNotUsed) {
  api::ProjectCase project_case = FullCase({Defining("NPR")});
  project_case.set_end_date("2029-12-31");
  const std::string long_project = server_.ActiveProject(project_case);
  server_.SubmitAll(long_project, "NPR", People(0, 3));
  server_.Complete(long_project, "NPR");
  server_.clock().Advance(absl::Hours(24 * 730));
  EXPECT_THAT(server_.TryIssue(long_project, "NPR"), RefusedWith(Reason::kRecipientKeyExpired));
}

TEST_F(KeyFilesTest, NothingIsIssuedAfterTheEndDate) {
  FillIn();
  server_.clock().Advance(absl::Hours(24 * 345));
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kProjectEnded));
}

TEST_F(KeyFilesTest, AFileIsFetchedFromAnyOffset) {
  FillIn();
  const api::KeyFile record = server_.Issue(project_, "NPR");
  const std::string whole = server_.Fetch(project_, "NPR", 1, 0).value();
  ASSERT_EQ(whole.size(), record.sealed_bytes());
  for (const std::size_t offset : {std::size_t{1}, std::size_t{100}, whole.size() - 1, whole.size()}) {
    EXPECT_EQ(server_.Fetch(project_, "NPR", 1, offset).value(), whole.substr(offset));
  }
  EXPECT_THAT(server_.Fetch(project_, "NPR", 1, whole.size() + 1), RefusedWith(Reason::kKeyFileOffset));
  EXPECT_EQ(server_.LastEvent().operation, "keyfile.fetch");
}

TEST_F(KeyFilesTest, EveryFetchIsAnEventBeforeTheFirstByte) {
  FillIn();
  server_.Issue(project_, "NPR");
  const std::size_t events = server_.Events().size();
  api::FetchKeyFileRequest request;
  request.set_project_id(project_);
  request.set_number(1);
  std::size_t events_at_first_part = 0;
  ASSERT_THAT(server_.key_files().Fetch(server_.Register("NPR", "KeyFileService/FetchKeyFile"), request,
                                        [&](const api::FetchKeyFileResponse& part) {
                                          if (part.has_key_file()) {
                                            events_at_first_part = server_.Events().size();
                                          }
                                          return absl::OkStatus();
                                        }),
              IsOk());
  EXPECT_EQ(events_at_first_part, events + 1);
  server_.store().FailFromNowOn(Reason::kStorageUnavailable);
  EXPECT_THAT(server_.Fetch(project_, "NPR", 1, 0), RefusedWith(Reason::kStorageUnavailable));
}

TEST_F(KeyFilesTest, ARegisterFetchesItsOwnFilesOnly) {
  FillIn();
  server_.AddRegister("ABC");
  server_.Issue(project_, "NPR");
  EXPECT_THAT(server_.Fetch(project_, "MFR", 1, 0), RefusedWith(Reason::kKeyFileNotFound));
  EXPECT_EQ(server_.Fetch(project_, "ABC", 1, 0).status(), server_.Fetch("P9999", "ABC", 1, 0).status());
  EXPECT_THAT(server_.Fetch(project_, "ABC", 1, 0), RefusedWith(Reason::kNotPermitted));
  EXPECT_EQ(server_.key_files().List(server_.Register("MFR", "KeyFileService/ListKeyFiles"), {})->key_files_size(), 0);
  EXPECT_EQ(server_.key_files().List(server_.Officer("KeyFileService/ListKeyFiles"), {})->key_files_size(), 1);
}

TEST_F(KeyFilesTest, AWithdrawnFileIsGone) {
  FillIn();
  server_.Issue(project_, "NPR");
  ASSERT_THAT(Withdraw("NPR", 1), IsOk());
  EXPECT_THAT(server_.FilesInFolder(), IsEmpty());
  EXPECT_THAT(server_.Fetch(project_, "NPR", 1, 0), RefusedWith(Reason::kKeyFileWithdrawn));
  EXPECT_THAT(Withdraw("NPR", 1), RefusedWith(Reason::kKeyFileWithdrawn));
  EXPECT_THAT(Withdraw("NPR", 2), RefusedWith(Reason::kKeyFileNotFound));
  EXPECT_EQ(server_.Issue(project_, "NPR").number(), 2U) << "numbers are never used again";
}

TEST_F(KeyFilesTest, ALostFileIsNotSaidToBeFetched) {
  FillIn();
  const api::KeyFile issued = server_.Issue(project_, "NPR");
  ASSERT_TRUE(std::filesystem::remove(server_.folder() / issued.file_name()));
  const auto fetched = server_.Fetch(project_, "NPR", 1, 0);
  EXPECT_THAT(fetched, RefusedWith(Reason::kKeyFileExpired));
  EXPECT_THAT(DetailOf(fetched.status(), "hint"), ::testing::HasSubstr("withdraw it"));
  EXPECT_FALSE(
      server_.key_files().List(server_.Officer("KeyFileService/ListKeyFiles"), {})->key_files(0).has_first_fetched());
  ASSERT_THAT(Withdraw("NPR", 1), IsOk());
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), IsOk());
}

TEST_F(KeyFilesTest, AFileThatWasUsedIsNotWithdrawn) {
  FillIn();
  server_.Issue(project_, "NPR");
  const auto rows = server_.FetchAndOpen(project_, "NPR", 1).rows;
  ASSERT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 1"), {rows[0].second}).response, IsOk());
  EXPECT_THAT(Withdraw("NPR", 1), RefusedWith(Reason::kKeyFileInUse));
  EXPECT_EQ(server_.FilesInFolder().size(), 1U);
}

TEST_F(KeyFilesTest, AnExpiredFileIsGoneFromItsDayOn) {
  FillIn();
  server_.Issue(project_, "NPR");
  server_.clock().Advance(absl::Hours(24 * 90));  // its last day
  ASSERT_THAT(server_.key_files().Upkeep(), IsOk());
  EXPECT_THAT(server_.Fetch(project_, "NPR", 1, 0), IsOk());
  server_.clock().Advance(absl::Hours(24));
  EXPECT_THAT(server_.Fetch(project_, "NPR", 1, 0), RefusedWith(Reason::kKeyFileExpired))
      << "before the upkeep ran, too";
  EXPECT_EQ(server_.FilesInFolder().size(), 1U);
  ASSERT_THAT(server_.key_files().Upkeep(), IsOk());
  EXPECT_THAT(server_.FilesInFolder(), IsEmpty());
  EXPECT_EQ(server_.LastEvent().operation, "keyfile.expire");
  const std::size_t events = server_.Events().size();
  ASSERT_THAT(server_.key_files().Upkeep(), IsOk());
  EXPECT_EQ(server_.Events().size(), events) << "expired twice";
  EXPECT_THAT(server_.Fetch(project_, "NPR", 1, 0), RefusedWith(Reason::kKeyFileExpired));
}

TEST_F(KeyFilesTest, UpkeepDeletesWhatNoRecordNamesAndNothingElse) {
  FillIn();
  const std::string name = server_.Issue(project_, "NPR").file_name();
  for (const char* other : {"NPR_P0001_0009.csv.age", "NPR_P0001_0001.csv.age.x.part", "notat.txt"}) {
    WriteText(server_.folder() / other, "innhold");
  }
  ASSERT_THAT(server_.key_files().Upkeep(), IsOk());
  EXPECT_THAT(server_.FilesInFolder(), ElementsAre(name, "notat.txt"));
  std::filesystem::remove(server_.folder() / name);
  EXPECT_THAT(server_.key_files().Upkeep(), RefusedWith(Reason::kKeyFileExpired)) << "a lost file goes unnoticed";
}

TEST_F(KeyFilesTest, AMatchAgainstAnotherPopulationIsNotIssued) {
  FillIn();
  server_.OpenWindow(project_, "DAAR", 100);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(8, 60)).response, IsOk());
  api::ReopenSourceRequest reopen;
  reopen.set_request_id(crypto::NewRequestId());
  reopen.set_project_id(project_);
  reopen.set_register_id("NPR");
  reopen.set_reason("flere pasienter");
  ASSERT_THAT(server_.projects().ReopenSource(server_.Officer("ProjectService/ReopenSource"), reopen), IsOk());
  server_.SubmitAll(project_, "NPR", People(30, 32));
  server_.Complete(project_, "NPR");
  EXPECT_THAT(server_.TryIssue(project_, "DAAR"), RefusedWith(Reason::kMatchMissing));
  server_.OpenWindow(project_, "DAAR", 100);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(8, 60)).response, IsOk());
  EXPECT_EQ(server_.Issue(project_, "DAAR").rows(), 9U);
}

// Two numbers with the same identifier, which the server itself never makes, have the same løpenummer.
TEST_F(KeyFilesTest, TwoPersonsWithOneLopenummerAreNeverIssuedAnywhereInTheProject) {
  FillIn();
  const std::string digits = Person(40);
  const domain::NationalId twin = *server_.rules().Parse(digits).id;
  crypto::Tag one{};
  crypto::Tag two{};
  two.bytes[0] = 1;
  const std::vector<storage::NewIdentifier> twins = {{one, twin}, {two, twin}};
  ASSERT_THAT(server_.core().committer.Commit([&](Change& change) -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(const storage::Allotment allotment, server_.core().directory.Allot(twins, change.batch));
    const auto both = storage::NumberSet::bitmapOf(2, allotment.first, allotment.first + 1);
    records::SubmissionRecord submission;
    submission.set_project_id(project_);
    submission.set_register_id("MFR");
    submission.set_number(2);
    KOBLING_ASSIGN_OR_RETURN(const storage::SetId id, server_.core().sets.Put(both, change.batch));
    submission.set_index_set(id);
    change.Put(submission);
    change.Then([&, both](StateData& state) { state.projects[project_].index |= both; });
    change.Afterwards([&, allotment] { server_.core().directory.Publish(allotment); });
    return absl::OkStatus();
  }),
              IsOk());
  EXPECT_THAT(server_.TryIssue(project_, "MFR"), RefusedWith(Reason::kLopenummerCollision));
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kLopenummerCollision))
      << "the twins are not in this file, but in its project";
  EXPECT_THAT(server_.FilesInFolder(), IsEmpty());
  EXPECT_TRUE(server_.core().state.Read()->projects.at(project_).rows.key_files.empty());
}

TEST_F(KeyFilesTest, WhatIsWrittenAnywhereIsNeverClear) {
  FillIn();
  server_.Issue(project_, "NPR");
  const OpenKeyFile file = server_.FetchAndOpen(project_, "NPR", 1);
  const std::string stored = server_.StoredBytes();
  for (const auto& [person, lopenummer] : file.rows) {
    EXPECT_EQ(stored.find(person), std::string::npos);
    EXPECT_EQ(stored.find(lopenummer), std::string::npos);
    EXPECT_EQ(file.sealed.find(person), std::string::npos);
    EXPECT_EQ(file.sealed.find(lopenummer), std::string::npos);
  }
}

TEST_F(KeyFilesTest, AFailedCommitGivesNoKeyFile) {
  FillIn();
  server_.store().FailFromNowOn(Reason::kStorageUnavailable);
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kStorageUnavailable));
  EXPECT_TRUE(server_.core().state.Read()->projects.at(project_).rows.key_files.empty());
  EXPECT_EQ(server_.failures().size(), 1U);
  // Whether the batch is there is only known at the next start; until then the file stays.
  EXPECT_EQ(server_.FilesInFolder().size(), 1U);
  server_.store().Mend();
  server_.Restart();
  ASSERT_THAT(server_.key_files().Upkeep(), IsOk());
  EXPECT_THAT(server_.FilesInFolder(), IsEmpty());
  EXPECT_EQ(server_.Issue(project_, "NPR").number(), 1U);
}

TEST_F(KeyFilesTest, TheStateAfterARestartIsTheSame) {
  FillIn();
  server_.Issue(project_, "NPR");
  ASSERT_THAT(server_.Fetch(project_, "NPR", 1, 0), IsOk());
  const std::string before = server_.StateInMemory();
  server_.Restart();
  EXPECT_EQ(server_.StateInMemory(), before);
  EXPECT_EQ(server_.FetchAndOpen(project_, "NPR", 1).rows.size(), 12U);
}

}  // namespace
}  // namespace kobling::server
