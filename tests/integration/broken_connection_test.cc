// Connections that break anywhere: after each the call is sent again with the same request id, and has then been done
// exactly once.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "client/fetch.h"
#include "client/files/key_file_rows.h"
#include "crypto/random.h"
#include "server/runtime/testing.h"
#include "tests/conformance/test_length.h"
#include "tests/integration/cutting_proxy.h"
#include "tests/integration/identifiers.h"
#include "tests/integration/stopped_database.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"

namespace kobling::tests {
namespace {

constexpr std::size_t kRows = 4000;
constexpr std::size_t kBatchRows = 500;

// Collects the lines of a key file.
class Lopenumre final : public client::KeyFileRows {
 public:
  absl::Status Begin(const crypto::KeyFileComment&) override { return absl::OkStatus(); }
  absl::Status Take(const client::KeyFileRow& row) override {
    packed += row.text.substr(12, domain::Lopenummer::kLength);
    return absl::OkStatus();
  }
  std::string packed;
};

// How many bytes a call takes in each direction when nothing breaks.
struct Traffic {
  std::uint64_t to_server;
  std::uint64_t to_client;
};

// Places all over a call: handshake, header, batches, commit; answers, and the last bytes of the last one.
std::vector<Cut> CutsIn(const Traffic& traffic) {
  const std::uint64_t steps = LongTests() ? 100 : 10;
  std::set<std::uint64_t> to_server = {0, 1, 300};
  std::set<std::uint64_t> to_client = {0, 1, 300};
  for (std::uint64_t step = 1; step < steps; ++step) {
    to_server.insert(traffic.to_server * step / steps);
    to_client.insert(traffic.to_client * step / steps);
  }
  for (const std::uint64_t before_end : {600, 300, 200, 150, 120, 90, 60, 40, 20, 10, 1}) {
    to_server.insert(traffic.to_server - std::min(before_end, traffic.to_server));
    to_client.insert(traffic.to_client - std::min(before_end, traffic.to_client));
  }
  std::vector<Cut> cuts;
  for (const std::uint64_t bytes : to_server) {
    cuts.push_back({.to_server = bytes});
  }
  for (const std::uint64_t bytes : to_client) {
    cuts.push_back({.to_client = bytes});
  }
  return cuts;
}

std::string Describe(const Cut& cut) {
  return cut.to_server != kNever ? "cut after " + std::to_string(cut.to_server) + " bytes to the server"
                                 : "cut after " + std::to_string(cut.to_client) + " bytes to the client";
}

bool IsBrokenConnection(const absl::Status& status) {
  const std::string reason = ReasonName(status);
  return reason == "SERVER_UNREACHABLE" || reason == "SERVER_CERTIFICATE";
}

class BrokenConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    StartServer();
    const auto caseworker = Connect(server_->address(), trial_.CertificateOf(kCaseworker));
    key_officer_ = Connect(server_->address(), trial_.CertificateOf(kKeyOfficer));
    AddRegister(*caseworker, "NPR");
    AddRegister(*caseworker, "KREFT");
    project_ = MakeActiveProject(
        *caseworker, *key_officer_,
        MakeCase({MakeSource("NPR", api::SCOPE_OWN), MakeSource("KREFT", api::SCOPE_INTERSECTION)}, 10'000'000));
  }

  void StartServer() {
    auto started = ServerThread::Start(trial_, std::make_shared<KeptLog>());
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    npr_ = Connect(server_->address(), trial_.CertificateOf(RegisterCaller("NPR")));
    kreft_ = Connect(server_->address(), trial_.CertificateOf(RegisterCaller("KREFT")));
    key_officer_ = Connect(server_->address(), trial_.CertificateOf(kKeyOfficer));
  }

  // A connection for one call, through the proxy.
  std::unique_ptr<client::Connection> Through(const CuttingProxy& proxy, const std::string& register_id) {
    return Connect(proxy.address(), trial_.CertificateOf(RegisterCaller(register_id)));
  }

  absl::StatusOr<api::SubmitResponse> Send(client::Connection& connection, const std::string& request_id,
                                           const std::vector<std::string>& identifiers) {
    api::SubmitHeader header;
    header.set_request_id(request_id);
    header.set_project_id(project_);
    header.add_columns("fnr");
    MemoryRows rows({Packed(identifiers)}, 11, kBatchRows);
    CountingListener listener;
    return connection.Submit(header, rows, listener);
  }

