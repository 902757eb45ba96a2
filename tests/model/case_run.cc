// The steps of case_run.h.
#include "tests/model/case_run.h"

#include <algorithm>

#include "server/core/dates.h"

namespace kobling::tests {

using server::About;
using server::Person;

namespace {

constexpr int kExpiryDays = 90;
constexpr int kDueDays = 60;
constexpr std::size_t kKillOneIn = 12;
constexpr const char* kDefining[] = {"NPR", "MFR"};

server::ServerConfig Config() {
  server::ServerConfig config;
  config.recipient_key_validity_days = 3650;
  config.key_file_expiry_days = kExpiryDays;
  config.usage_due_days = kDueDays;
  return config;
}

}  // namespace

std::vector<std::string> Digits(const PeopleSet& people) {
  std::vector<std::string> digits;
  for (const std::size_t person : people) {
    digits.push_back(Person(person));
  }
  return digits;
}

std::map<std::string, int> RunEach(const std::vector<std::uint64_t>& seeds, std::size_t steps,
                                   const std::function<std::unique_ptr<CaseRun>(std::uint64_t)>& begin) {
  std::map<std::string, int> done;
  for (const std::uint64_t seed : seeds) {
    const std::unique_ptr<CaseRun> run = begin(seed);
    for (std::size_t step = 0; step <= steps; ++step) {
      SCOPED_TRACE("KOBLING_TEST_SEED=" + std::to_string(seed) + ", step " + std::to_string(step));
      if (step < steps) {
        run->Step();
        run->Compare();
      } else {
        run->CompareAll();
      }
      if (testing::Test::HasFailure()) {
        return {};
      }
    }
    for (const auto& [what, times] : run->done()) {
      done[what] += times;
    }
  }
  return done;
}

CaseRun::CaseRun(std::uint64_t seed, std::size_t identifiers, Kills kills)
    : random_(seed), server_(Config()), model_(identifiers), kills_(kills) {
  model_.NewDay(Day());
}

std::string CaseRun::SomeRegister() { return std::vector<std::string>{"NPR", "MFR", "DAAR", "KRG", "KRG"}[Below(5)]; }

std::string CaseRun::InDays(int days) { return server::DateText(server::DayOf(server_.clock().Now()) + days); }

ModelDay CaseRun::Day() {
  return {.today = InDays(0), .expiry_date = InDays(kExpiryDays), .due_date = InDays(kDueDays)};
}

bool CaseRun::ArmAKill(int commits) {
  if (kills_ == Kills::kNone || !may_kill_ || Below(kKillOneIn) != 0) {
    return false;
  }
  using LastCommit = server::FaultyStore::LastCommit;
  server_.store().DieAfter(commits, Below(2) == 0 ? LastCommit::kIsLost : LastCommit::kIsWritten);
  return true;
}

void CaseRun::Revive() {
  server_.store().Mend();
  Restart();
}

void CaseRun::Restart() {
  server_.Restart();
  ASSERT_EQ(server_.StoredState(), server_.StateInMemory());
}

void CaseRun::NewProject(const NewCase& facts) {
  api::ProjectCase project_case = server::FullCase(
      {server::Defining("NPR"), server::Defining("MFR"), server::Intersecting("DAAR"), server::WholePopulation("KRG")});
  project_case.set_approved_persons(facts.approved);
  project_case.set_end_date(InDays(facts.days));
  project_case.set_deletion_date(InDays(facts.days + 500));
  project_case.mutable_sources(3)->set_includes_relatives(facts.includes_relatives);
  ModelProject& project = model_.projects[server_.ActiveProject(project_case)];
  project.approved = facts.approved;
  project.end_date = project_case.end_date();
  for (const char* id : kDefining) {
    project.sources[id].defines = true;
  }
  project.sources["DAAR"].scope = ModelScope::kIntersection;
  project.sources["KRG"].scope = ModelScope::kPopulation;
  project.sources["KRG"].includes_relatives = facts.includes_relatives;
  // Whoever lived before the project did is pinned in it as well.
  model_.PinEverybody(project);
}

void CaseRun::Submit(const std::string& name, const std::string& id, const PeopleSet& index,
                     const PeopleSet& relatives) {
  server::Columns columns = {Digits(index)};
  if (!relatives.empty()) {
    columns.push_back(Digits(relatives));
  }
  Act(
      "submit " + id, [&] { return model_.Submit(ProjectOf(name), id, index, relatives); },
      [&] { return server_.Submit(name, id, columns).response; });
}

void CaseRun::Complete(const std::string& name, const std::string& id) {
  Act(
      "complete " + id, [&] { return model_.Complete(ProjectOf(name), id); },
      [&] {
        return server_.population().Complete(server_.Register(id, "PopulationService/CompletePopulation"),
                                             About<api::CompletePopulationRequest>(name));
      });
}

void CaseRun::Reopen(const std::string& name, const std::string& id) {
  auto request = About<api::ReopenSourceRequest>(name);
  request.set_register_id(id);
  Act(
      "reopen " + id, [&] { return model_.Reopen(ProjectOf(name), id); },
      [&] { return server_.projects().ReopenSource(server_.Officer("ProjectService/ReopenSource"), request); });
}

void CaseRun::WithdrawSubmission() {
  const std::string name = SomeProject();
  const std::string id = SomeNamer();
  const std::size_t number = 1 + Below(SourceOf(name, id).submissions.size() + 1);
  auto request = About<api::WithdrawSubmissionRequest>(name);
  request.set_number(static_cast<std::uint32_t>(number));
  Act(
      "withdraw submission of " + id, [&] { return model_.Withdraw(ProjectOf(name), id, number); },
      [&] {
        return server_.population().Withdraw(server_.Register(id, "PopulationService/WithdrawSubmission"), request);
      });
}

void CaseRun::Match(const std::string& name, const PeopleSet& held) {
  if (Below(4) != 0) {
    auto request = About<api::OpenMatchRequest>(name);
    request.set_register_id("DAAR");
    request.set_max_rows(10'000);
    Act(
        "open match", [&] { return model_.OpenWindow(ProjectOf(name), "DAAR"); },
        [&] { return server_.matches().Open(server_.Officer("KeyFileService/OpenMatch"), request); });
  }
  if (Below(4) != 0) {
    Act(
        "match", [&] { return model_.Match(ProjectOf(name), "DAAR", held); },
        [&] { return server_.Match(name, "DAAR", Digits(held)).response; });
  }
}

void CaseRun::Issue(const std::string& name, const std::string& id, std::uint32_t since) {
  const auto issued =
      Act((since == 0 ? "issue to " : "issue a delta to ") + id,
          [&] { return model_.Issue(ProjectOf(name), id, since); }, [&] { return server_.TryIssue(name, id, since); });
  if (issued.has_value()) {
    Keep(name, id, *issued);
  }
}

void CaseRun::IssueCorrection() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  if (!ProjectOf(name).corrections.empty() && Below(4) != 0) {  // most officers see to it that nothing is in the way
    const auto files = static_cast<std::uint32_t>(SourceOf(name, id).files.size());
    for (std::uint32_t number = 1; number <= files; ++number) {
      const ModelKeyFile& file = SourceOf(name, id).files[number - 1];
      if (!file.fetched && !file.taken_back && !file.expired) {
        Fetch(name, id, number);
      }
    }
  }
  const auto issued = Act(
      "issue a correction", [&] { return model_.IssueCorrection(ProjectOf(name), id); },
      [&] { return server_.TryIssueCorrection(name, id); });
  if (issued.has_value()) {
    Keep(name, id, *issued);
  }
}

void CaseRun::Keep(const std::string& name, const std::string& id, const api::KeyFile& issued) {
  const std::vector<ModelKeyFile>& files = SourceOf(name, id).files;
  const ModelKeyFile& file = files.back();
  ASSERT_EQ(issued.number(), files.size());
  EXPECT_EQ(issued.since(), file.since);
  EXPECT_EQ(issued.rows(), file.rows.size() + file.withdrawn.size());
  EXPECT_EQ(issued.withdrawn_rows(), file.withdrawn.size());
  EXPECT_EQ(issued.persons(), file.persons);
  EXPECT_EQ(issued.annulled(), file.annulled);
  EXPECT_EQ(issued.map_version(), model_.identities.version());
  EXPECT_EQ(issued.expiry_date(), InDays(kExpiryDays));
  EXPECT_EQ(issued.usage_due_date(), file.due_date);
  for (const auto& [identifier, pin] : file.rows) {
    EXPECT_TRUE(model_.identities.AreOne(identifier, pin)) << "two persons share a løpenummer";
  }
  if (Below(4) != 0) {
    Fetch(name, id, issued.number());
  }
}

void CaseRun::Fetch(const std::string& name, const std::string& id, std::uint32_t number) {
  const auto fetched = Act(
      "fetch", [&] { return model_.Fetch(ProjectOf(name), id, number); },
      [&] { return server_.Fetch(name, id, number, 0); });
  if (fetched.has_value()) {
    ExpectContent(name, server_.FetchAndOpen(name, id, number), SourceOf(name, id).files[number - 1]);
  }
}

void CaseRun::TakeBack() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  const auto number = static_cast<std::uint32_t>(1 + Below(SourceOf(name, id).files.size() + 1));
  auto request = About<api::WithdrawKeyFileRequest>(name);
  request.set_register_id(id);
  request.set_number(number);
  Act(
      "take back key file of " + id, [&] { return model_.TakeBack(ProjectOf(name), id, number); },
      [&] { return server_.key_files().Withdraw(server_.Officer("KeyFileService/WithdrawKeyFile"), request); });
}

