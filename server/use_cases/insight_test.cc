#include "server/use_cases/insight.h"

#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;

class InsightTest : public ::testing::Test {
 protected:
  // NPR names 0 to 4 and the relative 7, MFR 3 to 5.
  InsightTest() {
    EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 5), People(7, 8)}).response, IsOk());
    server_.SubmitAll(project_, "MFR", People(3, 6));
    server_.Complete(project_, "NPR");
    server_.Complete(project_, "MFR");
  }

  absl::StatusOr<api::LookupResponse> Lookup(const std::string& identifier, const std::string& purpose) {
    api::LookupRequest request;
    request.set_identifier(identifier);
    request.set_purpose(purpose);
    return server_.insight().Lookup(server_.By(Role::kInsightPortal, "portal", "InsightService/Lookup"), request);
  }

  api::LookupResponse Lookup(const std::string& identifier) {
    const auto response = Lookup(identifier, "eget innsyn");
    EXPECT_THAT(response, IsOk());
    return response.ok() ? *response : api::LookupResponse();
  }

  // The register's part in the person's only project.
  api::RegisterInsight Part(const std::string& person, const std::string& register_id) {
    const api::LookupResponse response = Lookup(person);
    EXPECT_EQ(response.projects_size(), 1);
    for (const api::RegisterInsight& part : response.projects(0).registers()) {
      if (part.register_id() == register_id) {
        return part;
      }
    }
    ADD_FAILURE() << "no such source";
    return {};
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR"), Defining("MFR")});
};

TEST_F(InsightTest, AnIndexPersonSeesTheProjectAndWhoNamedThem) {
  const api::LookupResponse response = Lookup(Person(0));
  ASSERT_EQ(response.projects_size(), 1);
  const api::ProjectInsight& project = response.projects(0);
  EXPECT_EQ(project.project_id(), project_);
  EXPECT_EQ(project.title(), "Hofteprotese og overlevelse");
  EXPECT_EQ(project.data_user(), "Universitetet i Eksempel, professor Eksempel");
  EXPECT_EQ(project.inclusion(), api::INCLUSION_INDEX_PERSON);
  EXPECT_EQ(project.state(), api::PROJECT_STATE_ACTIVE);
  EXPECT_TRUE(Part(Person(0), "NPR").submitted());
  EXPECT_EQ(Part(Person(0), "NPR").controller(), "Eier av NPR");
  EXPECT_FALSE(Part(Person(0), "MFR").submitted());
  EXPECT_TRUE(Part(Person(3), "MFR").submitted());
}

TEST_F(InsightTest, ARelativeIsToldSo) {
  const api::LookupResponse response = Lookup(Person(7));
  ASSERT_EQ(response.projects_size(), 1);
  EXPECT_EQ(response.projects(0).inclusion(), api::INCLUSION_RELATIVE);
  EXPECT_TRUE(Part(Person(7), "NPR").submitted());
}

TEST_F(InsightTest, UseIsToldAsItWasReported) {
  EXPECT_EQ(Part(Person(0), "NPR").use(), api::USE_UNSPECIFIED);
  EXPECT_FALSE(Part(Person(0), "NPR").key_file_issued());
  server_.Issue(project_, "NPR");
  EXPECT_TRUE(Part(Person(0), "NPR").key_file_issued());
  EXPECT_EQ(Part(Person(0), "NPR").use(), api::USE_NOT_YET_REPORTED);
  EXPECT_EQ(Part(Person(5), "NPR").use(), api::USE_UNSPECIFIED) << "only MFR named this one";
  ASSERT_THAT(
      server_.Report(server_.Header(project_, 1, "leveranse 1"), {server_.ExpectedLopenummer(project_, Person(0))})
          .response,
      IsOk());
  EXPECT_EQ(Part(Person(0), "NPR").use(), api::USE_USED);
  EXPECT_THAT(Part(Person(0), "NPR").used_on(), ::testing::ElementsAre("2026-11-22"));
  EXPECT_EQ(Part(Person(1), "NPR").use(), api::USE_NOT_USED);
  EXPECT_TRUE(Part(Person(1), "NPR").used_on().empty());
}

