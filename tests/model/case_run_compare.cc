// The comparisons of case_run.h.
#include <algorithm>
#include <set>

#include "tests/model/case_run.h"

namespace kobling::tests {

using server::Person;
using server::Role;

void CaseRun::CompareAll() {
  CompareOverdue();
  for (const auto& [name, project] : model_.projects) {
    CompareProject(name);
    for (const auto& [id, source] : project.sources) {
      for (std::uint32_t number = 1; number <= source.files.size(); ++number) {
        CompareAPastFile(name, id, number);
      }
    }
  }
}

const std::string& CaseRun::LopenummerOf(const std::string& name, std::size_t pin) {
  std::string& lopenummer = lopenumre_[name][pin];
  if (lopenummer.empty()) {
    lopenummer = server_.ExpectedLopenummer(name, Person(pin));
    EXPECT_TRUE(pins_[name].emplace(lopenummer, pin).second) << "one løpenummer for two pins";
  }
  return lopenummer;
}

void CaseRun::ExpectContent(const std::string& name, const server::OpenKeyFile& opened, const ModelKeyFile& file) {
  SCOPED_TRACE("content of key file " + std::to_string(opened.comment.number));
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
  if (file.kind == ModelFileKind::kCorrection) {
    std::set<std::vector<std::string>> expected;
    for (const ModelCorrectedRow& row : file.corrected) {
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

void CaseRun::CompareProject(const std::string& name) {
  SCOPED_TRACE(name);
  const ModelProject& project = ProjectOf(name);
  api::GetProjectRequest get;
  get.set_project_id(name);
  const api::Project shown = server_.projects().Get(server_.Caseworker("ProjectService/GetProject"), get).value();
  EXPECT_EQ(shown.persons(), model_.identities.CountPersons(project.Everybody()));
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
  EXPECT_FALSE(model_.WithAForeignPin(project).has_value()) << "two persons share a løpenummer";
}

void CaseRun::CompareAPastFile(const std::string& name, const std::string& id, std::uint32_t number) {
  SCOPED_TRACE("past key file " + name + ' ' + id + ' ' + std::to_string(number));
  api::ReproduceKeyFileRequest request;
  request.set_project_id(name);
  request.set_register_id(id);
  request.set_number(number);
  request.set_purpose("tilsyn");
  const auto made = server_.key_files().Reproduce(
      server_.By(Role::kAuditor, "anne.audit", "KeyFileService/ReproduceKeyFile"), request);
  if (ProjectOf(name).state == ModelState::kKeyDestroyed) {
    EXPECT_THAT(made, server::RefusedWith(Reason::kKeyDestroyed));
    return;
  }
  ASSERT_THAT(made, server::IsOk());
  EXPECT_TRUE(made->equal());
  ++done_["reproduce"];
}

void CaseRun::CompareInsight(std::size_t identifier) {
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
      const ModelRegisterInsight expected = model_.InsightOf(project, part.register_id(), identifier);
      const ModelRegisterInsight got{.submitted = part.submitted(),
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
  accesses_.push_back(person);
}

void CaseRun::CompareOverdue() {
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
      for (std::uint32_t number = 1; number <= source.files.size(); ++number) {
        if (model_.IsOverdue(project, id, number)) {
          expected.insert(name + ' ' + id + ' ' + std::to_string(number));
        }
      }
    }
  }
  EXPECT_EQ(told, expected);
}

}  // namespace kobling::tests
