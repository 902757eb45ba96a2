#include "server/use_cases/reservations.h"

#include "absl/strings/str_cat.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

constexpr auto kReplace = api::RESERVATION_MODE_REPLACE;
constexpr auto kAdd = api::RESERVATION_MODE_ADD;
constexpr auto kRemove = api::RESERVATION_MODE_REMOVE;
constexpr char kNational[] = "";

class ReservationsTest : public ::testing::Test {
 protected:
  // NPR names 0 to 9, MFR 8 to 14.
  void FillIn() {
    server_.SubmitAll(project_, "NPR", People(0, 10));
    server_.SubmitAll(project_, "MFR", People(8, 15));
    server_.Complete(project_, "NPR");
    server_.Complete(project_, "MFR");
  }

  api::ReservationListVersion Load(const std::string& list, api::ReservationMode mode,
                                   const std::vector<std::string>& people, const std::string& date = "2026-11-22") {
    const auto loaded = server_.LoadReservations(list, mode, people, date);
    EXPECT_THAT(loaded.response, IsOk());
    return loaded.response.ok() ? loaded.response->result() : api::ReservationListVersion();
  }

  std::vector<std::string> PeopleIn(const std::string& register_id, std::uint32_t number) {
    std::vector<std::string> people;
    for (const auto& [person, lopenummer] : server_.FetchAndOpen(project_, register_id, number).rows) {
      people.push_back(person);
    }
    return people;
  }

  std::size_t IdentifiersIn(const std::string& list) const {
    return server_.core().state.Read()->reservations.at(list).identifiers.cardinality();
  }

  api::LookupResponse Lookup(const std::string& person) {
    api::LookupRequest request;
    request.set_identifier(person);
    request.set_purpose("eget innsyn");
    return server_.insight()
        .Lookup(server_.By(Role::kInsightPortal, "portal", "InsightService/Lookup"), request)
        .value();
  }

  static std::vector<std::string> Joined(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }

  TestCore server_;
  std::string project_ =
      server_.ActiveProject({Defining("NPR"), Defining("MFR"), Intersecting("DAAR"), WholePopulation("KRG")});
};

TEST_F(ReservationsTest, AListIsWhatItsVersionsAddAndRemove) {
  EXPECT_EQ(Load("NPR", kReplace, People(0, 5)).version(), 1U);
  const api::ReservationListVersion added = Load("NPR", kAdd, People(3, 8));
  EXPECT_EQ(added.version(), 2U);
  EXPECT_EQ(added.added(), 3U);
  EXPECT_EQ(added.removed(), 0U);
  EXPECT_EQ(added.identifiers(), 8U);
  const api::ReservationListVersion removed = Load("NPR", kRemove, People(7, 12));
  EXPECT_EQ(removed.removed(), 1U);
  EXPECT_EQ(removed.identifiers(), 7U);
  const api::ReservationListVersion replaced = Load("NPR", kReplace, People(6, 9));
  EXPECT_EQ(replaced.added(), 2U);
  EXPECT_EQ(replaced.removed(), 6U);
  EXPECT_EQ(replaced.identifiers(), 3U);
  EXPECT_EQ(IdentifiersIn("NPR"), 3U);
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
  server_.Restart();
  EXPECT_EQ(IdentifiersIn("NPR"), 3U);
}

TEST_F(ReservationsTest, SomebodyWhomNobodyHasNamedYetIsRememberedForLater) {
  Load(kNational, kReplace, People(4, 6));
  FillIn();
  server_.Issue(project_, "NPR");
  EXPECT_THAT(PeopleIn("NPR", 1), UnorderedElementsAreArray(Joined(People(0, 4), People(6, 10))));
}

TEST_F(ReservationsTest, TheNationalListHoldsForEveryRegister) {
  FillIn();
  Load(kNational, kReplace, People(0, 2));
  server_.OpenWindow(project_, "DAAR", 100);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(0, 5)).response, IsOk());
  for (const char* id : {"NPR", "DAAR", "KRG"}) {
    server_.Issue(project_, id);
  }
  EXPECT_THAT(PeopleIn("NPR", 1), UnorderedElementsAreArray(People(2, 10)));
  EXPECT_THAT(PeopleIn("DAAR", 1), UnorderedElementsAreArray(People(2, 5)));
  EXPECT_THAT(PeopleIn("KRG", 1), UnorderedElementsAreArray(People(2, 15)));
}