TEST_F(InsightTest, ThePersonReadsThreeLanguages) {
  const api::ProjectInsight insight = Lookup(Person(0)).projects(0);
  EXPECT_EQ(insight.title(), "Hofteprotese og overlevelse");
  EXPECT_EQ(insight.title_nynorsk(), "Hofteprotese og overleving");
  EXPECT_EQ(insight.title_english(), "Hip replacement and survival");
  EXPECT_FALSE(insight.purpose_nynorsk().empty());
  EXPECT_FALSE(insight.purpose_english().empty());
}

TEST_F(InsightTest, AFileThatExpiredBeforeAnybodyFetchedItIsInNobodysHands) {
  server_.Issue(project_, "NPR");
  EXPECT_TRUE(Part(Person(0), "NPR").key_file_issued());
  server_.clock().Advance(absl::Hours(24 * 91));
  ASSERT_THAT(server_.key_files().Upkeep(), IsOk());
  EXPECT_FALSE(Part(Person(0), "NPR").key_file_issued());
  EXPECT_EQ(Part(Person(0), "NPR").use(), api::USE_UNSPECIFIED);
  api::GetUsageStatusRequest status;
  status.set_project_id(project_);
  EXPECT_EQ(server_.usage().Status(server_.Officer("UsageService/GetUsageStatus"), status)->key_files_size(), 0);
}

TEST_F(InsightTest, NotUsedIsSaidOnlyWhenEveryFileWithThePersonIsReportedOn) {
  server_.Issue(project_, "NPR");
  server_.EnrolKey("NPR");  // for another key a second file is made
  server_.Issue(project_, "NPR");
  const std::vector<std::string> used = {server_.ExpectedLopenummer(project_, Person(0))};
  ASSERT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 1"), used).response, IsOk());
  EXPECT_EQ(Part(Person(0), "NPR").use(), api::USE_USED);
  EXPECT_EQ(Part(Person(1), "NPR").use(), api::USE_NOT_YET_REPORTED);
  ASSERT_THAT(server_.Report(server_.Header(project_, 2, "leveranse 2"), used).response, IsOk());
  EXPECT_EQ(Part(Person(1), "NPR").use(), api::USE_NOT_USED);
}

TEST_F(InsightTest, ACorrectedReportIsNotTold) {
  server_.Issue(project_, "NPR");
  ASSERT_THAT(
      server_.Report(server_.Header(project_, 1, "leveranse 1"), {server_.ExpectedLopenummer(project_, Person(0))})
          .response,
      IsOk());
  api::ReportHeader correction = server_.Header(project_, 1, "leveranse 1");
  correction.set_corrects_reference("leveranse 1");
  correction.set_correction_reason("feil person");
  ASSERT_THAT(server_.Report(correction, {server_.ExpectedLopenummer(project_, Person(1))}).response, IsOk());
  EXPECT_EQ(Part(Person(0), "NPR").use(), api::USE_NOT_USED);
  EXPECT_EQ(Part(Person(1), "NPR").use(), api::USE_USED);
}

