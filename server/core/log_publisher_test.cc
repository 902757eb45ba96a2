#include "server/core/log_publisher.h"

#include <sys/stat.h>

#include <fstream>

#include "server/core/core_testing.h"
#include "transparency/log_check.h"
#include "transparency/log_folder.h"
#include "transparency/tiles.h"

namespace kobling::server {
namespace {

using domain::Reason;
namespace fs = std::filesystem;

class LogPublisherTest : public ::testing::Test {
 protected:
  // Records so many events.
  void Record(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      transparency::Event event;
      event.actor = "anna.sak";
      event.role = "caseworker";
      event.operation = "project.show";
      EXPECT_THAT(server_.core().committer.Record(std::move(event)), IsOk());
    }
  }

  transparency::LogCheckReport Check() {
    return transparency::CheckLog({server_.published_folder(), server_.publisher().verifier(), {}, {}}).value();
  }

  static void Damage(const fs::path& file) { std::ofstream(file, std::ios::app | std::ios::binary) << "x"; }

  // What a fault in the store would do: an event that is another one, of the same length.
  void AlterStoredEvent(std::uint64_t index) {
    std::string key(8, '\0');
    key[7] = static_cast<char>(index);
    std::string bytes = server_.store().Get(storage::Family::kEvents, key).value().value();
    bytes.replace(bytes.find("anna.sak"), 8, "kari.sak");
    storage::WriteBatch batch;
    batch.Put(storage::Family::kEvents, key, bytes);
    EXPECT_THAT(server_.store().Commit(batch), IsOk());
  }