TEST_F(ReservationsTest, ARegistersListHoldsForWhatItNamesAndForWhatItIsGiven) {
  FillIn();
  Load("NPR", kReplace, People(7, 9));  // 8 is named by MFR too
  Load("KRG", kReplace, People(12, 13));
  for (const char* id : {"NPR", "MFR", "KRG"}) {
    server_.Issue(project_, id);
  }
  EXPECT_THAT(PeopleIn("NPR", 1), UnorderedElementsAreArray(Joined(People(0, 7), People(9, 10))));
  EXPECT_THAT(PeopleIn("MFR", 1), UnorderedElementsAreArray(People(8, 15)));
  EXPECT_THAT(PeopleIn("KRG", 1),
              UnorderedElementsAreArray(Joined(Joined(People(0, 7), People(8, 12)), People(13, 15))))
      << "7 is in the population by NPR alone, which may not use it";
}

TEST_F(ReservationsTest, VersionsThatWereAppliedStandInTheKeyFileAndItsRecord) {
  FillIn();
  Load(kNational, kReplace, People(0, 1));
  Load("NPR", kReplace, People(1, 2));
  Load("NPR", kAdd, People(2, 3));
  const api::KeyFile issued = server_.Issue(project_, "NPR");
  ASSERT_EQ(issued.reservation_lists_size(), 2);
  EXPECT_EQ(issued.reservation_lists(0).register_id(), "");
  EXPECT_EQ(issued.reservation_lists(0).version(), 1U);
  EXPECT_EQ(issued.reservation_lists(1).register_id(), "NPR");
  EXPECT_EQ(issued.reservation_lists(1).version(), 2U);
  EXPECT_EQ(issued.reservation_lists(1).list_date(), "2026-11-22");
  EXPECT_EQ(issued.reserved(), 3U);
  EXPECT_THAT(server_.FetchAndOpen(project_, "NPR", 1).comment.reservations,
              ElementsAre(crypto::AppliedReservations{true, 1}, crypto::AppliedReservations{false, 2}));
  api::ListKeyFilesRequest request;
  const auto own = server_.key_files().List(server_.Register("NPR", "KeyFileService/ListKeyFiles"), request);
  EXPECT_EQ(own->key_files(0).reserved(), 0U) << "how many were left out is not for the register";
}

TEST_F(ReservationsTest, ALaterReservationLeavesWhatWasIssuedAndShowsInTheProject) {
  FillIn();
  server_.Issue(project_, "NPR");
  ASSERT_THAT(server_.Fetch(project_, "NPR", 1, 0), IsOk());
  Load(kNational, kReplace, People(4, 6));
  EXPECT_THAT(PeopleIn("NPR", 1), UnorderedElementsAreArray(People(0, 10)));
  api::GetProjectRequest get;
  get.set_project_id(project_);
  const api::Project shown = server_.projects().Get(server_.Caseworker("ProjectService/GetProject"), get).value();
  ASSERT_EQ(shown.later_reservations_size(), 1);
  EXPECT_EQ(shown.later_reservations(0).register_id(), "NPR");
  EXPECT_EQ(shown.later_reservations(0).key_file_number(), 1U);
  EXPECT_EQ(shown.later_reservations(0).persons(), 2U);
  const auto to_register = server_.projects().Get(server_.Register("NPR", "ProjectService/GetProject"), get);
  EXPECT_EQ(to_register->later_reservations_size(), 0);
  const auto report =
      server_.Report(server_.Header(project_, 1, "NPR-1"), {server_.ExpectedLopenummer(project_, Person(4))});
  EXPECT_THAT(report.response, IsOk()) << "it was issued, so it may have been used";

  server_.Issue(project_, "NPR", 1);
  const OpenKeyFile delta = server_.FetchAndOpen(project_, "NPR", 2);
  EXPECT_THAT(delta.rows, IsEmpty());
  EXPECT_EQ(delta.withdrawn.size(), 2U);
  EXPECT_EQ(server_.projects().Get(server_.Caseworker("ProjectService/GetProject"), get)->later_reservations_size(), 0);
}

