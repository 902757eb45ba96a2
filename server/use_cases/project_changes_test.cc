// The case over the years: versions, sources that come and go, conditions, case numbers.
#include "crypto/random.h"
#include "server/core/core_testing.h"
#include "server/use_cases/projects.h"

namespace kobling::server {
namespace {

using domain::Reason;

class ProjectChangesTest : public ::testing::Test {
 protected:
  absl::StatusOr<api::Project> Propose(const api::ProjectCase& wanted, std::uint32_t case_version = 0) {
    auto request = About<api::UpdateProjectRequest>(project_);
    *request.mutable_project_case() = wanted;
    request.set_case_version(case_version);
    return server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), request);
  }
  absl::StatusOr<api::Project> Confirm(std::uint32_t revision) {
    auto request = About<api::ConfirmRevisionRequest>(project_);
    request.set_revision(revision);
    return server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), request);
  }
  absl::StatusOr<api::Project> Withdraw(const std::string& register_id) {
    auto request = About<api::WithdrawSourceRequest>(project_);
    request.set_register_id(register_id);
    return server_.projects().WithdrawSource(server_.Caseworker("ProjectService/WithdrawSource"), request);
  }
  absl::StatusOr<api::Project> Meet(std::uint32_t condition, bool undo = false) {
    auto request = About<api::MeetConditionRequest>(project_);
    request.set_condition(condition);
    request.set_undo(undo);
    return server_.projects().MeetCondition(server_.Caseworker("ProjectService/MeetCondition"), request);
  }
  absl::StatusOr<api::Project> AsOf(const std::string& day) {
    api::GetProjectRequest request;
    request.set_project_id(project_);
    request.set_as_of(day);
    return server_.projects().Get(server_.Officer("ProjectService/GetProject"), request);
  }
  absl::StatusOr<api::Project> Now() { return AsOf(""); }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR"), Defining("MFR"), WholePopulation("DAAR")});
};

TEST_F(ProjectChangesTest, AChangeOfNothingAndOneByADecisionOfADayToComeAreRefused) {
  EXPECT_THAT(Propose(Now()->project_case()), RefusedWith(Reason::kNothingChanges));
  auto request = About<api::UpdateProjectRequest>(project_);
  *request.mutable_project_case() = Now()->project_case();
  request.mutable_project_case()->set_title("Hofteprotese, oppdatert");
  request.set_decision_date("2026-11-23");
  const auto refused = server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), request);
  EXPECT_THAT(refused, RefusedWith(Reason::kDateOrder));
  EXPECT_EQ(DetailOf(refused.status(), "field"), "decision_date");
  EXPECT_FALSE(Now()->has_pending_revision());
}

