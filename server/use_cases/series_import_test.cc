#include "server/use_cases/series_import.h"

#include <algorithm>

#include "server/core/dates.h"
#include "server/use_cases/disclosures.h"
#include "server/use_cases/series_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Series = TestCore::Series;

TEST_F(SeriesImportTest, ActivationMakesASeriesKeyAndNoProjectKey) {
  api::GetProjectRequest request;
  request.set_project_id(project_);
  const api::Project project = server_.projects().Get(server_.Officer("ProjectService/GetProject"), request).value();
  EXPECT_EQ(project.state(), api::PROJECT_STATE_ACTIVE);
  EXPECT_EQ(project.key_version(), 0U);
  EXPECT_EQ(project.project_case().series_origin(), kOrigin);
  EXPECT_THAT(SeriesKey(), IsOk());
  EXPECT_THAT(storage::KeyStore::Get(server_.store(), "project", project_, 1), RefusedWith(Reason::kKeyUnusable));
}

TEST_F(SeriesImportTest, AnImportLeavesAKeyFileOfItsDay) {
  const auto imported = Import(Rows(0, 5));
  ASSERT_THAT(imported.response, IsOk());
  EXPECT_THAT(imported.faults, IsEmpty());
  const api::KeyFile& key_file = imported.response->result();
  EXPECT_EQ(key_file.kind(), api::KEY_FILE_KIND_IMPORTED);
  EXPECT_EQ(key_file.number(), 1U);
  EXPECT_EQ(key_file.rows(), 5U);
  EXPECT_EQ(key_file.persons(), 5U);
  EXPECT_EQ(key_file.issued().actor(), "NPR");
  EXPECT_EQ(DateText(DayOf(absl::FromUnixSeconds(key_file.issued().time().seconds()))), "2015-03-01");
  EXPECT_THAT(key_file.issued().reason(), HasSubstr(kOrigin));
  EXPECT_EQ(key_file.file_name(), "");
  EXPECT_EQ(imported.response->counts().rows(), 5U);
  EXPECT_EQ(imported.response->counts().identifiers(), 5U);
  EXPECT_EQ(key_file.event_index() + 1, server_.Events().size());
  const transparency::Event event = server_.LastEvent();
  EXPECT_EQ(event.operation, "series.import");
  EXPECT_EQ(event.actor, "NPR");
  EXPECT_EQ(event.object, "keyfile 1");
  EXPECT_EQ(event.time, server_.clock().Now()) << "the event tells when it was imported";
  EXPECT_THAT(event.changes, ::testing::Contains(transparency::EventChange{"issued_on", "", "2015-03-01"}));
  EXPECT_THAT(server_.Fetch(project_, "NPR", 1, 0), RefusedWith(Reason::kKeyFileExpired));
  EXPECT_THAT(server_.key_files().Upkeep(), IsOk());
}

TEST_F(SeriesImportTest, TheDigestIsThatOfTheSortedText) {
  const std::string low = std::min(Person(0), Person(1));
  const std::string high = std::max(Person(0), Person(1));
  const auto imported = Import({{high, "B"}, {Person(2), "A;1"}, {low, "B"}});
  ASSERT_THAT(imported.response, IsOk());
  EXPECT_EQ(imported.response->result().plaintext_digest(),
            DigestOf("fodselsnummer;lopenummer\n" + Person(2) + ";A;1\n" + low + ";B\n" + high + ";B\n"));
}

TEST_F(SeriesImportTest, TwoIdentifiersWithOneNumberAreOnePerson) {
  const auto imported = Import({{Person(0), "A"}, {Person(1), "A"}, {Person(2), "B"}});
  ASSERT_THAT(imported.response, IsOk());
  EXPECT_EQ(imported.response->result().rows(), 3U);
  EXPECT_EQ(imported.response->result().persons(), 2U);
}

TEST_F(SeriesImportTest, CitizensAreToldOfTheProjectAndItsOrigin) {
  ASSERT_THAT(ImportBy("NPR", Delivered("2015-1"), Rows(0, 3)).response, IsOk());
  ASSERT_THAT(ImportBy("MFR", Header(), Rows(2, 4)).response, IsOk());
  for (const bool restarted : {false, true}) {
    if (restarted) {
      EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
      server_.Restart();
    }
    const auto project = Told(Person(2));
    ASSERT_TRUE(project.has_value());
    EXPECT_EQ(project->inclusion(), api::INCLUSION_INDEX_PERSON);
    EXPECT_EQ(project->series_origin(), kOrigin);
    ASSERT_EQ(project->registers_size(), 2);
    const api::RegisterInsight& npr = project->registers(0);
    EXPECT_TRUE(npr.submitted());
    EXPECT_TRUE(npr.key_file_issued());
    EXPECT_EQ(DateText(DayOf(absl::FromUnixSeconds(npr.key_file_time().seconds()))), "2015-03-01");
    EXPECT_EQ(npr.use(), api::USE_USED);
    EXPECT_THAT(npr.used_on(), ElementsAre("2015-04-01"));
    const api::RegisterInsight& mfr = project->registers(1);
    EXPECT_TRUE(mfr.key_file_issued());
    EXPECT_EQ(mfr.use(), api::USE_UNSPECIFIED) << "nothing is known of it";
    EXPECT_FALSE(Told(Person(0))->registers(1).key_file_issued());
    EXPECT_FALSE(Told(Person(4)).has_value());
  }
}