TEST_F(ReservationsTest, AnExceptionInLawLetsASourceDoWithout) {
  FillIn();
  Load(kNational, kReplace, People(0, 3));
  api::Source excepted = WholePopulation("DSF");
  excepted.set_reservation_exception("EHDS art. 71 (8)");
  const std::string project = server_.ActiveProject({Defining("NPR"), excepted});
  server_.SubmitAll(project, "NPR", People(0, 6));
  server_.Complete(project, "NPR");
  EXPECT_EQ(server_.Issue(project, "NPR").rows(), 3U);
  EXPECT_EQ(server_.Issue(project, "DSF").rows(), 3U) << "NPR may not name the others, whoever asks";
  const api::LookupResponse left_out = Lookup(Person(1));
  ASSERT_EQ(left_out.projects_size(), 2);
  EXPECT_EQ(left_out.projects(1).registers(0).reservation(), api::RESERVATION_EFFECT_LEFT_OUT);
  EXPECT_EQ(left_out.projects(1).registers(1).reservation(), api::RESERVATION_EFFECT_LEFT_OUT);
  Load("DSF", kReplace, People(4, 5));
  EXPECT_THAT(server_.TryIssue(project, "DSF"), RefusedWith(Reason::kKeyFileStands)) << "the list changes nobody here";
  const api::LookupResponse with_exception = Lookup(Person(4));
  EXPECT_EQ(with_exception.projects(1).registers(0).reservation(), api::RESERVATION_EFFECT_UNSPECIFIED);
  EXPECT_EQ(with_exception.projects(1).registers(1).reservation(), api::RESERVATION_EFFECT_EXCEPTED);
  EXPECT_EQ(with_exception.projects(1).registers(1).reservation_exception(), "EHDS art. 71 (8)");
}

TEST_F(ReservationsTest, ACitizenSeesWhatTheirReservationDoes) {
  FillIn();
  server_.Issue(project_, "NPR");
  Load(kNational, kReplace, People(0, 2), "2026-11-20");
  Load(kNational, kAdd, People(2, 3), "2026-11-21");
  const api::LookupResponse insight = Lookup(Person(1));
  ASSERT_EQ(insight.reservations_size(), 1);
  EXPECT_EQ(insight.reservations(0).register_id(), "");
  EXPECT_EQ(insight.reservations(0).reserved_on(), "2026-11-20");
  EXPECT_EQ(insight.reservations(0).legal_reference(), "EHDS art. 71");
  ASSERT_EQ(insight.projects_size(), 1);
  EXPECT_EQ(insight.projects(0).registers(0).reservation(), api::RESERVATION_EFFECT_AFTER_ISSUE);
  EXPECT_TRUE(insight.projects(0).registers(0).key_file_issued());
  EXPECT_EQ(insight.projects(0).registers(1).reservation(), api::RESERVATION_EFFECT_LEFT_OUT);
  EXPECT_EQ(Lookup(Person(5)).projects(0).registers(0).reservation(), api::RESERVATION_EFFECT_UNSPECIFIED);
  server_.Issue(project_, "NPR");
  EXPECT_EQ(Lookup(Person(1)).projects(0).registers(0).reservation(), api::RESERVATION_EFFECT_AFTER_ISSUE)
      << "the register got the first file";
  Load(kNational, kRemove, {Person(1)}, "2026-11-22");
  EXPECT_EQ(Lookup(Person(1)).reservations_size(), 0);
  Load(kNational, kAdd, {Person(1)}, "2026-11-22");
  EXPECT_EQ(Lookup(Person(1)).reservations(0).reserved_on(), "2026-11-22") << "the last time counts";
}

TEST_F(ReservationsTest, APersonInAListAndInNoProjectIsAnsweredWithTheReservationOnly) {
  Load(kNational, kReplace, People(0, 2));
  const api::LookupResponse insight = Lookup(Person(0));
  EXPECT_EQ(insight.projects_size(), 0);
  EXPECT_EQ(insight.reservations_size(), 1);
}

TEST_F(ReservationsTest, BadRowsAreToldAndLeftOutOfWhatIsAdded) {
  const auto loaded =
      server_.LoadReservations("NPR", kAdd, {Person(0), std::string(11, '1'), "", Person(1)}, "2026-11-22");
  ASSERT_THAT(loaded.response, IsOk());
  ASSERT_EQ(loaded.faults.size(), 1U);
  EXPECT_EQ(loaded.faults[0].row(), 1U);
  EXPECT_EQ(loaded.response->result().identifiers(), 2U);
  EXPECT_EQ(loaded.response->result().counts().kept_back(), 1U);
}