  int Submissions() {
    api::ListSubmissionsRequest request;
    request.set_project_id(project_);
    const auto listed = npr_->ListSubmissions(request);
    EXPECT_TRUE(listed.ok()) << listed.status();
    return listed.ok() ? listed->submissions_size() : -1;
  }

  Traffic MeasureSubmission() {
    CuttingProxy proxy(server_->address(), {});
    const auto sent = Send(*Through(proxy, "NPR"), crypto::NewRequestId(), identifiers_.Next(kRows));
    EXPECT_TRUE(sent.ok()) << sent.status();
    return {proxy.to_server(), proxy.to_client()};
  }

  // A population, and a key file for NPR that is sealed to an identity of the test's.
  void IssueToNpr(const std::vector<std::string>& population) {
    EnrolKey(*npr_, *key_officer_, "NPR", identity_.recipient());
    ASSERT_TRUE(Send(*npr_, crypto::NewRequestId(), population).ok());
    ASSERT_TRUE(Complete(*npr_, project_).ok());
    const auto issued = Issue(*key_officer_, project_, "NPR");
    ASSERT_TRUE(issued.ok()) << issued.status();
    key_file_ = *issued;
    signing_key_ = crypto::MinisignPublicKey::Parse(server::ReadText(trial_.folder() / "public" / "kobling.pub"));
    ASSERT_TRUE(signing_key_.ok());
  }

  client::FetchOptions FetchInto(const server::TemporaryFolder& folder) const {
    return {.folder = folder.path(), .signing_key = *signing_key_, .retry = {.attempts = 1}};
  }

  TrialInstallation trial_;
  std::unique_ptr<ServerThread> server_;
  std::unique_ptr<client::Connection> npr_;
  std::unique_ptr<client::Connection> kreft_;
  std::unique_ptr<client::Connection> key_officer_;
  std::string project_;
  Identifiers identifiers_{1};
  const std::vector<std::string> population_ = identifiers_.Next(kRows);
  const std::unique_ptr<crypto::SecretArena> arena_ = *crypto::SecretArena::Create(4096);
  const crypto::AgeIdentity identity_ = *crypto::AgeIdentity::Generate(*arena_);
  api::KeyFile key_file_;
  absl::StatusOr<crypto::MinisignPublicKey> signing_key_ = absl::InternalError("not read yet");
  const domain::SystemClock clock_;
  std::ostringstream nowhere_;
  client::Progress progress_{nowhere_, client::Progress::Show::kNo, client::Progress::Unit::kRows, clock_};
};

TEST_F(BrokenConnectionTest, ASubmissionIsStoredExactlyOnceAfterTheRetry) {
  const Traffic traffic = MeasureSubmission();
  int stored = 1;
  int broken = 0;
  int stored_before_the_retry = 0;
  for (const Cut& cut : CutsIn(traffic)) {
    SCOPED_TRACE(Describe(cut));
    const std::string request_id = crypto::NewRequestId();
    const auto identifiers = identifiers_.Next(kRows);
    absl::StatusOr<api::SubmitResponse> first;
    {
      CuttingProxy proxy(server_->address(), cut);
      first = Send(*Through(proxy, "NPR"), request_id, identifiers);
    }
    if (first.ok()) {
      EXPECT_EQ(Submissions(), stored + 1) << "what was acknowledged is stored";
    } else {
      EXPECT_TRUE(IsBrokenConnection(first.status())) << first.status();
      ++broken;
      stored_before_the_retry += Submissions() > stored ? 1 : 0;
    }
    const auto retried = Send(*npr_, request_id, identifiers);
    ASSERT_TRUE(retried.ok()) << retried.status();
    EXPECT_FALSE(retried->already_submitted());
    EXPECT_EQ(retried->result().counts().identifiers(), kRows);
    EXPECT_EQ(static_cast<int>(retried->result().number()), stored + 1);
    EXPECT_EQ(Submissions(), ++stored);
    // Answered from the ledger: once more, and nothing happens.
    const auto again = Send(*npr_, request_id, identifiers);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->SerializeAsString(), retried->SerializeAsString());
    EXPECT_EQ(Submissions(), stored);
  }
  std::cout << "a submission of " << traffic.to_server << " bytes out and " << traffic.to_client << " in; " << broken
            << " broken, of these " << stored_before_the_retry << " after the commit\n";
  EXPECT_GT(stored_before_the_retry, 0) << "no cut fell between the commit and the answer";
  EXPECT_GT(broken - stored_before_the_retry, 10);
}

