#include "server/core/issued_series.h"

#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

// Two registers hold two persons who were merged and corrected since.
class ToldNumbersTest : public ::testing::Test {
 protected:
  ToldNumbersTest() {
    for (const char* register_id : {"KREFT", "NPR"}) {
      server_.SubmitAll(project_, register_id, People(0, 3));
      server_.Complete(project_, register_id);
    }
    IssueAndFetch();
    EXPECT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_MERGED, {Person(0)}, Person(1))}), IsOk());
    server_.Correct(project_);
    IssueAndFetch();
    // So that who is who then has to be found in the history.
    EXPECT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_SPLIT, {Person(0)}, Person(1))}), IsOk());
  }
  void IssueAndFetch() {
    for (const char* register_id : {"KREFT", "NPR"}) {
      server_.FetchAndOpen(project_, register_id, server_.Issue(project_, register_id).number());
    }
  }
  int HistoriesRead(const std::function<void()>& work) {
    int histories = 0;
    server_.store().before_read = [&](storage::Family family) {
      histories += family == storage::Family::kIdentity ? 1 : 0;
    };
    work();
    server_.store().before_read = nullptr;
    return histories;
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("KREFT"), Defining("NPR")});
};

TEST_F(ToldNumbersTest, SeveralRegistersAreAnsweredFromOneHistory) {
  const storage::ProjectRows rows = FindProject(*server_.core().state.Read(), project_)->rows;
  storage::NumberSet all;
  all.addRange(0, server_.core().directory.size());
  const std::vector<ToldNumbers::FilesOfRegister> questions = {
      {&rows, FetchedBy(rows, "KREFT")}, {&rows, FetchedBy(rows, "MFR")}, {&rows, {rows.key_files.back()}}};
  std::vector<ToldNumbers> told;
  const int for_all = HistoriesRead([&] {
    auto answers = ToldNumbers::ReadAll(server_.core(), questions);
    ASSERT_THAT(answers, IsOk());
    told = *std::move(answers);
  });
  ASSERT_EQ(told.size(), questions.size());
  std::set<std::size_t> tellings;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const int for_one = HistoriesRead([&] {
      const auto one = ToldNumbers::Read(server_.core(), rows, questions[i].files, all);
      ASSERT_THAT(one, IsOk());
      EXPECT_TRUE(told[i].identifiers() == one->identifiers());
      for (const std::uint32_t identifier : one->identifiers()) {
        EXPECT_EQ(told[i].All(identifier), one->All(identifier));
        tellings.insert(one->All(identifier).size());
      }
    });
    EXPECT_LE(for_one, for_all);
    if (i == 0) {
      EXPECT_EQ(for_one, for_all) << "the history is gone through as often as for one register";
    }
  }
  EXPECT_EQ(tellings, (std::set<std::size_t>{1, 2})) << "each register has its own answer";
  EXPECT_TRUE(told[1].identifiers().isEmpty()) << "MFR was told nothing";
}

}  // namespace
}  // namespace kobling::server
