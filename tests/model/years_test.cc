// Cases over simulated years, in random order: what the service answers after every step must be what the model of the
// rules says, whatever was done before and however often the server was started again.
//
//   KOBLING_LONG_TESTS=1 runs many more years with new seeds; KOBLING_TEST_SEED=n repeats one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "server/core/core_testing.h"
#include "server/core/dates.h"
#include "tests/conformance/test_length.h"
#include "tests/model/case_model.h"
#include "tests/model/random_choice.h"

namespace kobling::tests {
namespace {

using server::About;
using server::Person;
using server::TestCore;
namespace api = ::kobling::v1;

constexpr std::size_t kPeople = 40;
constexpr std::size_t kStepCount = 600;
constexpr std::uint32_t kExpiryDays = 90;
constexpr std::uint32_t kDueDays = 60;

server::ServerConfig Config() {
  server::ServerConfig config;
  config.recipient_key_validity_days = 3650;
  config.key_file_expiry_days = kExpiryDays;
  config.usage_due_days = kDueDays;
  return config;
}

class Years {
 public:
  explicit Years(std::uint64_t seed) : random_(seed) {
    model_.today = Today();
    NewProject();
  }

  // What is named more often happens more often.
  void Step() {
    constexpr void (Years::*kSteps[])() = {&Years::NewProjectOrDays,
                                           &Years::Submit,
                                           &Years::Submit,
                                           &Years::SubmitMore,
                                           &Years::SubmitMore,
                                           &Years::Complete,
                                           &Years::Reopen,
                                           &Years::Match,
                                           &Years::Match,
                                           &Years::WithdrawSubmission,
                                           &Years::Issue,
                                           &Years::Issue,
                                           &Years::Issue,
                                           &Years::TakeBack,
                                           &Years::Report,
                                           &Years::Report,
                                           &Years::Reserve,
                                           &Years::NextDays,
                                           &Years::Change,
                                           &Years::End};
    (this->*kSteps[Below(std::size(kSteps))])();
  }

  void Compare() {
    for (const auto& [name, project] : model_.projects) {
      CompareProject(name, project);
    }
    for (int i = 0; i < 3; ++i) {
      CompareInsight(Below(kPeople));
    }
    CompareOverdue();
    if (Below(10) == 0) {
      server_.Restart();
      ASSERT_EQ(server_.StoredState(), server_.StateInMemory());
    }
  }

  // How often each kind of step was let through.
  const std::map<std::string, int>& done() const { return done_; }

 private:
  std::size_t Below(std::size_t limit) { return random_.Below(limit); }
  template <typename Options>
  auto& OneOf(Options& options) {
    return random_.OneOf(options);
  }
  PeopleSet SomePeople() { return random_.SomePeople(kPeople); }

  std::string Today() { return server::DateText(server::DayOf(server_.clock().Now())); }
  std::string InDays(std::uint32_t days) {
    return server::DateText(server::DayOf(server_.clock().Now()) + static_cast<int>(days));
  }

  static std::vector<std::string> Digits(const PeopleSet& people) {
    std::vector<std::string> digits;
    for (const std::size_t person : people) {
      digits.push_back(Person(person));
    }
    return digits;
  }

  template <typename Outcome>
  void Expect(const Outcome& outcome, const Refusal& refusal, const std::string& what) {
    SCOPED_TRACE(what);
    if (refusal.has_value()) {
      EXPECT_THAT(outcome, server::RefusedWith(*refusal));
    } else {
      EXPECT_THAT(outcome, server::IsOk());
      ++done_[what];
    }
  }

  void NewProject() {
    api::ProjectCase project_case = server::FullCase({server::Defining("NPR"), server::Defining("MFR"),
                                                      server::Intersecting("DAAR"), server::WholePopulation("KRG")});
    project_case.set_approved_persons(37);
    project_case.set_end_date(InDays(1000));
    project_case.set_deletion_date(InDays(1500));
    const std::string name = server_.ActiveProject(project_case);
    ModelProject& project = model_.projects[name];
    project.approved = 37;
    project.end_date = project_case.end_date();
    for (const char* id : {"NPR", "MFR"}) {
      project.sources[id].defines = true;
    }
    project.sources["DAAR"].scope = ModelScope::kIntersection;
    project.sources["KRG"].scope = ModelScope::kPopulation;
  }

  void NewProjectOrDays() { model_.projects.size() < 3 ? NewProject() : NextDays(); }

  void SubmitMore() {
    Reopen();
    Submit();
  }

