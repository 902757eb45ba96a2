#include "server/use_cases/endings.h"

#include <functional>
#include <set>
#include <string>

#include "server/core/core_testing.h"
#include "server/core/dates.h"

namespace kobling::server {
namespace {

using domain::Reason;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kDeletion[] = "2027-01-31";
constexpr char kFirstDayOfWarning[] = "2027-01-01";

api::ProjectCase ShortCase(const std::vector<api::Source>& sources) {
  api::ProjectCase project_case = FullCase(sources);
  project_case.set_end_date("2026-12-31");
  project_case.set_deletion_date(kDeletion);
  return project_case;
}

class EndingsTest : public ::testing::Test {
 protected:
  EndingsTest() : EndingsTest(ServerConfig{}) {}
  explicit EndingsTest(const ServerConfig& config) : server_(config) {
    project_ = server_.ActiveProject(ShortCase({Defining("NPR"), Defining("MFR")}));
    for (const char* register_id : {"NPR", "MFR"}) {
      server_.SubmitAll(project_, register_id, People(0, 5));
      server_.Complete(project_, register_id);
    }
  }

  // Sets the clock to noon in Norway of that day.
  void GoTo(const std::string& day) {
    const absl::Time noon = absl::FromCivil(*ParseDate(day), absl::UTCTimeZone()) + absl::Hours(11);
    server_.clock().Advance(noon - server_.clock().Now());
  }
  // Every hour for a while: what is due is done in the first run, and nothing in the others.
  void Upkeep() {
    for (int run = 0; run < 3; ++run) {
      ASSERT_THAT(server_.endings().Upkeep(), IsOk());
    }
  }
  // The same on that day, with a restart in between.
  void UpkeepOn(const std::string& day) {
    GoTo(day);
    Upkeep();
    EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
    server_.Restart();
    Upkeep();
  }
  void Close() {
    ASSERT_THAT(server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                         About<api::CloseProjectRequest>(project_)),
                IsOk());
  }
  absl::StatusOr<api::Project> Waive(const std::string& reason) {
    auto request = About<api::WaiveUsageRequest>(project_);
    request.set_reason(reason);
    return server_.projects().WaiveUsage(server_.Officer("ProjectService/WaiveUsage"), request);
  }
  api::Project Show(const std::string& project) {
    api::GetProjectRequest request;
    request.set_project_id(project);
    return server_.projects().Get(server_.Officer("ProjectService/GetProject"), request).value();
  }
  api::Project Show() { return Show(project_); }
  void ReportNothingUsed(const std::string& register_id) {
    api::ReportHeader header = server_.Header(project_, 1, "leveranse fra " + register_id);
    header.set_none_used(true);
    ASSERT_THAT(server_.ReportBy(register_id, header, {}).response, IsOk());
  }
  // What the server did by itself to projects, oldest first.
  std::vector<transparency::Event> OwnEvents() const {
    std::vector<transparency::Event> own;
    for (const transparency::Event& event : server_.Events()) {
      if (event.actor == "koblingd") {
        EXPECT_EQ(event.role, "server");
        own.push_back(event);
      }
    }
    return own;
  }
  std::vector<std::string> Operations() const {
    std::vector<std::string> operations;
    for (const transparency::Event& event : OwnEvents()) {
      operations.push_back(event.operation);
    }
    return operations;
  }
  absl::Status Prf() {
    return server_.core().keys.ProjectPrf(server_.store(), domain::ProjectId::Parse(project_).value(), 1).status();
  }

