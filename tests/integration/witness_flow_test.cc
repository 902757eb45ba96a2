// A server and the witness of its log: what happens to whoever puts an older database in its place, cuts the end off,
// or goes on from a copy. Each attack has a control: without a witness it succeeds.
#include <gtest/gtest.h>
#include <httplib.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_format.h"
#include "crypto/random.h"
#include "domain/method_policy.h"
#include "kobling/v1/seal_service.pb.h"
#include "nlohmann/json.hpp"
#include "tests/integration/identifiers.h"
#include "tests/integration/raw_caller.h"
#include "tests/integration/stopped_database.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"
#include "transparency/log_check.h"
#include "transparency/log_folder.h"
#include "transparency/tiles.h"
#include "transparency/witness_request.h"
#include "witness/witness.h"
#include "witness/witness_server.h"

namespace kobling::tests {
namespace {

namespace fs = std::filesystem;

constexpr char kSealStatus[] = "/kobling.v1.SealService/GetSealStatus";

class WitnessFlowTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(witness::Witness::Create(witness_folder_, "witness.example/kobling").ok());
    std::ifstream stream(trial_.folder() / "public" / "log.vkey");
    std::string key;
    std::getline(stream, key);
    log_key_ = transparency::VerifierKey::Parse(key);
    ASSERT_TRUE(log_key_.ok()) << key;
    ASSERT_TRUE(witness::Witness::AddLog(witness_folder_, key).ok());
    witness_ = witness::Witness::Open(witness_folder_, witness::Witness::Use::kSign, trial_.clock()).value();
    StartWitness();
  }

  void StartWitness() {
    witness_server_ =
        witness::WitnessServer::Listen(*witness_, "127.0.0.1", witness_port_, [](int, std::string_view) {}).value();
    witness_port_ = witness_server_->port();
  }
  void StopWitness() { witness_server_.reset(); }

  void UseWitness() {
    trial_.AddToConfig("\n[witness]\nurl = \"http://127.0.0.1:" + std::to_string(witness_port_) + "\"\nkey_file = \"" +
                       (witness_folder_ / "witness.vkey").string() + "\"\n");
  }

