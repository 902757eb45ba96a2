#include "server/use_cases/insight.h"

#include "absl/strings/escaping.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;

// Of two look-ups of the same person, the later one tells of the earlier one.
api::LookupResponse WithoutAccesses(api::LookupResponse response) {
  response.clear_accesses();
  response.clear_access_count();
  return response;
}

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
  transparency::Event known = events[events.size() - 3];
  transparency::Event unknown = events[events.size() - 2];
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
    const transparency::Event event = server_.LastEvent();
    EXPECT_EQ(event.operation, "insight.lookup");
    EXPECT_EQ(event.purpose, "eget innsyn");
    EXPECT_EQ(event.actor, "portal");
    EXPECT_EQ(event.subject, server_.ExpectedSubject(person));
    EXPECT_EQ(transparency::EncodeEvent(event).find(person), std::string::npos);
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

// Tests of exemption and representation on top of the same population.
class ExemptionTest : public InsightTest {
 protected:
  // A second project, exempt from insight until that day.
  ExemptionTest() {
    api::ProjectCase exempt = FullCase({Defining("NPR")});
    exempt.set_contact("hemmelig@universitet.example");
    exempt.set_insight_exemption_reason("innsyn ville avsløre en pågående etterforskning");
    exempt.set_insight_exemption_reference("personopplysningsloven § 16 b");
    exempt.set_insight_exemption_until("2027-05-31");
    exempt_ = server_.ActiveProject(exempt);
    server_.SubmitAll(exempt_, "NPR", People(0, 2));
    third_ = server_.ActiveProject({Defining("NPR")});
    server_.SubmitAll(third_, "NPR", People(0, 1));
  }

  std::string exempt_;
  std::string third_;
};

TEST_F(ExemptionTest, AnExemptProjectIsWithheldWithItsReasonAndNothingElse) {
  const api::LookupResponse response = Lookup(Person(0));
  ASSERT_EQ(response.projects_size(), 3);
  EXPECT_EQ(response.projects(0).project_id(), project_);
  EXPECT_EQ(response.projects(1).project_id(), third_) << "the place of a withheld project tells when it was made";
  api::ProjectInsight expected;
  expected.mutable_withheld()->set_reason("innsyn ville avsløre en pågående etterforskning");
  expected.mutable_withheld()->set_legal_reference("personopplysningsloven § 16 b");
  expected.mutable_withheld()->set_until("2027-05-31");
  expected.mutable_withheld()->set_contact(server_.core().config.controller);
  EXPECT_EQ(response.projects(2).SerializeAsString(), expected.SerializeAsString());
  EXPECT_EQ(server_.LastEvent().counts,
            (std::vector<std::pair<std::string, std::uint64_t>>{{"projects", 3}, {"withheld", 1}}));
  EXPECT_EQ(Lookup(Person(3)).projects_size(), 1) << "only those who are in it are told that something is withheld";
}

TEST_F(ExemptionTest, TheExemptionEndsWithItsLastDay) {
  server_.clock().Advance(absl::FromCivil(absl::CivilHour(2027, 5, 31, 11), absl::UTCTimeZone()) -
                          server_.clock().Now());
  EXPECT_TRUE(Lookup(Person(1)).projects(1).has_withheld());
  server_.clock().Advance(absl::Hours(24));
  const api::LookupResponse response = Lookup(Person(1));
  EXPECT_EQ(response.projects(1).project_id(), exempt_);
  EXPECT_FALSE(response.projects(1).has_withheld());
  EXPECT_EQ(response.projects(1).registers_size(), 1);
  EXPECT_EQ(server_.LastEvent().counts,
            (std::vector<std::pair<std::string, std::uint64_t>>{{"projects", 2}, {"withheld", 0}}));
}

TEST_F(ExemptionTest, OfAnActiveProjectItIsInForceOnceAnotherIdentityHasConfirmedIt) {
  auto update = About<api::UpdateProjectRequest>(project_);
  *update.mutable_project_case() = FullCase({Defining("NPR"), Defining("MFR")});
  update.mutable_project_case()->set_insight_exemption_reason("fordi");
  update.mutable_project_case()->set_insight_exemption_reference("personopplysningsloven § 17");
  update.mutable_project_case()->set_insight_exemption_until("2027-01-31");
  ASSERT_THAT(server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), update), IsOk());
  EXPECT_FALSE(Lookup(Person(4)).projects(0).has_withheld());
  auto confirm = About<api::ConfirmRevisionRequest>(project_);
  confirm.set_revision(1);
  ASSERT_THAT(server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), confirm), IsOk());
  EXPECT_EQ(Lookup(Person(4)).projects(0).withheld().legal_reference(), "personopplysningsloven § 17");
}

class RepresentationTest : public InsightTest {
 protected:
  absl::StatusOr<api::LookupResponse> LookupFor(const std::string& person, const std::string& representative,
                                                api::RepresentationKind kind, const std::string& reference) {
    api::LookupRequest request;
    request.set_identifier(person);
    request.set_purpose("innsyn for barnet");
    request.mutable_representation()->set_kind(kind);
    request.mutable_representation()->set_representative(representative);
    request.mutable_representation()->set_reference(reference);
    return server_.insight().Lookup(server_.By(Role::kInsightPortal, "portal", "InsightService/Lookup"), request);
  }
};