  TestCore server_;
  std::string project_;
};

TEST_F(EndingsTest, AClosedProjectIsWarnedOfOnceAndItsKeyDestroyedOnTheDay) {
  server_.Issue(project_, "NPR");
  ReportNothingUsed("NPR");
  Close();
  EXPECT_FALSE(Show().has_destruction());
  UpkeepOn("2026-12-31");
  EXPECT_TRUE(OwnEvents().empty()) << "the days of the warning have not begun";

  UpkeepOn(kFirstDayOfWarning);
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction"));
  EXPECT_EQ(OwnEvents()[0].project, project_);
  EXPECT_THAT(OwnEvents()[0].changes, ElementsAre(transparency::EventChange{"destruction_on", "", kDeletion}));
  EXPECT_EQ(Show().destruction().on(), kDeletion);
  EXPECT_EQ(Show().destruction().warned().actor(), "koblingd");
  EXPECT_THAT(server_.LogLines(), ElementsAre(HasSubstr("a project's key will be destroyed")));
  UpkeepOn("2027-01-30");
  EXPECT_THAT(Prf(), IsOk());
  EXPECT_EQ(server_.FilesInFolder().size(), 1U);

  const int purges = server_.store().purges();
  UpkeepOn(kDeletion);
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction", "project.destroy-key"));
  EXPECT_THAT(OwnEvents()[1].reason, HasSubstr(kDeletion));
  EXPECT_THAT(OwnEvents()[1].changes, Contains(transparency::EventChange{"state", "CLOSED", "KEY_DESTROYED"}));
  EXPECT_EQ(Show().state(), api::PROJECT_STATE_KEY_DESTROYED);
  EXPECT_EQ(Show().key_destroyed().actor(), "koblingd");
  EXPECT_EQ(Show().case_changed().actor(), "koblingd") << "the state has a version of its own";
  EXPECT_THAT(Prf(), RefusedWith(Reason::kKeyUnusable));
  EXPECT_EQ(server_.store().purges(), purges + 1);
  EXPECT_TRUE(server_.FilesInFolder().empty());
  api::GetProjectRequest as_of;
  as_of.set_project_id(project_);
  as_of.set_as_of("2027-01-30");
  EXPECT_EQ(server_.projects().Get(server_.Officer("ProjectService/GetProject"), as_of)->state(),
            api::PROJECT_STATE_CLOSED);
}

TEST_F(EndingsTest, HoweverLateTheServerIsItWarnsFirst) {
  Close();
  UpkeepOn("2028-02-10");
  EXPECT_EQ(Show().state(), api::PROJECT_STATE_CLOSED);
  EXPECT_EQ(Show().destruction().on(), "2028-03-11");
  UpkeepOn("2028-03-10");
  EXPECT_EQ(Show().state(), api::PROJECT_STATE_CLOSED);
  UpkeepOn("2029-06-01");
  EXPECT_EQ(Show().state(), api::PROJECT_STATE_KEY_DESTROYED);
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction", "project.destroy-key"));
}

TEST_F(EndingsTest, AClockThatIsSetBackRepeatsNothing) {
  Close();
  UpkeepOn(kFirstDayOfWarning);
  UpkeepOn("2026-01-01");
  UpkeepOn(kFirstDayOfWarning);
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction"));
  UpkeepOn(kDeletion);
  UpkeepOn("2026-01-01");
  UpkeepOn(kDeletion);
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction", "project.destroy-key"));
}

TEST_F(EndingsTest, AnActiveProjectIsWarnedOfAndNeverDestroyed) {
  UpkeepOn("2027-01-30");
  EXPECT_TRUE(OwnEvents().empty());
  UpkeepOn(kDeletion);
  UpkeepOn("2029-01-01");
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction"));
  EXPECT_THAT(OwnEvents()[0].reason, HasSubstr("not closed"));
  EXPECT_EQ(Show().state(), api::PROJECT_STATE_ACTIVE);
  EXPECT_TRUE(Show().destruction().has_warned());
  EXPECT_TRUE(Show().destruction().on().empty());
  EXPECT_THAT(server_.LogLines(), ElementsAre(HasSubstr("is not closed")));

  Close();  // whoever closes it by mistake has the days of the warning to say so
  Upkeep();
  EXPECT_EQ(Show().state(), api::PROJECT_STATE_CLOSED);
  EXPECT_EQ(Show().destruction().on(), "2029-01-31");
  UpkeepOn("2029-01-31");
  EXPECT_EQ(Show().state(), api::PROJECT_STATE_KEY_DESTROYED);
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction", "project.warn-destruction", "project.destroy-key"));
}

TEST_F(EndingsTest, ANewDeletionDateTakesTheWarningBack) {
  UpkeepOn(kDeletion);
  auto update = About<api::UpdateProjectRequest>(project_);
  *update.mutable_project_case() = Show().project_case();
  update.mutable_project_case()->set_deletion_date("2028-01-31");
  ASSERT_THAT(server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), update), IsOk());
  auto confirm = About<api::ConfirmRevisionRequest>(project_);
  confirm.set_revision(1);
  ASSERT_THAT(server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), confirm), IsOk());
  EXPECT_FALSE(Show().has_destruction());
  UpkeepOn("2028-01-30");
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction"));
  UpkeepOn("2028-01-31");
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction", "project.warn-destruction"));
}