  void StartServer() {
    auto started = ServerProcess::Start(KOBLINGD, trial_, trial_.folder() / "server.log");
    ASSERT_TRUE(started.ok()) << started.status() << '\n' << Log();
    server_ = *std::move(started);
  }
  std::string Log() const {
    std::ifstream stream(trial_.folder() / "server.log");
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::unique_ptr<client::Connection> As(const Who& who) {
    return Connect(server_->address(), trial_.CertificateOf(who), 5);
  }
  void AddRegisters(int count) {
    const auto caseworker = As(kCaseworker);
    for (int i = 0; i < count; ++i) {
      AddRegister(*caseworker, absl::StrFormat("R%d", ++registers_));
    }
  }
  std::size_t Events() { return AllEvents(*As(kAuditor)).size(); }

  api::SealStatus Status() {
    return As(kOperator)->GetSealStatus(api::GetSealStatusRequest()).value_or(api::SealStatus());
  }

  // The database as it is now, to be put back later. The server must not run.
  void KeepCopy() { fs::copy(trial_.config().storage_directory, copy_, fs::copy_options::recursive); }
  void PutBackCopy() {
    // Whoever does this on purpose does not leave the published log to bear witness.
    fs::remove_all(trial_.config().log_directory);
    fs::remove_all(trial_.config().storage_directory);
    fs::copy(copy_, trial_.config().storage_directory, fs::copy_options::recursive);
    fs::permissions(trial_.config().storage_directory, fs::perms::owner_all);
  }

  // What the witness signs when it is asked for this tree.
  transparency::NoteSignature WitnessSignature(const transparency::TreeHead& head) {
    auto database = StoppedDatabase::Open(trial_.config()).value();
    transparency::WitnessRequest request;
    request.checkpoint = transparency::SignTreeHead(head, database->service_keys().log_signer);
    const witness::Witness::Answer answer = witness_->AddCheckpoint(request.text());
    EXPECT_EQ(answer.status, 200) << answer.body;
    return transparency::NoteSignature::Parse(answer.body).value();
  }

  transparency::LogCheckReport CheckPublished(bool with_witness) {
    transparency::LogCheckRequest request{trial_.config().log_directory, *log_key_, {}, {}};
    if (with_witness) {
      request.witnesses.push_back(witness_->verifier());
    }
    return transparency::CheckLog(request).value();
  }

  TrialInstallation trial_;
  const storage::TestFolder parent_;
  const fs::path witness_folder_ = parent_.path() / "witness";
  const fs::path copy_ = parent_.path() / "copy";
  absl::StatusOr<transparency::VerifierKey> log_key_ = absl::InternalError("not read");
  std::unique_ptr<witness::Witness> witness_;
  std::unique_ptr<witness::WitnessServer> witness_server_;
  std::uint16_t witness_port_ = 0;
  std::unique_ptr<ServerProcess> server_;
  int registers_ = 0;
};

TEST_F(WitnessFlowTest, EveryPublishedCheckpointIsCosigned) {
  UseWitness();
  StartServer();
  AddRegisters(5);
  // The proof of the newest event needs it to be published.
  api::GetEventProofRequest request;
  request.set_index(Events() - 1);
  ASSERT_TRUE(As(kAuditor)->GetEventProof(request).ok());
  EXPECT_EQ(Status().state(), api::SEAL_STATE_OPEN);
  EXPECT_EQ(Status().witness(), witness_->verifier().text());
  const transparency::LogCheckReport report = CheckPublished(true);
  EXPECT_TRUE(report.sound()) << report.faults[0].where;
  EXPECT_EQ(report.cosignatures, report.checkpoints);
  EXPECT_GE(report.head.size, request.index() + 1);
}

// Written from the specification alone, in another language, by Debian's Python.
TEST_F(WitnessFlowTest, AnIndependentVerifierAgrees) {
  UseWitness();
  StartServer();
  AddRegisters(300);  // more than one tile
  ASSERT_EQ(server_->Terminate(), 0);
  const fs::path output = parent_.path() / "report.json";
  const auto run = [&] {
    const std::string command = std::string(PYTHON " " VERIFY_LOG " ") + trial_.config().log_directory.string() +
                                " --key " + log_key_->text() + " --witness " + witness_->verifier().text() +
                                " --json > " + output.string();
    return std::system(command.c_str());
  };
  EXPECT_EQ(run(), 0);
  std::ifstream stream(output);
  const auto report = nlohmann::json::parse(stream);
  EXPECT_EQ(report["sound"], true);
  const transparency::LogCheckReport ours = CheckPublished(true);
  std::uint64_t events = 0;
  for (const auto& [key, count] : ours.counts) {
    EXPECT_EQ(report["operations"][key.first][key.second], count) << key.first;
    events += count;
  }
  EXPECT_EQ(events, ours.head.size);
  EXPECT_GE(events, 300U);
  // And it sees what we see.
  fs::resize_file(trial_.config().log_directory / transparency::EntriesPath(0, transparency::kTileWidth), 1000);
  EXPECT_NE(run(), 0);
  EXPECT_FALSE(CheckPublished(true).sound());
}

TEST_F(WitnessFlowTest, AnOlderDatabaseStaysSealedAndAnswersNothing) {
  UseWitness();
  StartServer();
  AddRegisters(3);
  EXPECT_EQ(server_->Terminate(), 0);
  KeepCopy();
  StartServer();
  AddRegisters(3);
  EXPECT_EQ(server_->Terminate(), 0);
  PutBackCopy();
  StartServer();
  const api::SealStatus status = Status();
  EXPECT_EQ(status.state(), api::SEAL_STATE_SEALED);
  EXPECT_EQ(status.reason(), "WITNESS_AHEAD");
  // Nobody is answered anything else, whatever their role; and nothing is written.
  std::size_t refused = 0;
  for (const Who& who : {RegisterCaller("R1"), kKeyOfficer, kPortal, kAuditor, kOperator, kFeed, kCaseworker}) {
    RawCaller caller(server_->address(), trial_.CertificateOf(who));
    for (const domain::MethodPolicy& method : domain::AllMethods()) {
      const RawAnswer answer = caller.Call(std::string(method.method), "");
      if (method.method == kSealStatus) {
        EXPECT_EQ(ReasonOf(answer), "OK");
      } else {
        EXPECT_EQ(ReasonOf(answer), "SEALED") << method.method << ' ' << who.id;
        ++refused;
      }
    }
    EXPECT_EQ(ReasonOf(caller.Call("/kobling.v1.NoService/Method", "")), "SEALED");
  }
  RawCaller stranger(server_->address(), trial_.ForgedCertificate(kAuditor, "another.example"));
  EXPECT_EQ(ReasonOf(stranger.Call(kSealStatus, "")), "CALLER_UNKNOWN");
  EXPECT_EQ(ReasonOf(stranger.Call("/kobling.v1.AuditService/ListEvents", "")), "CALLER_UNKNOWN");
  EXPECT_EQ(server_->Terminate(), 0);
  std::cout << refused << " calls refused while sealed\n";
}

// Somebody between server and witness has kept what the witness once said, and says it again.
TEST_F(WitnessFlowTest, AnAnswerThatWasKeptDoesNotOpenAnOlderDatabase) {
  StartServer();
  AddRegisters(3);
  EXPECT_EQ(server_->Terminate(), 0);
  KeepCopy();
  const transparency::TreeHead older = CheckPublished(false).head;
  // The witness's true answer over that very tree, fresh enough to be believed.
  const transparency::NoteSignature kept = WitnessSignature(older);
  httplib::Server impostor;
  impostor.Post("/add-checkpoint", [&](const httplib::Request&, httplib::Response& response) {
    response.set_content(kept.line(), "text/plain; charset=utf-8");
  });
  const int port = impostor.bind_to_any_port("127.0.0.1");
  std::thread answering([&] { impostor.listen_after_bind(); });
  while (!impostor.is_running()) {
    std::this_thread::yield();
  }
  witness_port_ = static_cast<std::uint16_t>(port);
  UseWitness();
  PutBackCopy();
  StartServer();
  EXPECT_EQ(Status().state(), api::SEAL_STATE_SEALED);
  server_->Kill();
  impostor.stop();
  answering.join();
}

TEST_F(WitnessFlowTest, WithoutAWitnessAnOlderDatabaseIsServed) {
  StartServer();
  AddRegisters(3);
  EXPECT_EQ(server_->Terminate(), 0);
  KeepCopy();
  StartServer();
  AddRegisters(3);
  EXPECT_EQ(server_->Terminate(), 0);
  PutBackCopy();
  StartServer();
  EXPECT_EQ(Status().state(), api::SEAL_STATE_OPEN) << "the control: nothing else notices";
}

// The published log alone catches whoever forgets it: no witness is needed for an accident.
TEST_F(WitnessFlowTest, AnOlderDatabaseBesideItsPublishedLogStaysSealed) {
  StartServer();
  AddRegisters(3);
  EXPECT_EQ(server_->Terminate(), 0);
  KeepCopy();
  StartServer();
  AddRegisters(3);
  EXPECT_EQ(server_->Terminate(), 0);
  const fs::path published = parent_.path() / "published";
  fs::copy(trial_.config().log_directory, published, fs::copy_options::recursive);
  PutBackCopy();
  fs::copy(published, trial_.config().log_directory, fs::copy_options::recursive);
  StartServer();
  EXPECT_EQ(Status().reason(), "LOG_INCONSISTENT");
}

// What a disk that lies leaves after a loss of power: the end of the write-ahead log is gone.
void CutLogTail(const fs::path& database) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(database)) {
    if (entry.path().extension() == ".log" && fs::file_size(entry.path()) > 0 &&
        (newest.empty() || entry.path() > newest)) {
      newest = entry.path();
    }
  }
  ASSERT_FALSE(newest.empty());
  fs::resize_file(newest, fs::file_size(newest) / 2);
}

