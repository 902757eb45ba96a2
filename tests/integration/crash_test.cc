// What survives a server that dies: everything that was acknowledged, nothing in part, and not an identifier more.
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "crypto/random.h"
#include "server/runtime/testing.h"
#include "tests/conformance/test_length.h"
#include "tests/integration/identifiers.h"
#include "tests/integration/stopped_database.h"
#include "tests/integration/trial_server.h"
#include "tests/integration/trial_steps.h"

namespace kobling::tests {
namespace {

using IdentifierSet = std::set<std::string>;

// One register that submits without a pause, and remembers what it was told.
class Submitter {
 public:
  // Every acknowledgement is told to `acknowledgements` too.
  Submitter(std::string register_id, std::uint64_t seed, const std::vector<std::string>& shared,
            std::counting_semaphore<>& acknowledgements)
      : register_id_(std::move(register_id)),
        random_(seed),
        own_(seed),
        shared_(shared),
        acknowledgements_(acknowledgements) {}

  const std::string& register_id() const { return register_id_; }

  // Submits until the server is gone. Runs on a thread of its own.
  void SubmitUntilTheServerIsGone(const std::string& address, const CallerFiles& files, const std::string& project) {
    const auto connection = Connect(address, files);
    while (SendPending(*connection, project)) {
    }
  }

  // Sends what has no answer yet, or something new. False if there was no answer.
  bool SendPending(client::Connection& connection, const std::string& project) {
    if (!pending_.has_value()) {
      pending_ = Pending{.request_id = crypto::NewRequestId(), .identifiers = NewIdentifiers()};
    }
    const auto answer =
        Submit(connection, pending_->request_id, project, {pending_->identifiers.begin(), pending_->identifiers.end()});
    if (!answer.ok()) {
      EXPECT_EQ(ReasonName(answer.status()), "SERVER_UNREACHABLE") << answer.status();
      return false;
    }
    EXPECT_FALSE(answer->already_submitted());
    EXPECT_TRUE(acknowledged_.emplace(answer->result().number(), pending_->identifiers).second);
    pending_.reset();
    acknowledgements_.release();
    return true;
  }

  // Compares what a register was told with what is stored: number to identifiers.
  void Check(const std::map<std::uint32_t, IdentifierSet>& stored) const {
    for (const auto& [number, identifiers] : acknowledged_) {
      const auto found = stored.find(number);
      ASSERT_NE(found, stored.end()) << register_id_ << " was told of submission " << number << ", which is gone";
      EXPECT_TRUE(found->second == identifiers) << register_id_ << ", submission " << number;
    }
    for (const auto& [number, identifiers] : stored) {
      if (!acknowledged_.contains(number)) {
        ASSERT_TRUE(pending_.has_value()) << register_id_ << " never sent submission " << number;
        EXPECT_EQ(number, stored.size()) << "only the last one can be without an answer";
        EXPECT_TRUE(identifiers == pending_->identifiers) << register_id_ << " has a part of submission " << number;
      }
    }
    EXPECT_LE(stored.size(), acknowledged_.size() + 1);
  }

  std::size_t acknowledged() const { return acknowledged_.size(); }

 private:
  struct Pending {
    std::string request_id;
    IdentifierSet identifiers;
  };

  // Half of them this register's own, half such that other registers submit as new at the same time.
  IdentifierSet NewIdentifiers() {
    IdentifierSet identifiers;
    const std::size_t count = 20 + random_() % 400;
    while (identifiers.size() < count) {
      identifiers.insert(random_() % 2 == 0 ? own_.Next() : shared_[random_() % shared_.size()]);
    }
    return identifiers;
  }

