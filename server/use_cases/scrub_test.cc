#include "server/use_cases/scrub.h"

#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

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
  void Feed(api::IdentityEventKind kind) {
    EXPECT_THAT(server_.Feed({TestCore::Event(kind, {Person(0)}, Person(1))}), IsOk());
  }
  void Fetch(const api::KeyFile& key_file) { server_.FetchAndOpen(project_, "NPR", key_file.number()); }
  api::ScrubReport Run() {
    return Scrub(server_.core()).Run(server_.By(Role::kOperator, "drift", "OperatorService/Scrub"), {}).value();
  }
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

TEST_F(ScrubTest, FindsAMissingSet) {
  EditKeyFile(1, [](records::KeyFileRecord& record) { record.set_current_set(std::string(16, 'x')); });
  EXPECT_EQ(Line("sets").wrong(), 1U);
  EXPECT_EQ(Line("memberships").wrong(), 1U);
}

TEST_F(ScrubTest, FindsAHistoryThatMakesAnotherMap) {
  const auto rows = server_.store().Scan(storage::Family::kIdentity, storage::KeyRange::All()).value();
  storage::WriteBatch batch;
  rows->Next();
  batch.Delete(storage::Family::kIdentity, std::string(rows->key()));
  ASSERT_THAT(server_.store().Commit(batch), IsOk());
  EXPECT_EQ(Line("identity map").wrong(), 1U);
}

TEST_F(ScrubTest, FindsADamagedBlockOfTheDirectory) {
  const auto rows = server_.store().Scan(storage::Family::kIdentifiers, storage::KeyRange::All()).value();
  storage::WriteBatch batch;
  batch.Put(storage::Family::kIdentifiers, std::string(rows->key()), "damaged");
  ASSERT_THAT(server_.store().Commit(batch), IsOk());
  EXPECT_EQ(Line("identifiers").wrong(), 1U);
}

}  // namespace
}  // namespace kobling::server
