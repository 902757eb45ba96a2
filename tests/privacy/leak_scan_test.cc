// The whole job with marked persons, by the commands that people use; then every byte that was written, logged or
// answered is searched for each of their identifiers, for each løpenummer and for each key.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "client/commands/run.h"
#include "client/files/key_file_rows.h"
#include "client/grpc_connection.h"
#include "client/key_file_opener.h"
#include "server/runtime/testing.h"
#include "tests/integration/identifiers.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"
#include "tests/privacy/byte_search.h"
#include "tests/privacy/known_keys.h"
#include "tests/privacy/old_series.h"
#include "tests/privacy/search_patterns.h"

namespace kobling::tests {
namespace {

namespace fs = std::filesystem;
using server::ReadText;
using server::WriteText;

// Few, so that five bytes found by chance stay unlikely: 2^-40 for each byte that is searched and each identifier.
constexpr std::size_t kPopulation = 60;
constexpr std::size_t kOthers = 20;
constexpr const char* kOldProject = "P0002";

class KeptLopenumre final : public client::KeyFileRows {
 public:
  absl::Status Begin(const crypto::KeyFileComment&) override { return absl::OkStatus(); }
  absl::Status Take(const client::KeyFileRow& row) override {
    lopenumre.push_back(row.lopenummer);
    return absl::OkStatus();
  }
  std::vector<domain::Lopenummer> lopenumre;
};

class LeakScanTest : public testing::Test {
 protected:
  void SetUp() override {
    std::cout << "seed " << seed_ << '\n';
    // The server says all that it can say.
    std::string config = ReadText(trial_.config_file());
    const std::string level = "level = \"info\"";
    ASSERT_NE(config.find(level), std::string::npos);
    config.replace(config.find(level), level.size(), "level = \"debug\"");
    WriteText(trial_.config_file(), config);
    StartServer();
    WriteFiles();
  }

  void StartServer() {
    auto started = ServerProcess::Start(KOBLINGD, trial_, outputs_.path() / "koblingd.log");
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    address_ = server_->address();
  }

  void WriteFiles() {
    std::string population = "fnr;mor_fnr\n";
    for (std::size_t i = 0; i < people_.size(); ++i) {
      population += people_[i] + ';' + (i % 3 == 0 ? others_[i % 10] : "") + '\n';
    }
    // A bad row of each kind that an identifier can become: a digit changed, a leading zero lost, a space in it.
    population +=
        bad_ + ";\n" + people_[0].substr(1) + ";\n" + people_[1].substr(0, 6) + ' ' + people_[1].substr(6) + ";\n";
    WriteText(data_.path() / "npr_population.csv", population);
    std::string extract = "npr_key;fnr;mor_fnr\n";
    for (std::size_t i = 0; i < people_.size(); ++i) {
      extract += 'N' + std::to_string(i) + ';' + people_[i] + ';' + (i % 3 == 0 ? others_[i % 10] : "") + '\n';
    }
    WriteText(data_.path() / "npr_extract.csv", extract);
    std::string cancers = "fnr\n";
    for (std::size_t i = 10; i < 20; ++i) {
      cancers += people_[i] + '\n' + others_[i] + '\n';
    }
    WriteText(data_.path() / "kreft_extract.csv", cancers);
    WriteText(data_.path() / "old_series.csv", old_series_.rows);
    WriteText(data_.path() / "wrong_series.csv", old_series_.wrong_rows);
    WriteText(data_.path() / "old_case.toml", old_series_.project_case);
    WriteText(data_.path() / "case.toml", R"(title = "Invented study"
purpose = "To look for what must not be found."
purpose_kind = "research"
data_user = "Invented university"
decision_reference = "26/1234"
decision_date = ")" + Day(-30) + R"("
legal_basis = "§§ 4, 5 and 7"
linkage_performer = "data-user"
approved_persons = 1000
start_date = ")" + Day(-1) + R"("
end_date = ")" + Day(300) + R"("
deletion_date = ")" + Day(600) + R"("
contact = "study@example.org"
analysis_room = "TSD"
title_nynorsk = "Dikta studie"
title_english = "Invented study"
purpose_nynorsk = "For å sjå etter det som ikkje skal finnast."
purpose_english = "To look for what must not be found."

[[sources]]
register_id = "NPR"
defines_population = true
scope = "own"
legal_reference = "§ 19 a"

[[sources]]
register_id = "KREFT"
scope = "intersection"
legal_reference = "§ 19 a"
)");
  }

