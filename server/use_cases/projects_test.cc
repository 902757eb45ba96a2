#include "server/use_cases/projects.h"

#include "crypto/random.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;

class ProjectsTest : public ::testing::Test {
 protected:
  absl::StatusOr<api::Project> Ready(const std::string& id) {
    return server_.projects().MarkReady(server_.Caseworker("ProjectService/MarkReady"),
                                        About<api::MarkReadyRequest>(id));
  }
  absl::StatusOr<api::Project> ActivateBy(const std::string& actor, const std::string& id) {
    return server_.projects().Activate(server_.By(Role::kKeyOfficer, actor, "ProjectService/ActivateProject"),
                                       About<api::ActivateProjectRequest>(id));
  }
  absl::StatusOr<api::Project> Close(const std::string& id) {
    return server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                    About<api::CloseProjectRequest>(id));
  }
  absl::StatusOr<api::Project> Cancel(const std::string& id) {
    return server_.projects().Cancel(server_.Caseworker("ProjectService/CancelProject"),
                                     About<api::CancelProjectRequest>(id));
  }
  absl::StatusOr<api::Project> Update(const std::string& id, const api::ProjectCase& project_case) {
    auto request = About<api::UpdateProjectRequest>(id);
    *request.mutable_project_case() = project_case;
    return server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), request);
  }
  absl::StatusOr<api::Project> ConfirmBy(const std::string& actor, const std::string& id, std::uint32_t revision) {
    auto request = About<api::ConfirmRevisionRequest>(id);
    request.set_revision(revision);
    return server_.projects().ConfirmRevision(server_.By(Role::kKeyOfficer, actor, "ProjectService/ConfirmRevision"),
                                              request);
  }
  absl::StatusOr<api::Project> Reject(const Call& call, const std::string& id, std::uint32_t revision) {
    auto request = About<api::RejectRevisionRequest>(id);
    request.set_revision(revision);
    return server_.projects().RejectRevision(call, request);
  }
  absl::StatusOr<api::Project> Destroy(const std::string& id, const std::string& typed, const std::string& waiver) {
    auto request = About<api::DestroyProjectKeyRequest>(id);
    request.set_confirmation(typed);
    request.set_waiver_reason(waiver);
    return server_.projects().DestroyKey(server_.Officer("ProjectService/DestroyProjectKey"), request);
  }
  absl::StatusOr<api::Project> Get(const Call& call, const std::string& id) {
    api::GetProjectRequest request;
    request.set_project_id(id);
    return server_.projects().Get(call, request);
  }
  absl::Status Prf(const std::string& id) {
    return server_.core().keys.ProjectPrf(server_.store(), domain::ProjectId::Parse(id).value(), 1).status();
  }

  TestCore server_;
};