TEST_F(EndingsTest, AMissingReportPostponesTheDestructionAndIsNamed) {
  server_.Issue(project_, "NPR");
  server_.Issue(project_, "MFR");
  Close();
  UpkeepOn(kFirstDayOfWarning);
  EXPECT_FALSE(Show().destruction().has_blocked());
  UpkeepOn(kDeletion);
  UpkeepOn("2027-02-05");
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction", "project.postpone-destruction"));
  EXPECT_EQ(OwnEvents()[1].register_id, "MFR");
  EXPECT_EQ(OwnEvents()[1].object, "keyfile 1");
  EXPECT_THAT(Show().destruction().blocked().reason(), HasSubstr("MFR keyfile 1"));
  EXPECT_THAT(Prf(), IsOk());

  ReportNothingUsed("MFR");
  UpkeepOn("2027-02-06");
  EXPECT_THAT(Operations(),
              ElementsAre("project.warn-destruction", "project.postpone-destruction", "project.postpone-destruction"));
  EXPECT_EQ(OwnEvents()[2].register_id, "NPR");
  EXPECT_THAT(Show().destruction().blocked().reason(), HasSubstr("NPR keyfile 1"));

  ReportNothingUsed("NPR");
  UpkeepOn("2027-02-07");
  EXPECT_EQ(Operations().back(), "project.destroy-key");
  EXPECT_THAT(Prf(), RefusedWith(Reason::kKeyUnusable));
}

TEST_F(EndingsTest, AWaiverLetsTheNextRunDestroyTheKey) {
  EXPECT_THAT(Waive("lagt ned"), RefusedWith(Reason::kProjectState));
  server_.Issue(project_, "NPR");
  Close();
  UpkeepOn(kFirstDayOfWarning);
  UpkeepOn(kDeletion);
  EXPECT_EQ(Operations().back(), "project.postpone-destruction");
  EXPECT_THAT(Waive(" "), RefusedWith(Reason::kFieldMissing));
  ASSERT_THAT(Waive("registeret er lagt ned"), IsOk());
  EXPECT_EQ(server_.LastEvent().operation, "project.waive-usage");
  EXPECT_EQ(server_.LastEvent().reason, "registeret er lagt ned");
  EXPECT_THAT(server_.LastEvent().changes, ElementsAre(transparency::EventChange{"waived", "", "NPR keyfile 1"}));
  EXPECT_EQ(Show().destruction().usage_waived().actor(), "olav.key");
  UpkeepOn("2027-02-01");
  EXPECT_EQ(Show().state(), api::PROJECT_STATE_KEY_DESTROYED);
  EXPECT_THAT(OwnEvents().back().changes,
              Contains(transparency::EventChange{"waiver_reason", "", "registeret er lagt ned"}));
  EXPECT_TRUE(server_.FilesInFolder().empty());
}