TEST_F(SeriesImportTest, NobodyWaitsForAReportOfUse) {
  ASSERT_THAT(ImportBy("NPR", Header(), Rows(0, 3)).response, IsOk());
  ASSERT_THAT(ImportBy("MFR", Delivered("2015-1"), Rows(0, 2)).response, IsOk());
  const auto status = UsageStatus(false);
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(status[0].register_id(), "MFR");
  ASSERT_EQ(status[0].reports_size(), 1);
  EXPECT_EQ(status[0].reports(0).used(), 2U);
  EXPECT_EQ(status[0].reports(0).delivered_on(), "2015-04-01");
  EXPECT_EQ(status[1].reports_size(), 0);
  EXPECT_FALSE(status[1].overdue());
  EXPECT_THAT(UsageStatus(true), IsEmpty());
}

TEST_F(SeriesImportTest, WhoReceivedWhatIsTold) {
  ASSERT_THAT(ImportBy("NPR", Delivered("2015-1"), Rows(0, 3)).response, IsOk());
  api::ListDisclosuresRequest request;
  request.set_project_id(project_);
  request.set_since("2015-01-01");
  request.set_until("2015-12-31");
  const auto told = Disclosures(server_.core())
                        .List(server_.By(Role::kAuditor, "anne.audit", "AuditService/ListDisclosures"), request);
  ASSERT_THAT(told, IsOk());
  ASSERT_EQ(told->disclosures_size(), 1);
  EXPECT_EQ(told->disclosures(0).recipient(), "Universitetet i Eksempel");
  EXPECT_EQ(told->disclosures(0).delivered_on(), "2015-04-01");
  EXPECT_EQ(told->disclosures(0).used(), 3U);
  EXPECT_EQ(told->disclosures(0).decision_reference(), "14/200");
}

TEST_F(SeriesImportTest, BadRowsAreToldByRowAndReasonAndTheRestCounts) {
  Series rows = Rows(0, 10);
  rows[1].first = "";
  rows[1].second = "";
  rows[2].first[10] = rows[2].first[10] == '0' ? '1' : '0';
  rows[3].second = "";
  rows[4].second = std::string(41, 'x');
  rows[5].second = "to ord";
  rows[6].second = "æ";
  rows[7].second = Person(50);
  rows[8].second = std::string(40, 'x');
  const auto imported = Import(rows);
  ASSERT_THAT(imported.response, IsOk());
  EXPECT_THAT(Told(imported.faults),
              ElementsAre(std::pair(2, Reason::kIdentifierCheckDigits), std::pair(3, Reason::kSeriesNumberFormat),
                          std::pair(4, Reason::kSeriesNumberFormat), std::pair(5, Reason::kSeriesNumberFormat),
                          std::pair(6, Reason::kSeriesNumberFormat), std::pair(7, Reason::kSeriesNumberFormat)));
  EXPECT_EQ(imported.faults[0].column(), 0U);
  EXPECT_EQ(imported.faults[1].column(), 1U);
  const api::StreamCounts& counts = imported.response->counts();
  EXPECT_EQ(counts.rows(), 10U);
  EXPECT_EQ(counts.kept_back(), 1U);
  EXPECT_EQ(counts.valid_rows(), 3U);
  EXPECT_EQ(counts.identifiers(), 3U);
  EXPECT_FALSE(Told(Person(3)).has_value());
  EXPECT_TRUE(Told(Person(8)).has_value());
}

TEST_F(SeriesImportTest, ARealPersonsIdentifierIsNoNumberWhateverTheServerAccepts) {
  // Published by Skatteetaten as an example of a real one; this server accepts synthetic ones only.
  const auto imported = Import({{Person(0), "30108299939"}, {Person(1), "B"}});
  ASSERT_THAT(imported.response, IsOk());
  EXPECT_THAT(Told(imported.faults), ElementsAre(std::pair(0, Reason::kSeriesNumberFormat)));
}