  const std::string register_id_;
  std::mt19937_64 random_;
  Identifiers own_;
  const std::vector<std::string>& shared_;
  std::counting_semaphore<>& acknowledgements_;
  std::optional<Pending> pending_;
  std::map<std::uint32_t, IdentifierSet> acknowledged_;
};

// The stored submissions of each register, after everything that must hold of a database was checked.
std::map<std::string, std::map<std::uint32_t, IdentifierSet>> CheckedSubmissions(const server::ServerConfig& config) {
  std::map<std::string, std::map<std::uint32_t, IdentifierSet>> stored;
  const auto database = StoppedDatabase::Open(config);
  EXPECT_TRUE(database.ok()) << database.status();
  if (!database.ok()) {
    return stored;
  }
  IdentifierSet submitted;
  std::size_t submissions = 0;
  const auto projects = (*database)->Projects();
  EXPECT_TRUE(projects.ok()) << projects.status();
  for (const auto& [id, rows] : *projects) {
    for (const auto& submission : rows.submissions) {
      const auto identifiers = (*database)->IdentifiersOf(submission.index_set());
      EXPECT_TRUE(identifiers.ok()) << identifiers.status();
      submitted.insert(identifiers->begin(), identifiers->end());
      stored[submission.register_id()][submission.number()] = *identifiers;
      ++submissions;
    }
  }
  const auto directory = (*database)->DirectoryIdentifiers();
  EXPECT_TRUE(directory == submitted) << "the directory has " << directory.size() << " identifiers, "
                                      << submitted.size() << " were submitted";
  const auto events = (*database)->CheckedEvents();
  EXPECT_TRUE(events.ok()) << events.status();
  std::size_t submit_events = 0;
  for (const transparency::Event& event : *events) {
    submit_events += event.operation == "population.submit" && event.result == "OK" ? 1 : 0;
  }
  EXPECT_EQ(submit_events, submissions) << "each submission has its event";
  return stored;
}

TEST(Crash, WhatWasAcknowledgedSurvivesKillsAndNothingElseIsThere) {
  std::uint64_t seed = std::random_device()();
  if (const char* given = std::getenv("KOBLING_TEST_SEED"); given != nullptr) {
    seed = std::strtoull(given, nullptr, 10);
  }
  std::cout << "KOBLING_TEST_SEED=" << seed << '\n';
  std::mt19937_64 random(seed);
  const int kills = LongTests() ? 500 : 15;

  TrialInstallation trial;
  const server::TemporaryFolder logs;
  const auto start = [&] { return ServerProcess::Start(KOBLINGD, trial, logs.path() / "log"); };
  const std::vector<std::string> shared = Identifiers(seed + 99).Next(5000);
  std::counting_semaphore<> acknowledgements(0);
  std::vector<std::unique_ptr<Submitter>> submitters;
  std::string project;
  {
    auto server = start();
    ASSERT_TRUE(server.ok()) << server.status() << server::ReadText(logs.path() / "log");
    const auto caseworker = Connect((*server)->address(), trial.CertificateOf(kCaseworker));
    const auto key_officer = Connect((*server)->address(), trial.CertificateOf(kKeyOfficer));
    std::vector<api::Source> sources;
    for (std::uint64_t i = 0; i < 3; ++i) {
      submitters.push_back(std::make_unique<Submitter>("REG" + std::to_string(i), seed + i, shared, acknowledgements));
      ASSERT_NO_FATAL_FAILURE(AddRegister(*caseworker, submitters.back()->register_id()));
      sources.push_back(MakeSource(submitters.back()->register_id(), api::SCOPE_OWN));
    }
    project = MakeActiveProject(*caseworker, *key_officer, MakeCase(sources, 40'000'000));
  }
  for (int round = 0; round < kills; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    auto server = start();
    ASSERT_TRUE(server.ok()) << server.status() << server::ReadText(logs.path() / "log");
    {
      std::vector<std::jthread> threads;
      for (const auto& submitter : submitters) {
        const CallerFiles& files = trial.CertificateOf(RegisterCaller(submitter->register_id()));
        threads.emplace_back([&] { submitter->SubmitUntilTheServerIsGone((*server)->address(), files, project); });
      }
      // The moment of the kill is meant to be arbitrary: after some answers, within the time that one takes or two.
      const std::uint64_t answers = 1 + random() % 4;
      for (std::uint64_t i = 0; i < answers; ++i) {
        EXPECT_TRUE(acknowledgements.try_acquire_for(std::chrono::minutes(1))) << "no submission is answered";
      }
      std::mutex mutex;
      std::condition_variable never;
      std::unique_lock lock(mutex);
      never.wait_for(lock, std::chrono::microseconds(random() % 30'000), [] { return false; });
      (*server)->Kill();
    }
    auto stored = CheckedSubmissions(trial.config());
    for (const auto& submitter : submitters) {
      submitter->Check(stored[submitter->register_id()]);
    }
    ASSERT_FALSE(testing::Test::HasFailure());
    while (acknowledgements.try_acquire()) {
    }
  }
  // What had no answer gets it now, and the server ends well.
  auto server = start();
  ASSERT_TRUE(server.ok()) << server.status();
  std::size_t acknowledged = 0;
  for (const auto& submitter : submitters) {
    const auto connection =
        Connect((*server)->address(), trial.CertificateOf(RegisterCaller(submitter->register_id())));
    EXPECT_TRUE(submitter->SendPending(*connection, project));
    acknowledged += submitter->acknowledged();
  }
  EXPECT_EQ((*server)->Terminate(), 0);
  auto stored = CheckedSubmissions(trial.config());
  for (const auto& submitter : submitters) {
    submitter->Check(stored[submitter->register_id()]);
  }
  EXPECT_GE(acknowledged, static_cast<std::size_t>(kills));
  std::cout << kills << " kills, " << acknowledged << " submissions acknowledged\n";
}

}  // namespace
}  // namespace kobling::tests