TEST_F(EndingsTest, AWaiverHoldsForADestructionByHandTooAndDestroysNothingEarly) {
  server_.Issue(project_, "NPR");
  Close();
  ASSERT_THAT(Waive("registeret er lagt ned"), IsOk());
  UpkeepOn("2026-12-01");
  EXPECT_THAT(Prf(), IsOk());
  auto destroy = About<api::DestroyProjectKeyRequest>(project_);
  destroy.set_confirmation(project_);
  EXPECT_THAT(server_.projects().DestroyKey(server_.Officer("ProjectService/DestroyProjectKey"), destroy), IsOk());
  UpkeepOn("2028-01-01");
  EXPECT_TRUE(OwnEvents().empty()) << "what was destroyed by hand is at its end";
}

TEST_F(EndingsTest, WhereNoReportIsMissingThereIsNothingToWaive) {
  server_.Issue(project_, "NPR");
  ReportNothingUsed("NPR");
  Close();
  EXPECT_THAT(Waive("for sikkerhets skyld"), RefusedWith(Reason::kUsageComplete));
}

TEST_F(EndingsTest, AStepThatCouldNotBeWrittenIsTakenAfterTheNextStart) {
  Close();
  for (const auto& [day, steps] : {std::pair(kFirstDayOfWarning, 1U), std::pair(kDeletion, 2U)}) {
    GoTo(day);
    server_.store().FailFromNowOn(Reason::kStorageUnavailable);
    EXPECT_THAT(server_.endings().Upkeep(), RefusedWith(Reason::kStorageUnavailable));
    server_.store().Mend();
    server_.Restart();
    EXPECT_EQ(OwnEvents().size(), steps - 1);
    Upkeep();
    EXPECT_EQ(OwnEvents().size(), steps);
  }
  EXPECT_THAT(Prf(), RefusedWith(Reason::kKeyUnusable));
}

TEST_F(EndingsTest, ARegisterIsNotToldHowTheEndComes) {
  Close();
  UpkeepOn(kFirstDayOfWarning);
  api::GetProjectRequest request;
  request.set_project_id(project_);
  EXPECT_FALSE(
      server_.projects().Get(server_.Register("NPR", "ProjectService/GetProject"), request)->has_destruction());
}

TEST_F(EndingsTest, AProjectThatNeverRanHasNoEnd) {
  server_.Draft(ShortCase({Defining("NPR")}));
  const std::string cancelled = server_.Draft(ShortCase({Defining("NPR")}));
  ASSERT_THAT(server_.projects().Cancel(server_.Caseworker("ProjectService/CancelProject"),
                                        About<api::CancelProjectRequest>(cancelled)),
              IsOk());
  GoTo("2050-01-01");
  Upkeep();
  for (const transparency::Event& event : OwnEvents()) {
    EXPECT_EQ(event.project, project_);
  }
}

class MembershipsTest : public EndingsTest {
 protected:
  MembershipsTest() : MembershipsTest(ServerConfig{}) {}
  explicit MembershipsTest(const ServerConfig& config) : EndingsTest(config) {
    server_.Issue(project_, "NPR");
    EXPECT_THAT(server_.Fetch(project_, "NPR", 1, 0), IsOk());
    ReportNothingUsed("NPR");
    Close();
    UpkeepOn(kFirstDayOfWarning);
    UpkeepOn(kDeletion);
    EXPECT_EQ(Show().state(), api::PROJECT_STATE_KEY_DESTROYED);
  }

  std::vector<std::string> ProjectsOf(const std::string& person) {
    api::LookupRequest request;
    request.set_identifier(person);
    request.set_purpose("eget innsyn");
    const auto answer =
        server_.insight().Lookup(server_.By(Role::kInsightPortal, "portal", "InsightService/Lookup"), request);
    EXPECT_THAT(answer, IsOk());
    std::vector<std::string> projects;
    for (const api::ProjectInsight& project : answer->projects()) {
      projects.push_back(project.project_id());
    }
    return projects;
  }
  std::size_t StoredSets() {
    std::size_t rows = 0;
    const auto all = server_.store().Scan(storage::Family::kSets, storage::KeyRange::All()).value();
    for (; all->Valid(); all->Next()) {
      ++rows;
    }
    return rows;
  }
};