  void Submit() {
    auto& [name, project] = OneOf(model_.projects);
    const std::string id = Below(2) == 0 ? "NPR" : "MFR";
    const PeopleSet index = SomePeople();
    const PeopleSet relatives = Below(3) == 0 ? SomePeople() : PeopleSet();
    server::Columns columns = {Digits(index)};
    if (!relatives.empty()) {
      columns.push_back(Digits(relatives));
    }
    Expect(server_.Submit(name, id, columns).response, model_.Submit(project, id, index, relatives), "submit " + id);
  }

  void Complete() {
    auto& [name, project] = OneOf(model_.projects);
    Complete(name, project);
  }

  void Complete(const std::string& name, ModelProject& project) {
    for (const std::string id : {"NPR", "MFR"}) {
      Expect(server_.population().Complete(server_.Register(id, "PopulationService/CompletePopulation"),
                                           About<api::CompletePopulationRequest>(name)),
             model_.Complete(project, id), "complete " + id);
    }
  }

  void Reopen() {
    auto& [name, project] = OneOf(model_.projects);
    const std::string id = Below(2) == 0 ? "NPR" : "MFR";
    auto request = About<api::ReopenSourceRequest>(name);
    request.set_register_id(id);
    Expect(server_.projects().ReopenSource(server_.Officer("ProjectService/ReopenSource"), request),
           model_.Reopen(project, id), "reopen " + id);
  }

  void WithdrawSubmission() {
    auto& [name, project] = OneOf(model_.projects);
    const std::string id = Below(2) == 0 ? "NPR" : "MFR";
    const std::size_t number = 1 + Below(project.sources.at(id).submissions.size() + 1);
    auto request = About<api::WithdrawSubmissionRequest>(name);
    request.set_number(static_cast<std::uint32_t>(number));
    Expect(server_.population().Withdraw(server_.Register(id, "PopulationService/WithdrawSubmission"), request),
           model_.Withdraw(project, id, number), "withdraw submission of " + id);
  }

  void Match() {
    auto& [name, project] = OneOf(model_.projects);
    Match(name, project);
  }

  void Match(const std::string& name, ModelProject& project) {
    if (Below(4) != 0) {
      auto request = About<api::OpenMatchRequest>(name);
      request.set_register_id("DAAR");
      request.set_max_rows(1000);
      Expect(server_.matches().Open(server_.Officer("KeyFileService/OpenMatch"), request),
             model_.OpenWindow(project, "DAAR"), "open match");
    }
    if (Below(4) != 0) {
      const PeopleSet held = Union(SomePeople(), SomePeople());
      Expect(server_.Match(name, "DAAR", Digits(held)).response, model_.Match(project, "DAAR", held), "match");
    }
  }

  void Issue() {
    auto& [name, project] = OneOf(model_.projects);
    auto& [id, source] = OneOf(project.sources);
    if (Below(5) != 0) {
      Complete(name, project);
    }
    if (source.scope == ModelScope::kIntersection && Below(5) != 0) {
      Match(name, project);
    }
    const std::size_t files = source.key_files.size();
    const auto since = static_cast<std::uint32_t>(Below(3) == 0 ? 0 : Below(files + 2));
    const Refusal refusal = model_.Issue(project, id, since);
    const auto issued = server_.TryIssue(name, id, since);
    Expect(issued, refusal, (since == 0 ? "issue to " : "issue a delta to ") + id);
    if (refusal.has_value() || !issued.ok()) {
      return;
    }
    ModelKeyFile& file = source.key_files.back();
    file.expiry_date = InDays(kExpiryDays);
    file.due_date = InDays(kDueDays);
    ASSERT_EQ(issued->number(), files + 1);
    EXPECT_EQ(issued->rows(), file.rows.size() + file.withdrawn.size());
    if (Below(3) != 0) {
      ExpectContent(name, id, issued->number(), file);
      file.fetched = true;
    }
  }

  // Every løpenummer is what the formulas give for the person, in every file of the project.
  void ExpectContent(const std::string& name, const std::string& id, std::uint32_t number, const ModelKeyFile& file) {
    const server::OpenKeyFile opened = server_.FetchAndOpen(name, id, number);
    const auto expect = [&](const auto& rows, const PeopleSet& people) {
      std::set<std::pair<std::string, std::string>> expected;
      for (const std::size_t person : people) {
        expected.emplace(Person(person), server_.ExpectedLopenummer(name, Person(person)));
      }
      EXPECT_EQ((std::set<std::pair<std::string, std::string>>(rows.begin(), rows.end())), expected);
    };
    expect(opened.rows, file.rows);
    expect(opened.withdrawn, file.withdrawn);
  }

