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
  if (Below(30) == 0) {
    CompareScrub();
  }
  if (Below(12) == 0) {
    server_.Restart();
    ASSERT_EQ(server_.StoredState(), server_.StateInMemory());
  }
  may_kill_ = true;
}

void Lives::CompareAll() {
  CompareStatus();
  CompareScrub();
  for (const auto& [name, project] : model_.projects) {
    CompareProject(name);
    CompareCorrections(name);
    for (const auto& [id, source] : project.sources) {
      for (std::uint32_t number = 1; number <= source.files.size(); ++number) {
        CompareAPastFile(name, id, number);
      }
    }
  }
  for (int i = 0; i < 100; ++i) {
    CompareInsight(Below(model_.identities.size()));
    CompareHistory(Below(model_.identities.size()));
  }
}

const std::string& Lives::LopenummerOf(const std::string& name, std::size_t pin) {
  std::string& lopenummer = lopenumre_[name][pin];
  if (lopenummer.empty()) {
    lopenummer = server_.ExpectedLopenummer(name, Person(pin));
    EXPECT_TRUE(pins_[name].emplace(lopenummer, pin).second) << "one løpenummer for two pins";
  }
  return lopenummer;
}

void Lives::ExpectContent(const std::string& name, const std::string& id, const server::OpenKeyFile& opened,
                          const LifeFile& file) {
  SCOPED_TRACE(name + ' ' + id + ' ' + std::to_string(opened.comment.number));
  using Rows = std::set<std::pair<std::string, std::string>>;
  std::set<std::size_t> pins;
  const auto expected_rows = [&](const Pins& rows) {
    Rows expected;
    for (const auto& [identifier, pin] : rows) {
      expected.emplace(Person(identifier), LopenummerOf(name, pin));
      pins.insert(pin);
    }
    return expected;
  };
  if (file.kind == LifeFileKind::kCorrection) {
    std::set<std::vector<std::string>> expected;
    for (const LifeCorrectedRow& row : file.corrected) {
      expected.insert(
          {Person(row.identifier), LopenummerOf(name, row.before), LopenummerOf(name, row.now), row.date, row.cause});
      pins.insert(row.now);
      ++done_["corrected row: " + row.cause];
    }
    EXPECT_EQ((std::set<std::vector<std::string>>(opened.corrected.begin(), opened.corrected.end())), expected);
    EXPECT_EQ(opened.comment.kind, crypto::KeyFileKind::kCorrection);
  } else {
    EXPECT_EQ(Rows(opened.rows.begin(), opened.rows.end()), expected_rows(file.rows));
    EXPECT_EQ(Rows(opened.withdrawn.begin(), opened.withdrawn.end()), expected_rows(file.withdrawn));
    EXPECT_EQ(opened.rows.size(), file.rows.size());
    EXPECT_EQ(opened.withdrawn.size(), file.withdrawn.size());
  }
  EXPECT_EQ(opened.comment.since, file.since);
  EXPECT_EQ(opened.comment.persons, pins.size());
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

void Lives::CompareProject(const std::string& name) {
  SCOPED_TRACE(name);
  const LifeProject& project = ProjectOf(name);
  api::GetProjectRequest get;
  get.set_project_id(name);
  const api::Project shown = server_.projects().Get(server_.Caseworker("ProjectService/GetProject"), get).value();
  EXPECT_EQ(shown.persons(), model_.identities.CountPersons(project.Everybody()));
  std::map<std::string, std::size_t> later;
  for (const api::LaterReservations& one : shown.later_reservations()) {
    later[one.register_id()] = one.persons();
  }
  for (const auto& [id, source] : project.sources) {
    EXPECT_EQ(later[id], model_.LaterReservations(project, id)) << id;
  }
  EXPECT_FALSE(model_.WithAForeignPin(project).has_value()) << "two persons share a løpenummer";
}

void Lives::CompareCorrections(const std::string& name) {
  SCOPED_TRACE(name);
  const LifeProject& project = ProjectOf(name);
  const server::Call call = server_.Officer("CorrectionService/ListCorrections");
  api::ListCorrectionsRequest request;
  request.set_project_id(name);
  const api::ListCorrectionsResponse listed = server_.corrections().List(call, request).value();
  std::map<std::string, LifeWaiting> registers;
  for (const api::RegisterCorrection& line : listed.registers()) {
    registers[line.register_id()] = {.confirmed = line.confirmed_rows(), .waiting = line.waiting_rows()};
  }
  const std::map<std::string, LifeWaiting> expected = model_.WaitingIn(project);
  for (const auto& [id, source] : project.sources) {
    const auto wanted = expected.find(id);
    const LifeWaiting waiting = wanted == expected.end() ? LifeWaiting() : wanted->second;
    EXPECT_EQ(registers[id].confirmed, waiting.confirmed) << id;
    EXPECT_EQ(registers[id].waiting, waiting.waiting) << id;
  }
  ASSERT_EQ(static_cast<std::size_t>(listed.corrections_size()), project.corrections.size());
  bool is_proposed = false;
  for (std::size_t i = 0; i < project.corrections.size(); ++i) {
    const LifeCorrection& correction = project.corrections[i];
    const api::Correction& told = listed.corrections(static_cast<int>(i));
    EXPECT_EQ(told.number(), i + 1);
    EXPECT_EQ(told.state(), correction.state);
    EXPECT_EQ(told.map_version(), correction.map_version);
    EXPECT_EQ(told.merged_persons(), correction.merged_persons);
    EXPECT_EQ(told.identifiers(), correction.concerned.size());
    is_proposed = is_proposed || correction.state == api::CORRECTION_STATE_PROPOSED;
  }
  // The list of all projects may name one too many, never one too few.
  if (is_proposed || !expected.empty()) {
    const api::ListCorrectionsResponse all = server_.corrections().List(call, {}).value();
    EXPECT_THAT(all.projects_to_review(), testing::Contains(name));
  }
}

void Lives::CompareAPastFile(const std::string& name, const std::string& id, std::uint32_t number) {
  SCOPED_TRACE("past key file " + name + ' ' + id + ' ' + std::to_string(number));
  api::ReproduceKeyFileRequest request;
  request.set_project_id(name);
  request.set_register_id(id);
  request.set_number(number);
  request.set_purpose("tilsyn");
  const auto made = server_.key_files().Reproduce(
      server_.By(Role::kAuditor, "anne.audit", "KeyFileService/ReproduceKeyFile"), request);
  ASSERT_THAT(made, server::IsOk());
  EXPECT_TRUE(made->equal());
  ++done_["reproduce"];
}

void Lives::Accessed(std::size_t identifier) { accesses_.push_back(model_.identities.PersonOf(identifier)); }

void Lives::CompareInsight(std::size_t identifier) {
  SCOPED_TRACE("insight of " + std::to_string(identifier));
  api::LookupRequest request;
  request.set_identifier(Person(identifier));
  request.set_purpose("eget innsyn");
  const api::LookupResponse answer =
      server_.insight().Lookup(server_.By(Role::kInsightPortal, "portal", "InsightService/Lookup"), request).value();
  int at = 0;
  for (const auto& [name, project] : model_.projects) {
    const ModelInclusion inclusion = model_.InclusionOf(project, identifier);
    if (inclusion == ModelInclusion::kNone) {
      continue;
    }
    ASSERT_LT(at, answer.projects_size()) << name;
    const api::ProjectInsight& told = answer.projects(at++);
    EXPECT_EQ(told.project_id(), name);
    EXPECT_EQ(static_cast<int>(told.inclusion()), static_cast<int>(inclusion));
    for (const api::RegisterInsight& part : told.registers()) {
      const LifeInsight expected = model_.InsightOf(project, part.register_id(), identifier);
      const LifeInsight got{.submitted = part.submitted(),
                            .key_file_issued = part.key_file_issued(),
                            .corrected = static_cast<std::size_t>(part.corrected_times_size()),
                            .use = static_cast<ModelUse>(part.use()),
                            .reservation = static_cast<ModelReservation>(part.reservation())};
      EXPECT_TRUE(got == expected) << name << ' ' << part.ShortDebugString();
    }
  }
  EXPECT_EQ(at, answer.projects_size());
  const PeopleSet& person = model_.identities.PersonOf(identifier);
  const auto lists = std::count_if(model_.reservations.begin(), model_.reservations.end(),
                                   [&](const auto& list) { return !Both(list.second, person).empty(); });
  EXPECT_EQ(answer.reservations_size(), lists);
  const auto accesses = std::count_if(accesses_.begin(), accesses_.end(),
                                      [&](const PeopleSet& then) { return !Both(then, person).empty(); });
  EXPECT_EQ(answer.access_count(), static_cast<std::uint64_t>(accesses));
  Accessed(identifier);
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
