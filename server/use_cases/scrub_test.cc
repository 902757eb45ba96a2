#include "server/use_cases/scrub.h"

#include <thread>

#include "server/core/core_testing.h"
#include "server/core/dates.h"

namespace kobling::server {
namespace {

using domain::Reason;

api::ScrubReport ScrubOf(TestCore& server) {
  return Scrub(server.core()).Run(server.By(Role::kOperator, "drift", "OperatorService/Scrub"), {}).value();
}

absl::StatusOr<api::ImportEventsResponse> FeedOne(TestCore& server, api::IdentityEventKind kind) {
  return server.Feed({TestCore::Event(kind, {Person(0)}, Person(1))});
}

class ScrubTest : public ::testing::Test {
 protected:
  // A project with key files from before and after a merge, a split and a correction.
  ScrubTest() {
    server_.SubmitAll(project_, "NPR", People(0, 5));
    server_.Complete(project_, "NPR");
    Fetch(server_.Issue(project_, "NPR"));
    Feed(api::IDENTITY_EVENT_KIND_MERGED);
    server_.Correct(project_);
    Fetch(server_.IssueCorrection(project_, "NPR"));
    Fetch(server_.Issue(project_, "NPR"));
    Feed(api::IDENTITY_EVENT_KIND_SPLIT);
    Fetch(server_.Issue(project_, "NPR", 3));
  }
  void Feed(api::IdentityEventKind kind) { EXPECT_THAT(FeedOne(server_, kind), IsOk()); }
  void Fetch(const api::KeyFile& key_file) { server_.FetchAndOpen(project_, "NPR", key_file.number()); }
  api::ScrubReport Run() { return ScrubOf(server_); }
  // The line of what begins so.
  api::ScrubLine Line(const std::string& what) {
    const api::ScrubReport report = Run();
    for (const api::ScrubLine& line : report.lines()) {
      if (line.what().starts_with(what)) {
        return line;
      }
    }
    return {};
  }
  // Changes the row of the key file.
  template <typename Edit>
  void EditKeyFile(std::uint32_t number, const Edit& edit) {
    EXPECT_THAT(server_.core().committer.Commit([&](Change& change) {
      records::KeyFileRecord record;
      for (const auto& key_file : FindProject(*server_.core().state.Read(), project_)->rows.key_files) {
        if (key_file.number() == number) {
          record = key_file;
        }
      }
      edit(record);
      change.Put(record);
      return absl::OkStatus();
    }),
                IsOk());
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR")});
};

TEST_F(ScrubTest, FindsNothingWhereNothingIsWrong) {
  const api::ScrubReport report = Run();
  EXPECT_TRUE(report.sound()) << report.DebugString();
  for (const api::ScrubLine& line : report.lines()) {
    EXPECT_GT(line.checked(), 0U) << line.what();
  }
}

TEST_F(ScrubTest, FindsAKeyFileThatGaveOutSomethingElse) {
  EditKeyFile(3, [](records::KeyFileRecord& record) { record.clear_representative_set(); });
  EXPECT_FALSE(Run().sound());
  EXPECT_EQ(Line("key files").wrong(), 1U);
  EXPECT_EQ(Line("key files").first_wrong(), "project " + project_ + ", key file NPR 3");
}

// What each row says, beside which løpenumre are in the file.
TEST_F(ScrubTest, FindsADeltaThatWithdrewSomethingElse) {
  const storage::ProjectRows rows = FindProject(*server_.core().state.Read(), project_)->rows;
  EditKeyFile(4, [&](records::KeyFileRecord& record) {
    ASSERT_FALSE(record.withdrawn_set().empty());
    record.set_withdrawn_set(rows.corrections[0].staying_set());
  });
  EXPECT_EQ(Line("key files").wrong(), 1U);
  EXPECT_EQ(Line("key files").first_wrong(), "project " + project_ + ", key file NPR 4");
  EXPECT_EQ(Line("sets").wrong(), 0U);
}

TEST_F(ScrubTest, FindsACorrectionThatCorrectedSomethingElse) {
  server_.Correct(project_);
  Fetch(server_.IssueCorrection(project_, "NPR"));
  ASSERT_TRUE(Run().sound());
  EditKeyFile(5, [](records::KeyFileRecord& record) {
    ASSERT_GT(record.told_by_size(), 1);
    record.mutable_told_by()->Truncate(1);
  });
  EXPECT_EQ(Line("key files").wrong(), 1U);
  EXPECT_EQ(Line("key files").first_wrong(), "project " + project_ + ", key file NPR 5");
}

TEST_F(ScrubTest, AFileThatGoesOnFromOneThatCannotBeReadIsWrongToo) {
  EditKeyFile(3, [](records::KeyFileRecord& record) { record.set_set(std::string(16, 'x')); });
  EXPECT_EQ(Line("key files").wrong(), 2U);
}

TEST_F(ScrubTest, FindsAMissingSet) {
  EditKeyFile(1, [](records::KeyFileRecord& record) { record.set_current_set(std::string(16, 'x')); });
  EXPECT_EQ(Line("sets").wrong(), 1U);
  EXPECT_EQ(Line("projects").wrong(), 1U);
}

TEST_F(ScrubTest, FindsAHistoryThatMakesAnotherMap) {
  const auto rows = server_.store().Scan(storage::Family::kIdentity, storage::KeyRange::All()).value();
  storage::WriteBatch batch;
  rows->Next();
  batch.Delete(storage::Family::kIdentity, std::string(rows->key()));
  ASSERT_THAT(server_.store().Commit(batch), IsOk());
  EXPECT_EQ(Line("persons").wrong(), 1U);
}

TEST_F(ScrubTest, FindsAHistoryThatBlocksTheParentsOfSomebodyElse) {
  ASSERT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_PARENTS_BLOCKED, {Person(2)})}), IsOk());
  storage::IdentityBlock last;
  ASSERT_THAT(server_.core().identity_log.ForEach(server_.core().identities.version(),
                                                  [&](const storage::IdentityBlock& block) {
                                                    last = block;
                                                    return true;
                                                  }),
              IsOk());
  last.changes.back().numbers.front() = (last.changes.back().numbers.front() + 1) % 5;
  storage::WriteBatch batch;
  server_.core().identity_log.Append(last, batch);
  ASSERT_THAT(server_.store().Commit(batch), IsOk());
  EXPECT_GE(Line("persons").wrong(), 2U);  // the one who is blocked, and the one who is not
  EXPECT_THAT(Line("persons").first_wrong(), ::testing::HasSubstr("of the directory"));
}