TEST_F(ProjectChangesTest, TheCaseCanBeSeenAsItWasOnAnyDay) {
  const std::uint32_t at_first = Now()->case_version();
  server_.clock().Advance(absl::Hours(24 * 30));  // 22 December
  api::ProjectCase wanted = Now()->project_case();
  wanted.set_title("Hofteprotese, oppdatert");
  ASSERT_THAT(Propose(wanted), IsOk());
  EXPECT_EQ(Now()->case_version(), at_first) << "a proposal is no version";
  server_.clock().Advance(absl::Hours(24 * 10));  // 1 January
  ASSERT_THAT(Confirm(1), IsOk());

  EXPECT_EQ(AsOf("2026-11-22")->project_case().title(), "Hofteprotese og overlevelse");
  EXPECT_EQ(AsOf("2026-11-22")->state(), api::PROJECT_STATE_ACTIVE);
  EXPECT_EQ(AsOf("2026-12-31")->project_case().title(), "Hofteprotese og overlevelse");
  EXPECT_EQ(AsOf("2027-01-01")->project_case().title(), "Hofteprotese, oppdatert");
  EXPECT_EQ(AsOf("2027-01-01")->case_version(), at_first + 1);
  EXPECT_EQ(AsOf("2027-01-01")->case_changed().actor(), "olav.key");
  EXPECT_EQ(AsOf("2090-01-01")->project_case().title(), Now()->project_case().title());
  EXPECT_THAT(AsOf("2026-11-21"), RefusedWith(Reason::kProjectNotFound));
  EXPECT_THAT(AsOf("yesterday"), RefusedWith(Reason::kFieldMalformed));

  auto close = About<api::CloseProjectRequest>(project_);
  server_.clock().Advance(absl::Hours(24));
  ASSERT_THAT(server_.projects().Close(server_.Officer("ProjectService/CloseProject"), close), IsOk());
  EXPECT_EQ(AsOf("2027-01-01")->state(), api::PROJECT_STATE_ACTIVE);
  EXPECT_EQ(AsOf("2027-01-02")->state(), api::PROJECT_STATE_CLOSED);
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(ProjectChangesTest, NobodysChangeIsLostBetweenReadingAndWriting) {
  const std::uint32_t read = Now()->case_version();
  api::ProjectCase wanted = Now()->project_case();
  wanted.set_contact("ny@universitet.example");
  ASSERT_THAT(Propose(wanted, read), IsOk());
  ASSERT_THAT(Confirm(1), IsOk());
  wanted.set_contact("gammel@universitet.example");
  EXPECT_THAT(Propose(wanted, read), RefusedWith(Reason::kPreconditionFailed));
  EXPECT_THAT(Propose(wanted, read + 1), IsOk());
}

TEST_F(ProjectChangesTest, AWithdrawnSourceGetsAndSendsNothingMoreAndKeepsWhatItHas) {
  for (const char* register_id : {"NPR", "MFR"}) {
    server_.SubmitAll(project_, register_id, People(0, 5));
    server_.Complete(project_, register_id);
  }
  server_.Issue(project_, "MFR");
  ASSERT_THAT(Withdraw("MFR"), IsOk());
  EXPECT_FALSE(Now()->project_case().sources(1).withdrawn()) << "not before it is confirmed";
  ASSERT_THAT(Confirm(1), IsOk());
  EXPECT_TRUE(Now()->project_case().sources(1).withdrawn());
  EXPECT_THAT(server_.TryIssue(project_, "MFR"), RefusedWith(Reason::kSourceWithdrawn));
  EXPECT_THAT(server_.Submit(project_, "MFR", {People(5, 6)}).response, RefusedWith(Reason::kSourceWithdrawn));
  EXPECT_THAT(Withdraw("MFR"), RefusedWith(Reason::kSourceWithdrawn));
  EXPECT_THAT(Withdraw("ABC"), RefusedWith(Reason::kSourceNotFound));
  EXPECT_THAT(server_.Fetch(project_, "MFR", 1, 0), IsOk()) << "what was issued stands";
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), IsOk()) << "others are not held up";
}

TEST_F(ProjectChangesTest, TheOthersNeedNotWaitForASourceThatHasLeft) {
  server_.SubmitAll(project_, "NPR", People(0, 5));
  server_.Complete(project_, "NPR");
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kPopulationIncomplete));
  ASSERT_THAT(Withdraw("MFR"), IsOk());
  ASSERT_THAT(Confirm(1), IsOk());
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), IsOk());
}

TEST_F(ProjectChangesTest, ASourceThatLeftComesBackByAnotherRevision) {
  ASSERT_THAT(Withdraw("DAAR"), IsOk());
  ASSERT_THAT(Confirm(1), IsOk());
  auto request = About<api::AddSourceRequest>(project_);
  *request.mutable_source() = Intersecting("DAAR");
  ASSERT_THAT(server_.projects().AddSource(server_.Caseworker("ProjectService/AddSource"), request), IsOk());
  const auto confirmed = Confirm(2);
  ASSERT_THAT(confirmed, IsOk());
  EXPECT_EQ(confirmed->project_case().sources_size(), 3);
  EXPECT_FALSE(confirmed->project_case().sources(2).withdrawn());
  EXPECT_EQ(confirmed->project_case().sources(2).scope(), api::SCOPE_INTERSECTION);
}