TEST_F(BrokenConnectionTest, StreamsThatBreakBeforeTheCommitLeaveNothingInTheDatabase) {
  const Traffic traffic = MeasureSubmission();
  ASSERT_TRUE(server_->Stop().ok());
  std::set<std::string> directory;
  std::uint64_t sets = 0;
  {
    const auto database = StoppedDatabase::Open(trial_.config());
    ASSERT_TRUE(database.ok()) << database.status();
    directory = (*database)->DirectoryIdentifiers();
    sets = *(*database)->CountRows(storage::Family::kSets);
  }
  ASSERT_EQ(directory.size(), kRows);
  ASSERT_NO_FATAL_FAILURE(StartServer());
  int broken = 0;
  for (const Cut& cut : CutsIn({traffic.to_server * 95 / 100, 0})) {
    if (cut.to_server != kNever) {
      CuttingProxy proxy(server_->address(), cut);
      const auto sent = Send(*Through(proxy, "NPR"), crypto::NewRequestId(), identifiers_.Next(kRows));
      EXPECT_TRUE(IsBrokenConnection(sent.status())) << Describe(cut) << ": " << sent.status();
      ++broken;
    }
  }
  ASSERT_GT(broken, 10);
  ASSERT_TRUE(server_->Stop().ok());
  const auto database = StoppedDatabase::Open(trial_.config());
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_TRUE((*database)->DirectoryIdentifiers() == directory) << "a broken stream left identifiers behind";
  EXPECT_EQ(*(*database)->CountRows(storage::Family::kSets), sets);
  EXPECT_TRUE((*database)->CheckedEvents().ok());
}

TEST_F(BrokenConnectionTest, AMatchIsTakenExactlyOnceAfterTheRetry) {
  ASSERT_NO_FATAL_FAILURE(IssueToNpr(population_));
  std::vector<std::string> held(population_.begin(), population_.begin() + kRows / 2);
  for (const std::string& stranger : identifiers_.Next(kRows / 2)) {
    held.push_back(stranger);
  }
  const auto send = [&](client::Connection& connection, const std::string& request_id) {
    api::MatchHeader header;
    header.set_request_id(request_id);
    header.set_project_id(project_);
    MemoryRows rows({Packed(held)}, 11, kBatchRows);
    CountingListener listener;
    return connection.Match(header, rows, listener);
  };
  const auto windows = [&] {
    api::ListMatchesRequest request;
    request.set_project_id(project_);
    return *key_officer_->ListMatches(request);
  };
  Traffic traffic{};
  {
    ASSERT_TRUE(OpenMatch(*key_officer_, project_, "KREFT", kRows).ok());
    CuttingProxy proxy(server_->address(), {});
    ASSERT_TRUE(send(*Through(proxy, "KREFT"), crypto::NewRequestId()).ok());
    traffic = {proxy.to_server(), proxy.to_client()};
  }
  int number = 1;
  for (const Cut& cut : CutsIn(traffic)) {
    SCOPED_TRACE(Describe(cut));
    ASSERT_TRUE(OpenMatch(*key_officer_, project_, "KREFT", kRows).ok());
    ++number;
    const std::string request_id = crypto::NewRequestId();
    {
      CuttingProxy proxy(server_->address(), cut);
      const auto first = send(*Through(proxy, "KREFT"), request_id);
      EXPECT_TRUE(first.ok() || IsBrokenConnection(first.status())) << first.status();
    }
    const auto retried = send(*kreft_, request_id);
    ASSERT_TRUE(retried.ok()) << retried.status();
    EXPECT_EQ(retried->received().rows(), kRows);
    const auto now = windows();
    ASSERT_EQ(now.matches_size(), number);
    EXPECT_EQ(now.matches(number - 1).state(), api::MATCH_STATE_MATCHED);
    EXPECT_EQ(now.matches(number - 1).matched_persons(), kRows / 2);
    EXPECT_EQ(ReasonName(send(*kreft_, crypto::NewRequestId()).status()), "MATCH_WINDOW_USED");
  }
  // The strangers of all these streams were forgotten.
  ASSERT_TRUE(server_->Stop().ok());
  const auto database = StoppedDatabase::Open(trial_.config());
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_TRUE((*database)->DirectoryIdentifiers() == std::set<std::string>(population_.begin(), population_.end()));
}

