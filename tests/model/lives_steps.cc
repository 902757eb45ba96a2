// The steps of lives.h.
#include <algorithm>
#include <limits>
#include <span>

#include "server/core/dates.h"
#include "tests/model/lives.h"

namespace kobling::tests {

using server::About;
using server::Person;
using server::TestCore;

namespace {

constexpr std::size_t kIdentifiers = 2400;
// Whoever is ever confused with somebody is one of so many neighbours, or now and then of the next ones.
constexpr std::size_t kNeighbours = 6;
constexpr std::size_t kProjects = 5;
constexpr int kExpiryDays = 90;
constexpr std::size_t kKillOneIn = 12;

server::ServerConfig Config() {
  server::ServerConfig config;
  config.recipient_key_validity_days = 3650;
  config.key_file_expiry_days = kExpiryDays;
  return config;
}

std::vector<std::string> Digits(const PeopleSet& identifiers) {
  std::vector<std::string> digits;
  for (const std::size_t identifier : identifiers) {
    digits.push_back(Person(identifier));
  }
  return digits;
}

}  // namespace

Lives::Lives(std::uint64_t seed, Kills kills) : random_(seed), kills_(kills), server_(Config()), model_(kIdentifiers) {
  model_.order = [this](std::size_t identifier) { return OrderOf(identifier); };
  model_.NewDay(InDays(0), InDays(kExpiryDays));
  may_kill_ = false;
  std::vector<LifeEvent> births;
  for (std::size_t identifier = 0; identifier < kIdentifiers; ++identifier) {
    if (Below(3) != 0) {
      births.push_back({.kind = api::IDENTITY_EVENT_KIND_CREATED,
                        .identifiers = {identifier},
                        .other = {},
                        .told_date = {},
                        .date = {}});
    }
  }
  SendEvents(births, 700);
  NewProject();
  NewProject();
  may_kill_ = true;
}

// What is named more often happens more often.
void Lives::Step() {
  constexpr void (Lives::*kSteps[])() = {&Lives::NewProjectOrDays,
                                         &Lives::Feed,
                                         &Lives::Feed,
                                         &Lives::Feed,
                                         &Lives::Feed,
                                         &Lives::Feed,
                                         &Lives::Submit,
                                         &Lives::Submit,
                                         &Lives::SubmitMore,
                                         &Lives::Complete,
                                         &Lives::Reopen,
                                         &Lives::Match,
                                         &Lives::Issue,
                                         &Lives::Issue,
                                         &Lives::Issue,
                                         &Lives::Issue,
                                         &Lives::Issue,
                                         &Lives::Issue,
                                         &Lives::Fetch,
                                         &Lives::Fetch,
                                         &Lives::Propose,
                                         &Lives::Propose,
                                         &Lives::Decide,
                                         &Lives::Decide,
                                         &Lives::Decide,
                                         &Lives::CorrectAtOnce,
                                         &Lives::CorrectAtOnce,
                                         &Lives::IssueCorrection,
                                         &Lives::IssueCorrection,
                                         &Lives::TakeBack,
                                         &Lives::Report,
                                         &Lives::Report,
                                         &Lives::Reserve,
                                         &Lives::WithdrawSubmission};
  (this->*kSteps[Below(std::size(kSteps))])();
}

std::string Lives::SomeRegister() { return std::vector<std::string>{"NPR", "MFR", "DAAR", "KRG", "KRG"}[Below(5)]; }

PeopleSet Lives::SomeIdentifiers(std::size_t most) {
  PeopleSet identifiers;
  const std::size_t begin = Below(kIdentifiers);
  const std::size_t end = std::min(kIdentifiers, begin + 1 + Below(most));
  for (std::size_t identifier = begin; identifier < end; ++identifier) {
    if (Below(4) != 0) {
      identifiers.insert(identifier);
    }
  }
  identifiers.insert(begin);
  return identifiers;
}

std::string Lives::InDays(int days) { return server::DateText(server::DayOf(server_.clock().Now()) + days); }

// The number that the server gave the identifier.
std::uint32_t Lives::OrderOf(std::size_t identifier) {
  if (const auto known = order_.find(identifier); known != order_.end()) {
    return known->second;
  }
  const domain::NationalId id = *server_.rules().Parse(Person(identifier)).id;
  crypto::Tag tag;
  std::uint32_t number = storage::Directory::kAbsent;
  server_.core().directory.TagsOf(std::span(&id, 1), std::span(&tag, 1));
  server_.core().directory.Find(std::span(&tag, 1), std::span(&number, 1));
  EXPECT_NE(number, storage::Directory::kAbsent) << identifier;
  return order_[identifier] = number;
}

bool Lives::ArmAKill(int commits) {
  if (kills_ == Kills::kNone || !may_kill_ || Below(kKillOneIn) != 0) {
    return false;
  }
  using LastCommit = server::FaultyStore::LastCommit;
  server_.store().DieAfter(commits, Below(2) == 0 ? LastCommit::kIsLost : LastCommit::kIsWritten);
  return true;
}

void Lives::Revive() {
  server_.store().Mend();
  server_.Restart();
  ASSERT_EQ(server_.StoredState(), server_.StateInMemory());
}

void Lives::NewProject() {
  api::ProjectCase project_case = server::FullCase(
      {server::Defining("NPR"), server::Defining("MFR"), server::Intersecting("DAAR"), server::WholePopulation("KRG")});
  const std::size_t approved = 150 + Below(500);
  const bool includes_relatives = Below(2) == 0;
  project_case.set_approved_persons(approved);
  project_case.set_end_date(InDays(3000));
  project_case.set_deletion_date(InDays(3500));
  project_case.mutable_sources(3)->set_includes_relatives(includes_relatives);
  LifeProject& project = model_.projects[server_.ActiveProject(project_case)];
  project.approved = approved;
  project.sources["NPR"].defines = true;
  project.sources["MFR"].defines = true;
  project.sources["DAAR"].scope = ModelScope::kIntersection;
  project.sources["KRG"].scope = ModelScope::kPopulation;
  project.sources["KRG"].includes_relatives = includes_relatives;
  // Whoever lived before the project did is pinned in it as well.
  model_.PinEverybody(project);
}

void Lives::NewProjectOrDays() { model_.projects.size() < kProjects&& Below(2) == 0 ? NewProject() : NextDays(); }

LifeEvent Lives::SomeSplit() {
  LifeEvent event;
  event.kind = api::IDENTITY_EVENT_KIND_SPLIT;
  std::size_t from = Below(kIdentifiers);
  for (int i = 0; i < 30 && model_.identities.PersonOf(from).size() == 1; ++i) {
    from = Below(kIdentifiers);
  }
  event.other = {from};
  for (const std::size_t each : model_.identities.PersonOf(from)) {
    if (each != from && Below(2) == 0) {
      event.identifiers.insert(event.identifiers.begin() + static_cast<int>(Below(event.identifiers.size() + 1)), each);
    }
  }
  if (event.identifiers.empty() || Below(8) == 0) {  // somebody else, who stays as they are
    const std::size_t stranger = (from + 1 + Below(kNeighbours)) % kIdentifiers;
    if (std::find(event.identifiers.begin(), event.identifiers.end(), stranger) == event.identifiers.end()) {
      event.identifiers.insert(event.identifiers.begin() + static_cast<int>(Below(event.identifiers.size() + 1)),
                               stranger);
    }
  }
  return event;
}

LifeEvent Lives::SomeEvent() {
  static constexpr api::IdentityEventKind kKinds[] = {
      api::IDENTITY_EVENT_KIND_CREATED,        api::IDENTITY_EVENT_KIND_ADDED,
      api::IDENTITY_EVENT_KIND_ADDED,          api::IDENTITY_EVENT_KIND_REPLACED,
      api::IDENTITY_EVENT_KIND_REPLACED,       api::IDENTITY_EVENT_KIND_MERGED,
      api::IDENTITY_EVENT_KIND_MERGED,         api::IDENTITY_EVENT_KIND_MERGED,
      api::IDENTITY_EVENT_KIND_MERGED,         api::IDENTITY_EVENT_KIND_SPLIT,
      api::IDENTITY_EVENT_KIND_SPLIT,          api::IDENTITY_EVENT_KIND_SPLIT,
      api::IDENTITY_EVENT_KIND_SPLIT,          api::IDENTITY_EVENT_KIND_ENDED,
      api::IDENTITY_EVENT_KIND_ANNULLED,       api::IDENTITY_EVENT_KIND_RESTORED,
      api::IDENTITY_EVENT_KIND_RESTORED,       api::IDENTITY_EVENT_KIND_PROTECTED,
      api::IDENTITY_EVENT_KIND_UNPROTECTED,    api::IDENTITY_EVENT_KIND_PARENTS_BLOCKED,
      api::IDENTITY_EVENT_KIND_PARENTS_ALLOWED};
  LifeEvent event;
  event.kind = kKinds[Below(std::size(kKinds))];
  if (event.kind == api::IDENTITY_EVENT_KIND_SPLIT) {
    event = SomeSplit();
  } else {
    const std::size_t identifier = Below(kIdentifiers);
    event.identifiers = {identifier};
    if (event.kind == api::IDENTITY_EVENT_KIND_ADDED || event.kind == api::IDENTITY_EVENT_KIND_REPLACED ||
        event.kind == api::IDENTITY_EVENT_KIND_MERGED) {
      const std::size_t first = Below(20) == 0 ? identifier : identifier - identifier % kNeighbours;
      const std::size_t other = (first + Below(kNeighbours)) % kIdentifiers;
      event.other = {other != identifier ? other : (identifier + 1) % kIdentifiers};
    }
  }
  event.told_date = Below(3) == 0 ? "" : InDays(-static_cast<int>(Below(400)));
  return event;
}

api::IdentityEvent Lives::ToApi(const LifeEvent& event, std::uint64_t sequence) const {
  std::vector<std::string> identifiers;
  for (const std::size_t identifier : event.identifiers) {
    identifiers.push_back(Person(identifier));
  }
  api::IdentityEvent told =
      TestCore::Event(event.kind, identifiers, event.other.empty() ? "" : Person(event.other.front()), event.told_date);
  told.set_sequence(sequence);
  return told;
}

// Sends them as the next ones, now and then after some that were applied before.
void Lives::SendEvents(const std::vector<LifeEvent>& events, std::size_t batch_events) {
  const std::uint64_t version = model_.identities.version();
  const std::uint64_t again = std::min<std::uint64_t>(version, Below(4) == 0 ? Below(8) : 0);
  std::vector<api::IdentityEvent> told;
  for (std::uint64_t sequence = version - again + 1; sequence <= version; ++sequence) {
    told.push_back(ToApi(model_.identities.event(sequence), sequence));
  }
  for (const LifeEvent& event : events) {
    told.push_back(ToApi(event, version - again + told.size() + 1));
  }
  ArmAKill(static_cast<int>(Below(3)));
  const auto fed = server_.FeedAsTheyAre(told, {}, batch_events);
  const bool was_killed = server_.store().is_dead();
  if (was_killed) {
    Revive();
    ++done_["killed over a feed"];
  }
  server_.store().Mend();
  const std::uint64_t applied = server_.core().identities.version() - version;
  ASSERT_LE(applied, events.size());
  std::size_t without_effect = 0;
  for (std::size_t i = 0; i < applied; ++i) {
    LifeEvent event = events[i];
    event.date = event.told_date.empty() ? model_.today : event.told_date;
    const bool has_effect = model_.Apply(event);
    without_effect += has_effect ? 0 : 1;
    ++done_[api::IdentityEventKind_Name(event.kind) + (has_effect ? "" : " without effect")];
  }
  unsent_.assign(events.begin() + static_cast<std::ptrdiff_t>(applied), events.end());
  if (!was_killed) {
    ASSERT_THAT(fed, server::IsOk());
    EXPECT_EQ(fed->applied(), events.size());
    EXPECT_EQ(fed->applied_through(), model_.identities.version());
    EXPECT_EQ(fed->passed_over(), again);
    EXPECT_EQ(fed->without_effect(), without_effect);
  }
}

void Lives::Feed() {
  std::vector<LifeEvent> events = unsent_;
  for (std::size_t i = 1 + Below(16); i-- > 0;) {
    events.push_back(SomeEvent());
  }
  SendEvents(events, 1 + Below(20));
}

void Lives::SubmitMore() {
  const std::string name = SomeProject();
  const std::string id = SomeNamer();
  Reopen(name, id);
  Submit(name, id);
}

void Lives::Submit() { Submit(SomeProject(), SomeNamer()); }

void Lives::Submit(const std::string& name, const std::string& id) {
  const PeopleSet index = SomeIdentifiers(120);
  const PeopleSet relatives = Below(3) == 0 ? SomeIdentifiers(60) : PeopleSet();
  server::Columns columns = {Digits(index)};
  if (!relatives.empty()) {
    columns.push_back(Digits(relatives));
  }
  Act(
      "submit", [&] { return model_.Submit(ProjectOf(name), id, index, relatives); },
      [&] { return server_.Submit(name, id, columns).response; });
}

void Lives::Complete() { Complete(SomeProject()); }

void Lives::Complete(const std::string& name) {
  for (const std::string id : {"NPR", "MFR"}) {
    if (SourceOf(name, id).submissions.empty()) {
      Submit(name, id);
    }
    if (SourceOf(name, id).locked) {
      Reopen(name, id);
    }
    Act(
        "complete", [&] { return model_.Complete(ProjectOf(name), id); },
        [&] {
          return server_.population().Complete(server_.Register(id, "PopulationService/CompletePopulation"),
                                               About<api::CompletePopulationRequest>(name));
        });
  }
}

void Lives::Reopen() { Reopen(SomeProject(), SomeNamer()); }

void Lives::Reopen(const std::string& name, const std::string& id) {
  auto request = About<api::ReopenSourceRequest>(name);
  request.set_register_id(id);
  Act(
      "reopen", [&] { return model_.Reopen(ProjectOf(name), request.register_id()); },
      [&] { return server_.projects().ReopenSource(server_.Officer("ProjectService/ReopenSource"), request); });
}

void Lives::WithdrawSubmission() {
  const std::string name = SomeProject();
  const std::string id = SomeNamer();
  const std::size_t number = 1 + Below(SourceOf(name, id).submissions.size() + 1);
  auto request = About<api::WithdrawSubmissionRequest>(name);
  request.set_number(static_cast<std::uint32_t>(number));
  Act(
      "withdraw submission", [&] { return model_.Withdraw(ProjectOf(name), id, number); },
      [&] {
        return server_.population().Withdraw(server_.Register(id, "PopulationService/WithdrawSubmission"), request);
      });
}

void Lives::Match() { Match(SomeProject()); }

void Lives::Match(const std::string& name) {
  if (Below(4) != 0) {
    auto request = About<api::OpenMatchRequest>(name);
    request.set_register_id("DAAR");
    request.set_max_rows(10'000);
    Act(
        "open match", [&] { return model_.OpenWindow(ProjectOf(name), "DAAR"); },
        [&] { return server_.matches().Open(server_.Officer("KeyFileService/OpenMatch"), request); });
  }
  if (Below(4) != 0) {
    PeopleSet held;
    for (std::size_t identifier = 0; identifier < kIdentifiers; ++identifier) {
      if (Below(3) == 0) {
        held.insert(identifier);
      }
    }
    Act(
        "match", [&] { return model_.Match(ProjectOf(name), "DAAR", held); },
        [&] { return server_.Match(name, "DAAR", Digits(held)).response; });
  }
}

void Lives::Issue() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  if (Below(10) != 0) {
    Complete(name);
  }
  if (SourceOf(name, id).scope == ModelScope::kIntersection && Below(4) != 0) {
    Match(name);
  }
  const std::size_t files = SourceOf(name, id).files.size();
  const auto since =
      static_cast<std::uint32_t>(Below(2) == 0 ? 0 : files + 1 - Below(std::min<std::size_t>(files, 5) + 1));
  const auto issued =
      Act((since == 0 ? "issue to " : "issue a delta to ") + id,
          [&] { return model_.Issue(ProjectOf(name), id, since); }, [&] { return server_.TryIssue(name, id, since); });
  if (issued.has_value()) {
    Keep(name, id, *issued);
  }
}

void Lives::IssueCorrection() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  const auto issued = Act(
      "issue a correction", [&] { return model_.IssueCorrection(ProjectOf(name), id); },
      [&] { return server_.TryIssueCorrection(name, id); });
  if (issued.has_value()) {
    Keep(name, id, *issued);
  }
}