  TestCore server_;
};

TEST_F(LogPublisherTest, EverythingThatHappenedIsPublishedAndChecks) {
  for (const std::size_t more : {1, 254, 1, 1, 255, 1, 700}) {
    Record(more);
    ASSERT_THAT(server_.publisher().Publish(), IsOk());
    const transparency::LogCheckReport report = Check();
    EXPECT_TRUE(report.sound()) << (report.faults.empty() ? "" : report.faults[0].where);
    EXPECT_EQ(report.head.size, server_.event_log().size());
    EXPECT_EQ(report.head.root, server_.event_log().Root());
    EXPECT_EQ(report.head.origin, "kobling.example/log");
  }
  EXPECT_EQ((Check().counts.at({"project.show", "OK"})), 1213U);
}

TEST_F(LogPublisherTest, AnEmptyLogIsPublished) {
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  EXPECT_TRUE(Check().sound());
  EXPECT_EQ(Check().head.size, 0U);
}

TEST_F(LogPublisherTest, GoesOnAfterARestart) {
  Record(300);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  const transparency::Note before = server_.publisher().Newest().value();
  server_.Restart();
  EXPECT_FALSE(server_.publisher().was_made_anew());
  EXPECT_EQ(server_.publisher().Newest()->bytes(), before.bytes());
  Record(300);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  transparency::LogCheckRequest request{server_.published_folder(), server_.publisher().verifier(), {}, {before}};
  EXPECT_TRUE(transparency::CheckLog(request).value().sound());
}

TEST_F(LogPublisherTest, EventsThatWereNotPublishedBeforeARestartAreAfterwards) {
  Record(10);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  Record(500);
  server_.Restart();
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  EXPECT_TRUE(Check().sound());
  EXPECT_EQ(Check().head.size, server_.event_log().size());
}

TEST_F(LogPublisherTest, AFolderThatDoesNotFitIsMadeAnew) {
  Record(300);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  for (const std::string& file : {std::string("checkpoint"), transparency::TilePath(0, 1, 44)}) {
    Damage(server_.published_folder() / file);
    server_.Restart();
    EXPECT_TRUE(server_.publisher().was_made_anew()) << file;
    ASSERT_THAT(server_.publisher().Publish(), IsOk());
    EXPECT_TRUE(Check().sound()) << file;
  }
  fs::remove_all(server_.published_folder() / "tile");
  server_.Restart();
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  EXPECT_TRUE(Check().sound());
}

TEST_F(LogPublisherTest, AMissingOrShortTileIsMadeAnewAtStart) {
  Record(700);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  for (const std::string& file : {transparency::TilePath(0, 1, transparency::kTileWidth),
                                  transparency::EntriesPath(0, transparency::kTileWidth)}) {
    fs::remove(server_.published_folder() / file);
    server_.Restart();
    EXPECT_TRUE(server_.publisher().was_made_anew()) << file;
    ASSERT_THAT(server_.publisher().Publish(), IsOk());
    EXPECT_TRUE(Check().sound()) << file;
  }
}

TEST_F(LogPublisherTest, AFolderThatIsTakenAwayIsMadeAnew) {
  Record(700);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  fs::remove_all(server_.published_folder());
  Record(1);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  EXPECT_TRUE(Check().sound());
  EXPECT_EQ(Check().head.size, 701U);
}

TEST_F(LogPublisherTest, WhatDidNotFitIsPutAsideAndNotLost) {
  Record(10);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  Damage(server_.published_folder() / transparency::EntriesPath(0, 10));
  Damage(server_.published_folder() / transparency::TilePath(0, 0, 10));
  server_.Restart();
  std::size_t kept = 0;
  for (const auto& entry : fs::directory_iterator(server_.published_folder().parent_path())) {
    kept += entry.path().string().find(".unfit-") != std::string::npos &&
                    fs::exists(entry.path() / transparency::EntriesPath(0, 10))
                ? 1
                : 0;
  }
  EXPECT_EQ(kept, 1U);
}

// What a full disk does: a write fails, and later it does not.
TEST(LogPublisherFaults, AWriteThatFailsIsMadeUpFor) {
  for (const std::string& file :
       {transparency::EntriesPath(0, transparency::kTileWidth), transparency::TilePath(0, 0, transparency::kTileWidth),
        transparency::TilePath(1, 0, 1), transparency::EntriesPath(1, 44), std::string("checkpoint")}) {
    SCOPED_TRACE(file);
    TestCore server;
    const auto record = [&](std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_THAT(server.core().committer.Record(transparency::Event()), IsOk());
      }
    };
    record(300);
    const fs::path in_the_way = server.published_folder() / file;
    fs::create_directories(in_the_way / "not-a-file");  // no file can take the name of a folder
    EXPECT_THAT(server.publisher().Publish(), RefusedWith(Reason::kFileUnwritable));
    EXPECT_THAT(server.publisher().Publish(), RefusedWith(Reason::kFileUnwritable));
    fs::remove_all(in_the_way);
    record(7);
    ASSERT_THAT(server.publisher().Publish(), IsOk());
    const transparency::LogCheckReport report =
        transparency::CheckLog({server.published_folder(), server.publisher().verifier(), {}, {}}).value();
    EXPECT_TRUE(report.sound()) << report.faults[0].where;
    EXPECT_EQ(report.head.root, server.event_log().Root());
  }
}

TEST_F(LogPublisherTest, WhoeverMayReadTheFolderMayReadAllOfIt) {
  fs::permissions(server_.published_folder(), fs::perms(0750));
  const mode_t before = ::umask(077);
  Record(300);
  EXPECT_THAT(server_.publisher().Publish(), IsOk());
  ::umask(before);
  for (const auto& entry : fs::recursive_directory_iterator(server_.published_folder())) {
    EXPECT_EQ(entry.status().permissions(), entry.is_directory() ? fs::perms(0750) : fs::perms(0644)) << entry.path();
  }
}

// The database is older than what was published, or another one.
TEST_F(LogPublisherTest, MoreOrSomethingElseThanIsStoredWasPublishedIsRefused) {
  Record(20);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  TestCore older;
  const auto open = [&](const TestCore& core) {
    return LogPublisher::Open({.folder = server_.published_folder(),
                               .origin = "kobling.example/log",
                               .store = core.core().store,
                               .key = server_.core().keys.log_signer,
                               .clock = server_.clock()})
        .status();
  };
  EXPECT_THAT(open(server_), IsOk());
  EXPECT_THAT(open(older), RefusedWith(Reason::kLogInconsistent)) << "nothing is stored";
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(older.core().committer.Record(transparency::Event()), IsOk());
  }
  EXPECT_THAT(open(older), RefusedWith(Reason::kLogInconsistent)) << "as many, but others";
  EXPECT_TRUE(Check().sound()) << "what was published is as it was";
}