TEST_F(ScrubTest, FindsADamagedBlockOfTheDirectory) {
  const auto rows = server_.store().Scan(storage::Family::kIdentifiers, storage::KeyRange::All()).value();
  storage::WriteBatch batch;
  batch.Put(storage::Family::kIdentifiers, std::string(rows->key()), "damaged");
  ASSERT_THAT(server_.store().Commit(batch), IsOk());
  EXPECT_EQ(Line("identifiers").wrong(), 5U) << "all are in one block";
}

TEST_F(ScrubTest, ALineCountsWhatItNames) {
  EXPECT_EQ(Line("identifiers").checked(), 5U);
  EXPECT_EQ(Line("persons").checked(), 2U) << "of whom events have told";
  EXPECT_EQ(Line("projects").checked(), 1U);
  EXPECT_EQ(Line("key files").checked(), 4U);
  EXPECT_EQ(Line("corrections").checked(), 1U);
  Feed(api::IDENTITY_EVENT_KIND_MERGED);
  EXPECT_EQ(Line("persons").checked(), 1U);
}

TEST_F(ScrubTest, TheFeedGoesOnInTheMiddle) {
  int events = 0;
  std::function<void(storage::Family)> feed = [&](storage::Family family) {
    if (family == storage::Family::kIdentity && events < 6) {
      server_.store().before_read = nullptr;  // the feed reads, too
      Feed(events++ % 2 == 0 ? api::IDENTITY_EVENT_KIND_MERGED : api::IDENTITY_EVENT_KIND_SPLIT);
      server_.store().before_read = feed;
    }
  };
  server_.store().before_read = feed;
  const api::ScrubReport report = Run();
  EXPECT_TRUE(report.sound()) << report.DebugString();
  EXPECT_EQ(events, 6);
}