// What the server says of a file that it has issued.
void Lives::Keep(const std::string& name, const std::string& id, const api::KeyFile& issued) {
  const std::vector<LifeFile>& files = SourceOf(name, id).files;
  const LifeFile& file = files.back();
  ASSERT_EQ(issued.number(), files.size());
  EXPECT_EQ(issued.since(), file.since);
  EXPECT_EQ(issued.rows(), file.rows.size() + file.withdrawn.size());
  EXPECT_EQ(issued.withdrawn_rows(), file.withdrawn.size());
  EXPECT_EQ(issued.persons(), file.persons);
  EXPECT_EQ(issued.annulled(), file.annulled);
  EXPECT_EQ(issued.map_version(), model_.identities.version());
  EXPECT_EQ(issued.expiry_date(), InDays(kExpiryDays));
  for (const auto& [identifier, pin] : file.rows) {
    EXPECT_TRUE(model_.identities.AreOne(identifier, pin)) << "two persons share a løpenummer";
  }
  if (Below(4) != 0) {
    Fetch(name, id, issued.number());
  }
}

void Lives::Fetch() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  Fetch(name, id, static_cast<std::uint32_t>(1 + Below(SourceOf(name, id).files.size() + 1)));
}

void Lives::Fetch(const std::string& name, const std::string& id, std::uint32_t number) {
  const auto fetched = Act(
      "fetch", [&] { return model_.Fetch(ProjectOf(name), id, number); },
      [&] { return server_.Fetch(name, id, number, 0); });
  if (fetched.has_value()) {
    ExpectContent(name, id, server_.FetchAndOpen(name, id, number), SourceOf(name, id).files[number - 1]);
  }
}