TEST_F(SeriesImportTest, TheSameRowAgainIsADuplicateAndAnotherNumberAConflict) {
  const auto imported =
      Import({{Person(0), "A"}, {Person(1), "B"}, {Person(0), "A"}, {Person(0), "C"}, {Person(1), "B"}});
  ASSERT_THAT(imported.response, IsOk());
  EXPECT_THAT(Told(imported.faults), ElementsAre(std::pair(3, Reason::kSeriesConflict)));
  EXPECT_EQ(imported.response->counts().duplicates(), 2U);
  EXPECT_EQ(imported.response->counts().identifiers(), 2U);
  ASSERT_EQ(imported.response->counts().faults_size(), 1);
  EXPECT_TRUE(Reproduce("NPR", 1)->equal());
}

TEST_F(SeriesImportTest, OneIdentifierHasOneNumberInAllImportsOfTheProject) {
  ASSERT_THAT(Import(Rows(0, 3)).response, IsOk());
  const auto by_other = ImportBy("MFR", Header(), {{Person(0), Number(0)}, {Person(1), "ANNET"}, {Person(5), "NY"}});
  ASSERT_THAT(by_other.response, IsOk());
  EXPECT_THAT(Told(by_other.faults), ElementsAre(std::pair(1, Reason::kSeriesConflict)));
  EXPECT_EQ(by_other.response->result().rows(), 2U);
  const auto by_same = Import({{Person(2), "ANNET"}});
  EXPECT_THAT(by_same.response, RefusedWith(Reason::kNothingValid));
  EXPECT_THAT(Told(by_same.faults), ElementsAre(std::pair(0, Reason::kSeriesConflict)));

  project_ = server_.ActiveProject(OldCase());
  EXPECT_THAT(Import({{Person(2), "ANNET"}}).response, IsOk()) << "another project has another series";
}

TEST_F(SeriesImportTest, ARequestIsAnsweredOnceAndTheSameImportMadeOnce) {
  const api::ImportSeriesHeader header = Delivered("2015-1");
  const auto first = ImportBy("NPR", header, Rows(0, 3));
  ASSERT_THAT(first.response, IsOk());
  const std::string state = server_.StoredState();
  const auto again = ImportBy("NPR", header, Rows(0, 3));
  ASSERT_THAT(again.response, IsOk());
  EXPECT_EQ(again.response->SerializeAsString(), first.response->SerializeAsString());
  EXPECT_THAT(ImportBy("NPR", header, {{Person(0), "X"}}).response, RefusedWith(Reason::kRequestIdReused));

  Series reversed = Rows(0, 3);
  std::reverse(reversed.begin(), reversed.end());
  const auto by_hand = ImportBy("NPR", Delivered("2015-1"), reversed);
  ASSERT_THAT(by_hand.response, IsOk());
  EXPECT_TRUE(by_hand.response->already_imported());
  EXPECT_EQ(by_hand.response->result().number(), 1U);
  EXPECT_EQ(server_.StoredState(), state);

  EXPECT_THAT(ImportBy("NPR", Delivered("2015-1"), Rows(3, 4)).response, RefusedWith(Reason::kDeliveryExists));
  const auto second_delivery = ImportBy("NPR", Delivered("2015-2"), Rows(0, 3));
  ASSERT_THAT(second_delivery.response, IsOk());
  EXPECT_FALSE(second_delivery.response->already_imported());
  EXPECT_EQ(second_delivery.response->result().number(), 2U);
  Close();
  EXPECT_THAT(ImportBy("NPR", header, Rows(0, 3)).response, IsOk()) << "it was answered before";
}

TEST_F(SeriesImportTest, TheHeaderIsChecked) {
  const auto refused = [&](const api::ImportSeriesHeader& header, Reason reason, const char* field) {
    const auto imported = ImportBy("NPR", header, Rows(0, 1));
    EXPECT_THAT(imported.response, RefusedWith(reason)) << field;
    EXPECT_EQ(DetailOf(imported.response.status(), "field"), field);
  };
  api::ImportSeriesHeader header = Header();
  header.clear_issued_on();
  refused(header, Reason::kFieldMissing, "issued_on");
  header.set_issued_on("1.3.2015");
  refused(header, Reason::kFieldMalformed, "issued_on");
  header.set_issued_on("2026-11-23");
  refused(header, Reason::kDateOrder, "issued_on");
  header = Delivered("a");
  header.clear_delivered_on();
  refused(header, Reason::kFieldMissing, "delivered_on");
  header = Delivered("");
  refused(header, Reason::kFieldMissing, "delivery_reference");
  header = Delivered("a");
  header.clear_recipient();
  refused(header, Reason::kFieldMissing, "recipient");
  for (const char* day : {"2015-02-28", "2026-11-23"}) {
    header = Delivered("a");
    header.set_delivered_on(day);
    refused(header, Reason::kDateOrder, "delivered_on");
  }
  header = Delivered("til " + Person(0));
  refused(header, Reason::kFieldMalformed, "delivery_reference");
  header = Header();
  header.set_request_id("1");
  EXPECT_THAT(ImportBy("NPR", header, Rows(0, 1)).response, RefusedWith(Reason::kRequestIdMalformed));
}

