// The whole job over mutual TLS, from the registers' files to the destroyed key, with a restart between the steps. What
// comes out is compared with the truth about the invented persons.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "client/fetch.h"
#include "client/files/apply.h"
#include "client/files/key_file_rows.h"
#include "client/files/testdata.h"
#include "client/row_files.h"
#include "crypto/random.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/runtime/testing.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"

namespace kobling::tests {
namespace {

namespace fs = std::filesystem;
using server::ReadText;
using server::TemporaryFolder;

constexpr std::uint64_t kPersons = 3000;
const std::vector<std::string> kRegisters = {"NPR", "KREFT", "MFR"};

// Every record of a table, header first, values without quotes.
std::vector<std::vector<std::string>> ReadTable(const std::string& path) {
  std::vector<std::vector<std::string>> records;
  auto table = client::TableReader::Open(path, {});
  EXPECT_TRUE(table.ok()) << table.status();
  if (!table.ok()) {
    return records;
  }
  records.emplace_back((*table)->header().begin(), (*table)->header().end());
  while (true) {
    const auto record = (*table)->Next();
    EXPECT_TRUE(record.ok()) << record.status();
    if (!record.ok() || *record == nullptr) {
      return records;
    }
    std::vector<std::string>& values = records.emplace_back();
    for (const client::Field& field : (*record)->fields) {
      values.emplace_back(field.value);
    }
  }
}

class WholeFlowTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(client::GenerateTestData({.persons = kPersons, .folder = data_.path().string(), .seed = 2026}).ok());
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(ReadText(data_.path() / "expected.json"), &expected_).ok());
    arena_ = *crypto::SecretArena::Create(std::size_t{1} << 16);
    StartServer();
  }

  void StartServer() {
    auto started = ServerThread::Start(trial_, log_);
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    connections_.clear();
  }

  void RestartServer() {
    connections_.clear();
    ASSERT_TRUE(server_->Stop().ok());
    StartServer();
  }

  client::Connection& As(const Who& who) {
    auto& connection = connections_[who];
    if (connection == nullptr) {
      connection = Connect(server_->address(), trial_.CertificateOf(who));
    }
    return *connection;
  }
  client::Connection& AsRegister(const std::string& id) { return As(RegisterCaller(id)); }

  std::string Data(const std::string& name) const { return (data_.path() / name).string(); }

  std::uint64_t Expected(const std::string& part, const std::string& name) const {
    return static_cast<std::uint64_t>(expected_.fields().at(part).struct_value().fields().at(name).number_value());
  }

  std::unique_ptr<client::IdentifierFileRows> OpenRows(const std::string& file, bool with_mothers) {
    client::IdentifierFileColumns columns{.index = *client::ColumnName::Parse("fnr"), .relatives = {}};
    if (with_mothers) {
      columns.relatives.push_back(*client::ColumnName::Parse("mor_fnr"));
    }
    auto rows = client::IdentifierFileRows::Open({.path = Data(file)}, {}, columns, progress_);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return *std::move(rows);
  }

  void MakeProjectWithThreeRegisters() {
    for (const std::string& id : kRegisters) {
      AddRegister(As(kCaseworker), id);
      identities_.emplace(id, *crypto::AgeIdentity::Generate(*arena_));
      EnrolKey(AsRegister(id), As(kKeyOfficer), id, identities_.at(id).recipient());
    }
    api::Source births = MakeSource("MFR", api::SCOPE_POPULATION);
    births.set_includes_relatives(true);
    project_ = MakeActiveProject(
        As(kCaseworker), As(kKeyOfficer),
        MakeCase({MakeSource("NPR", api::SCOPE_OWN), MakeSource("KREFT", api::SCOPE_INTERSECTION), births}, 10'000));
    ASSERT_EQ(project_, "P0001");
  }

  void SubmitPopulation() {
    const auto rows = OpenRows("npr_population.csv", true);
    client::FaultCollector faults;
    api::SubmitHeader header;
    header.set_request_id(crypto::NewRequestId());
    header.set_project_id(project_);
    header.add_columns("fnr");
    header.add_columns("mor_fnr");
    const auto submitted = AsRegister("NPR").Submit(header, *rows, faults);
    ASSERT_TRUE(submitted.ok()) << submitted.status();
    const api::StreamCounts& counts = submitted->result().counts();
    EXPECT_EQ(counts.rows(), Expected("npr_population", "rows"));
    EXPECT_EQ(counts.valid_rows(), Expected("npr_population", "good"));
    EXPECT_EQ(counts.duplicates(), Expected("npr_population", "duplicates"));
    EXPECT_EQ(counts.identifiers(), Expected("npr_population", "distinct_persons"));
    EXPECT_EQ(counts.identifiers() + counts.relatives(), Expected("npr_population", "distinct_persons_with_mothers"));
    // Bad rows: what the client kept back and what the server left out are, together, what was put in, by reason.
    std::map<std::string, std::uint64_t> by_reason;
    for (const client::LineFault& fault : rows->kept_back_faults()) {
      ++by_reason[std::string(domain::InfoOf(fault.reason).name)];
    }
    for (const api::FaultCount& fault : counts.faults()) {
      by_reason[std::string(domain::InfoOf(*domain::ReasonFromNumber(fault.reason())).name)] += fault.rows();
    }
    std::map<std::string, std::uint64_t> wanted;
    for (const auto& [reason, count] :
         expected_.fields().at("npr_population").struct_value().fields().at("bad_by_reason").struct_value().fields()) {
      wanted[reason] = static_cast<std::uint64_t>(count.number_value());
    }
    EXPECT_EQ(by_reason, wanted);
    ASSERT_TRUE(Complete(AsRegister("NPR"), project_).ok());
  }

  void MatchCancerRegister() {
    ASSERT_TRUE(OpenMatch(As(kKeyOfficer), project_, "KREFT", 10'000).ok());
    const auto rows = OpenRows("kreft_extract.csv", false);
    client::FaultCollector faults;
    api::MatchHeader header;
    header.set_request_id(crypto::NewRequestId());
    header.set_project_id(project_);
    const auto matched = AsRegister("KREFT").Match(header, *rows, faults);
    ASSERT_TRUE(matched.ok()) << matched.status();
    EXPECT_EQ(matched->received().rows(), Expected("kreft_extract", "rows"));
    api::ListMatchesRequest list;
    list.set_project_id(project_);
    const auto windows = As(kKeyOfficer).ListMatches(list);
    ASSERT_TRUE(windows.ok()) << windows.status();
    ASSERT_EQ(windows->matches_size(), 1);
    EXPECT_EQ(windows->matches(0).state(), api::MATCH_STATE_MATCHED);
    EXPECT_EQ(windows->matches(0).matched_persons(), Expected("kreft_extract", "rows_in_population"));
  }

  void IssueToAll() {
    for (const std::string& id : kRegisters) {
      const auto issued = Issue(As(kKeyOfficer), project_, id);
      ASSERT_TRUE(issued.ok()) << issued.status();
      key_files_[id] = *issued;
    }
    const std::uint64_t everybody = Expected("npr_population", "distinct_persons_with_mothers");
    EXPECT_EQ(key_files_["NPR"].persons(), everybody);
    EXPECT_EQ(key_files_["MFR"].persons(), everybody);
    EXPECT_EQ(key_files_["KREFT"].persons(), Expected("kreft_extract", "rows_in_population"));
  }

  void FetchAndApply(const std::string& id, const std::string& extract, const std::vector<std::string>& relatives) {
    const auto info = AsRegister(id).GetServerInfo({});
    ASSERT_TRUE(info.ok()) << info.status();
    const auto signing_key = crypto::MinisignPublicKey::Parse(info->signing_public_key());
    ASSERT_TRUE(signing_key.ok()) << signing_key.status();
    EXPECT_EQ(ReadText(trial_.folder() / "public" / "kobling.pub"), signing_key->text());
    const auto fetched = client::FetchKeyFile(
        AsRegister(id), key_files_[id], {.folder = data_.path(), .signing_key = *signing_key, .retry = {.attempts = 1}},
        progress_);
    ASSERT_TRUE(fetched.ok()) << fetched.status();
    const client::SealedKeyFile sealed = {.path = fetched->path,
                                          .signature_path = fetched->signature_path,
                                          .public_key = *signing_key,
                                          .identity = identities_.at(id),
                                          .arena = *arena_};
    const auto loaded = client::LoadKeyFiles(std::span(&sealed, 1));
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(loaded->comment.persons, key_files_[id].persons());
    client::ApplyOptions options{.extract = Data(extract), .index = *client::ColumnName::Parse("fnr")};
    for (const std::string& relative : relatives) {
      options.relatives.push_back(*client::ColumnName::Parse(relative));
    }
    options.output = Data("applied_" + extract);
    options.used = Data("used_" + id);
    const auto applied = client::Apply(*loaded->map, options);
    ASSERT_TRUE(applied.ok()) << applied.status();
    EXPECT_EQ(applied->rows_out, Expected(extract.substr(0, extract.find('.')), "rows_in_population"));
  }

  void ReportUse(const std::string& id) {
    auto rows = client::LopenummerFileRows::Open({.path = Data("used_" + id)}, progress_);
    ASSERT_TRUE(rows.ok()) << rows.status();
    client::FaultCollector faults;
    const auto reported = AsRegister(id).Report(MakeReportHeader(key_files_[id], "delivery of " + id), **rows, faults);
    ASSERT_TRUE(reported.ok()) << reported.status();
    EXPECT_EQ(reported->result().used(), reported->result().rows());
    EXPECT_EQ(reported->result().faults_size(), 0);
  }

  // Joins the three deliveries on løpenummer alone, and gives the rows of truth.csv.
  std::vector<std::string> Link() const;

  TrialInstallation trial_;
  const TemporaryFolder data_;
  const domain::SystemClock clock_;
  std::ostringstream nowhere_;
  client::Progress progress_{nowhere_, client::Progress::Show::kNo, client::Progress::Unit::kRows, clock_};
  google::protobuf::Struct expected_;
  std::unique_ptr<crypto::SecretArena> arena_;
  std::shared_ptr<KeptLog> log_ = std::make_shared<KeptLog>();
  std::unique_ptr<ServerThread> server_;
  std::map<Who, std::unique_ptr<client::Connection>> connections_;
  std::map<std::string, crypto::AgeIdentity> identities_;
  std::string project_;
  std::map<std::string, api::KeyFile> key_files_;
};

std::vector<std::string> WholeFlowTest::Link() const {
  const auto records = [&](const std::string& extract) {
    auto table = ReadTable(Data("applied_" + extract));
    table.erase(table.begin());
    return table;
  };
  const auto patients = records("npr_extract.csv");  // npr_key;løpenummer;avdeling;kode
  std::map<std::string, std::string> cancers;        // løpenummer to kreft_key
  for (const auto& record : records("kreft_extract.csv")) {
    cancers[record[1]] = record[0];
  }
  std::map<std::string, std::pair<std::string, std::string>> births;  // løpenummer to mfr_key, the mother's løpenummer
  for (const auto& record : records("mfr_extract.csv")) {
    births[record[1]] = {record[0], record[2]};
  }
  std::map<std::string, std::string> first_stay;
  for (const auto& record : patients) {
    auto& first = first_stay[record[1]];
    first = first.empty() ? record[0] : std::min(first, record[0]);
  }
  std::vector<std::string> linked;
  for (const auto& record : patients) {
    const auto cancer = cancers.find(record[1]);
    const auto birth = births.find(record[1]);
    if (cancer == cancers.end() && birth == births.end()) {
      continue;
    }
    const auto mother = birth == births.end() ? first_stay.end() : first_stay.find(birth->second.second);
    linked.push_back(record[0] + ';' + (cancer == cancers.end() ? "" : cancer->second) + ';' +
                     (birth == births.end() ? "" : birth->second.first) + ';' +
                     (mother == first_stay.end() ? "" : mother->second));
  }
  std::sort(linked.begin(), linked.end());
  return linked;
}

TEST_F(WholeFlowTest, LinkingTheDeliveriesOnLopenummerGivesTheTruthAcrossRestarts) {
  ASSERT_NO_FATAL_FAILURE(MakeProjectWithThreeRegisters());
  ASSERT_NO_FATAL_FAILURE(SubmitPopulation());
  api::GetProjectRequest get;
  get.set_project_id("P0001");
  const auto before = As(kCaseworker).GetProject(get);
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_NO_FATAL_FAILURE(RestartServer());
  const auto after = As(kCaseworker).GetProject(get);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->SerializeAsString(), before->SerializeAsString());
  EXPECT_EQ(after->persons(), Expected("npr_population", "distinct_persons_with_mothers"));

  ASSERT_NO_FATAL_FAILURE(MatchCancerRegister());
  ASSERT_NO_FATAL_FAILURE(RestartServer());
  ASSERT_NO_FATAL_FAILURE(IssueToAll());
  ASSERT_NO_FATAL_FAILURE(RestartServer());
  ASSERT_NO_FATAL_FAILURE(FetchAndApply("NPR", "npr_extract.csv", {}));
  ASSERT_NO_FATAL_FAILURE(FetchAndApply("KREFT", "kreft_extract.csv", {}));
  ASSERT_NO_FATAL_FAILURE(FetchAndApply("MFR", "mfr_extract.csv", {"mor_fnr"}));

  auto truth_table = ReadTable(Data("truth.csv"));
  std::vector<std::string> truth;
  for (std::size_t i = 1; i < truth_table.size(); ++i) {
    const auto& row = truth_table[i];
    truth.push_back(row[0] + ';' + row[1] + ';' + row[2] + ';' + row[3]);
  }
  std::sort(truth.begin(), truth.end());
  ASSERT_GT(truth.size(), kPersons / 4);
  EXPECT_EQ(Link(), truth) << "joined rows " << Link().size();

  // A key file issued anew holds the same løpenumre. While one stands, it is not issued again.
  EXPECT_EQ(domain::ReasonOf(Issue(As(kKeyOfficer), project_, "KREFT").status()), domain::Reason::kKeyFileStands);
  api::WithdrawKeyFileRequest withdraw;
  withdraw.set_request_id(crypto::NewRequestId());
  withdraw.set_project_id(project_);
  withdraw.set_register_id("KREFT");
  withdraw.set_number(1);
  withdraw.set_reason("lost by the register");
  const auto withdrawn = As(kKeyOfficer).WithdrawKeyFile(withdraw);
  ASSERT_TRUE(withdrawn.ok()) << withdrawn.status();
  const auto again = Issue(As(kKeyOfficer), project_, "KREFT");
  ASSERT_TRUE(again.ok()) << again.status();
  const std::string first_delivery = ReadText(Data("applied_kreft_extract.csv"));
  key_files_["KREFT"] = *again;
  fs::remove(Data("applied_kreft_extract.csv"));
  fs::remove(Data("used_KREFT"));
  ASSERT_NO_FATAL_FAILURE(FetchAndApply("KREFT", "kreft_extract.csv", {}));
  EXPECT_EQ(ReadText(Data("applied_kreft_extract.csv")), first_delivery);

  for (const std::string& id : kRegisters) {
    ASSERT_NO_FATAL_FAILURE(ReportUse(id));
  }

  // Somebody with a cancer record: included, every register's key file issued, used.
  const auto cancer_rows = ReadTable(Data("kreft_extract.csv"));
  std::set<std::string> population;
  for (const auto& row : ReadTable(Data("npr_extract.csv"))) {
    population.insert(row[1]);
  }
  std::string included;
  std::string stranger;
  for (std::size_t i = 1; i < cancer_rows.size(); ++i) {
    (population.contains(cancer_rows[i][1]) ? included : stranger) = cancer_rows[i][1];
  }
  api::LookupRequest lookup;
  lookup.set_identifier(included);
  lookup.set_purpose("citizen's own request");
  auto insight = As(kPortal).Lookup(lookup);
  ASSERT_TRUE(insight.ok()) << insight.status();
  ASSERT_EQ(insight->projects_size(), 1);
  EXPECT_EQ(insight->projects(0).project_id(), project_);
  EXPECT_EQ(insight->projects(0).inclusion(), api::INCLUSION_INDEX_PERSON);
  for (const api::RegisterInsight& part : insight->projects(0).registers()) {
    EXPECT_TRUE(part.key_file_issued()) << part.register_id();
    if (part.register_id() != "MFR") {
      EXPECT_EQ(part.use(), api::USE_USED) << part.register_id();
    }
  }
  lookup.set_identifier(stranger);
  insight = As(kPortal).Lookup(lookup);
  ASSERT_TRUE(insight.ok()) << insight.status();
  EXPECT_EQ(insight->projects_size(), 0) << "the cancer register knows the person, the project does not";

  // The key cannot be destroyed in secret: the first key file of KREFT has no report yet.
  api::CloseProjectRequest close;
  close.set_request_id(crypto::NewRequestId());
  close.set_project_id(project_);
  close.set_reason("the study is over");
  ASSERT_TRUE(As(kKeyOfficer).CloseProject(close).ok());
  api::DestroyProjectKeyRequest destroy;
  destroy.set_request_id(crypto::NewRequestId());
  destroy.set_project_id(project_);
  destroy.set_confirmation(project_);
  destroy.set_reason("the deletion date has come");
  EXPECT_EQ(ReasonName(As(kKeyOfficer).DestroyProjectKey(destroy).status()), "USAGE_OUTSTANDING");
  destroy.set_request_id(crypto::NewRequestId());
  destroy.set_waiver_reason("the first file was replaced before it was used");
  const auto destroyed = As(kKeyOfficer).DestroyProjectKey(destroy);
  ASSERT_TRUE(destroyed.ok()) << destroyed.status();
  EXPECT_EQ(destroyed->state(), api::PROJECT_STATE_KEY_DESTROYED);
  EXPECT_TRUE(fs::is_empty(trial_.config().key_file_directory));
  ASSERT_NO_FATAL_FAILURE(RestartServer());
  lookup.set_identifier(included);
  insight = As(kPortal).Lookup(lookup);
  ASSERT_TRUE(insight.ok()) << insight.status();
  EXPECT_EQ(insight->projects_size(), 1) << "citizens still see that they were included";

  // The log holds what happened, in order.
  std::vector<std::string> operations;
  for (const api::Event& event : AllEvents(As(kAuditor))) {
    if (event.result() == "OK" && event.project_id() == project_) {
      operations.push_back(event.operation());
    }
  }
  const std::vector<std::string> wanted = {
      "project.create",     "project.ready", "project.activate", "population.submit", "population.complete",
      "keyfile.open-match", "keyfile.match", "keyfile.issue",    "keyfile.issue",     "keyfile.issue",
      "keyfile.fetch",      "keyfile.fetch", "keyfile.fetch",    "keyfile.withdraw",  "keyfile.issue",
      "keyfile.fetch",      "usage.report",  "usage.report",     "usage.report",      "project.close",
      "project.destroy-key"};
  EXPECT_EQ(operations, wanted);
}

TEST_F(WholeFlowTest, AServerThatStartsTakesTheStepsToTheEndThatAreDue) {
  AddRegister(As(kCaseworker), "NPR");
  api::ProjectCase soon = MakeCase({MakeSource("NPR", api::SCOPE_OWN)}, 10);
  soon.set_end_date(Day(1));
  soon.set_deletion_date(Day(5));
  const std::string project = MakeActiveProject(As(kCaseworker), As(kKeyOfficer), soon);
  api::CloseProjectRequest close;
  close.set_request_id(crypto::NewRequestId());
  close.set_project_id(project);
  close.set_reason("the study is over");
  ASSERT_TRUE(As(kKeyOfficer).CloseProject(close).ok());
  ASSERT_NO_FATAL_FAILURE(RestartServer());
  api::GetProjectRequest get;
  get.set_project_id(project);
  const auto shown = As(kCaseworker).GetProject(get);
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(shown->destruction().warned().actor(), "koblingd");
  EXPECT_FALSE(shown->destruction().on().empty());
  EXPECT_THAT(log_->text(), testing::HasSubstr("a project's key will be destroyed"));
}

}  // namespace
}  // namespace kobling::tests
