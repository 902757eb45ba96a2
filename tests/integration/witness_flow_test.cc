// A server and the witness of its log: what happens to whoever puts an older database in its place, cuts the end off,
// or goes on from a copy. Each attack has a control: without a witness it succeeds.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "crypto/random.h"
#include "domain/method_policy.h"
#include "kobling/v1/seal_service.pb.h"
#include "nlohmann/json.hpp"
#include "tests/integration/identifiers.h"
#include "tests/integration/raw_caller.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"
#include "transparency/log_check.h"
#include "transparency/tiles.h"
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
    witness_ = witness::Witness::Open(witness_folder_, trial_.clock()).value();
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
    fs::remove_all(trial_.config().storage_directory);
    fs::copy(copy_, trial_.config().storage_directory, fs::copy_options::recursive);
    fs::permissions(trial_.config().storage_directory, fs::perms::owner_all);
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
  StartServer();
  EXPECT_EQ(Status().reason(), "WITNESS_AHEAD");
}

TEST_F(WitnessFlowTest, WithoutAWitnessACutLogIsServed) {
  StartServer();
  AddRegisters(20);
  const std::size_t events = Events();
  server_->Kill();
  CutLogTail(trial_.config().storage_directory);
  StartServer();
  EXPECT_LT(Events(), events) << "the control: acknowledged events are gone, and nobody is told";
}

// Two servers go on from the same database: the second one to publish is stopped.
TEST_F(WitnessFlowTest, ASplitBrainIsStopped) {
  UseWitness();
  StartServer();
  AddRegisters(3);
  EXPECT_EQ(server_->Terminate(), 0);
  KeepCopy();
  // Both start while the witness has seen no more than both have.
  StartServer();
  std::unique_ptr<ServerProcess> first = std::move(server_);
  const fs::path other_folder = parent_.path() / "other-data";
  const fs::path other_log = parent_.path() / "other-log";
  fs::copy(copy_, other_folder, fs::copy_options::recursive);
  fs::copy(trial_.config().log_directory, other_log, fs::copy_options::recursive);
  server::ServerConfig other = trial_.config();
  other.storage_directory = other_folder;
  other.log_directory = other_log;
  const auto kept = std::make_shared<KeptLog>();
  auto second = ServerThread::Start(other, trial_.clock(), kept);
  ASSERT_TRUE(second.ok()) << second.status();
  // The first goes on, and the witness signs it.
  {
    const auto caseworker = Connect(first->address(), trial_.CertificateOf(kCaseworker), 5);
    AddRegister(*caseworker, "A1");
    const auto auditor = Connect(first->address(), trial_.CertificateOf(kAuditor), 5);
    api::GetEventProofRequest request;
    request.set_index(AllEvents(*auditor).size() - 1);
    ASSERT_TRUE(auditor->GetEventProof(request).ok());
  }
  // The second may still write, but not publish, and ends.
  {
    const auto caseworker = Connect((*second)->address(), trial_.CertificateOf(kCaseworker), 1);
    AddRegister(*caseworker, "B1");
  }
  const std::optional<absl::Status> ended = (*second)->WaitForEnd(kLongest);
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
  RawCaller caller(server_->address(), trial_.CertificateOf(RegisterCaller("NPR")));
  api::FetchKeyFileRequest fetch;
  fetch.set_project_id(project);
  fetch.set_number(1);
  const RawAnswer refused = caller.Call("/kobling.v1.KeyFileService/FetchKeyFile", fetch.SerializeAsString());
  EXPECT_EQ(ReasonOf(refused), "WITNESS_UNREACHABLE");
  StartWitness();
  EXPECT_EQ(ReasonOf(caller.Call("/kobling.v1.KeyFileService/FetchKeyFile", fetch.SerializeAsString())), "OK");
}

}  // namespace
}  // namespace kobling::tests