TEST_F(ProjectsTest, StatesFollowEachOtherAndNothingElseIsAllowed) {
  const std::string id = server_.Draft(FullCase({Defining("NPR")}));
  EXPECT_EQ(id, "P0001");
  EXPECT_THAT(ActivateBy("olav.key", id), RefusedWith(Reason::kProjectState));
  EXPECT_THAT(Close(id), RefusedWith(Reason::kProjectState));
  EXPECT_THAT(Destroy(id, id, ""), RefusedWith(Reason::kProjectState));
  EXPECT_EQ(Ready(id)->state(), api::PROJECT_STATE_READY);
  EXPECT_THAT(Ready(id), RefusedWith(Reason::kProjectState));
  const auto active = ActivateBy("olav.key", id);
  ASSERT_THAT(active, IsOk());
  EXPECT_EQ(active->state(), api::PROJECT_STATE_ACTIVE);
  EXPECT_EQ(active->key_version(), 1U);
  EXPECT_THAT(ActivateBy("olav.key", id), RefusedWith(Reason::kProjectState));
  EXPECT_THAT(Cancel(id), RefusedWith(Reason::kProjectState));
  EXPECT_THAT(Destroy(id, id, ""), RefusedWith(Reason::kProjectState));
  EXPECT_EQ(Close(id)->state(), api::PROJECT_STATE_CLOSED);
  EXPECT_THAT(Close(id), RefusedWith(Reason::kProjectState));
  EXPECT_THAT(Update(id, FullCase({Defining("NPR")})), RefusedWith(Reason::kProjectState));
  EXPECT_EQ(Destroy(id, id, "")->state(), api::PROJECT_STATE_KEY_DESTROYED);
  EXPECT_THAT(Destroy(id, id, ""), RefusedWith(Reason::kKeyDestroyed));
  EXPECT_THAT(Close(id), RefusedWith(Reason::kKeyDestroyed));
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(ProjectsTest, AnIncompleteDraftIsNotReady) {
  api::ProjectCase project_case = FullCase({Defining("NPR")});
  project_case.clear_legal_basis();
  const std::string id = server_.Draft(project_case);
  const auto refused = Ready(id);
  EXPECT_THAT(refused, RefusedWith(Reason::kProjectIncomplete));
  EXPECT_EQ(DetailOf(refused.status(), "field"), "legal_basis");
}

TEST_F(ProjectsTest, ACancelledProjectStaysCancelled) {
  const std::string id = server_.Draft(FullCase({Defining("NPR")}));
  ASSERT_THAT(Ready(id), IsOk());
  EXPECT_EQ(Cancel(id)->state(), api::PROJECT_STATE_CANCELLED);
  EXPECT_THAT(Cancel(id), RefusedWith(Reason::kProjectState));
  EXPECT_THAT(Ready(id), RefusedWith(Reason::kProjectState));
  EXPECT_THAT(ActivateBy("olav.key", id), RefusedWith(Reason::kProjectState));
}

TEST_F(ProjectsTest, NobodyWhoWroteTheCaseActivatesIt) {
  const std::string id = server_.Draft(FullCase({Defining("NPR")}));
  // A second author, by changing the draft; a third, by declaring it ready.
  auto update = About<api::UpdateProjectRequest>(id);
  *update.mutable_project_case() = FullCase({Defining("NPR")});
  update.mutable_project_case()->set_title("Ny tittel");
  ASSERT_THAT(
      server_.projects().Update(server_.By(Role::kCaseworker, "bente.sak", "ProjectService/UpdateProject"), update),
      IsOk());
  ASSERT_THAT(server_.projects().MarkReady(server_.By(Role::kCaseworker, "carl.sak", "ProjectService/MarkReady"),
                                           About<api::MarkReadyRequest>(id)),
              IsOk());
  for (const char* author : {"anna.sak", "bente.sak", "carl.sak"}) {
    EXPECT_THAT(ActivateBy(author, id), RefusedWith(Reason::kSameIdentity)) << author;
  }
  EXPECT_THAT(Prf(id), RefusedWith(Reason::kKeyUnusable)) << "no key was made";
  EXPECT_THAT(ActivateBy("olav.key", id), IsOk());
  EXPECT_THAT(Prf(id), IsOk());
}

TEST_F(ProjectsTest, AChangedReadyCaseIsADraftAgain) {
  const std::string id = server_.Draft(FullCase({Defining("NPR")}));
  ASSERT_THAT(Ready(id), IsOk());
  EXPECT_EQ(Update(id, FullCase({Defining("NPR")}))->state(), api::PROJECT_STATE_DRAFT);
  EXPECT_THAT(ActivateBy("olav.key", id), RefusedWith(Reason::kProjectState));
}

TEST_F(ProjectsTest, AProjectThatHasEndedIsNotActivated) {
  const std::string id = server_.Draft(FullCase({Defining("NPR")}));
  ASSERT_THAT(Ready(id), IsOk());
  server_.clock().Advance(absl::Hours(24 * 400));
  EXPECT_THAT(ActivateBy("olav.key", id), RefusedWith(Reason::kProjectEnded));
}

TEST_F(ProjectsTest, AChangeOfAnActiveProjectWaitsForAnotherIdentity) {
  const std::string id = server_.ActiveProject({Defining("NPR")});
  api::ProjectCase wanted = FullCase({Defining("NPR")});
  wanted.set_approved_persons(5);
  const auto proposed = Update(id, wanted);
  ASSERT_THAT(proposed, IsOk());
  EXPECT_EQ(proposed->project_case().approved_persons(), 1000U) << "not in force yet";
  EXPECT_EQ(proposed->pending_revision().proposed().approved_persons(), 5U);
  EXPECT_THAT(proposed->pending_revision().changed_fields(), ::testing::ElementsAre("approved_persons"));
  EXPECT_THAT(Update(id, wanted), RefusedWith(Reason::kRevisionPending));
  EXPECT_THAT(ConfirmBy("anna.sak", id, 1), RefusedWith(Reason::kSameIdentity));
  EXPECT_THAT(ConfirmBy("olav.key", id, 2), RefusedWith(Reason::kRevisionNotFound));
  const auto confirmed = ConfirmBy("olav.key", id, 1);
  ASSERT_THAT(confirmed, IsOk());
  EXPECT_EQ(confirmed->project_case().approved_persons(), 5U);
  EXPECT_FALSE(confirmed->has_pending_revision());
  const std::vector<transparency::EventChange> expected = {{"approved_persons", "1000", "5"}};
  EXPECT_EQ(server_.LastEvent().changes, expected);
  EXPECT_THAT(ConfirmBy("olav.key", id, 1), RefusedWith(Reason::kRevisionNotFound));
  wanted.set_approved_persons(6);
  EXPECT_EQ(Update(id, wanted)->pending_revision().number(), 2U) << "numbers are never used again";
}

TEST_F(ProjectsTest, ARevisionNeedsTheDecisionThatAllowsIt) {
  const std::string id = server_.ActiveProject({Defining("NPR")});
  for (const std::string field : {"decision_reference", "decision_date"}) {
    auto request = About<api::UpdateProjectRequest>(id);
    *request.mutable_project_case() = FullCase({Defining("NPR")});
    field == "decision_date" ? request.clear_decision_date() : request.clear_decision_reference();
    const auto refused = server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), request);
    EXPECT_THAT(refused, RefusedWith(Reason::kFieldMissing));
    EXPECT_EQ(DetailOf(refused.status(), "field"), field);
  }
}