TEST_F(LogPublisherTest, AStoredEventThatIsNotThePublishedOneIsNoticed) {
  Record(20);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  AlterStoredEvent(7);
  EXPECT_THAT(LogPublisher::Open({.folder = server_.published_folder(),
                                  .origin = "kobling.example/log",
                                  .store = server_.core().store,
                                  .key = server_.core().keys.log_signer,
                                  .clock = server_.clock()})
                  .status(),
              RefusedWith(Reason::kRecordCorrupt));
}

TEST_F(LogPublisherTest, ADamagedTileIsMadeAnewWhenItIsNeeded) {
  Record(600);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  fs::remove(server_.published_folder() / transparency::TilePath(0, 0, transparency::kTileWidth));
  const LogPublisher::Proved proved = server_.publisher().Prove(3).value();
  EXPECT_THAT(proved.receipt.Verify(proved.entry, server_.publisher().verifier()), IsOk());
  EXPECT_TRUE(Check().sound());
}

TEST_F(LogPublisherTest, NothingIsSignedWhenAnEventWasChangedAfterItWasStored) {
  Record(20);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  Record(20);
  AlterStoredEvent(30);
  EXPECT_THAT(server_.publisher().Publish(), RefusedWith(Reason::kRecordCorrupt));
  EXPECT_EQ(server_.publisher().published(), 20U);
  EXPECT_EQ(Check().head.size, 20U);
}

TEST_F(LogPublisherTest, AnEventIsProved) {
  Record(400);
  for (const std::uint64_t index : {0, 1, 255, 256, 399}) {
    const LogPublisher::Proved proved = server_.publisher().Prove(index).value();
    EXPECT_EQ(proved.receipt.index, index);
    EXPECT_THAT(proved.receipt.Verify(proved.entry, server_.publisher().verifier()), IsOk());
  }
  EXPECT_THAT(server_.publisher().Prove(400), RefusedWith(Reason::kEventNotFound));
  Record(1);  // newer than the newest checkpoint: published now
  EXPECT_THAT(server_.publisher().Prove(400), IsOk());
}

TEST_F(LogPublisherTest, AWrongProofIsNotHandedOut) {
  Record(300);
  ASSERT_THAT(server_.publisher().Publish(), IsOk());
  const fs::path tile = server_.published_folder() / transparency::TilePath(0, 0, transparency::kTileWidth);
  {
    std::fstream stream(tile, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(7);
    stream.put('x');
  }
  const LogPublisher::Proved proved = server_.publisher().Prove(1).value();
  EXPECT_THAT(proved.receipt.Verify(proved.entry, server_.publisher().verifier()), IsOk());
  // An event that was changed in the database cannot be proved however often the folder is made anew.
  AlterStoredEvent(1);
  EXPECT_FALSE(server_.publisher().Prove(1).ok());
}

TEST_F(LogPublisherTest, KeepsTheLastCheckpointOfEveryHour) {
  for (int hour = 0; hour < 3; ++hour) {
    for (int i = 0; i < 3; ++i) {
      Record(1);
      ASSERT_THAT(server_.publisher().Publish(), IsOk());
    }
    server_.clock().Advance(absl::Hours(1));
  }
  const transparency::LogFolder folder(server_.published_folder());
  EXPECT_EQ(folder.ListKeptCheckpoints().value(),
            (std::vector<std::string>{"checkpoints/2026/11/22-11", "checkpoints/2026/11/22-12",
                                      "checkpoints/2026/11/22-13"}));
  EXPECT_EQ(transparency::TreeHead::Parse(folder.ReadKeptCheckpoint("checkpoints/2026/11/22-12")->text)->size, 6U);
}

TEST_F(LogPublisherTest, AnEventThatNoEntryCanHoldIsRefusedAndChangesNothing) {
  const std::string before = server_.StoredState();
  const absl::Status status = server_.core().committer.Commit([](Change& change) {
    change.event.operation = "project.update";
    change.event.reason = std::string(70'000, 'x');
    records::RegisterRecord row;
    row.set_id("NPR");
    change.Put(row);
    return absl::OkStatus();
  });
  EXPECT_THAT(status, RefusedWith(Reason::kFieldTooLong));
  EXPECT_EQ(server_.StoredState(), before);
}

}  // namespace
}  // namespace kobling::server