TEST_F(SeriesImportTest, OnlyItsOwnSourceIntoAnActiveProjectThatNamesTheOrigin) {
  server_.AddRegister("DAAR");
  EXPECT_THAT(ImportBy("DAAR", Header(), Rows(0, 1)).response, RefusedWith(Reason::kNotPermitted));
  const std::string old = std::exchange(project_, server_.ActiveProject({Defining("NPR")}));
  EXPECT_THAT(Import(Rows(0, 1)).response, RefusedWith(Reason::kSeriesOriginMissing));
  project_ = server_.Draft(OldCase());
  EXPECT_THAT(Import(Rows(0, 1)).response, RefusedWith(Reason::kProjectState));
  project_ = old;
  Close();
  EXPECT_THAT(Import(Rows(0, 1)).response, RefusedWith(Reason::kProjectState)) << "read-only from then on";
}

TEST_F(SeriesImportTest, AStreamThatIsNotWholeLeavesNothing) {
  const std::string state = server_.StoredState();
  const Call call = server_.Register("NPR", "ImportService/ImportSeries");
  const auto begin = [&] {
    return SeriesImport::Begin(server_.core(), call, {server_.rules(), server_.rows_in_use()}, Header()).value();
  };
  const auto commit = [](SeriesImport& stream, std::uint64_t rows) {
    api::ImportSeriesCommit message;
    message.set_rows(rows);
    return stream.Commit(message, [](std::span<const api::RowFault>) { return absl::OkStatus(); });
  };
  std::vector<api::RowFault> faults;
  api::SeriesBatch batch;
  batch.set_identifiers(Person(0) + Person(1));
  batch.add_numbers("A");
  EXPECT_THAT(begin()->Add(batch, faults), RefusedWith(Reason::kStreamProtocol)) << "a number for each identifier";
  batch.add_numbers("B");
  batch.set_first_row(1);
  EXPECT_THAT(begin()->Add(batch, faults), RefusedWith(Reason::kStreamProtocol)) << "a gap";
  batch.set_first_row(0);
  const auto stream = begin();
  EXPECT_THAT(stream->Add(batch, faults), IsOk());
  EXPECT_THAT(commit(*stream, 3), RefusedWith(Reason::kStreamProtocol));
  EXPECT_THAT(commit(*begin(), 0), RefusedWith(Reason::kNothingValid));
  batch.mutable_identifiers()->resize(11 * (SeriesRows::kMaxBatchRows + 1), '\0');
  batch.mutable_numbers()->Reserve(SeriesRows::kMaxBatchRows + 1);
  while (static_cast<std::size_t>(batch.numbers_size()) <= SeriesRows::kMaxBatchRows) {
    batch.add_numbers("");
  }
  EXPECT_THAT(begin()->Add(batch, faults), RefusedWith(Reason::kMessageTooLarge));
  EXPECT_EQ(server_.StoredState(), state);
  EXPECT_EQ(StoredBlocks(), 0U);
}

TEST_F(SeriesImportTest, AnImportWhoseComparisonIsOutOfDateIsRefused) {
  const auto stream = SeriesImport::Begin(server_.core(), server_.Register("NPR", "ImportService/ImportSeries"),
                                          {server_.rules(), server_.rows_in_use()}, Header())
                          .value();
  std::vector<api::RowFault> faults;
  api::SeriesBatch batch;
  batch.set_identifiers(Person(0));
  batch.add_numbers("A");
  ASSERT_THAT(stream->Add(batch, faults), IsOk());
  api::ImportSeriesCommit commit;
  commit.set_rows(1);
  // Faults are sent after the comparison and before the commit; just then another register's import comes.
  const auto response = stream->Commit(commit, [&](std::span<const api::RowFault>) {
    return ImportBy("MFR", Header(), {{Person(0), "ANNET"}}).response.status();
  });
  EXPECT_THAT(response, RefusedWith(Reason::kPreconditionFailed));
  EXPECT_EQ(StoredBlocks(), 1U);
}

TEST_F(SeriesImportTest, NoNumberAndNoIdentifierIsStoredInTheClear) {
  Series rows = Rows(0, 20);
  rows[3].second = "GAMMEL-9 9";
  rows.emplace_back(Person(4), "GAMMEL-ANNEN");
  ASSERT_THAT(ImportBy("NPR", Delivered("2015-1"), rows).response, IsOk());
  const std::string bytes = server_.StoredBytes();
  EXPECT_THAT(bytes, Not(HasSubstr("GAMMEL-")));
  EXPECT_THAT(bytes, Not(HasSubstr(Person(5))));
}

}  // namespace
}  // namespace kobling::server
