// The steps of lives.h.
#include <algorithm>
#include <span>

#include "tests/model/lives.h"

namespace kobling::tests {

using server::About;
using server::Person;
using server::TestCore;

namespace {

constexpr std::size_t kProjects = 5;

}  // namespace

Lives::Lives(std::uint64_t seed, Kills kills) : CaseRun(seed, kIdentifiers, kills) {
  model_.order = [this](std::size_t identifier) { return OrderOf(identifier); };
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
                                         &Lives::SubmitSome,
                                         &Lives::SubmitSome,
                                         &Lives::SubmitMore,
                                         &Lives::CompleteSome,
                                         &Lives::ReopenSome,
                                         &Lives::MatchSome,
                                         &Lives::IssueSome,
                                         &Lives::IssueSome,
                                         &Lives::IssueSome,
                                         &Lives::IssueSome,
                                         &Lives::IssueSome,
                                         &Lives::IssueSome,
                                         &Lives::FetchSome,
                                         &Lives::FetchSome,
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
                                         &Lives::ReportSome,
                                         &Lives::ReportSome,
                                         &Lives::ReserveSome,
                                         &Lives::WithdrawSubmission};
  (this->*kSteps[Below(std::size(kSteps))])();
}

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

void Lives::NewProject() {
  CaseRun::NewProject({.approved = 150 + Below(500), .includes_relatives = Below(2) == 0, .days = 3000});
}

void Lives::NewProjectOrDays() { model_.projects.size() < kProjects&& Below(2) == 0 ? NewProject() : NextDays(30); }

void Lives::SubmitMore() {
  const std::string name = SomeProject();
  const std::string id = SomeNamer();
  Reopen(name, id);
  SubmitSome(name, id);
}

void Lives::SubmitSome() { SubmitSome(SomeProject(), SomeNamer()); }

void Lives::SubmitSome(const std::string& name, const std::string& id) {
  const PeopleSet index = SomePeople(120);
  const PeopleSet relatives = Below(3) == 0 ? SomePeople(60) : PeopleSet();
  Submit(name, id, index, relatives);
}

void Lives::CompleteSome() { CompleteAll(SomeProject()); }

void Lives::CompleteAll(const std::string& name) {
  for (const char* id : {"NPR", "MFR"}) {
    if (SourceOf(name, id).submissions.empty()) {
      SubmitSome(name, id);
    }
    if (SourceOf(name, id).locked) {
      Reopen(name, id);
    }
    Complete(name, id);
  }
}

void Lives::ReopenSome() { Reopen(SomeProject(), SomeNamer()); }

void Lives::MatchSome() { MatchSome(SomeProject()); }

void Lives::MatchSome(const std::string& name) {
  PeopleSet held;
  for (std::size_t identifier = 0; identifier < kIdentifiers; ++identifier) {
    if (Below(3) == 0) {
      held.insert(identifier);
    }
  }
  Match(name, held);
}

void Lives::IssueSome() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  if (Below(10) != 0) {
    CompleteAll(name);
  }
  if (SourceOf(name, id).scope == ModelScope::kIntersection && Below(4) != 0) {
    MatchSome(name);
  }
  // A delta goes on from one of the last files, mostly from one that was fetched.
  const std::vector<ModelKeyFile>& files = SourceOf(name, id).files;
  std::size_t since = Below(2) == 0 ? 0 : files.size() + 1 - Below(std::min<std::size_t>(files.size(), 2) + 1);
  while (since > 1 && Below(8) != 0 && (since > files.size() || !files[since - 1].fetched)) {
    --since;
  }
  Issue(name, id, static_cast<std::uint32_t>(since));
}

void Lives::FetchSome() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  Fetch(name, id, static_cast<std::uint32_t>(1 + Below(SourceOf(name, id).files.size() + 1)));
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

void Lives::ReportSome() {
  const std::string name = SomeProject();
  const std::string id = SomeRegister();
  PeopleSet used = {Below(kIdentifiers)};
  for (const ModelKeyFile& file : SourceOf(name, id).files) {
    for (const auto& [identifier, pin] : file.rows) {
      if (Below(20) == 0) {
        used.insert(pin);
      }
    }
  }
  Report(name, id, used);
}

void Lives::ReserveSome() { Reserve(SomePeople(30)); }

}  // namespace kobling::tests