void CaseRun::Report(const std::string& name, const std::string& id, const PeopleSet& used) {
  const ModelSource& source = SourceOf(name, id);
  ModelReport report;
  report.key_file = static_cast<std::uint32_t>(1 + Below(source.files.size() + (Below(5) == 0 ? 2 : 1)));
  report.reference = "levering " + std::to_string(++deliveries_);
  report.used = used;
  const std::string corrects = !source.reports.empty() && Below(3) == 0 ? OneOf(source.reports).reference : "";
  api::ReportHeader header = server_.Header(name, report.key_file, report.reference);
  header.set_corrects_reference(corrects);
  header.set_correction_reason(corrects.empty() ? "" : "feil uttrekk");
  std::vector<std::string> lopenumre;
  for (const std::size_t pin : used) {
    lopenumre.push_back(LopenummerOf(name, pin));
  }
  const auto reported = Act(
      "report of " + id, [&] { return model_.Report(ProjectOf(name), id, report, corrects); },
      [&] { return server_.ReportBy(id, header, lopenumre).response; });
  if (reported.has_value()) {
    EXPECT_EQ(reported->result().used(), SourceOf(name, id).reports.back().lopenumre);
  }
}

void CaseRun::Reserve(const PeopleSet& people) {
  const std::string list = std::vector<std::string>{"", "NPR", "MFR", "KRG", "DAAR"}[Below(5)];
  const auto mode =
      std::vector{api::RESERVATION_MODE_REPLACE, api::RESERVATION_MODE_ADD, api::RESERVATION_MODE_REMOVE}[Below(3)];
  const auto loaded = Act(
      "reserve",
      [&]() -> Refusal {
        const auto found = model_.reservations.find(list);
        const PeopleSet members = found == model_.reservations.end() ? PeopleSet() : found->second;
        model_.reservations[list] = mode == api::RESERVATION_MODE_REPLACE ? people
                                    : mode == api::RESERVATION_MODE_ADD
                                        ? Union(members, people)
                                        : Less(members, model_.identities.OfPersonsIn(people, members));
        return std::nullopt;
      },
      [&] { return server_.LoadReservations(list, mode, Digits(people), InDays(0)).response; });
  if (loaded.has_value()) {
    EXPECT_EQ(loaded->result().identifiers(), model_.reservations.at(list).size());
  }
}

void CaseRun::NextDays(std::size_t most) {
  server_.clock().Advance(absl::Hours(24) * static_cast<int>(1 + Below(most)));
  model_.NewDay(Day());
  ASSERT_THAT(server_.key_files().Upkeep(), server::IsOk());
}

}  // namespace kobling::tests