  void TakeBack() {
    auto& [name, project] = OneOf(model_.projects);
    auto& [id, source] = OneOf(project.sources);
    const auto number = static_cast<std::uint32_t>(1 + Below(source.key_files.size() + 1));
    auto request = About<api::WithdrawKeyFileRequest>(name);
    request.set_register_id(id);
    request.set_number(number);
    Expect(server_.key_files().Withdraw(server_.Officer("KeyFileService/WithdrawKeyFile"), request),
           model_.TakeBack(project, id, number), "take back key file of " + id);
  }

  void Report() {
    auto& [name, project] = OneOf(model_.projects);
    auto& [id, source] = OneOf(project.sources);
    ModelReport report;
    report.key_file = static_cast<std::uint32_t>(
        1 + Below(std::max<std::size_t>(1, source.key_files.size() + (Below(5) == 0 ? 1 : 0))));
    report.reference = "levering " + std::to_string(++deliveries_);
    report.used = SomePeople();
    std::string corrects;
    if (!source.reports.empty() && Below(3) == 0) {
      corrects = OneOf(source.reports).reference;
    }
    api::ReportHeader header = server_.Header(name, report.key_file, report.reference);
    header.set_corrects_reference(corrects);
    header.set_correction_reason(corrects.empty() ? "" : "feil uttrekk");
    std::vector<std::string> lopenumre;
    for (const std::size_t person : report.used) {
      lopenumre.push_back(server_.ExpectedLopenummer(name, Person(person)));
    }
    const Refusal refusal = model_.Report(project, id, report, corrects);
    const auto answer = server_.ReportBy(id, header, lopenumre);
    Expect(answer.response, refusal, "report of " + id);
    if (!refusal.has_value() && answer.response.ok()) {
      EXPECT_EQ(answer.response->result().used(), source.reports.back().used.size());
    }
  }

  void Reserve() {
    const std::string list = std::vector<std::string>{"", "NPR", "MFR", "KRG", "DAAR"}[Below(5)];
    const auto mode =
        std::vector{api::RESERVATION_MODE_REPLACE, api::RESERVATION_MODE_ADD, api::RESERVATION_MODE_REMOVE}[Below(3)];
    PeopleSet people = SomePeople();
    while (people.size() > 4) {
      people.erase(people.begin());
    }
    const auto loaded = server_.LoadReservations(list, mode, Digits(people), Today());
    ASSERT_THAT(loaded.response, server::IsOk());
    PeopleSet& members = model_.reservations[list];
    members = mode == api::RESERVATION_MODE_REPLACE ? people
              : mode == api::RESERVATION_MODE_ADD   ? Union(members, people)
                                                    : Less(members, people);
    EXPECT_EQ(loaded.response->result().identifiers(), members.size());
  }

  void NextDays() {
    server_.clock().Advance(absl::Hours(24) * static_cast<int>(1 + Below(40)));
    model_.NewDay(Today());
    ASSERT_THAT(server_.key_files().Upkeep(), server::IsOk());
  }

  // A new approved number, or a source that leaves, by a decision and a second person.
  void Change() {
    auto& [name, project] = OneOf(model_.projects);
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
    auto& [name, project] = OneOf(model_.projects);
    if (Below(8) != 0 && project.end_date >= model_.today) {
      return;
    }
    if (Below(2) == 0) {
      Expect(server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                      About<api::CloseProjectRequest>(name)),
             model_.Close(project), "close");
    } else {
      auto destroy = About<api::DestroyProjectKeyRequest>(name);
      destroy.set_confirmation(name);
      destroy.set_waiver_reason("prøve");
      Expect(server_.projects().DestroyKey(server_.Officer("ProjectService/DestroyProjectKey"), destroy),
             model_.DestroyKey(project), "destroy key");
    }
  }

  void CompareProject(const std::string& name, const ModelProject& project) {
    SCOPED_TRACE(name);
    api::GetProjectRequest get;
    get.set_project_id(name);
    const api::Project shown = server_.projects().Get(server_.Caseworker("ProjectService/GetProject"), get).value();
    EXPECT_EQ(shown.persons(), project.Everybody().size());
    EXPECT_EQ(shown.project_case().approved_persons(), project.approved);
    EXPECT_EQ(static_cast<int>(shown.state()), api::PROJECT_STATE_ACTIVE +
                                                   (project.state == ModelState::kClosed ? 1 : 0) +
                                                   (project.state == ModelState::kKeyDestroyed ? 3 : 0));
    std::map<std::string, std::size_t> later;
    for (const api::LaterReservations& one : shown.later_reservations()) {
      later[one.register_id()] = one.persons();
    }
    for (const auto& [id, source] : project.sources) {
      EXPECT_EQ(later[id], model_.LaterReservations(project, id)) << id;
    }
    CompareAPastFile(name, project);
  }