TEST_F(ScrubTest, IsInTheLogWithWhatItFound) {
  const auto report =
      Scrub(server_.core()).Run(server_.By(Role::kOperator, "drift", "OperatorService/Scrub"), api::ScrubRequest());
  ASSERT_THAT(report, IsOk());
  std::uint64_t checked = 0;
  for (const api::ScrubLine& line : report->lines()) {
    checked += line.checked();
  }
  const transparency::Event event = server_.LastEvent();
  EXPECT_EQ(event.operation, "server.scrub");
  EXPECT_EQ(event.actor, "drift");
  EXPECT_THAT(event.counts, testing::ElementsAre(std::pair("checked", checked), std::pair("wrong", 0U)));
}

TEST_F(ScrubTest, OneRunsAtATime) {
  const Scrub scrub(server_.core());
  const auto run = [&] { return scrub.Run(server_.By(Role::kOperator, "drift", "OperatorService/Scrub"), {}); };
  absl::StatusOr<api::ScrubReport> second = absl::UnknownError("not run");
  server_.store().before_read = [&](storage::Family /*family*/) {
    server_.store().before_read = nullptr;
    std::thread([&] { second = run(); }).join();
  };
  EXPECT_THAT(run(), IsOk());
  EXPECT_THAT(second, RefusedWith(Reason::kServerBusy));
  EXPECT_THAT(run(), IsOk());
}

// A project whose memberships are due to be deleted, in the middle of a scrub that looks at it.
class EndingProject {
 public:
  EndingProject() {
    api::ProjectCase project_case = FullCase({Defining("NPR")});
    project_case.set_end_date("2026-12-31");
    project_case.set_deletion_date("2027-01-31");
    project_ = server_.ActiveProject(project_case);
    server_.SubmitAll(project_, "NPR", People(0, 3));
    server_.Complete(project_, "NPR");
    Fetch(server_.Issue(project_, "NPR"));
    EXPECT_THAT(FeedOne(server_, api::IDENTITY_EVENT_KIND_MERGED), IsOk());
    server_.Correct(project_);
    Fetch(server_.IssueCorrection(project_, "NPR"));
    api::ReportHeader header = server_.Header(project_, 1, "leveranse");
    header.set_none_used(true);
    EXPECT_THAT(server_.ReportBy("NPR", header, {}).response, IsOk());
    EXPECT_THAT(server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                         About<api::CloseProjectRequest>(project_)),
                IsOk());
    UpkeepOn("2027-01-01");
    UpkeepOn("2027-01-31");
  }

  // Scrubs, and deletes before that read of a set. Whether there was one more.
  bool ScrubsAsItIsDeletedBeforeRead(int read) {
    server_.store().before_read = [&](storage::Family family) {
      if (family == storage::Family::kSets && --read == 0) {
        server_.store().before_read = nullptr;
        UpkeepOn("2037-02-01");
      }
    };
    const api::ScrubReport report = ScrubOf(server_);
    EXPECT_TRUE(report.sound()) << report.DebugString();
    server_.store().before_read = nullptr;
    return read <= 0;
  }
  bool AreMembershipsErased() const {
    return FindProject(*server_.core().state.Read(), project_)->rows.project.memberships_erased();
  }

 private:
  void Fetch(const api::KeyFile& key_file) { server_.FetchAndOpen(project_, "NPR", key_file.number()); }
  void UpkeepOn(const std::string& day) {
    const absl::Time noon = absl::FromCivil(*ParseDate(day), absl::UTCTimeZone()) + absl::Hours(11);
    server_.clock().Advance(noon - server_.clock().Now());
    EXPECT_THAT(server_.endings().Upkeep(), IsOk());
  }

  TestCore server_;
  std::string project_;
};

TEST(ScrubOfAnEndingProject, DeletedMembershipsAreNoFault) {
  int read = 1;
  for (bool deleted = true; deleted; ++read) {
    SCOPED_TRACE(read);
    EndingProject project;
    deleted = project.ScrubsAsItIsDeletedBeforeRead(read);
    ASSERT_EQ(project.AreMembershipsErased(), deleted);
  }
  EXPECT_GT(read, 10) << "sets, memberships, key files and corrections are read";
}

}  // namespace
}  // namespace kobling::server