TEST_F(WitnessFlowTest, ACutLogIsNoticed) {
  UseWitness();
  StartServer();
  AddRegisters(20);
  api::GetEventProofRequest request;
  request.set_index(Events() - 1);
  ASSERT_TRUE(As(kAuditor)->GetEventProof(request).ok());
  server_->Kill();
  CutLogTail(trial_.config().storage_directory);
  fs::remove_all(trial_.config().log_directory);  // which would notice, too
  StartServer();
  EXPECT_EQ(Status().reason(), "WITNESS_AHEAD");
}

TEST_F(WitnessFlowTest, WithoutAWitnessACutLogIsServed) {
  StartServer();
  AddRegisters(20);
  const std::size_t events = Events();
  server_->Kill();
  CutLogTail(trial_.config().storage_directory);
  fs::remove_all(trial_.config().log_directory);
  StartServer();
  EXPECT_LT(Events(), events) << "the control: acknowledged events are gone, and nobody is told";
}

TEST_F(WitnessFlowTest, ASecondServerOnACopyDoesNotOpen) {
  UseWitness();
  StartServer();
  AddRegisters(3);
  EXPECT_EQ(server_->Terminate(), 0);
  KeepCopy();
  const fs::path other_log = parent_.path() / "other-log";
  fs::copy(trial_.config().log_directory, other_log, fs::copy_options::recursive);
  StartServer();
  server::ServerConfig other = trial_.config();
  other.storage_directory = copy_;
  other.log_directory = other_log;
  const auto second = ServerThread::Start(other, trial_.clock(), std::make_shared<KeptLog>());
  EXPECT_EQ(ReasonName(second.status()), "WITNESS_AHEAD");
  EXPECT_EQ(Status().state(), api::SEAL_STATE_OPEN) << "the first goes on";
}