TEST_F(ReservationsTest, AWholeListWithBadRowsTakesNobodysReservationAway) {
  Load("NPR", kReplace, People(0, 3));
  for (const std::string& bad : {std::string(11, '1'), std::string()}) {
    EXPECT_THAT(server_.LoadReservations("NPR", kReplace, {Person(0), bad}, "2026-11-22").response,
                RefusedWith(Reason::kInvalidRowsRefused));
  }
  EXPECT_EQ(IdentifiersIn("NPR"), 3U);
}

// MFR alone names 12 to 14, and stops being a register that defines the population.
TEST_F(ReservationsTest, WhoNamedThePersonCountsAndNotWhoDefinesThePopulationToday) {
  FillIn();
  auto update = About<api::UpdateProjectRequest>(project_);
  api::GetProjectRequest get;
  get.set_project_id(project_);
  *update.mutable_project_case() =
      server_.projects().Get(server_.Caseworker("ProjectService/GetProject"), get)->project_case();
  api::Source& mfr = *update.mutable_project_case()->mutable_sources(1);
  mfr.set_defines_population(false);
  mfr.set_scope(api::SCOPE_POPULATION);
  mfr.set_scope_reason("registeret har ingen egen liste");
  ASSERT_THAT(server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), update), IsOk());
  auto confirm = About<api::ConfirmRevisionRequest>(project_);
  confirm.set_revision(1);
  ASSERT_THAT(server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), confirm), IsOk());
  Load("MFR", kReplace, People(12, 15));
  server_.Issue(project_, "KRG");
  EXPECT_THAT(PeopleIn("KRG", 1), UnorderedElementsAreArray(People(0, 12)));
}

TEST_F(ReservationsTest, WhoWithdrawsAReservationAfterAMatchComesInByAnotherMatch) {
  FillIn();
  Load(kNational, kReplace, People(0, 3));
  server_.OpenWindow(project_, "DAAR", 100);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(0, 9)).response, IsOk());
  Load(kNational, kAdd, People(5, 6));
  EXPECT_EQ(server_.Issue(project_, "DAAR").reserved(), 4U) << "three at the match, one since";
  Load(kNational, kRemove, People(0, 2));
  EXPECT_THAT(server_.TryIssue(project_, "DAAR"), RefusedWith(Reason::kMatchMissing));
  server_.OpenWindow(project_, "DAAR", 100);
  ASSERT_THAT(server_.Match(project_, "DAAR", People(0, 9)).response, IsOk());
  server_.Issue(project_, "DAAR");
  EXPECT_EQ(PeopleIn("DAAR", 2).size(), 7U);
}

TEST_F(ReservationsTest, AReservationAtTheRegisterThatNamedThePersonShowsForTheOthersToo) {
  FillIn();
  server_.Issue(project_, "KRG");
  ASSERT_THAT(server_.Fetch(project_, "KRG", 1, 0), IsOk());
  Load("NPR", kReplace, People(0, 3));
  api::GetProjectRequest get;
  get.set_project_id(project_);
  const api::Project shown = server_.projects().Get(server_.Caseworker("ProjectService/GetProject"), get).value();
  ASSERT_EQ(shown.later_reservations_size(), 1);
  EXPECT_EQ(shown.later_reservations(0).register_id(), "KRG");
  EXPECT_EQ(shown.later_reservations(0).persons(), 3U);
  const api::LookupResponse insight = Lookup(Person(0));
  EXPECT_EQ(insight.projects(0).registers(0).reservation(), api::RESERVATION_EFFECT_LEFT_OUT);     // NPR
  EXPECT_EQ(insight.projects(0).registers(3).reservation(), api::RESERVATION_EFFECT_AFTER_ISSUE);  // KRG
  const api::KeyFile next = server_.Issue(project_, "KRG", 1);
  EXPECT_EQ(next.withdrawn_rows(), 3U);
  ASSERT_EQ(next.reservation_lists_size(), 1) << "the list that decided is recorded";
  EXPECT_EQ(next.reservation_lists(0).register_id(), "NPR");
  api::GetKeyFileRequest own;
  own.set_project_id(project_);
  own.set_number(2);
  const auto seen = server_.key_files().Get(server_.Register("KRG", "KeyFileService/GetKeyFile"), own);
  EXPECT_EQ(seen->reserved(), 0U) << "how many have reserved themselves at NPR is not for KRG";
  EXPECT_EQ(seen->reservation_lists_size(), 0);
}