TEST_F(ProjectsTest, ARevisionNeedsAReasonACompleteCaseAndAllItsSources) {
  const std::string id = server_.ActiveProject({Defining("NPR"), WholePopulation("DAAR")});
  auto request = About<api::UpdateProjectRequest>(id);
  *request.mutable_project_case() = FullCase({Defining("NPR"), WholePopulation("DAAR")});
  request.clear_reason();
  const Call call = server_.Caseworker("ProjectService/UpdateProject");
  EXPECT_THAT(server_.projects().Update(call, request), RefusedWith(Reason::kFieldMissing));
  api::ProjectCase incomplete = FullCase({Defining("NPR"), WholePopulation("DAAR")});
  incomplete.clear_contact();
  EXPECT_THAT(Update(id, incomplete), RefusedWith(Reason::kProjectIncomplete));
  const auto lost = Update(id, FullCase({Defining("NPR")}));
  EXPECT_THAT(lost, RefusedWith(Reason::kFieldMalformed));
  EXPECT_EQ(DetailOf(lost.status(), "register"), "DAAR");
}

TEST_F(ProjectsTest, ASourceIsAddedAtOnceToADraftAndByRevisionToAnActiveProject) {
  const std::string draft = server_.Draft(FullCase({Defining("NPR")}));
  server_.AddRegister("DAAR");
  auto request = About<api::AddSourceRequest>(draft);
  *request.mutable_source() = WholePopulation("DAAR");
  const Call call = server_.Caseworker("ProjectService/AddSource");
  EXPECT_EQ(server_.projects().AddSource(call, request)->project_case().sources_size(), 2);
  request.set_request_id(crypto::NewRequestId());
  EXPECT_THAT(server_.projects().AddSource(call, request), RefusedWith(Reason::kSourceExists));
  const std::string active = server_.ActiveProject({Defining("NPR")});
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(active);
  const auto pending = server_.projects().AddSource(call, request);
  ASSERT_THAT(pending, IsOk());
  EXPECT_EQ(pending->project_case().sources_size(), 1);
  EXPECT_EQ(pending->pending_revision().proposed().sources_size(), 2);
  EXPECT_THAT(Get(server_.Register("DAAR", "ProjectService/GetProject"), active), RefusedWith(Reason::kNotPermitted))
      << "a source that is not confirmed sees nothing";
}