// Leaves of a small tree, all in one tile.
class SmallTree final : public transparency::TileSource {
 public:
  explicit SmallTree(std::string hashes) : hashes_(std::move(hashes)) {}
  absl::StatusOr<std::string> ReadTile(unsigned, std::uint64_t, std::size_t width) override {
    return hashes_.substr(0, width * transparency::kHashBytes);
  }

 private:
  const std::string hashes_;
};

// Somebody else has the log's key, and makes the witness sign that the log went on otherwise.
TEST_F(WitnessFlowTest, AServerWhoseLogGoesOnElsewhereEnds) {
  StartServer();
  EXPECT_EQ(server_->Terminate(), 0);
  KeepCopy();
  UseWitness();
  server::ServerConfig stolen = trial_.config();
  stolen.storage_directory = copy_;
  const auto thief = StoppedDatabase::Open(stolen).value();
  auto server = ServerThread::Start(trial_, std::make_shared<KeptLog>());
  ASSERT_TRUE(server.ok()) << server.status();

  const auto latest = transparency::TreeHead::Parse(witness_->Latest().at(0).text);
  ASSERT_TRUE(latest.ok());
  std::string hashes = transparency::LogFolder(trial_.config().log_directory)
                           .ReadTile(0, 0, static_cast<std::size_t>(latest->size))
                           .value();
  hashes += std::string(transparency::kHashBytes, 'x');
  SmallTree forged(hashes);
  transparency::TreeReader tree(forged, latest->size + 1);
  transparency::WitnessRequest request;
  request.old_size = latest->size;
  request.proof = transparency::ProveConsistency(tree, latest->size).value();
  request.checkpoint = transparency::SignTreeHead({latest->origin, latest->size + 1, transparency::RootOf(hashes)},
                                                  thief->service_keys().log_signer);
  ASSERT_EQ(witness_->AddCheckpoint(request.text()).status, 200)
      << "the control: the witness cannot know who holds the key";

  const auto caseworker = Connect((*server)->address(), trial_.CertificateOf(kCaseworker), 1);
  AddRegister(*caseworker, "B1");
  const std::optional<absl::Status> ended = (*server)->WaitForEnd(kLongest);
  ASSERT_TRUE(ended.has_value());
  const std::string reason = ReasonName(*ended);
  EXPECT_TRUE(reason == "WITNESS_REFUSED" || reason == "WITNESS_AHEAD") << reason;
}

