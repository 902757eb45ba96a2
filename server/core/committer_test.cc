#include "server/core/committer.h"

#include <latch>
#include <thread>

#include "crypto/random.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;

transparency::Event Named(const std::string& operation) {
  transparency::Event event;
  event.operation = operation;
  return event;
}

records::RegisterRecord Register(const std::string& id) {
  records::RegisterRecord record;
  record.set_id(id);
  return record;
}

TEST(Committer, TheChangeAndItsEventAreOneBatch) {
  TestCore server;
  const int commits = server.store().commits();
  EXPECT_THAT(server.core().committer.Commit([&](Change& change) {
    change.event = Named("test.one");
    change.Put(Register("NPR"));
    EXPECT_EQ(server.core().committer.NextEventIndex(), 0U);
    EXPECT_TRUE(server.core().state.Read()->registers.empty()) << "seen before it was durable";
    return absl::OkStatus();
  }),
              IsOk());
  EXPECT_EQ(server.store().commits(), commits + 1);
  EXPECT_EQ(server.LastEvent().operation, "test.one");
  EXPECT_EQ(server.LastEvent().time, server.clock().Now());
  EXPECT_TRUE(server.core().state.Read()->registers.contains("NPR"));
  EXPECT_EQ(server.StoredState(), server.StateInMemory());
}

TEST(Committer, BehindAClosedGateNothingChangesButRefusalsAreRecorded) {
  TestCore server;
  absl::Status gate = domain::MakeError(Reason::kWitnessUnreachable);
  server.core().committer.SetGate([&] { return gate; });
  const std::string state = server.StateInMemory();
  const auto add = [](Change& change) {
    change.event = Named("test.one");
    change.Put(Register("NPR"));
    return absl::OkStatus();
  };
  EXPECT_THAT(server.core().committer.Commit(add), RefusedWith(Reason::kWitnessUnreachable));
  EXPECT_EQ(server.StateInMemory(), state);
  EXPECT_EQ(server.event_log().size(), 0U);
  EXPECT_THAT(server.core().committer.Record(Named("test.refusal")), IsOk());
  gate = absl::OkStatus();
  EXPECT_THAT(server.core().committer.Commit(add), IsOk());
}

TEST(Committer, APrepareThatFailsChangesNothing) {
  TestCore server;
  const std::string before = server.StoredBytes();
  const std::string state = server.StateInMemory();
  bool ran = false;
  const absl::Status status = server.core().committer.Commit([&](Change& change) {
    change.event = Named("test.one");
    change.Put(Register("NPR"));
    change.Then([&](StateData&) { ran = true; });
    change.Afterwards([&] { ran = true; });
    return domain::MakeError(Reason::kProjectState);
  });
  EXPECT_THAT(status, RefusedWith(Reason::kProjectState));
  EXPECT_FALSE(ran);
  EXPECT_EQ(server.StoredBytes(), before);
  EXPECT_EQ(server.StateInMemory(), state);
  EXPECT_EQ(server.event_log().size(), 0U);
}

TEST(Committer, WhatFollowsRunsInOrderAfterTheCommit) {
  TestCore server;
  std::string order;
  EXPECT_THAT(server.core().committer.Commit([&](Change& change) {
    change.event = Named("test.one");
    change.Afterwards([&] { order += 'c'; });
    change.Then([&](StateData&) { order += server.Events().size() == 1 ? 'a' : '-'; });
    change.Then([&](StateData&) { order += 'b'; });
    return absl::OkStatus();
  }),
              IsOk());
  EXPECT_EQ(order, "abc");
}

TEST(Committer, AStoreThatFailsEndsTheServerAndChangesNoState) {
  for (const Reason reason : {Reason::kStorageUnavailable, Reason::kDiskFull}) {
    TestCore server;
    server.store().FailFromNowOn(reason);
    bool ran = false;
    EXPECT_THAT(server.core().committer.Commit([&](Change& change) {
      change.Put(Register("NPR"));
      change.Afterwards([&] { ran = true; });
      return absl::OkStatus();
    }),
                RefusedWith(reason));
    EXPECT_EQ(server.failures().size(), 1U);
    EXPECT_FALSE(ran);
    EXPECT_TRUE(server.core().state.Read()->registers.empty());
    EXPECT_EQ(server.event_log().size(), 0U);
    EXPECT_THAT(server.core().committer.Record(Named("test.two")), RefusedWith(reason));
    EXPECT_EQ(server.failures().size(), 2U);
  }
}

TEST(Committer, ARefusedBatchDoesNotEndTheServer) {
  TestCore server;
  EXPECT_THAT(server.core().committer.Commit([&](Change& change) {
    change.batch.RequireValue(storage::Family::kMeta, "nothing", "here");
    return absl::OkStatus();
  }),
              RefusedWith(Reason::kPreconditionFailed));
  EXPECT_TRUE(server.failures().empty());
  EXPECT_THAT(server.core().committer.Record(Named("test.two")), IsOk());
  EXPECT_EQ(server.Events().size(), 1U);
}

TEST(Committer, EventIndexesAreDenseWhoeverWrites) {
  TestCore server;
  constexpr int kThreads = 16;
  constexpr int kEach = 25;
  std::latch start(kThreads);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      for (int i = 0; i < kEach; ++i) {
        const std::string name = "test." + std::to_string(thread) + '.' + std::to_string(i);
        if (thread % 2 == 0) {
          EXPECT_THAT(server.core().committer.Record(Named(name)), IsOk());
        } else {
          EXPECT_THAT(server.core().committer.Commit([&](Change& change) {
            change.event = Named(name);
            change.event.counts = {{"index", server.core().committer.NextEventIndex()}};
            return absl::OkStatus();
          }),
                      IsOk());
        }
      }
    });
  }
  threads.clear();
  const std::vector<transparency::Event> events = server.Events();  // checks that indexes have no gaps
  ASSERT_EQ(events.size(), std::size_t{kThreads * kEach});
  std::map<std::string, int> last;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::size_t dot = events[i].operation.rfind('.');
    int& previous = last.try_emplace(events[i].operation.substr(0, dot), -1).first->second;
    EXPECT_EQ(std::stoi(events[i].operation.substr(dot + 1)), previous + 1) << "lost, repeated or out of order";
    ++previous;
    if (!events[i].counts.empty()) {
      EXPECT_EQ(events[i].counts[0].second, i);
    }
  }
  EXPECT_EQ(server.event_log().size(), events.size());
  const crypto::Digest root = server.event_log().Root();
  server.Restart();
  EXPECT_EQ(server.event_log().Root(), root);
}

TEST(Committer, EventsThatArriveWhileAnotherIsWrittenShareABatch) {
  TestCore server;
  constexpr int kWaiting = 20;
  const int commits = server.store().commits();
  std::vector<std::jthread> threads;
  EXPECT_THAT(server.core().committer.Commit([&](Change& change) {
    change.event = Named("test.first");
    std::latch begun(kWaiting);
    for (int i = 0; i < kWaiting; ++i) {
      threads.emplace_back([&] {
        begun.count_down();
        EXPECT_THAT(server.core().committer.Record(Named("test.waiting")), IsOk());
      });
    }
    begun.wait();
    for (int i = 0; i < 10'000; ++i) {
      std::this_thread::yield();  // until most of them stand in the queue
    }
    return absl::OkStatus();
  }),
              IsOk());
  threads.clear();
  EXPECT_EQ(server.Events().size(), std::size_t{kWaiting + 1});
  EXPECT_LT(server.store().commits() - commits, kWaiting) << "a batch for each";
}

}  // namespace
}  // namespace kobling::server