TEST_F(InsightTest, AnUnknownPersonAndOneInNoProjectGetTheSameAnswer) {
  // Number 9 is in the directory, from a submission that was withdrawn; number 50 never was.
  server_.AddRegister("DAAR");
  const std::string other = server_.ActiveProject({Defining("NPR")});
  server_.SubmitAll(other, "NPR", {Person(9)});
  api::WithdrawSubmissionRequest request;
  request.set_request_id("2f1e6c1a-5f3b-4d09-9a41-0c4be2d0a7f1");
  request.set_project_id(other);
  request.set_number(1);
  request.set_reason("feil");
  ASSERT_THAT(server_.population().Withdraw(server_.Register("NPR", "PopulationService/WithdrawSubmission"), request),
              IsOk());
  EXPECT_EQ(Lookup(Person(9)).SerializeAsString(), Lookup(Person(50)).SerializeAsString());
  EXPECT_TRUE(Lookup(Person(50)).projects().empty());
  const auto events = server_.Events();
  storage::Event known = events[events.size() - 3];
  storage::Event unknown = events[events.size() - 2];
  EXPECT_EQ(known.operation, "insight.lookup");
  EXPECT_NE(known.subject, unknown.subject);
  known.subject.clear();
  unknown.subject.clear();
  EXPECT_TRUE(known == unknown) << "the events differ in more than whom they are about";
  EXPECT_EQ(server_.core().directory.size(), 8U) << "a question gave out a number";
}

TEST_F(InsightTest, EachLookIsAnEventWithAKeyedSubjectAndNoIdentifier) {
  for (const std::string& person : {Person(0), Person(50)}) {
    Lookup(person);
    const storage::Event event = server_.LastEvent();
    EXPECT_EQ(event.operation, "insight.lookup");
    EXPECT_EQ(event.purpose, "eget innsyn");
    EXPECT_EQ(event.actor, "portal");
    EXPECT_EQ(event.subject, server_.ExpectedSubject(person));
    EXPECT_EQ(storage::EncodeEvent(event).find(person), std::string::npos);
  }
}

TEST_F(InsightTest, WithoutADurableEventThereIsNoAnswer) {
  server_.store().FailFromNowOn(Reason::kStorageUnavailable);
  EXPECT_THAT(Lookup(Person(0), "eget innsyn"), RefusedWith(Reason::kStorageUnavailable));
}

TEST_F(InsightTest, APurposeIsNeededAndHoldsNoIdentifier) {
  const std::size_t events = server_.Events().size();
  EXPECT_THAT(Lookup(Person(0), ""), RefusedWith(Reason::kPurposeMissing));
  EXPECT_THAT(Lookup(Person(0), "  "), RefusedWith(Reason::kPurposeMissing));
  EXPECT_THAT(Lookup(Person(0), "for " + Person(0)), RefusedWith(Reason::kFieldMalformed));
  EXPECT_EQ(server_.Events().size(), events);
}

TEST_F(InsightTest, AMistypedIdentifierIsRefusedWithoutBeingShown) {
  std::string wrong = Person(0);
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  for (const std::string& identifier : {wrong, Person(0).substr(1), std::string("29020073150")}) {
    const auto refused = Lookup(identifier, "eget innsyn");
    EXPECT_FALSE(refused.ok());
    EXPECT_EQ(refused.status().ToString().find(identifier), std::string::npos);
    EXPECT_EQ(DetailOf(refused.status(), "field"), "identifier");
  }
}

TEST_F(InsightTest, TheInclusionIsStillToldAfterTheKeyIsDestroyed) {
  const auto about = [&](auto request) {
    request.set_request_id("2f1e6c1a-5f3b-4d09-9a41-0c4be2d0a7f2");
    request.set_project_id(project_);
    request.set_reason("ferdig");
    return request;
  };
  ASSERT_THAT(
      server_.projects().Close(server_.Officer("ProjectService/CloseProject"), about(api::CloseProjectRequest())),
      IsOk());
  api::DestroyProjectKeyRequest destroy = about(api::DestroyProjectKeyRequest());
  destroy.set_request_id("2f1e6c1a-5f3b-4d09-9a41-0c4be2d0a7f3");
  destroy.set_confirmation(project_);
  ASSERT_THAT(server_.projects().DestroyKey(server_.Officer("ProjectService/DestroyProjectKey"), destroy), IsOk());
  server_.Restart();
  const api::LookupResponse response = Lookup(Person(0));
  ASSERT_EQ(response.projects_size(), 1);
  EXPECT_EQ(response.projects(0).state(), api::PROJECT_STATE_KEY_DESTROYED);
}

}  // namespace
}  // namespace kobling::server
