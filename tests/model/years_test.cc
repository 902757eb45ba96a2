// Cases over simulated years, in random order: what the service answers after every step must be what the model of the
// rules says, whatever was done before and however often the server was started again.
//
//   KOBLING_LONG_TESTS=1 runs many more years with new seeds; KOBLING_TEST_SEED=n repeats one.
#include "tests/conformance/test_length.h"
#include "tests/model/case_run.h"

namespace kobling::tests {
namespace {

using server::About;

constexpr std::size_t kPeople = 40;
constexpr std::size_t kNeighbours = 10;
constexpr std::size_t kStepCount = 600;

class Years final : public CaseRun {
 public:
  explicit Years(std::uint64_t seed) : CaseRun(seed, kPeople, Kills::kNone) { NewProject(); }

  // What is named more often happens more often.
  void Step() override {
    constexpr void (Years::*kSteps[])() = {&Years::NewProjectOrDays,   &Years::SubmitSome, &Years::SubmitSome,
                                           &Years::SubmitMore,         &Years::SubmitMore, &Years::CompleteSome,
                                           &Years::ReopenSome,         &Years::MatchSome,  &Years::MatchSome,
                                           &Years::WithdrawSubmission, &Years::IssueSome,  &Years::IssueSome,
                                           &Years::IssueSome,          &Years::TakeBack,   &Years::IssueCorrection,
                                           &Years::ReportSome,         &Years::ReportSome, &Years::ReserveSome,
                                           &Years::SomeDays,           &Years::Change,     &Years::End};
    (this->*kSteps[Below(std::size(kSteps))])();
  }

  void Compare() override {
    for (const auto& [name, project] : model_.projects) {
      CompareProject(name);
      const std::string id = SomeRegister();
      if (const std::size_t files = SourceOf(name, id).files.size(); files > 0) {
        CompareAPastFile(name, id, static_cast<std::uint32_t>(1 + Below(files)));
      }
    }
    for (int i = 0; i < 3; ++i) {
      CompareInsight(Below(kPeople));
    }
    CompareOverdue();
    if (Below(10) == 0) {
      Restart();
    }
  }

 private:
  void NewProject() { CaseRun::NewProject({.approved = 37, .includes_relatives = false, .days = 1000}); }

  void NewProjectOrDays() { model_.projects.size() < 3 ? NewProject() : SomeDays(); }

  void SubmitMore() {
    ReopenSome();
    SubmitSome();
  }

  void SubmitSome() {
    const std::string name = SomeProject();
    const PeopleSet index = SomePeople(kNeighbours);
    const PeopleSet relatives = Below(3) == 0 ? SomePeople(kNeighbours) : PeopleSet();
    Submit(name, SomeNamer(), index, relatives);
  }

  void CompleteSome() { CompleteAll(SomeProject()); }

  void CompleteAll(const std::string& name) {
    Complete(name, "NPR");
    Complete(name, "MFR");
  }

  void ReopenSome() { Reopen(SomeProject(), SomeNamer()); }

  void MatchSome() { MatchSome(SomeProject()); }

  void MatchSome(const std::string& name) { Match(name, Union(SomePeople(kNeighbours), SomePeople(kNeighbours))); }

  void IssueSome() {
    const std::string name = SomeProject();
    const std::string id = SomeRegister();
    if (Below(5) != 0) {
      CompleteAll(name);
    }
    if (SourceOf(name, id).scope == ModelScope::kIntersection && Below(5) != 0) {
      MatchSome(name);
    }
    const std::size_t files = SourceOf(name, id).files.size();
    Issue(name, id, static_cast<std::uint32_t>(Below(3) == 0 ? 0 : Below(files + 2)));
  }

  void ReportSome() { Report(SomeProject(), SomeRegister(), SomePeople(kNeighbours)); }

  void ReserveSome() {
    PeopleSet people = SomePeople(kNeighbours);
    while (people.size() > 4) {
      people.erase(people.begin());
    }
    Reserve(people);
  }

  void SomeDays() { NextDays(40); }

  // A new approved number, or a source that leaves, by a decision and a second person.
  void Change() {
    const std::string name = SomeProject();
    ModelProject& project = ProjectOf(name);
    if (project.state != ModelState::kActive) {
      return;
    }
    api::GetProjectRequest get;
    get.set_project_id(name);
    const api::Project now = server_.projects().Get(server_.Caseworker("ProjectService/GetProject"), get).value();
    auto update = About<api::UpdateProjectRequest>(name);
    *update.mutable_project_case() = now.project_case();
    const bool leaves = Below(5) == 0;
    const bool defines_no_more = !leaves && Below(8) == 0;
    if (leaves) {
      update.mutable_project_case()->mutable_sources(2)->set_withdrawn(true);
    } else if (defines_no_more) {
      api::Source& mfr = *update.mutable_project_case()->mutable_sources(1);
      mfr.set_defines_population(false);
      mfr.set_scope(api::SCOPE_POPULATION);
      mfr.set_scope_reason("registeret har ingen egen liste");
    } else {
      update.mutable_project_case()->set_approved_persons(std::max<std::size_t>(project.Everybody().size(), 33) +
                                                          Below(15));
    }
    const auto proposed = server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), update);
    if (domain::ReasonOf(proposed.status()) == Reason::kNothingChanges) {
      return;
    }
    ASSERT_THAT(proposed, server::IsOk());
    auto confirm = About<api::ConfirmRevisionRequest>(name);
    confirm.set_revision(proposed->pending_revision().number());
    ASSERT_THAT(server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), confirm),
                server::IsOk());
    project.approved = update.project_case().approved_persons();
    project.sources.at("DAAR").withdrawn = project.sources.at("DAAR").withdrawn || leaves;
    if (defines_no_more) {
      project.sources.at("MFR").defines = false;
      project.sources.at("MFR").scope = ModelScope::kPopulation;
    }
  }

  // Projects end seldom, and in their order.
  void End() {
    const std::string name = SomeProject();
    if (Below(8) != 0 && ProjectOf(name).end_date >= model_.day.today) {
      return;
    }
    if (Below(2) == 0) {
      Act(
          "close", [&] { return model_.Close(ProjectOf(name)); },
          [&] {
            return server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                            About<api::CloseProjectRequest>(name));
          });
    } else {
      auto destroy = About<api::DestroyProjectKeyRequest>(name);
      destroy.set_confirmation(name);
      destroy.set_waiver_reason("prøve");
      Act(
          "destroy key", [&] { return model_.DestroyKey(ProjectOf(name)); },
          [&] { return server_.projects().DestroyKey(server_.Officer("ProjectService/DestroyProjectKey"), destroy); });
    }
  }
};

TEST(CasesOverYears, AnswersAreThoseOfTheRulesAfterEveryStep) {
  std::map<std::string, int> done =
      RunEach(Seeds(6, 200), kStepCount, [](std::uint64_t seed) { return std::make_unique<Years>(seed); });
  // Steps that are always refused would compare nothing.
  for (const char* what : {"submit NPR", "withdraw submission of NPR", "match", "issue to NPR", "issue a delta to NPR",
                           "issue to DAAR", "issue a delta to KRG", "take back key file of NPR", "report of NPR",
                           "report of KRG", "close", "destroy key"}) {
    EXPECT_TRUE(HasFailure() || done[what] >= 3) << what << ": " << done[what];
  }
}

}  // namespace
}  // namespace kobling::tests