TEST_F(ProjectChangesTest, ASourceThatIsNoLongerLawfulGetsNothing) {
  for (const char* register_id : {"NPR", "MFR"}) {
    server_.SubmitAll(project_, register_id, People(0, 5));
    server_.Complete(project_, register_id);
  }
  api::ProjectCase wanted = Now()->project_case();
  wanted.mutable_sources(0)->set_kind("ssb");
  ASSERT_THAT(Propose(wanted), IsOk());
  const auto refused = Confirm(1);
  EXPECT_THAT(refused, RefusedWith(Reason::kSourceUnlawful));
  EXPECT_EQ(DetailOf(refused.status(), "field"), "sources[NPR].decision_reference");

  api::UpdateRegisterRequest later;
  later.set_request_id(crypto::NewRequestId());
  later.mutable_register_()->set_id("NPR");
  later.mutable_register_()->set_inclusion_date("2030-01-01");
  ASSERT_THAT(server_.registers().Update(server_.Caseworker("RegisterService/UpdateRegister"), later), IsOk());
  EXPECT_FALSE(Now()->project_case().sources(0).included());
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kSourceUnlawful));
}

TEST_F(ProjectChangesTest, ConditionsAreTickedAndNeverTakenOut) {
  api::ProjectCase wanted = Now()->project_case();
  for (const char* text : {"Slettes ved slutt", "Informer de registrerte"}) {
    api::Condition& condition = *wanted.add_conditions();
    condition.set_kind(api::CONDITION_KIND_INFORMATION);
    condition.set_text(text);
    condition.set_due_date("2027-01-01");
  }
  ASSERT_THAT(Propose(wanted), IsOk());
  ASSERT_THAT(Confirm(1), IsOk());
  EXPECT_THAT(Meet(3), RefusedWith(Reason::kConditionNotFound));
  EXPECT_THAT(Meet(0), RefusedWith(Reason::kConditionNotFound));
  const auto met = Meet(2);
  ASSERT_THAT(met, IsOk());
  EXPECT_FALSE(met->project_case().conditions(0).has_met());
  EXPECT_EQ(met->project_case().conditions(1).met().reason(), "fordi");
  EXPECT_FALSE(Meet(2, true)->project_case().conditions(1).has_met());
  wanted.mutable_conditions()->RemoveLast();
  EXPECT_THAT(Propose(wanted), RefusedWith(Reason::kFieldMalformed));
}