TEST_F(ProjectsTest, TheApprovedNumberIsNotLoweredBelowThePersonsThere) {
  const std::string id = server_.ActiveProject({Defining("NPR")});
  server_.SubmitAll(id, "NPR", People(0, 10));
  api::ProjectCase wanted = FullCase({Defining("NPR")});
  wanted.set_approved_persons(9);
  const auto refused = Update(id, wanted);
  EXPECT_THAT(refused, RefusedWith(Reason::kFieldMalformed));
  EXPECT_EQ(DetailOf(refused.status(), "field"), "approved_persons");
  wanted.set_approved_persons(10);
  ASSERT_THAT(Update(id, wanted), IsOk());
  server_.SubmitAll(id, "NPR", People(10, 11));
  EXPECT_THAT(ConfirmBy("olav.key", id, 1), RefusedWith(Reason::kFieldMalformed)) << "one more has come meanwhile";
  ASSERT_THAT(Reject(server_.Officer("ProjectService/RejectRevision"), id, 1), IsOk());
  wanted.set_approved_persons(11);
  ASSERT_THAT(Update(id, wanted), IsOk());
  EXPECT_THAT(ConfirmBy("olav.key", id, 2), IsOk());
}

TEST_F(ProjectsTest, ARevisionIsDroppedByTheOfficerOrItsAuthorOnly) {
  const std::string id = server_.ActiveProject({Defining("NPR")});
  api::ProjectCase changed = FullCase({Defining("NPR")});
  changed.set_title("Hofteprotese, oppdatert");
  ASSERT_THAT(Update(id, changed), IsOk());
  EXPECT_THAT(Reject(server_.By(Role::kCaseworker, "bente.sak", "ProjectService/RejectRevision"), id, 1),
              RefusedWith(Reason::kNotPermitted));
  EXPECT_THAT(Reject(server_.Caseworker("ProjectService/RejectRevision"), id, 1), IsOk());
  ASSERT_THAT(Update(id, changed), IsOk());
  EXPECT_THAT(Reject(server_.Officer("ProjectService/RejectRevision"), id, 2), IsOk());
  EXPECT_FALSE(Get(server_.Officer("ProjectService/GetProject"), id)->has_pending_revision());
}

TEST_F(ProjectsTest, DestructionNeedsTheTypedIdAndLeavesNoWayToALopenummer) {
  const std::string id = server_.ActiveProject({Defining("NPR")});
  ASSERT_THAT(Close(id), IsOk());
  for (const char* typed : {"", "p0001", "P0002", "P0001 "}) {
    EXPECT_THAT(Destroy(id, typed, ""), RefusedWith(Reason::kConfirmationMismatch)) << typed;
  }
  EXPECT_THAT(Prf(id), IsOk());
  const int purges = server_.store().purges();
  ASSERT_THAT(Destroy(id, id, ""), IsOk());
  EXPECT_THAT(Prf(id), RefusedWith(Reason::kKeyUnusable));
  EXPECT_GT(server_.store().purges(), purges) << "older files of the store still hold the key";
  server_.Restart();
  EXPECT_THAT(Prf(id), RefusedWith(Reason::kKeyUnusable));
  EXPECT_THAT(server_.TryIssue(id, "NPR"), RefusedWith(Reason::kKeyDestroyed));
}

TEST_F(ProjectsTest, DestructionWaitsForOutstandingUsageUnlessItIsWaived) {
  const std::string id = server_.ActiveProject({Defining("NPR")});
  server_.SubmitAll(id, "NPR", People(0, 3));
  server_.Complete(id, "NPR");
  server_.Issue(id, "NPR");
  ASSERT_THAT(Close(id), IsOk());
  const auto refused = Destroy(id, id, "");
  EXPECT_THAT(refused, RefusedWith(Reason::kUsageOutstanding));
  EXPECT_EQ(DetailOf(refused.status(), "register"), "NPR");
  EXPECT_THAT(Prf(id), IsOk());
  EXPECT_EQ(server_.FilesInFolder().size(), 1U);
  ASSERT_THAT(Destroy(id, id, "registeret er lagt ned"), IsOk());
  EXPECT_THAT(server_.LastEvent().changes,
              ::testing::Contains(transparency::EventChange{"waiver_reason", "", "registeret er lagt ned"}));
  EXPECT_THAT(Prf(id), RefusedWith(Reason::kKeyUnusable));
  EXPECT_TRUE(server_.FilesInFolder().empty());
  EXPECT_THAT(server_.Fetch(id, "NPR", 1, 0).status(), RefusedWith(Reason::kKeyFileExpired));
}