TEST_F(RepresentationTest, WhoAsksForWhomAndByWhichRightIsInTheEventAndTheAnswerIsThePersons) {
  const std::vector<std::pair<api::RepresentationKind, std::string>> kinds = {
      {api::REPRESENTATION_KIND_GUARDIAN, "guardian"},
      {api::REPRESENTATION_KIND_PARENT, "parent"},
      {api::REPRESENTATION_KIND_POWER_OF_ATTORNEY, "power-of-attorney"}};
  for (const std::string& representative : {Person(3), Person(50)}) {  // one in the directory, one that is not
    for (const auto& [kind, word] : kinds) {
      const auto response = LookupFor(Person(0), representative, kind, "fullmakt 2026-77");
      ASSERT_THAT(response, IsOk());
      EXPECT_EQ(WithoutAccesses(*response).SerializeAsString(), WithoutAccesses(Lookup(Person(0))).SerializeAsString());
      const std::vector<transparency::Event> events = server_.Events();
      const transparency::Event& event = events[events.size() - 2];
      EXPECT_EQ(event.subject, server_.ExpectedSubject(Person(0)));
      EXPECT_EQ(event.changes,
                (std::vector<transparency::EventChange>{
                    {"representation", "", word},
                    {"representative", "", absl::BytesToHexString(server_.ExpectedSubject(representative))},
                    {"representation_reference", "", "fullmakt 2026-77"}}));
      EXPECT_EQ(transparency::EncodeEvent(event).find(representative), std::string::npos);
      EXPECT_TRUE(events.back().changes.empty()) << "nobody represents somebody who asks themselves";
    }
  }
  EXPECT_EQ(server_.core().directory.size(), 7U) << "a question gave out a number";
}

TEST_F(RepresentationTest, NobodyWithAProtectedAddressRepresentsOrIsRepresented) {
  constexpr auto kGuardian = api::REPRESENTATION_KIND_GUARDIAN;
  const auto feed = [&](api::IdentityEventKind kind, const std::string& person) {
    ASSERT_THAT(server_.Feed({TestCore::Event(kind, {person})}), IsOk());
  };
  feed(api::IDENTITY_EVENT_KIND_PROTECTED, Person(0));
  const absl::Status person_protected = LookupFor(Person(0), Person(3), kGuardian, "1").status();
  const absl::Status representative_protected = LookupFor(Person(3), Person(0), kGuardian, "1").status();
  EXPECT_THAT(person_protected, RefusedWith(Reason::kRepresentationNotAllowed));
  EXPECT_THAT(representative_protected, RefusedWith(Reason::kRepresentationNotAllowed));
  EXPECT_EQ(person_protected.message(), representative_protected.message()) << "whose address it is shows";
  Lookup(Person(0));  // the person's own insight stands
  feed(api::IDENTITY_EVENT_KIND_UNPROTECTED, Person(0));
  EXPECT_THAT(LookupFor(Person(0), Person(3), kGuardian, "1"), IsOk());
}

TEST_F(RepresentationTest, AParentSeesNothingOfWhoHasDemandedIt) {
  ASSERT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_PARENTS_BLOCKED, {Person(0)})}), IsOk());
  EXPECT_THAT(LookupFor(Person(0), Person(3), api::REPRESENTATION_KIND_PARENT, "1"),
              RefusedWith(Reason::kRepresentationNotAllowed));
  EXPECT_THAT(LookupFor(Person(3), Person(0), api::REPRESENTATION_KIND_PARENT, "1"), IsOk());
  EXPECT_THAT(LookupFor(Person(0), Person(3), api::REPRESENTATION_KIND_POWER_OF_ATTORNEY, "1"), IsOk());
  ASSERT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_PARENTS_ALLOWED, {Person(0)})}), IsOk());
  EXPECT_THAT(LookupFor(Person(0), Person(3), api::REPRESENTATION_KIND_PARENT, "1"), IsOk());
}

TEST_F(RepresentationTest, WhatThePortalAssertsIsWhole) {
  const std::size_t events = server_.Events().size();
  const auto expect_refused = [](const absl::Status& status, Reason reason, const std::string& field) {
    EXPECT_THAT(status, RefusedWith(reason));
    EXPECT_EQ(DetailOf(status, "field"), "representation." + field);
  };
  constexpr auto kParent = api::REPRESENTATION_KIND_PARENT;
  expect_refused(LookupFor(Person(0), Person(3), api::REPRESENTATION_KIND_UNSPECIFIED, "1").status(),
                 Reason::kFieldMissing, "kind");
  expect_refused(LookupFor(Person(0), Person(3), static_cast<api::RepresentationKind>(4), "1").status(),
                 Reason::kFieldMalformed, "kind");
  expect_refused(LookupFor(Person(0), Person(3), kParent, " ").status(), Reason::kFieldMissing, "reference");
  expect_refused(LookupFor(Person(0), Person(3), kParent, "for " + Person(3)).status(), Reason::kFieldMalformed,
                 "reference");
  expect_refused(LookupFor(Person(0), "", kParent, "1").status(), Reason::kIdentifierEmpty, "representative");
  std::string wrong = Person(3);
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  const absl::Status mistyped = LookupFor(Person(0), wrong, kParent, "1").status();
  expect_refused(mistyped, Reason::kIdentifierCheckDigits, "representative");
  EXPECT_EQ(mistyped.ToString().find(wrong), std::string::npos);
  for (const std::string& same : {Person(0), Person(50)}) {
    expect_refused(LookupFor(same, same, kParent, "1").status(), Reason::kFieldMalformed, "representative");
  }
  EXPECT_EQ(server_.Events().size(), events);
}

}  // namespace
}  // namespace kobling::server