TEST_F(ProjectChangesTest, ACaseNumberMakesOneProject) {
  api::CreateProjectRequest request;
  *request.mutable_project_case() = FullCase({Defining("NPR")});
  request.mutable_project_case()->set_case_number("HDS-1");
  const Call call = server_.Caseworker("ProjectService/CreateProject");
  request.set_request_id(crypto::NewRequestId());
  const auto first = server_.projects().Create(call, request);
  ASSERT_THAT(first, IsOk());
  request.set_request_id(crypto::NewRequestId());
  const auto again = server_.projects().Create(call, request);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->id(), first->id());
  request.mutable_project_case()->set_title("Noe annet");
  request.set_request_id(crypto::NewRequestId());
  const auto other = server_.projects().Create(call, request);
  EXPECT_THAT(other, RefusedWith(Reason::kCaseNumberTaken));
  EXPECT_EQ(DetailOf(other.status(), "project"), first->id());
  api::ProjectCase wanted = Now()->project_case();
  wanted.set_case_number("HDS-1");
  EXPECT_THAT(Propose(wanted), RefusedWith(Reason::kCaseNumberTaken));
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(ProjectChangesTest, TheDeliveryIsDueIsPostponedAndIsListed) {
  const auto listed = [&](const std::string& due, const std::string& expiring) {
    api::ListProjectsRequest request;
    request.set_due_by(due);
    request.set_expiring_by(expiring);
    return server_.projects().List(server_.Officer("ProjectService/ListProjects"), request)->projects_size();
  };
  const auto postpone = [&](const std::string& until) {
    auto request = About<api::PostponeDeliveryRequest>(project_);
    request.set_until(until);
    return server_.projects().PostponeDelivery(server_.Caseworker("ProjectService/PostponeDelivery"), request);
  };
  EXPECT_FALSE(Now()->has_deadline());
  EXPECT_THAT(postpone("2027-12-01"), RefusedWith(Reason::kProjectState));
  api::ProjectCase wanted = Now()->project_case();
  wanted.set_application_complete_date("2026-10-05");
  ASSERT_THAT(Propose(wanted), IsOk());
  ASSERT_THAT(Confirm(1), IsOk());
  // Sixty working days from 5 October 2026; Christmas Day is a Friday.
  EXPECT_EQ(Now()->deadline().due_date(), "2026-12-29");
  EXPECT_EQ(listed("2026-12-28", ""), 0);
  EXPECT_EQ(listed("2026-12-29", ""), 1);
  EXPECT_THAT(postpone("2026-12-29"), RefusedWith(Reason::kDateOrder));
  EXPECT_THAT(postpone("soon"), RefusedWith(Reason::kFieldMalformed));
  ASSERT_THAT(postpone("2027-02-01"), IsOk());
  EXPECT_EQ(Now()->deadline().postponed_until(), "2027-02-01");
  EXPECT_EQ(Now()->deadline().postponed().reason(), "fordi");
  EXPECT_EQ(listed("2026-12-29", ""), 0);
  EXPECT_EQ(listed("2027-02-01", ""), 1);
  EXPECT_EQ(listed("", "2027-10-31"), 0);
  EXPECT_EQ(listed("", "2027-11-01"), 1) << "its last day";
  api::GetProjectRequest request;
  request.set_project_id(project_);
  EXPECT_FALSE(server_.projects().Get(server_.Register("NPR", "ProjectService/GetProject"), request)->has_deadline());
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(ProjectChangesTest, ASourceHasItsOwnDaysToReportAndOverdueReportsAreListed) {
  api::ProjectCase wanted = Now()->project_case();
  wanted.mutable_sources(0)->set_usage_due_days(10);
  ASSERT_THAT(Propose(wanted), IsOk());
  ASSERT_THAT(Confirm(1), IsOk());
  for (const char* register_id : {"NPR", "MFR"}) {
    server_.SubmitAll(project_, register_id, People(0, 5));
    server_.Complete(project_, register_id);
  }
  server_.Issue(project_, "NPR");
  server_.Issue(project_, "MFR");
  const auto overdue = [&](const Call& call) {
    api::GetUsageStatusRequest request;
    request.set_overdue_only(true);
    return *server_.usage().Status(call, request);
  };
  const Call officer = server_.Officer("UsageService/GetUsageStatus");
  server_.clock().Advance(absl::Hours(24 * 10));
  EXPECT_EQ(overdue(officer).key_files_size(), 0) << "the last day is in time";
  server_.clock().Advance(absl::Hours(24));
  ASSERT_EQ(overdue(officer).key_files_size(), 1);
  EXPECT_EQ(overdue(officer).key_files(0).register_id(), "NPR");
  EXPECT_EQ(overdue(officer).key_files(0).due_date(), "2026-12-02");
  EXPECT_EQ(overdue(server_.Register("NPR", "UsageService/GetUsageStatus")).key_files_size(), 1);
  EXPECT_EQ(overdue(server_.Register("MFR", "UsageService/GetUsageStatus")).key_files_size(), 0);
  server_.clock().Advance(absl::Hours(24 * 90));
  EXPECT_EQ(overdue(officer).key_files_size(), 2);
}

}  // namespace
}  // namespace kobling::server