TEST_F(ProjectsTest, DestructionNeedsNoWaiverOnceUseIsReported) {
  const std::string id = server_.ActiveProject({Defining("NPR")});
  server_.SubmitAll(id, "NPR", People(0, 3));
  server_.Complete(id, "NPR");
  server_.Issue(id, "NPR");
  api::ReportHeader header = server_.Header(id, 1, "leveranse 1");
  header.set_none_used(true);
  ASSERT_THAT(Close(id), IsOk());
  ASSERT_THAT(server_.Report(header, {}).response, IsOk()) << "use is reported after the close too";
  EXPECT_THAT(Destroy(id, id, ""), IsOk());
}

TEST_F(ProjectsTest, ARegisterGetsTheSameAnswerForAnotherProjectAndForNone) {
  const std::string id = server_.ActiveProject({Defining("NPR")});
  server_.AddRegister("DAAR");
  server_.SubmitAll(id, "NPR", People(0, 3));
  const Call own = server_.Register("NPR", "ProjectService/GetProject");
  const Call other = server_.Register("DAAR", "ProjectService/GetProject");
  EXPECT_EQ(Get(own, id)->persons(), 0U) << "a register is not told how many persons there are";
  EXPECT_EQ(Get(server_.Officer("ProjectService/GetProject"), id)->persons(), 3U);
  EXPECT_EQ(Get(other, id).status(), Get(other, "P9999").status());
  EXPECT_THAT(Get(other, id), RefusedWith(Reason::kNotPermitted));
  EXPECT_THAT(Get(server_.Officer("ProjectService/GetProject"), "P9999"), RefusedWith(Reason::kProjectNotFound));
  EXPECT_EQ(server_.projects().List(server_.Register("DAAR", "ProjectService/ListProjects"), {})->projects_size(), 0);
  EXPECT_EQ(server_.projects().List(server_.Register("NPR", "ProjectService/ListProjects"), {})->projects_size(), 1);
}

TEST_F(ProjectsTest, ARegisterSeesNeitherRevisionsNorHowFarOthersHaveCome) {
  const std::string id = server_.ActiveProject({Defining("NPR"), Defining("MFR")});
  for (const char* register_id : {"NPR", "MFR"}) {
    server_.SubmitAll(id, register_id, People(0, 3));
    server_.Complete(id, register_id);
  }
  api::ProjectCase changed = FullCase({Defining("NPR"), Defining("MFR")});
  changed.set_title("Hofteprotese, oppdatert");
  ASSERT_THAT(Update(id, changed), IsOk());
  const auto seen = Get(server_.Register("NPR", "ProjectService/GetProject"), id);
  EXPECT_FALSE(seen->has_pending_revision());
  EXPECT_TRUE(seen->project_case().sources(0).complete());
  EXPECT_FALSE(seen->project_case().sources(1).complete());
  EXPECT_TRUE(Get(server_.Officer("ProjectService/GetProject"), id)->project_case().sources(1).complete());
}

TEST_F(ProjectsTest, HistoryTellsWhatHappenedToTheCase) {
  const std::string id = server_.ActiveProject({Defining("NPR")});
  server_.Draft(FullCase({Defining("NPR")}));
  ASSERT_THAT(Close(id), IsOk());
  api::GetProjectHistoryRequest request;
  request.set_project_id(id);
  const auto history = server_.projects().History(server_.Caseworker("ProjectService/GetProjectHistory"), request);
  ASSERT_THAT(history, IsOk());
  std::vector<std::string> operations;
  for (const api::HistoryEntry& entry : history->entries()) {
    operations.push_back(entry.operation());
  }
  EXPECT_EQ(operations,
            (std::vector<std::string>{"project.create", "project.ready", "project.activate", "project.close"}));
  EXPECT_EQ(history->entries(3).mark().reason(), "fordi");
}

}  // namespace
}  // namespace kobling::server
