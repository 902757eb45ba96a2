// What becomes of a project whose numbers were made elsewhere, and of what was imported into it.
#include "server/use_cases/series_import.h"
#include "server/use_cases/series_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;
using ::testing::IsEmpty;

using SeriesLifeTest = SeriesImportTest;

TEST_F(SeriesLifeTest, NothingElseHappensInSuchAProject) {
  ASSERT_THAT(Import(Rows(0, 3)).response, IsOk());
  EXPECT_THAT(server_.Submit(project_, "NPR", {People(0, 2)}).response, RefusedWith(Reason::kSeriesImported));
  auto open = About<api::OpenMatchRequest>(project_);
  open.set_register_id("MFR");
  open.set_max_rows(10);
  EXPECT_THAT(server_.matches().Open(server_.Officer("KeyFileService/OpenMatch"), open),
              RefusedWith(Reason::kSeriesImported));
  EXPECT_THAT(server_.Match(project_, "MFR", People(0, 2)).response, RefusedWith(Reason::kSeriesImported));
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kSeriesImported));
  EXPECT_THAT(server_.population().Complete(server_.Register("NPR", "PopulationService/CompletePopulation"),
                                            About<api::CompletePopulationRequest>(project_)),
              RefusedWith(Reason::kSeriesImported));
  api::ReportHeader report = server_.Header(project_, 1, "leveranse");
  report.set_none_used(true);
  EXPECT_THAT(server_.Report(report, {}).response, RefusedWith(Reason::kSeriesImported));
  auto withdraw = About<api::WithdrawKeyFileRequest>(project_);
  withdraw.set_register_id("NPR");
  withdraw.set_number(1);
  EXPECT_THAT(server_.key_files().Withdraw(server_.Officer("KeyFileService/WithdrawKeyFile"), withdraw),
              RefusedWith(Reason::kSeriesImported));
}

TEST_F(SeriesLifeTest, NobodyIsAskedToCorrectNumbersThatWereMadeElsewhere) {
  ASSERT_THAT(Import(Rows(0, 5)).response, IsOk());
  ASSERT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_MERGED, {Person(0)}, Person(1))}), IsOk());
  const Call officer = server_.Officer("CorrectionService/ListCorrections");
  EXPECT_THAT(server_.corrections().List(officer, {}).value().projects_to_review(), IsEmpty());
  api::ListCorrectionsRequest request;
  request.set_project_id(project_);
  EXPECT_EQ(server_.corrections().List(officer, request).value().registers_size(), 0);
}

TEST_F(SeriesLifeTest, TheOriginIsFixedOnceTheProjectIsActive) {
  const auto change = [&](const api::ProjectCase& project_case, const std::string& project) {
    auto request = About<api::UpdateProjectRequest>(project);
    *request.mutable_project_case() = project_case;
    return server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), request);
  };
  for (const char* origin : {"", "noen andre"}) {
    api::ProjectCase wanted = FullCase({Defining("NPR"), Defining("MFR")});
    wanted.set_series_origin(origin);
    const auto changed = change(wanted, project_);
    EXPECT_THAT(changed, RefusedWith(Reason::kFieldMalformed));
    EXPECT_EQ(DetailOf(changed.status(), "field"), "series_origin");
  }
  api::ProjectCase own = FullCase({Defining("NPR")});
  const std::string other = server_.ActiveProject(own);
  own.set_series_origin(kOrigin);
  EXPECT_THAT(change(own, other), RefusedWith(Reason::kFieldMalformed));
  // Everything else changes as ever, however many persons there are and whatever today's law says of the sources.
  ASSERT_THAT(Import(Rows(0, 3)).response, IsOk());
  api::ProjectCase wanted = OldCase();
  wanted.set_contact("ny@universitet.example");
  ASSERT_THAT(change(wanted, project_), IsOk());
  auto confirm = About<api::ConfirmRevisionRequest>(project_);
  confirm.set_revision(1);
  EXPECT_THAT(server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), confirm), IsOk());
}

TEST_F(SeriesLifeTest, TheNumbersAreReadAgainAndCompared) {
  ASSERT_THAT(Import(Rows(0, 2500)).response, IsOk());
  server_.Restart();
  const auto made = Reproduce("NPR", 1);
  ASSERT_THAT(made, IsOk());
  EXPECT_TRUE(made->equal());
  EXPECT_EQ(made->plaintext_digest(), made->key_file().plaintext_digest());
  EXPECT_EQ(server_.LastEvent().operation, "keyfile.reproduce");
  EXPECT_THAT(server_.LastEvent().counts, ::testing::Contains(std::pair<std::string, std::uint64_t>("persons", 2500)));

  // Another number for one person is found.
  const crypto::RecordSealer sealer =
      server_.core().keys.SeriesSealer(server_.store(), domain::ProjectId::Parse(project_).value()).value();
  const storage::SeriesImportId id = {project_, "NPR", 1};
  auto rows = storage::SeriesStore::Load(server_.store(), id, sealer).value();
  rows[7].number = "ANNET";
  storage::WriteBatch batch;
  storage::SeriesStore::Put(id, rows, sealer, batch);
  ASSERT_THAT(server_.store().Commit(batch), IsOk());
  EXPECT_FALSE(Reproduce("NPR", 1)->equal());
  rows.pop_back();
  batch.Clear();
  storage::SeriesStore::Put(id, rows, sealer, batch);
  ASSERT_THAT(server_.store().Commit(batch), IsOk());
  EXPECT_THAT(Reproduce("NPR", 1), RefusedWith(Reason::kRecordCorrupt));
}

