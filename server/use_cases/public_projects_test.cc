#include "server/use_cases/public_projects.h"

#include "crypto/random.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PublicProjectsTest : public ::testing::Test {
 protected:
  api::ListPublicProjectsResponse List() const { return PublicProjects(server_.core()).List(); }

  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    const api::ListPublicProjectsResponse list = List();
    for (const api::PublicProject& project : list.projects()) {
      ids.push_back(project.id());
    }
    return ids;
  }

  void Close(const std::string& project) {
    ASSERT_THAT(server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                         About<api::CloseProjectRequest>(project)),
                IsOk());
  }

  TestCore server_;
};

TEST_F(PublicProjectsTest, OnlyProjectsThatAreOrWereActiveAreListed) {
  const std::string draft = server_.Draft(FullCase({Defining("NPR")}));
  const std::string ready = server_.Draft(FullCase({Defining("NPR")}));
  ASSERT_THAT(
      server_.projects().MarkReady(server_.Caseworker("ProjectService/MarkReady"), About<api::MarkReadyRequest>(ready)),
      IsOk());
  const std::string cancelled = server_.Draft(FullCase({Defining("NPR")}));
  ASSERT_THAT(server_.projects().Cancel(server_.Caseworker("ProjectService/CancelProject"),
                                        About<api::CancelProjectRequest>(cancelled)),
              IsOk());
  EXPECT_EQ(Ids(), std::vector<std::string>());
  const std::string active = server_.ActiveProject({Defining("NPR")});
  const std::string closed = server_.ActiveProject({Defining("NPR")});
  Close(closed);
  const std::string destroyed = server_.ActiveProject({Defining("NPR")});
  Close(destroyed);
  auto destroy = About<api::DestroyProjectKeyRequest>(destroyed);
  destroy.set_confirmation(destroyed);
  ASSERT_THAT(server_.projects().DestroyKey(server_.Officer("ProjectService/DestroyProjectKey"), destroy), IsOk());
  EXPECT_EQ(Ids(), std::vector<std::string>({active, closed, destroyed}));
  EXPECT_EQ(List().projects(0).state(), api::PROJECT_STATE_ACTIVE);
  EXPECT_EQ(List().projects(1).state(), api::PROJECT_STATE_CLOSED);
  EXPECT_EQ(List().projects(2).state(), api::PROJECT_STATE_KEY_DESTROYED);
}

TEST_F(PublicProjectsTest, SaysWhatThePublicMayKnowAndNothingElse) {
  api::ProjectCase project_case = FullCase({Defining("NPR"), Defining("MFR")});
  project_case.set_case_number("saksnummer-77");
  project_case.set_rights("Du kan be om innsyn.");
  project_case.set_results_link("https://www.example.no/hofte");
  project_case.set_linkage_performer(api::LINKAGE_PERFORMER_REGISTER);
  project_case.set_linkage_register_id("MFR");
  api::Condition& condition = *project_case.add_conditions();
  condition.set_kind(api::CONDITION_KIND_DELETION);
  condition.set_text("vilkåret i vedtaket");
  const std::string project = server_.ActiveProject(project_case);
  server_.SubmitAll(project, "NPR", People(0, 10));
  auto update = About<api::UpdateProjectRequest>(project);
  *update.mutable_project_case() = project_case;
  update.mutable_project_case()->set_title("Ikke vedtatt ennå");
  ASSERT_THAT(server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), update), IsOk());

  ASSERT_EQ(List().projects_size(), 1);
  const api::PublicProject shown = List().projects(0);
  EXPECT_EQ(shown.title(), "Hofteprotese og overlevelse");
  EXPECT_EQ(shown.title_english(), "Hip replacement and survival");
  EXPECT_EQ(shown.purpose_nynorsk(), project_case.purpose_nynorsk());
  EXPECT_EQ(shown.purpose_kind(), api::PURPOSE_KIND_RESEARCH);
  EXPECT_EQ(shown.decision_reference(), "26/1234-5");
  EXPECT_EQ(shown.legal_basis(), project_case.legal_basis());
  EXPECT_EQ(shown.contact(), project_case.contact());
  EXPECT_EQ(shown.rights(), project_case.rights());
  EXPECT_EQ(shown.results_link(), project_case.results_link());
  EXPECT_EQ(shown.deletion_date(), "2030-01-01");
  EXPECT_EQ(shown.linkage_performer(), api::LINKAGE_PERFORMER_REGISTER);
  EXPECT_EQ(shown.linkage_register_name(), "Register MFR");
  EXPECT_EQ(shown.analysis_room(), server_.core().config.case_rules.FindRoom("TSD")->name);
  ASSERT_EQ(shown.registers_size(), 2);
  EXPECT_EQ(shown.registers(0).register_name(), "Register NPR");
  EXPECT_EQ(shown.registers(0).legal_reference(), "helseregisterloven § 19 e");
  const std::string everything = List().SerializeAsString();
  for (const char* hidden : {"saksnummer-77", "anna.sak", "olav.key", "Ikke vedtatt", "vilkåret i vedtaket"}) {
    EXPECT_THAT(everything, Not(HasSubstr(hidden)));
  }
}

TEST_F(PublicProjectsTest, ARoomWithoutANameOfItsOwnIsNamedByTheCase) {
  api::ProjectCase project_case = FullCase({Defining("NPR")});
  project_case.set_analysis_room("other");
  project_case.set_analysis_room_details("Analyserommet ved Eksempel sykehus");
  server_.ActiveProject(project_case);
  ASSERT_EQ(List().projects_size(), 1);
  EXPECT_EQ(List().projects(0).analysis_room(), "Analyserommet ved Eksempel sykehus");
}

TEST_F(PublicProjectsTest, ASourceThatHasLeftIsShownAsLeft) {
  const std::string project = server_.ActiveProject({Defining("NPR"), Intersecting("MFR")});
  auto withdraw = About<api::WithdrawSourceRequest>(project);
  withdraw.set_register_id("MFR");
  ASSERT_THAT(server_.projects().WithdrawSource(server_.Caseworker("ProjectService/WithdrawSource"), withdraw), IsOk());
  auto confirm = About<api::ConfirmRevisionRequest>(project);
  confirm.set_revision(1);
  ASSERT_THAT(server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), confirm), IsOk());
  const api::PublicProject shown = List().projects(0);
  ASSERT_EQ(shown.registers_size(), 2);
  EXPECT_FALSE(shown.registers(0).withdrawn());
  EXPECT_TRUE(shown.registers(1).withdrawn());
}

}  // namespace
}  // namespace kobling::server
