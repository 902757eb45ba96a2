// The comparisons of lives.h.
#include <algorithm>
#include <set>
#include <tuple>

#include "server/use_cases/scrub.h"
#include "tests/model/lives.h"

namespace kobling::tests {

using server::Person;
using server::Role;

void Lives::Compare() {
  may_kill_ = false;
  const std::string name = SomeProject();
  CompareStatus();
  CompareProject(name);
  CompareCorrections(name);
  const std::string id = SomeRegister();
  if (const std::size_t files = SourceOf(name, id).files.size(); files > 0) {
    CompareAPastFile(name, id, static_cast<std::uint32_t>(1 + Below(files)));
  }
  for (int i = 0; i < 3; ++i) {
    CompareInsight(Below(model_.identities.size()));
  }
  if (Below(8) == 0) {
    CompareHistory(Below(model_.identities.size()));
  }
  if (Below(10) == 0) {
    CompareOverdue();
  }
  if (Below(30) == 0) {
    CompareScrub();
  }
  if (Below(12) == 0) {
    Restart();
  }
  may_kill_ = true;
}

void Lives::CompareAll() {
  CaseRun::CompareAll();
  CompareStatus();
  CompareScrub();
  for (const auto& [name, project] : model_.projects) {
    CompareCorrections(name);
  }
  for (int i = 0; i < 100; ++i) {
    CompareInsight(Below(model_.identities.size()));
    CompareHistory(Below(model_.identities.size()));
  }
}

void Lives::CompareStatus() {
  const api::IdentityStatus status =
      server_.histories().Status(server_.Officer("IdentityService/GetIdentityStatus"), {}).value();
  EXPECT_EQ(status.version(), model_.identities.version());
  EXPECT_EQ(status.next_sequence(), model_.identities.version() + 1);
  EXPECT_EQ(status.identifiers(), model_.identities.known().size());
  EXPECT_EQ(status.persons_with_several(), model_.identities.persons_with_several());
  EXPECT_EQ(status.annulled(), model_.identities.annulled().size());
  EXPECT_EQ(status.protected_(), model_.identities.protected_ones().size());
}

void Lives::CompareCorrections(const std::string& name) {
  SCOPED_TRACE(name);
  const ModelProject& project = ProjectOf(name);
  const server::Call call = server_.Officer("CorrectionService/ListCorrections");
  api::ListCorrectionsRequest request;
  request.set_project_id(name);
  const api::ListCorrectionsResponse listed = server_.corrections().List(call, request).value();
  std::map<std::string, ModelWaiting> registers;
  for (const api::RegisterCorrection& line : listed.registers()) {
    registers[line.register_id()] = {.confirmed = line.confirmed_rows(), .waiting = line.waiting_rows()};
  }
  const std::map<std::string, ModelWaiting> expected = model_.WaitingIn(project);
  for (const auto& [id, source] : project.sources) {
    const auto wanted = expected.find(id);
    const ModelWaiting waiting = wanted == expected.end() ? ModelWaiting() : wanted->second;
    EXPECT_EQ(registers[id].confirmed, waiting.confirmed) << id;
    EXPECT_EQ(registers[id].waiting, waiting.waiting) << id;
  }
  ASSERT_EQ(static_cast<std::size_t>(listed.corrections_size()), project.corrections.size());
  for (std::size_t i = 0; i < project.corrections.size(); ++i) {
    const ModelCorrection& correction = project.corrections[i];
    const api::Correction& told = listed.corrections(static_cast<int>(i));
    EXPECT_EQ(told.number(), i + 1);
    EXPECT_EQ(told.state(), correction.state);
    EXPECT_EQ(told.map_version(), correction.map_version);
    EXPECT_EQ(told.merged_persons(), correction.merged_persons);
    EXPECT_EQ(told.identifiers(), correction.concerned.size());
  }
  const api::ListCorrectionsResponse all = server_.corrections().List(call, {}).value();
  EXPECT_EQ(std::count(all.projects_to_review().begin(), all.projects_to_review().end(), name),
            model_.IsToBeReviewed(project) ? 1 : 0);
}

void Lives::CompareHistory(std::size_t identifier) {
  SCOPED_TRACE("history of " + std::to_string(identifier));
  api::GetIdentityHistoryRequest request;
  request.set_identifier(Person(identifier));
  request.set_purpose("retting");
  const api::IdentityHistory history =
      server_.histories()
          .Get(server_.By(Role::kIdentityFeed, "folkeregisteret", "IdentityService/GetIdentityHistory"), request)
          .value();
  const std::set<std::uint64_t>& about = model_.identities.EventsAbout(identifier);
  std::vector<std::string> expected_events;
  for (const std::uint64_t sequence : about) {
    expected_events.push_back(ToApi(model_.identities.event(sequence), sequence).ShortDebugString());
  }
  std::vector<std::string> events;
  for (const api::AppliedIdentityEvent& applied : history.events()) {
    events.push_back(applied.event().ShortDebugString());
  }
  EXPECT_EQ(events, expected_events);
  if (!about.empty()) {
    std::set<std::string> expected;
    for (const std::size_t each : model_.identities.PersonOf(identifier)) {
      expected.insert(Person(each));
    }
    EXPECT_EQ((std::set<std::string>(history.identifiers().begin(), history.identifiers().end())), expected);
    ASSERT_FALSE(history.identifiers().empty());
    EXPECT_EQ(history.identifiers(0), Person(model_.identities.CurrentOf(identifier)));
  }
  EXPECT_EQ(history.annulled(), model_.identities.annulled().contains(identifier));
  EXPECT_EQ(history.protected_(), model_.identities.protected_ones().contains(identifier));
  EXPECT_EQ(history.parents_blocked(), model_.identities.parents_blocked().contains(identifier));
  accesses_.push_back(model_.identities.EverConnectedWith(identifier));  // all of their numbers were shown
}

void Lives::CompareScrub() {
  const api::ScrubReport report =
      server::Scrub(server_.core()).Run(server_.By(Role::kOperator, "drift", "OperatorService/Scrub"), {}).value();
  EXPECT_TRUE(report.sound()) << report.ShortDebugString();
  ++done_["scrub"];
}

}  // namespace kobling::tests