TEST_F(ReservationsTest, WhatIsWrongIsRefusedByNameAndChangesNothing) {
  Load("NPR", kReplace, People(0, 5), "2026-11-20");
  const std::string before = server_.StoredState();
  EXPECT_THAT(server_.LoadReservations("NPR", kAdd, People(5, 6), "2026-11-19").response,
              RefusedWith(Reason::kDateOrder));
  EXPECT_THAT(server_.LoadReservations("NPR", kAdd, People(5, 6), "2026-11-23").response,
              RefusedWith(Reason::kDateOrder));
  EXPECT_THAT(server_.LoadReservations("NPR", kAdd, People(5, 6), "22.11.2026").response,
              RefusedWith(Reason::kFieldMalformed));
  EXPECT_THAT(server_.LoadReservations("NPR", kAdd, People(5, 6), "").response, RefusedWith(Reason::kFieldMissing));
  EXPECT_THAT(server_.LoadReservations("NPR", api::RESERVATION_MODE_UNSPECIFIED, People(5, 6), "2026-11-22").response,
              RefusedWith(Reason::kFieldMalformed));
  EXPECT_THAT(server_.LoadReservations("NPR", kReplace, {}, "2026-11-22").response, RefusedWith(Reason::kNothingValid));
  EXPECT_THAT(server_.LoadReservations("UKJENT", kReplace, People(5, 6), "2026-11-22").response,
              RefusedWith(Reason::kNotPermitted));
  EXPECT_EQ(server_.StoredState(), before);
}

TEST_F(ReservationsTest, TheSameListAgainMakesNoVersion) {
  Load("NPR", kReplace, People(0, 5));
  const auto again = server_.LoadReservations("NPR", kReplace, People(0, 5), "2026-11-22");
  ASSERT_THAT(again.response, IsOk());
  EXPECT_TRUE(again.response->unchanged());
  EXPECT_EQ(again.response->result().version(), 1U);
  server_.clock().Advance(absl::Hours(24));
  EXPECT_EQ(Load("NPR", kReplace, People(0, 5), "2026-11-23").version(), 2U) << "it is the list of another day";
}

TEST_F(ReservationsTest, EverybodySeesTheListsThatConcernThem) {
  Load(kNational, kReplace, People(0, 1));
  Load("NPR", kReplace, People(1, 2));
  Load("NPR", kAdd, People(2, 3));
  Load("MFR", kReplace, People(3, 4));
  const auto lists = [&](const Call& call, bool all) {
    api::ListReservationListsRequest request;
    request.set_all_versions(all);
    std::vector<std::string> names;
    const api::ListReservationListsResponse answer = server_.reservations().List(call, request).value();
    for (const api::ReservationListVersion& list : answer.lists()) {
      names.push_back(absl::StrCat(list.register_id(), ":", list.version()));
    }
    return names;
  };
  const std::string method = "ReservationService/ListReservationLists";
  EXPECT_THAT(lists(server_.Caseworker(method), false), ElementsAre(":1", "MFR:1", "NPR:2"));
  EXPECT_THAT(lists(server_.Register("NPR", method), true), ElementsAre(":1", "NPR:1", "NPR:2"));
  EXPECT_THAT(lists(server_.By(Role::kIdentityFeed, "feed", method), true), ElementsAre(":1"));
  api::ListReservationListsRequest other;
  other.set_register_id("MFR");
  EXPECT_THAT(server_.reservations().List(server_.Register("NPR", method), other), RefusedWith(Reason::kNotPermitted));
}

TEST_F(ReservationsTest, AReservationThatIsWithdrawnLetsThePersonInAgain) {
  FillIn();
  Load("NPR", kReplace, People(0, 1));
  const transparency::Event event = server_.LastEvent();
  EXPECT_EQ(event.operation, "reservation.load");
  EXPECT_EQ(event.register_id, "NPR");
  EXPECT_EQ(event.object, "list of NPR, version 1");
  server_.Issue(project_, "NPR");
  Load("NPR", kRemove, People(0, 1));
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), IsOk()) << "the rows are others, so no file stands with them";
  EXPECT_THAT(PeopleIn("NPR", 2), UnorderedElementsAreArray(People(0, 10)));
}

}  // namespace
}  // namespace kobling::server