TEST_F(BrokenConnectionTest, AReportCountsExactlyOnceAfterTheRetry) {
  ASSERT_NO_FATAL_FAILURE(IssueToNpr(population_));
  const server::TemporaryFolder folder;
  const auto fetched = client::FetchKeyFile(*npr_, key_file_, FetchInto(folder), progress_);
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  Lopenumre lopenumre;
  ASSERT_TRUE(client::OpenKeyFile({.path = fetched->path,
                                   .signature_path = fetched->signature_path,
                                   .public_key = *signing_key_,
                                   .identity = identity_,
                                   .arena = *arena_},
                                  lopenumre)
                  .ok());
  const auto send = [&](client::Connection& connection, const api::ReportHeader& header) {
    MemoryRows rows({lopenumre.packed}, domain::Lopenummer::kLength, kBatchRows);
    CountingListener listener;
    return connection.Report(header, rows, listener);
  };
  const auto reports = [&] {
    api::GetUsageStatusRequest request;
    request.set_project_id(project_);
    return npr_->GetUsageStatus(request)->key_files(0).reports_size();
  };
  Traffic traffic{};
  {
    CuttingProxy proxy(server_->address(), {});
    ASSERT_TRUE(send(*Through(proxy, "NPR"), MakeReportHeader(key_file_, "measured")).ok());
    traffic = {proxy.to_server(), proxy.to_client()};
  }
  int stored = 1;
  for (const Cut& cut : CutsIn(traffic)) {
    SCOPED_TRACE(Describe(cut));
    const auto header = MakeReportHeader(key_file_, Describe(cut));
    {
      CuttingProxy proxy(server_->address(), cut);
      const auto first = send(*Through(proxy, "NPR"), header);
      EXPECT_TRUE(first.ok() || IsBrokenConnection(first.status())) << first.status();
    }
    const auto retried = send(*npr_, header);
    ASSERT_TRUE(retried.ok()) << retried.status();
    EXPECT_FALSE(retried->already_reported());
    EXPECT_EQ(retried->result().used(), kRows);
    EXPECT_EQ(reports(), ++stored);
  }
}

TEST_F(BrokenConnectionTest, AFetchGoesOnFromWhereItBrokeToTheSameBytes) {
  // More than two parts of 1 MiB.
  ASSERT_NO_FATAL_FAILURE(IssueToNpr(identifiers_.Next(80'000)));
  const std::string sealed = server::ReadText(trial_.config().key_file_directory / key_file_.file_name());
  ASSERT_EQ(sealed.size(), key_file_.sealed_bytes());
  Traffic traffic{};
  {
    const server::TemporaryFolder folder;
    CuttingProxy proxy(server_->address(), {});
    ASSERT_TRUE(client::FetchKeyFile(*Through(proxy, "NPR"), key_file_, FetchInto(folder), progress_).ok());
    traffic = {proxy.to_server(), proxy.to_client()};
  }
  for (const Cut& cut : CutsIn(traffic)) {
    SCOPED_TRACE(Describe(cut));
    const server::TemporaryFolder folder;
    {
      CuttingProxy proxy(server_->address(), cut);
      const auto first = client::FetchKeyFile(*Through(proxy, "NPR"), key_file_, FetchInto(folder), progress_);
      if (first.ok()) {
        EXPECT_EQ(server::ReadText(first->path), sealed);
        continue;
      }
      EXPECT_TRUE(IsBrokenConnection(first.status())) << first.status();
      EXPECT_FALSE(std::filesystem::exists(folder.path() / key_file_.file_name()));
    }
    const auto second = client::FetchKeyFile(*npr_, key_file_, FetchInto(folder), progress_);
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_EQ(server::ReadText(second->path), sealed);
  }
  int resumed = 0;
  for (const api::Event& event : AllEvents(*Connect(server_->address(), trial_.CertificateOf(kAuditor)))) {
    for (const api::EventCount& count : event.counts()) {
      resumed += event.operation() == "keyfile.fetch" && count.name() == "offset" && count.value() > 0 ? 1 : 0;
    }
  }
  EXPECT_GT(resumed, 0) << "every fetch began from the start";
}

}  // namespace
}  // namespace kobling::tests