TEST_F(MembershipsTest, WhoWasIncludedIsForgottenTenYearsAfterTheKeyAndTheCountsStay) {
  UpkeepOn("2037-01-30");
  EXPECT_THAT(ProjectsOf(Person(0)), ElementsAre(project_));
  EXPECT_GT(StoredSets(), 0U);
  const int purges = server_.store().purges();
  UpkeepOn("2037-01-31");
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction", "project.destroy-key", "project.delete-memberships",
                                        "project.erase-memberships"));
  EXPECT_THAT(OwnEvents()[2].counts, ElementsAre(std::pair("persons", 5U)));
  EXPECT_EQ(StoredSets(), 0U);
  EXPECT_EQ(server_.store().purges(), purges + 1) << "older files of the store still hold the sets, or too much work";
  EXPECT_TRUE(ProjectsOf(Person(0)).empty());
  EXPECT_EQ(ProjectsOf(Person(0)), ProjectsOf(Person(50)));

  EXPECT_EQ(Show().persons(), 5U);
  EXPECT_TRUE(Show().destruction().has_memberships_deleted());
  api::GetUsageStatusRequest status;
  status.set_project_id(project_);
  const auto usage = server_.usage().Status(server_.Officer("UsageService/GetUsageStatus"), status);
  ASSERT_EQ(usage->key_files_size(), 1);
  EXPECT_EQ(usage->key_files(0).persons(), 5U);
  EXPECT_EQ(usage->key_files(0).reports_size(), 1);
  EXPECT_EQ(server_.key_files()
                .List(server_.Officer("KeyFileService/ListKeyFiles"), api::ListKeyFilesRequest())
                ->key_files(0)
                .rows(),
            5U);
}

TEST_F(MembershipsTest, WhatIsForgottenIsAskedForByNobodyAndAReservationListStays) {
  ASSERT_THAT(server_.LoadReservations("", api::RESERVATION_MODE_REPLACE, People(3, 9), "2026-11-22").response, IsOk());
  UpkeepOn("2037-01-31");
  EXPECT_EQ(StoredSets(), 1U) << "the list's own";
  EXPECT_EQ(Show().later_reservations_size(), 0);
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
  server_.Restart();
  EXPECT_EQ(server_.core().state.Read()->reservations.at("").identifiers.cardinality(), 6U);
  EXPECT_TRUE(ProjectsOf(Person(0)).empty());
}

// What is erased is found by the type of a field: this names all there are, so that a new one is thought of.
TEST(Memberships, TheSetsOfAProjectAreTheseFieldsAndNoneIsNested) {
  std::set<std::string> fields;
  const std::function<void(const google::protobuf::Descriptor&, const std::string&)> collect =
      [&](const google::protobuf::Descriptor& type, const std::string& path) {
        for (int i = 0; i < type.field_count(); ++i) {
          const google::protobuf::FieldDescriptor& field = *type.field(i);
          if (field.type() == google::protobuf::FieldDescriptor::TYPE_BYTES) {
            fields.insert(path + '.' + field.name() + (field.is_repeated() ? "[]" : ""));
          } else if (field.message_type() != nullptr) {
            collect(*field.message_type(), path + '.' + field.name());
          }
        }
      };
  for (const auto* type : {records::ProjectRecord::descriptor(), records::SubmissionRecord::descriptor(),
                           records::MatchRecord::descriptor(), records::KeyFileRecord::descriptor(),
                           records::UsageRecord::descriptor(), records::CorrectionRecord::descriptor()}) {
    collect(*type, type->name());
  }
  EXPECT_EQ(fields,
            (std::set<std::string>{
                "ProjectRecord.distinct_set", "SubmissionRecord.index_set", "SubmissionRecord.relative_set",
                "MatchRecord.matched_set", "MatchRecord.population_set", "KeyFileRecord.set",
                "KeyFileRecord.covered_set", "KeyFileRecord.withdrawn_set", "KeyFileRecord.representative_set",
                "KeyFileRecord.current_set", "KeyFileRecord.plaintext_digest", "KeyFileRecord.representatives_digest",
                "UsageRecord.used_set", "CorrectionRecord.retired_set", "CorrectionRecord.staying_set",
                "CorrectionRecord.concerned_set", "CorrectionRecord.changed_set"}));
}