void Lives::TakeBack() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  const auto number = static_cast<std::uint32_t>(1 + Below(SourceOf(name, id).files.size() + 1));
  auto request = About<api::WithdrawKeyFileRequest>(name);
  request.set_register_id(id);
  request.set_number(number);
  Act(
      "take back key file", [&] { return model_.TakeBack(ProjectOf(name), id, number); },
      [&] { return server_.key_files().Withdraw(server_.Officer("KeyFileService/WithdrawKeyFile"), request); });
}

void Lives::Propose() {
  const std::string name = SomeProject();
  const auto proposed = Act(
      "propose", [&] { return model_.Propose(ProjectOf(name), "olav.key"); },
      [&] {
        return server_.corrections().Propose(server_.Officer("CorrectionService/ProposeCorrection"),
                                             About<api::ProposeCorrectionRequest>(name));
      });
  if (proposed.has_value()) {
    EXPECT_EQ(proposed->map_version(), model_.identities.version());
    EXPECT_EQ(proposed->number(), ProjectOf(name).corrections.size());
  }
}

void Lives::Decide() {
  const std::string name = SomeProject();
  const std::size_t proposed = ProjectOf(name).corrections.size();
  const std::size_t number = Below(8) == 0 ? Below(proposed + 2) : proposed;
  const std::string officer = Below(8) == 0 ? "olav.key" : "nina.nokkel";
  if (Below(5) == 0) {
    auto request = About<api::RejectCorrectionRequest>(name);
    request.set_number(static_cast<std::uint32_t>(number));
    Act(
        "reject", [&] { return model_.Reject(ProjectOf(name), number); },
        [&] { return server_.corrections().Reject(server_.Officer("CorrectionService/RejectCorrection"), request); });
    return;
  }
  auto request = About<api::ConfirmCorrectionRequest>(name);
  request.set_number(static_cast<std::uint32_t>(number));
  Act(
      "confirm", [&] { return model_.Confirm(ProjectOf(name), number, officer); },
      [&] {
        return server_.corrections().Confirm(
            server_.By(server::Role::kKeyOfficer, officer, "CorrectionService/ConfirmCorrection"), request);
      });
}