  // The environment of the commands.
  std::optional<std::string> Variable(const std::string& name) const {
    return name == "KOBLING_HOME" ? std::optional((outputs_.path() / "profiles").string()) : std::nullopt;
  }

  // One run of the command as its caller; what it prints is searched later. Returns its standard output.
  std::string Run(const Who& who, std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--profile", who.id});
    WriteText(data_.path() / "standard_input", input);
    const client::FileDescriptor standard_input(open((data_.path() / "standard_input").c_str(), O_RDONLY | O_CLOEXEC));
    std::ostringstream out;
    std::ostringstream err;
    last_code_ = client::RunKobling(
        arguments,
        {.out = out,
         .err = err,
         .input = standard_input.get(),
         .input_is_terminal = false,
         .error_is_terminal = false,
         .environment = [this](const std::string& name) { return Variable(name); },
         .clock = trial_.clock(),
         .retry = {.attempts = 1, .first_wait = absl::ZeroDuration()},
         .patient_retry = {.attempts = 1, .first_wait = absl::ZeroDuration()},
         .connect = [this, who](const client::Profile&) -> absl::StatusOr<std::unique_ptr<client::Connection>> {
           return Connect(address_, trial_.CertificateOf(who));
         }});
    last_error_ = err.str();
    spoken_ += out.str() + err.str();
    return out.str();
  }

  // A run that must go well; 5 is said when rows were left out.
  std::string RunWell(const Who& who, const std::vector<std::string>& arguments, const std::string& input = "") {
    const std::string out = Run(who, arguments, input);
    EXPECT_TRUE(last_code_ == client::ExitCode::kOk || static_cast<int>(last_code_) == 5)
        << arguments[0] << ' ' << arguments[1] << " ended with " << static_cast<int>(last_code_) << '\n'
        << last_error_;
    return out;
  }
  void RunBadly(const Who& who, const std::vector<std::string>& arguments, const std::string& input = "") {
    Run(who, arguments, input);
    EXPECT_FALSE(last_code_ == client::ExitCode::kOk) << arguments[0] << " went well";
    EXPECT_FALSE(last_error_.empty());
  }

  std::string Data(const std::string& name) const { return (data_.path() / name).string(); }
  std::string Output(const std::string& name) const { return (outputs_.path() / name).string(); }

  // The text between `"name": "` and the next quote.
  static std::string TextField(const std::string& json, const std::string& name) {
    const std::size_t key = json.find('"' + name + '"');
    const std::size_t begin = key == std::string::npos ? key : json.find('"', key + name.size() + 2);
    return begin == std::string::npos ? "" : json.substr(begin + 1, json.find('"', begin + 1) - begin - 1);
  }

  void MakeProject();
  void DoTheJob();
  void UpdateThePopulation();
  void ImportAnOldSeries();
  void ProvokeErrors();
  void LearnLopenumre(ByteSearch& search);

  // Everything that is on the disk outside the callers' own data, and everything that was said.
  void LookEverywhere(ByteSearch& search) {
    search.LookInto(trial_.folder(), {"keys/kek"});
    search.LookInto(outputs_.path());
    search.Look("what the commands printed", spoken_);
    search.Look("what koblingd init printed", trial_.init_output());
  }

  const std::uint64_t seed_ = std::random_device()();
  TrialInstallation trial_;
  const server::TemporaryFolder data_;     // what registers hold: identifiers may be here
  const server::TemporaryFolder outputs_;  // what the programs leave: they may not
  std::unique_ptr<ServerProcess> server_;
  std::string address_;
  Identifiers identifiers_{seed_};
  const std::vector<std::string> people_ = PeopleWithALeadingZero();
  const std::vector<std::string> others_ = identifiers_.Next(kOthers);
  const std::string bad_ = people_[2].substr(0, 10) + static_cast<char>('0' + (people_[2][10] - '0' + 1) % 10);
  const OldSeries old_series_ = MakeOldSeries(people_, others_, seed_);
  std::string project_;
  std::string spoken_;
  std::string last_error_;
  client::ExitCode last_code_ = client::ExitCode::kOk;