TEST_F(SeriesLifeTest, AWrongImportIsTakenBackAndNobodyIsToldOfIt) {
  ASSERT_THAT(ImportBy("MFR", Header(), Rows(2, 4)).response, IsOk());
  ASSERT_THAT(ImportBy("NPR", Delivered("2015-1"), Rows(0, 3)).response, IsOk());
  const int purges = server_.store().purges();
  server_.WithdrawSubmission(project_, "NPR", 1);
  EXPECT_GT(server_.store().purges(), purges);
  for (const bool restarted : {false, true}) {
    if (restarted) {
      EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
      server_.Restart();
    }
    EXPECT_FALSE(Told(Person(0)).has_value());
    ASSERT_TRUE(Told(Person(2)).has_value());
    EXPECT_FALSE(Told(Person(2))->registers(0).key_file_issued());
    EXPECT_TRUE(Told(Person(2))->registers(1).key_file_issued());
  }
  EXPECT_EQ(StoredBlocks(), 1U) << "the other register's";
  EXPECT_THAT(Reproduce("NPR", 1), RefusedWith(Reason::kKeyFileWithdrawn));
  EXPECT_TRUE(Reproduce("MFR", 1)->equal());
  EXPECT_EQ(UsageStatus(false).size(), 1U);
  // The right one may have other numbers, and the same delivery.
  const auto right = ImportBy("NPR", Delivered("2015-1"), {{Person(0), "RETT"}});
  ASSERT_THAT(right.response, IsOk());
  EXPECT_THAT(right.faults, IsEmpty());
  EXPECT_EQ(right.response->result().number(), 2U);
  Close();
  auto late = About<api::WithdrawSubmissionRequest>(project_);
  late.set_number(2);
  EXPECT_THAT(server_.population().Withdraw(server_.Register("NPR", "PopulationService/WithdrawSubmission"), late),
              RefusedWith(Reason::kProjectState));
}

TEST_F(SeriesLifeTest, TheEndTakesTheKeyAndTheNumbers) {
  ASSERT_THAT(Import(Rows(0, 3)).response, IsOk());
  const std::string first = std::exchange(project_, server_.ActiveProject(OldCase()));
  ASSERT_THAT(Import(Rows(0, 3)).response, IsOk());
  project_ = first;
  Close();
  auto destroy = About<api::DestroyProjectKeyRequest>(project_);
  destroy.set_confirmation(project_);
  ASSERT_THAT(server_.projects().DestroyKey(server_.Officer("ProjectService/DestroyProjectKey"), destroy), IsOk());
  EXPECT_THAT(SeriesKey(), RefusedWith(Reason::kKeyUnusable));
  EXPECT_EQ(StoredBlocks(), 1U) << "the other project's";
  EXPECT_THAT(Reproduce("NPR", 1), RefusedWith(Reason::kKeyDestroyed));
  ASSERT_THAT(server_.store().Get(storage::Family::kMeta, "series/purge"), IsOk());
  EXPECT_FALSE(server_.store().Get(storage::Family::kMeta, "series/purge")->has_value());
}

TEST_F(SeriesLifeTest, TheScheduledEndComesAsForOthers) {
  ASSERT_THAT(Import(Rows(0, 3)).response, IsOk());
  Close();
  for (int run = 0; run < 2; ++run) {  // warned, and nothing is waited for
    ASSERT_THAT(server_.endings().Upkeep(), IsOk());
    EXPECT_THAT(SeriesKey(), IsOk());
  }
  server_.clock().Advance(absl::Hours(24 * 31));
  ASSERT_THAT(server_.endings().Upkeep(), IsOk());
  EXPECT_THAT(SeriesKey(), RefusedWith(Reason::kKeyUnusable));
  EXPECT_EQ(StoredBlocks(), 0U);
  EXPECT_TRUE(Told(Person(0)).has_value()) << "for ten years more";
  server_.clock().Advance(absl::Hours(24 * 3660));
  ASSERT_THAT(server_.endings().Upkeep(), IsOk());
  EXPECT_FALSE(Told(Person(0)).has_value());
}

}  // namespace
}  // namespace kobling::server