  void CompareAPastFile(const std::string& name, const ModelProject& project) {
    const auto& [id, source] = OneOf(project.sources);
    if (source.key_files.empty()) {
      return;
    }
    api::ReproduceKeyFileRequest request;
    request.set_project_id(name);
    request.set_register_id(id);
    request.set_number(static_cast<std::uint32_t>(1 + Below(source.key_files.size())));
    request.set_purpose("tilsyn");
    const auto made = server_.key_files().Reproduce(
        server_.By(server::Role::kAuditor, "anne.audit", "KeyFileService/ReproduceKeyFile"), request);
    if (project.state == ModelState::kKeyDestroyed) {
      EXPECT_THAT(made, server::RefusedWith(Reason::kKeyDestroyed));
    } else {
      ASSERT_THAT(made, server::IsOk());
      EXPECT_TRUE(made->equal());
    }
  }

  void CompareInsight(std::size_t person) {
    SCOPED_TRACE("insight of person " + std::to_string(person));
    api::LookupRequest request;
    request.set_identifier(Person(person));
    request.set_purpose("eget innsyn");
    const api::LookupResponse answer =
        server_.insight()
            .Lookup(server_.By(server::Role::kInsightPortal, "portal", "InsightService/Lookup"), request)
            .value();
    int at = 0;
    for (const auto& [name, project] : model_.projects) {
      const ModelInclusion inclusion = model_.InclusionOf(project, person);
      if (inclusion == ModelInclusion::kNone) {
        continue;
      }
      ASSERT_LT(at, answer.projects_size());
      const api::ProjectInsight& told = answer.projects(at++);
      EXPECT_EQ(told.project_id(), name);
      EXPECT_EQ(static_cast<int>(told.inclusion()), static_cast<int>(inclusion));
      for (const api::RegisterInsight& part : told.registers()) {
        const ModelRegisterInsight expected = model_.InsightOf(project, part.register_id(), person);
        const ModelRegisterInsight got{.submitted = part.submitted(),
                                       .key_file_issued = part.key_file_issued(),
                                       .use = static_cast<ModelUse>(part.use()),
                                       .reservation = static_cast<ModelReservation>(part.reservation())};
        EXPECT_TRUE(got == expected) << name << ' ' << part.ShortDebugString();
      }
    }
    EXPECT_EQ(at, answer.projects_size());
    const auto lists = std::count_if(model_.reservations.begin(), model_.reservations.end(),
                                     [&](const auto& list) { return list.second.contains(person); });
    EXPECT_EQ(answer.reservations_size(), lists);
  }

  void CompareOverdue() {
    api::GetUsageStatusRequest request;
    request.set_overdue_only(true);
    const api::GetUsageStatusResponse answer =
        server_.usage().Status(server_.Officer("UsageService/GetUsageStatus"), request).value();
    std::set<std::string> told;
    for (const api::KeyFileUsage& line : answer.key_files()) {
      told.insert(line.project_id() + ' ' + line.register_id() + ' ' + std::to_string(line.key_file_number()));
    }
    std::set<std::string> expected;
    for (const auto& [name, project] : model_.projects) {
      for (const auto& [id, source] : project.sources) {
        for (std::uint32_t number = 1; number <= source.key_files.size(); ++number) {
          if (model_.IsOverdue(project, id, number)) {
            expected.insert(name + ' ' + id + ' ' + std::to_string(number));
          }
        }
      }
    }
    EXPECT_EQ(told, expected);
  }

  RandomChoice random_;
  TestCore server_{Config()};
  CaseModel model_;
  int deliveries_ = 0;
  std::map<std::string, int> done_;
};

TEST(CasesOverYears, AnswersAreThoseOfTheRulesAfterEveryStep) {
  std::map<std::string, int> done;
  for (const std::uint64_t seed : Seeds(6, 200)) {
    Years years(seed);
    for (std::size_t step = 0; step < kStepCount; ++step) {
      SCOPED_TRACE("KOBLING_TEST_SEED=" + std::to_string(seed) + ", step " + std::to_string(step));
      years.Step();
      years.Compare();
      if (testing::Test::HasFailure()) {
        return;
      }
    }
    for (const auto& [what, times] : years.done()) {
      done[what] += times;
    }
  }
  // Steps that are always refused would compare nothing.
  for (const char* what : {"submit NPR", "withdraw submission of NPR", "match", "issue to NPR", "issue a delta to NPR",
                           "issue to DAAR", "issue a delta to KRG", "take back key file of NPR", "report of NPR",
                           "report of KRG", "close", "destroy key"}) {
    EXPECT_GE(done[what], 3) << what;
  }
}

}  // namespace
}  // namespace kobling::tests