 private:
  // The first of them begins with a zero, which a spreadsheet would take away.
  std::vector<std::string> PeopleWithALeadingZero() {
    std::vector<std::string> people = identifiers_.Next(kPopulation);
    while (people[0][0] != '0') {
      people[0] = identifiers_.Next();
    }
    return people;
  }
};

void LeakScanTest::MakeProject() {
  for (const Who& who :
       {kCaseworker, kKeyOfficer, kAuditor, kPortal, kFeed, RegisterCaller("NPR"), RegisterCaller("KREFT")}) {
    const CallerFiles& files = trial_.CertificateOf(who);
    WriteText(Data("ca.pem"), files.ca);
    WriteText(Data(who.id + ".pem"), files.certificate);
    WriteText(Data(who.id + ".key"), files.key);
    RunWell(who, {"profile", "create", who.id, "--address", address_, "--ca", Data("ca.pem"), "--certificate",
                  Data(who.id + ".pem"), "--key", Data(who.id + ".key"), "--signing-key",
                  (trial_.folder() / "public" / "kobling.pub").string()});
  }
  for (const std::string id : {"NPR", "KREFT"}) {
    RunWell(kCaseworker, {"register", "add", id, "--name", "Invented register", "--kind", "kvalitetsregister",
                          "--controller", "Invented controller", "--contact", "post@register.example",
                          "--inclusion-reference", "§ 3", "--inclusion-date", Day(-900)});
    RunWell(RegisterCaller(id), {"keygen"});
    const std::string key = RunWell(RegisterCaller(id), {"recipient-key", "submit", "--format", "json"});
    RunWell(kKeyOfficer, {"recipient-key", "approve", id, "1", "--fingerprint", TextField(key, "fingerprint")});
  }
  project_ =
      TextField(RunWell(kCaseworker, {"project", "create", "--file", Data("case.toml"), "--format", "json"}), "id");
  ASSERT_EQ(project_, "P0001");
  RunWell(kCaseworker, {"project", "ready", project_});
  RunWell(kKeyOfficer, {"project", "activate", project_});
}

void LeakScanTest::DoTheJob() {
  const Who npr = RegisterCaller("NPR");
  const Who kreft = RegisterCaller("KREFT");
  RunWell(npr, {"population", "submit", project_, "--file", Data("npr_population.csv"), "--column", "fnr", "--relative",
                "mor_fnr", "--rejects", Output("npr_rejects.csv")});
  RunWell(npr, {"population", "complete", project_});
  RunWell(kKeyOfficer, {"keyfile", "open-match", project_, "KREFT", "--max-rows", "1000"});
  RunWell(kreft, {"keyfile", "match", project_, "--file", Data("kreft_extract.csv"), "--column", "fnr"});
  for (const Who& who : {npr, kreft}) {
    RunWell(kKeyOfficer, {"keyfile", "issue", project_, who.id});
    RunWell(who, {"keyfile", "fetch", project_, "--out", outputs_.path().string()});
  }
  const std::string applied =
      RunWell(npr, {"apply", "--keyfile", Output("NPR_P0001_0001.csv.age"), "--in", Data("npr_extract.csv"), "--column",
                    "fnr", "--relative", "mor_fnr", "--out", Data("npr_delivery.csv"), "--used", Data("npr_used.txt"),
                    "--format", "json"});
  EXPECT_EQ(TextField(applied, "project"), project_);
  EXPECT_EQ(TextField(applied, "register"), "NPR");
  EXPECT_THAT(applied, testing::HasSubstr("\"key_file\": 1"));
  RunWell(npr, {"usage", "report", project_, "--keyfile", "1", "--delivery", "2026-1", "--delivered-on", Day(0),
                "--recipient", "Invented university", "--file", Data("npr_used.txt")});
  RunWell(kreft, {"usage", "report", project_, "--keyfile", "1", "--delivery", "2026-1", "--delivered-on", Day(0),
                  "--recipient", "Invented university", "--none"});
  for (const std::string& person : {people_[0], people_[12], others_[0], others_[15]}) {
    RunWell(kPortal, {"insight", "lookup", "--purpose", "citizen's own request"}, person + '\n');
  }
  RunWell(kPortal,
          {"insight", "lookup", "--purpose", "insight by guardian", "--representation", "guardian",
           "--representation-reference", "26/118"},
          people_[1] + '\n' + others_[1] + '\n');
  RunWell(kKeyOfficer, {"usage", "status", project_});
  RunWell(kAuditor, {"audit", "project", project_});
  RunWell(kAuditor, {"audit", "list", "--format", "json"});
  RunWell(kAuditor, {"audit", "disclosures", "--format", "csv"});
  RunWell(kAuditor, {"audit", "dossier", project_, "--out", Output("dossier")});
  RunWell(kPortal, {"project", "publish", "--out", Output("public")});
}

// Reservations, more people, a delta, and a past file made again.
void LeakScanTest::UpdateThePopulation() {
  const Who npr = RegisterCaller("NPR");
  const std::vector<std::string> load = {"reservation",  "load",     "--file", "-",
                                         "--no-header",  "--column", "1",      "--legal-reference",
                                         "EHDS art. 71", "--date",   Day(0),   "--mode"};
  const auto with_mode = [&](const std::string& mode) {
    std::vector<std::string> arguments = load;
    arguments.push_back(mode);
    return arguments;
  };
  RunWell(kFeed, with_mode("add"), people_[2] + '\n' + bad_ + '\n' + others_[1] + '\n');
  RunBadly(kFeed, with_mode("replace"), people_[2] + '\n' + bad_ + '\n');
  RunWell(npr, with_mode("replace"), people_[3] + '\n');
  RunWell(kKeyOfficer, {"project", "reopen-source", project_, "NPR", "--reason", "yearly update"});
  WriteText(Data("more.csv"), "fnr\n" + others_[2] + '\n' + others_[3] + '\n');
  RunWell(npr, {"population", "submit", project_, "--file", Data("more.csv"), "--column", "fnr"});
  RunWell(npr, {"population", "complete", project_});
  RunWell(kKeyOfficer, {"keyfile", "issue", project_, "NPR", "--since", "1"});
  RunWell(npr, {"keyfile", "fetch", project_, "--out", outputs_.path().string()});
  RunWell(npr, {"apply", "--keyfile", Output("NPR_P0001_0001.csv.age"), "--keyfile", Output("NPR_P0001_0002.csv.age"),
                "--in", Data("more.csv"), "--column", "fnr", "--out", Data("more_delivery.csv"), "--used",
                Data("more_used.txt")});
  RunWell(npr, {"usage", "report", project_, "--keyfile", "2", "--delivery", "2027-1", "--delivered-on", Day(0),
                "--recipient", "Invented university", "--file", Data("more_used.txt")});
  RunWell(kAuditor, {"keyfile", "reproduce", project_, "NPR", "2", "--purpose", "supervision"});
  RunWell(kAuditor, {"reservation", "list", "--all"});
  RunWell(kKeyOfficer, {"project", "show", project_});
}

void LeakScanTest::ImportAnOldSeries() {
  const Who npr = RegisterCaller("NPR");
  const std::string created =
      RunWell(kCaseworker, {"project", "create", "--file", Data("old_case.toml"), "--format", "json"});
  const std::string old_project = TextField(created, "id");
  ASSERT_EQ(old_project, kOldProject);
  RunWell(kCaseworker, {"project", "ready", old_project});
  RunWell(kKeyOfficer, {"project", "activate", old_project});
  const auto import = [&](const std::string& file, const std::string& rejects) {
    std::vector<std::string> arguments = ImportArguments(old_project);
    arguments.insert(arguments.end(), {"--file", Data(file), "--rejects", Output(rejects)});
    return arguments;
  };
  RunWell(npr, import("wrong_series.csv", "wrong_series_rejects.csv"));
  RunBadly(npr, import("old_series.csv", "conflicts.csv"));  // everybody has another number already
  RunWell(npr, {"population", "withdraw", old_project, "1", "--reason", "the wrong file"});
  RunWell(npr, import("old_series.csv", "old_series_rejects.csv"));
  EXPECT_EQ(static_cast<int>(last_code_), 5) << "no row was left out";
  RunBadly(npr, import("old_case.toml", "no_rejects.csv"));
  RunWell(kKeyOfficer, {"keyfile", "reproduce", old_project, "NPR", "2", "--purpose", "is it all there?"});
  RunWell(kPortal, {"insight", "lookup", "--purpose", "citizen's own request"}, people_[2] + '\n');
  RunWell(kAuditor, {"audit", "dossier", old_project, "--out", Output("old_dossier")});
  RunWell(kKeyOfficer, {"keyfile", "list", "--format", "json"});
  RunWell(kKeyOfficer, {"usage", "status", old_project});
  RunWell(kPortal, {"project", "publish", "--out", Output("public_with_the_past")});
  RunWell(kKeyOfficer, {"project", "close", old_project, "--reason", "everything is in"});
}

void LeakScanTest::ProvokeErrors() {
  const Who npr = RegisterCaller("NPR");
  RunBadly(kPortal, {"insight", "lookup", "--purpose", "citizen's own request"}, bad_ + '\n');
  RunBadly(kPortal, {"insight", "lookup", "--purpose", "about " + people_[3]}, people_[3] + '\n');
  RunBadly(kPortal, {"insight", "lookup", people_[4]});
  const auto with_reference = [](const std::string& reference) {
    return std::vector<std::string>{"insight",
                                    "lookup",
                                    "--purpose",
                                    "insight by parent",
                                    "--representation",
                                    "parent",
                                    "--representation-reference",
                                    reference};
  };
  RunBadly(kPortal, with_reference("26/118"), people_[4] + '\n' + bad_ + '\n');
  RunBadly(kPortal, with_reference("26/118"), people_[4] + '\n' + people_[4] + '\n');
  RunBadly(kPortal, with_reference("by " + people_[5]), people_[4] + '\n' + people_[5] + '\n');
  RunBadly(kCaseworker, {"register", "add", "MFR", "--name", people_[5], "--kind", "other", "--controller", "x"});
  RunBadly(npr, {"population", "submit", project_, "--file", Data("npr_population.csv"), "--column", people_[6]});
  RunBadly(npr, {"population", "submit", project_, "--file", Data("npr_population.csv"), "--column", "fnr",
                 "--refuse-invalid"});
  // Løpenumre of NPR's file are none of KREFT's.
  RunBadly(RegisterCaller("KREFT"),
           {"usage", "report", project_, "--keyfile", "1", "--delivery", "2026-2", "--delivered-on", Day(0),
            "--recipient", "Invented university", "--file", Data("npr_population.csv")});
  RunBadly(npr, {"apply", "--keyfile", Output("NPR_P0001_0001.csv.age"), "--in", Data("npr_extract.csv"), "--column",
                 "npr_key", "--out", Data("wrong.csv")});
  // The same from callers that do not use the command.
  const auto register_holder = Connect(address_, trial_.CertificateOf(npr));
  const auto caseworker = Connect(address_, trial_.CertificateOf(kCaseworker));
  api::CreateProjectRequest create;
  create.set_request_id("1f9b6c1e-0000-4000-8000-000000000001");
  create.mutable_project_case()->set_title("About " + people_[7]);
  spoken_ += caseworker->CreateProject(create).status().ToString();
  api::GetProjectRequest get;
  get.set_project_id(people_[8]);
  spoken_ += caseworker->GetProject(get).status().ToString();
  spoken_ += register_holder->GetProject(get).status().ToString();
  spoken_ += Submit(*register_holder, people_[9], people_[10], people_).status().ToString();
  api::ReportHeader header;
  header.set_request_id("1f9b6c1e-0000-4000-8000-000000000002");
  header.set_project_id(project_);
  header.set_key_file_number(1);
  header.set_delivery_reference("of " + people_[11]);
  header.set_delivered_on(Day(0));
  header.set_recipient("Invented university");
  MemoryRows rows({std::string("L0123456789ABCDEFG")}, domain::Lopenummer::kLength);
  CountingListener listener;
  spoken_ += register_holder->Report(header, rows, listener).status().ToString();
  // A request that never gets an answer leaves its id behind.
  const std::string address = std::exchange(address_, "127.0.0.1:1");
  RunBadly(npr, {"population", "submit", project_, "--file", Data("npr_extract.csv"), "--column", "fnr"});
  address_ = address;
  EXPECT_FALSE(fs::is_empty(outputs_.path() / "profiles" / "NPR" / "state")) << "there is no state to search";
}

void LeakScanTest::LearnLopenumre(ByteSearch& search) {
  std::size_t learned = 0;
  for (const std::string id : {"NPR", "KREFT"}) {
    const auto profile = client::Profile::Load(id, {}, [this](const std::string& name) { return Variable(name); });
    ASSERT_TRUE(profile.ok()) << profile.status();
    const auto opener = client::KeyFileOpener::Create(*profile);
    ASSERT_TRUE(opener.ok()) << opener.status();
    KeptLopenumre kept;
    ASSERT_TRUE(client::OpenKeyFile(opener->File(Output(id + "_P0001_0001.csv.age")), kept).ok());
    for (const domain::Lopenummer& lopenummer : kept.lopenumre) {
      AddLopenummer(lopenummer, search);
    }
    learned += kept.lopenumre.size();
  }
  ASSERT_GT(learned, kPopulation);
}

TEST_F(LeakScanTest, NoIdentifierLopenummerOrKeyIsFoundInAnythingThatWasWrittenOrSaid) {
  ASSERT_NO_FATAL_FAILURE(MakeProject());
  ASSERT_NO_FATAL_FAILURE(DoTheJob());
  ASSERT_NO_FATAL_FAILURE(UpdateThePopulation());
  ASSERT_NO_FATAL_FAILURE(ImportAnOldSeries());
  ASSERT_NO_FATAL_FAILURE(ProvokeErrors());
  ASSERT_FALSE(HasFailure());

  ByteSearch search;
  for (const std::string& person : people_) {
    AddIdentifier(person, search);
  }
  for (const std::string& person : others_) {
    AddIdentifier(person, search);
  }
  for (const std::string& number : old_series_.numbers) {
    search.Add("a number of an imported series", number);
  }
  search.Add("a mistyped identifier", bad_);
  search.Add("an identifier that lost its zero", people_[0].substr(1));
  ASSERT_NO_FATAL_FAILURE(LearnLopenumre(search));
  for (const api::Event& event : AllEvents(*Connect(address_, trial_.CertificateOf(kAuditor)))) {
    search.Look("an event", event.SerializeAsString());
  }
  LookEverywhere(search);  // while the server runs
  ASSERT_EQ(server_->Terminate(), 0);
  {
    const auto database = StoppedDatabase::Open(trial_.config());
    ASSERT_TRUE(database.ok()) << database.status();
    const auto keys = KnownKeys(**database, trial_.config(), project_);
    ASSERT_TRUE(keys.ok()) << keys.status();
    for (const auto& [kind, bytes] : *keys) {
      search.Add("the key " + kind, {bytes.begin(), bytes.end()});
    }
    const auto series = KnownKey(**database, "series", kOldProject);
    ASSERT_TRUE(series.ok()) << series.status();
    search.Add("the key series", {series->begin(), series->end()});
  }
  LookEverywhere(search);

  // After the key's destruction, the same.
  ASSERT_NO_FATAL_FAILURE(StartServer());
  RunWell(kKeyOfficer, {"project", "close", project_, "--reason", "the study is over"});
  RunWell(kKeyOfficer, {"project", "destroy-key", project_, "--confirm", project_, "--reason", "the day has come"});
  ASSERT_EQ(server_->Terminate(), 0);
  LookEverywhere(search);

  EXPECT_EQ(search.hits(), std::vector<std::string>());
  EXPECT_GT(search.bytes(), 100'000U);
  std::cout << search.bytes() << " bytes searched for " << search.patterns() << " patterns: " << search.hits().size()
            << " hits\n";

  // The control: what is planted, is found.
  const std::vector<std::string> planted = {"text " + people_[0] + '\n',
                                            std::string(1000, '\0') + PackedBytes(std::stoull(others_[3]), 5) + "tail"};
  WriteText(trial_.folder() / "data" / "planted", planted[0]);
  WriteText(outputs_.path() / "planted", planted[1]);
  LookEverywhere(search);
  EXPECT_GE(search.hits().size(), 2U) << "the search is blind";
}

TEST(ByteSearch, FindsWhatIsThereWhereverItStands) {
  ByteSearch search;
  search.Add("five", std::string("\0\1\2\3\4", 5));
  search.Add("text", "01810012345");
  search.Look("a", std::string("\0\1\2\3", 4));
  search.Look("b", "0181001234");
  EXPECT_TRUE(search.hits().empty());
  search.Look("c", std::string("x\0\1\2\3\4", 6));
  search.Look("d", "01810012345");
  search.Look("e", "0101810012345 01810012345");
  EXPECT_EQ(search.hits(), (std::vector<std::string>{"c: five", "d: text", "e: text", "e: text"}));
  EXPECT_EQ(search.patterns(), 2U);
  EXPECT_EQ(search.bytes(), 4U + 10 + 6 + 11 + 25);
}

}  // namespace
}  // namespace kobling::tests