TEST_F(MembershipsTest, AListOfThePeopleThatTheProjectHadKeepsItsSet) {
  ASSERT_THAT(server_.LoadReservations("", api::RESERVATION_MODE_REPLACE, People(0, 5), "2026-11-22").response, IsOk());
  UpkeepOn("2037-01-31");
  EXPECT_EQ(StoredSets(), 1U);
  server_.Restart();
  EXPECT_EQ(server_.core().state.Read()->reservations.at("").identifiers.cardinality(), 5U);
}

TEST_F(MembershipsTest, ASetThatAnotherProjectNamesStaysUntilThatIsForgottenToo) {
  api::ProjectCase other_case = FullCase({Defining("NPR")});
  other_case.set_start_date("2027-01-01");
  const std::string other = server_.ActiveProject(other_case);
  server_.SubmitAll(other, "NPR", People(0, 5));  // the same people, and so the same set
  UpkeepOn("2037-01-31");
  EXPECT_TRUE(Show().destruction().has_memberships_deleted());
  EXPECT_THAT(ProjectsOf(Person(0)), ElementsAre(other));
  EXPECT_EQ(StoredSets(), 1U);

  project_ = other;
  Close();
  UpkeepOn("2037-02-01");
  UpkeepOn("2037-03-03");
  EXPECT_EQ(Show().state(), api::PROJECT_STATE_KEY_DESTROYED);
  UpkeepOn("2047-03-02");
  EXPECT_EQ(StoredSets(), 1U);
  UpkeepOn("2047-03-03");
  EXPECT_EQ(StoredSets(), 0U);
  EXPECT_TRUE(ProjectsOf(Person(0)).empty());
}

TEST_F(MembershipsTest, APopulationThatComesAgainIsStoredAgain) {
  UpkeepOn("2037-01-31");
  api::ProjectCase later = FullCase({Defining("NPR")});
  later.set_end_date("2038-01-01");
  later.set_deletion_date("2039-01-01");
  server_.EnrolKey("NPR");
  const std::string again = server_.ActiveProject(later);
  server_.SubmitAll(again, "NPR", People(0, 5));
  server_.Restart();
  EXPECT_THAT(ProjectsOf(Person(0)), ElementsAre(again));
}

TEST_F(MembershipsTest, ADeletionThatCouldNotBeWrittenIsDoneAfterTheNextStart) {
  GoTo("2037-01-31");
  server_.store().FailFromNowOn(Reason::kDiskFull);
  EXPECT_THAT(server_.endings().Upkeep(), RefusedWith(Reason::kDiskFull));
  server_.store().Mend();
  server_.Restart();
  EXPECT_THAT(ProjectsOf(Person(0)), ElementsAre(project_));
  Upkeep();
  EXPECT_TRUE(ProjectsOf(Person(0)).empty());
}

ServerConfig KeptForGood() {
  ServerConfig config;
  config.memberships_years = 0;
  return config;
}

class KeptForGoodTest : public MembershipsTest {
 protected:
  KeptForGoodTest() : MembershipsTest(KeptForGood()) {}
};

TEST_F(KeptForGoodTest, NothingIsForgottenIfTheConfigurationSaysSo) {
  UpkeepOn("2099-01-01");
  EXPECT_THAT(ProjectsOf(Person(0)), ElementsAre(project_));
  EXPECT_THAT(Operations(), ElementsAre("project.warn-destruction", "project.destroy-key"));
}

}  // namespace
}  // namespace kobling::server
