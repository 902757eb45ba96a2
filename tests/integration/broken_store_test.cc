// A store that fails under a running server: the server ends, and what it was writing is there as a whole or not at
// all.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "crypto/random.h"
#include "storage/rocksdb_key_value_store.h"
#include "tests/integration/faulty_store.h"
#include "tests/integration/identifiers.h"
#include "tests/integration/stopped_database.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"

namespace kobling::tests {
namespace {

class FaultyServerTest : public testing::Test {
 protected:
  void Start() {
    storage::RocksDbOptions options;
    options.folder = trial_.config().storage_directory;
    auto store = storage::OpenRocksDb(options);
    ASSERT_TRUE(store.ok()) << store.status();
    auto started = ServerThread::Start(trial_, std::make_shared<KeptLog>(),
                                       std::make_unique<FaultyStore>(*std::move(store), plan_));
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
  }

  std::unique_ptr<client::Connection> As(const Who& who) {
    return Connect(server_->address(), trial_.CertificateOf(who));
  }

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Start());
    const auto caseworker = As(kCaseworker);
    std::vector<api::Source> sources;
    for (const char* id : {"NPR", "MFR"}) {
      ASSERT_NO_FATAL_FAILURE(AddRegister(*caseworker, id));
      sources.push_back(MakeSource(id, api::SCOPE_OWN));
    }
    project_ = MakeActiveProject(*caseworker, *As(kKeyOfficer), MakeCase(sources, 1'000'000));
    // The first call of a caller is a commit of its own.
    ASSERT_TRUE(As(RegisterCaller("NPR"))->GetServerInfo({}).ok());
    ASSERT_TRUE(As(RegisterCaller("MFR"))->GetServerInfo({}).ok());
  }

  TrialInstallation trial_;
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  std::unique_ptr<ServerThread> server_;
  std::string project_;
  Identifiers identifiers_{3};
};

class BrokenStoreTest : public FaultyServerTest, public testing::WithParamInterface<FaultPlan::Fault> {};

TEST_P(BrokenStoreTest, TheServerEndsAndTheSubmissionIsWholeOrNotThere) {
  const auto identifiers = identifiers_.Next(3000);
  const std::string request_id = crypto::NewRequestId();
  plan_->BreakNextCommit(GetParam());
  const auto refused = Submit(*As(RegisterCaller("NPR")), request_id, project_, identifiers);
  EXPECT_FALSE(refused.ok()) << "what was not durable was acknowledged";
  const auto ended = server_->WaitForEnd(kLongest);
  ASSERT_TRUE(ended.has_value()) << "the server goes on without its store";
  EXPECT_EQ(ReasonName(*ended), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(ReasonName(server_->Stop()), "STORAGE_UNAVAILABLE");
  const bool is_written = GetParam() == FaultPlan::Fault::kAfterCommit;
  {
    const auto database = StoppedDatabase::Open(trial_.config());
    ASSERT_TRUE(database.ok()) << database.status();
    const auto projects = *(*database)->Projects();
    EXPECT_EQ(projects.at(project_).submissions.size(), is_written ? 1U : 0U);
    EXPECT_EQ((*database)->DirectoryIdentifiers().size(), is_written ? identifiers.size() : 0U);
    EXPECT_EQ(*(*database)->CountRows(storage::Family::kSets), is_written ? 1U : 0U);
    EXPECT_TRUE((*database)->CheckedEvents().ok());
  }
  plan_ = std::make_shared<FaultPlan>();
  ASSERT_NO_FATAL_FAILURE(Start());
  const auto retried = Submit(*As(RegisterCaller("NPR")), request_id, project_, identifiers);
  ASSERT_TRUE(retried.ok()) << retried.status();
  EXPECT_EQ(retried->result().number(), 1U);
  ASSERT_TRUE(server_->Stop().ok());
  const auto database = StoppedDatabase::Open(trial_.config());
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_EQ((*database)->Projects()->at(project_).submissions.size(), 1U);
  EXPECT_TRUE((*database)->DirectoryIdentifiers() == std::set<std::string>(identifiers.begin(), identifiers.end()));
}

INSTANTIATE_TEST_SUITE_P(AtTheCommit, BrokenStoreTest,
                         testing::Values(FaultPlan::Fault::kBeforeCommit, FaultPlan::Fault::kAfterCommit),
                         [](const auto& tested) {
                           return tested.param == FaultPlan::Fault::kBeforeCommit ? "Before" : "After";
                         });

TEST_F(FaultyServerTest, TwoRegistersWithTheSameNewIdentifiersGiveEachItsNumberOnce) {
  std::set<std::string> everybody;
  for (int round = 0; round < 8; ++round) {
    const auto identifiers = identifiers_.Next(2000);
    everybody.insert(identifiers.begin(), identifiers.end());
    std::vector<std::jthread> threads;
    for (const char* id : {"NPR", "MFR"}) {
      threads.emplace_back([this, connection = As(RegisterCaller(id)), &identifiers] {
        const auto submitted = Submit(*connection, crypto::NewRequestId(), project_, identifiers);
        EXPECT_TRUE(submitted.ok()) << submitted.status();
        EXPECT_EQ(submitted->result().counts().identifiers(), identifiers.size());
      });
    }
  }
  ASSERT_TRUE(server_->Stop().ok());
  const auto database = StoppedDatabase::Open(trial_.config());
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_TRUE((*database)->DirectoryIdentifiers() == everybody);
  std::map<std::string, std::vector<std::string>> sets;
  const auto projects = *(*database)->Projects();
  for (const auto& submission : projects.at(project_).submissions) {
    sets[submission.register_id()].push_back(submission.index_set());
  }
  EXPECT_EQ(sets["NPR"].size(), 8U);
  EXPECT_EQ(sets["NPR"], sets["MFR"]) << "equal sets have equal names";
}

}  // namespace
}  // namespace kobling::tests