// So that corrections come before the events that make them stale.
void Lives::CorrectAtOnce() {
  Propose();
  Decide();
  IssueCorrection();
}

void Lives::Report() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  LifeSource& source = SourceOf(name, id);
  ModelReport report;
  report.key_file = static_cast<std::uint32_t>(1 + Below(source.files.size() + (Below(5) == 0 ? 1 : 0) + 1));
  report.reference = "levering " + std::to_string(++deliveries_);
  report.used = {Below(kIdentifiers)};
  for (const LifeFile& file : source.files) {
    for (const auto& [identifier, pin] : file.rows) {
      if (Below(20) == 0) {
        report.used.insert(pin);
      }
    }
  }
  const std::string corrects = !source.reports.empty() && Below(3) == 0 ? OneOf(source.reports).reference : "";
  api::ReportHeader header = server_.Header(name, report.key_file, report.reference);
  header.set_corrects_reference(corrects);
  header.set_correction_reason(corrects.empty() ? "" : "feil uttrekk");
  std::vector<std::string> lopenumre;
  for (const std::size_t pin : report.used) {
    lopenumre.push_back(LopenummerOf(name, pin));
  }
  Act(
      "report", [&] { return model_.Report(ProjectOf(name), id, report, corrects); },
      [&] { return server_.ReportBy(id, header, lopenumre).response; });
}

void Lives::Reserve() {
  const std::string list = std::vector<std::string>{"", "NPR", "MFR", "KRG", "DAAR"}[Below(5)];
  const auto mode =
      std::vector{api::RESERVATION_MODE_REPLACE, api::RESERVATION_MODE_ADD, api::RESERVATION_MODE_REMOVE}[Below(3)];
  const PeopleSet people = SomeIdentifiers(30);
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

void Lives::NextDays() {
  server_.clock().Advance(absl::Hours(24) * static_cast<int>(1 + Below(30)));
  model_.NewDay(InDays(0), InDays(kExpiryDays));
  ASSERT_THAT(server_.key_files().Upkeep(), server::IsOk());
}

}  // namespace kobling::tests