TEST_F(WitnessFlowTest, WaitsSealedForAWitnessThatIsNotThere) {
  UseWitness();
  StopWitness();
  StartServer();
  EXPECT_EQ(Status().reason(), "WITNESS_UNREACHABLE");
  RawCaller caller(server_->address(), trial_.CertificateOf(kAuditor));
  EXPECT_EQ(ReasonOf(caller.Call("/kobling.v1.AuditService/ListEvents", "")), "SEALED");
  StartWitness();
  // It asks again by itself; callers that wait are answered in the end.
  const auto auditor = Connect(server_->address(), trial_.CertificateOf(kAuditor), 1000);
  const auto info = auditor->GetServerInfo(api::GetServerInfoRequest());
  EXPECT_TRUE(info.ok()) << info.status() << '\n' << Log();
  EXPECT_EQ(Status().state(), api::SEAL_STATE_OPEN);
}

TEST_F(WitnessFlowTest, NoKeyFileLeavesBeforeTheWitnessHasSeenIt) {
  UseWitness();
  StartServer();
  const auto caseworker = As(kCaseworker);
  const auto officer = As(kKeyOfficer);
  AddRegister(*caseworker, "NPR");
  const auto arena = crypto::SecretArena::Create(4096).value();
  const auto identity = crypto::AgeIdentity::Generate(*arena).value();
  const auto npr = As(RegisterCaller("NPR"));
  EnrolKey(*npr, *officer, "NPR", identity.recipient());
  const std::string project =
      MakeActiveProject(*caseworker, *officer, MakeCase({MakeSource("NPR", api::SCOPE_OWN)}, 10));
  ASSERT_TRUE(Submit(*npr, crypto::NewRequestId(), project, Identifiers(1).Next(3)).ok());
  ASSERT_TRUE(Complete(*npr, project).ok());
  const auto issued = Issue(*officer, project, "NPR");
  ASSERT_TRUE(issued.ok()) << issued.status();
  StopWitness();
  api::FetchKeyFileRequest fetch;
  fetch.set_project_id(project);
  fetch.set_number(1);
  struct Parts final : client::KeyFileSink {
    absl::Status Take(const api::FetchKeyFileResponse& /*part*/) override {
      ++parts;
      return absl::OkStatus();
    }
    int parts = 0;
  } received;
  const auto once = Connect(server_->address(), trial_.CertificateOf(RegisterCaller("NPR")), 1);
  EXPECT_EQ(ReasonName(once->FetchKeyFile(fetch, received)), "WITNESS_UNREACHABLE");
  EXPECT_EQ(received.parts, 0) << "nothing of it has left";
  StartWitness();
  absl::Status fetched;
  do {  // what failed is tried again after a second
    fetched = once->FetchKeyFile(fetch, received);
  } while (ReasonName(fetched) == "WITNESS_UNREACHABLE");
  EXPECT_TRUE(fetched.ok()) << fetched;
  EXPECT_GT(received.parts, 1);
  // And the witness has seen the last of these fetches.
  const auto latest = transparency::TreeHead::Parse(witness_->Latest().at(0).text);
  std::uint64_t last_fetch = 0;
  for (const api::Event& event : AllEvents(*As(kAuditor))) {
    last_fetch = event.operation() == "keyfile.fetch" ? event.index() : last_fetch;
  }
  EXPECT_GT(latest->size, last_fetch);
}

}  // namespace
}  // namespace kobling::tests
