#include "server/use_cases/dossier.h"

#include "crypto/random.h"
#include "server/core/core_testing.h"
#include "server/use_cases/disclosures.h"

namespace kobling::server {
namespace {

using domain::Reason;

class DossierTest : public ::testing::Test {
 protected:
  DossierTest() {
    EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 10), People(10, 12)}).response, IsOk());
    server_.Complete(project_, "NPR");
    server_.Issue(project_, "NPR");
    server_.OpenWindow(project_, "MFR", 100);
    EXPECT_THAT(server_.Match(project_, "MFR", People(5, 15)).response, IsOk());
    server_.EnrolKey("NPR");
    const auto report = [&](const api::ReportHeader& header, std::size_t persons) {
      std::vector<std::string> used;
      for (const std::string& person : People(0, persons)) {
        used.push_back(server_.ExpectedLopenummer(project_, person));
      }
      EXPECT_THAT(server_.Report(header, used).response, IsOk());
    };
    report(server_.Header(project_, 1, "leveranse 1"), 4);
    api::ReportHeader correction = server_.Header(project_, 1, "leveranse 1");
    correction.set_corrects_reference("leveranse 1");
    correction.set_correction_reason("én rad for mye");
    report(correction, 3);
  }

  absl::StatusOr<api::Dossier> Get(const Call& call, const std::string& project) const {
    api::GetDossierRequest request;
    request.set_project_id(project);
    const KeyFileFolder folder(server_.folder());
    return Dossiers(server_.core(), folder).Get(call, request);
  }
  Call By(Role role, const std::string& id) const { return server_.By(role, id, "AuditService/GetDossier"); }

  TestCore server_;
  std::string other_ = server_.ActiveProject({Defining("KRG")});
  std::string project_ = server_.ActiveProject({Defining("NPR"), Intersecting("MFR")});
};

TEST_F(DossierTest, HoldsEverythingOfTheProjectAndNothingOfOthers) {
  const auto dossier = Get(By(Role::kAuditor, "revisor"), project_);
  ASSERT_THAT(dossier, IsOk());
  EXPECT_EQ(dossier->made().actor(), "revisor");
  EXPECT_EQ(dossier->made().time().seconds(), absl::ToUnixSeconds(server_.clock().Now()));
  EXPECT_EQ(dossier->project().id(), project_);
  ASSERT_EQ(dossier->registers_size(), 2);
  EXPECT_EQ(dossier->registers(0).id(), "MFR");
  EXPECT_EQ(dossier->registers(1).id(), "NPR");
  ASSERT_EQ(dossier->recipient_keys_size(), 3);
  EXPECT_EQ(dossier->recipient_keys(1).state(), api::RECIPIENT_KEY_STATE_REPLACED);
  EXPECT_EQ(dossier->recipient_keys(2).state(), api::RECIPIENT_KEY_STATE_APPROVED);
  ASSERT_EQ(dossier->submissions_size(), 1);
  ASSERT_EQ(dossier->matches_size(), 1);
  EXPECT_EQ(dossier->matches(0).matched_persons(), 5U);
  ASSERT_EQ(dossier->key_files_size(), 1);
  EXPECT_EQ(dossier->key_files(0).persons(), 12U);
  ASSERT_EQ(dossier->usage_size(), 2) << "those that were replaced, too";
  EXPECT_TRUE(dossier->usage(0).replaced());
  EXPECT_EQ(dossier->project().persons(), 12U);
  EXPECT_EQ(dossier->index_persons(), 10U);
  EXPECT_EQ(dossier->relatives(), 2U);
  EXPECT_EQ(dossier->former(), 0U);
}

TEST_F(DossierTest, TheProjectAndTheDisclosuresAreWhatTheOtherMethodsSay) {
  const auto dossier = Get(By(Role::kAuditor, "revisor"), project_);
  api::GetProjectRequest get;
  get.set_project_id(project_);
  EXPECT_EQ(dossier->project().SerializeAsString(),
            server_.projects()
                .Get(server_.By(Role::kAuditor, "revisor", "ProjectService/GetProject"), get)
                ->SerializeAsString());
  api::ListDisclosuresRequest list;
  list.set_project_id(project_);
  const auto disclosures =
      Disclosures(server_.core()).List(server_.By(Role::kAuditor, "revisor", "AuditService/ListDisclosures"), list);
  ASSERT_EQ(dossier->disclosures_size(), disclosures->disclosures_size());
  ASSERT_EQ(dossier->disclosures_size(), 1);
  EXPECT_EQ(dossier->disclosures(0).SerializeAsString(), disclosures->disclosures(0).SerializeAsString());
}

TEST_F(DossierTest, EveryVersionOfTheCaseIsThereWithItsDecision) {
  auto request = About<api::UpdateProjectRequest>(project_);
  *request.mutable_project_case() = FullCase({Defining("NPR"), Intersecting("MFR")});
  request.mutable_project_case()->set_end_date("2028-11-01");
  ASSERT_THAT(server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), request), IsOk());
  const auto pending = Get(By(Role::kAuditor, "revisor"), project_);
  EXPECT_EQ(pending->project().pending_revision().proposed().end_date(), "2028-11-01");
  auto confirm = About<api::ConfirmRevisionRequest>(project_);
  confirm.set_revision(1);
  ASSERT_THAT(server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), confirm), IsOk());

  const auto dossier = Get(By(Role::kAuditor, "revisor"), project_);
  ASSERT_EQ(dossier->versions_size(), 4) << "draft, ready, active, changed";
  EXPECT_EQ(dossier->versions(0).number(), 1U);
  EXPECT_EQ(dossier->versions(0).state(), api::PROJECT_STATE_DRAFT);
  EXPECT_EQ(dossier->versions(2).state(), api::PROJECT_STATE_ACTIVE);
  EXPECT_EQ(dossier->versions(2).project_case().end_date(), "2027-11-01");
  EXPECT_EQ(dossier->versions(3).project_case().end_date(), "2028-11-01");
  EXPECT_EQ(dossier->versions(3).decision_reference(), "27/1-2");
  EXPECT_EQ(dossier->versions(3).changed().actor(), "olav.key");
}

TEST_F(DossierTest, SaysWhoMayListTheEventsAsTheLogItselfDecides) {
  EXPECT_TRUE(Get(By(Role::kAuditor, "revisor"), project_)->may_list_events());
  EXPECT_TRUE(Get(By(Role::kCaseworker, "anna.sak"), project_)->may_list_events());
  EXPECT_FALSE(Get(By(Role::kCaseworker, "arne.sak"), project_)->may_list_events());
  EXPECT_FALSE(Get(By(Role::kKeyOfficer, "olav.key"), project_)->may_list_events());
  api::ListEventsRequest events;
  events.set_project_id(project_);
  const auto list = [&](const std::string& id) {
    return server_.audit().List(server_.By(Role::kCaseworker, id, "AuditService/ListEvents"), events,
                                [](const api::ListEventsResponse&) { return absl::OkStatus(); });
  };
  EXPECT_THAT(list("anna.sak"), IsOk());
  EXPECT_THAT(list("arne.sak"), RefusedWith(Reason::kNotPermitted));
}

TEST_F(DossierTest, AProjectThatDoesNotExistIsNamed) {
  const auto missing = Get(By(Role::kAuditor, "revisor"), "P9999");
  EXPECT_THAT(missing, RefusedWith(Reason::kProjectNotFound));
  EXPECT_EQ(DetailOf(missing.status(), "project"), "P9999");
}

}  // namespace
}  // namespace kobling::server
