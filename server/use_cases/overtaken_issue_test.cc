// What others do while a key file is sealed: the feed, other key officers, registers.
#include <map>

#include "server/core/core_testing.h"
#include "server/use_cases/key_files.h"

namespace kobling::server {
namespace {

using domain::Reason;

constexpr auto kReplaced = api::IDENTITY_EVENT_KIND_REPLACED;
constexpr auto kMerged = api::IDENTITY_EVENT_KIND_MERGED;
constexpr auto kSplit = api::IDENTITY_EVENT_KIND_SPLIT;
constexpr auto kAnnulled = api::IDENTITY_EVENT_KIND_ANNULLED;

class OvertakenIssueTest : public ::testing::Test {
 protected:
  // NPR names 0 to 9.
  OvertakenIssueTest() { Submit(People(0, 10)); }

  void Submit(const std::vector<std::string>& people) {
    server_.SubmitAll(project_, "NPR", people);
    server_.Complete(project_, "NPR");
  }
  // Key file 1 is issued and fetched.
  void IssueFirst() {
    server_.Issue(project_, "NPR");
    EXPECT_THAT(server_.Fetch(project_, "NPR", 1, 0), IsOk());
  }
  // Done once, in the middle of the next issue.
  void Meanwhile(std::function<void()> act) {
    server_.store().before_key_read = [this, act = std::move(act)] {
      server_.store().before_key_read = nullptr;
      act();
    };
  }
  void Feed(api::IdentityEventKind kind, std::size_t person, const std::string& other = {}) {
    EXPECT_THAT(server_.Feed({TestCore::Event(kind, {Person(person)}, other)}), IsOk());
  }
  std::map<std::string, std::string> RowsOf(std::uint32_t number) {
    const OpenKeyFile file = server_.FetchAndOpen(project_, "NPR", number);
    return {file.rows.begin(), file.rows.end()};
  }
  bool IsReproduced(std::uint32_t number) {
    api::ReproduceKeyFileRequest request;
    request.set_project_id(project_);
    request.set_register_id("NPR");
    request.set_number(number);
    request.set_purpose("prøve");
    const auto made = server_.key_files().Reproduce(server_.Officer("KeyFileService/ReproduceKeyFile"), request);
    EXPECT_THAT(made, IsOk());
    return made.ok() && made->equal();
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR")});
};

TEST_F(OvertakenIssueTest, AListThatTakesSomebodyAwayStopsIt) {
  IssueFirst();
  server_.Reopen(project_, "NPR");
  Submit(People(10, 13));
  Meanwhile([&] {
    EXPECT_THAT(server_.LoadReservations("NPR", api::RESERVATION_MODE_REPLACE, People(11, 12), "2026-11-22").response,
                IsOk());
  });
  EXPECT_THAT(server_.TryIssue(project_, "NPR", 1), RefusedWith(Reason::kPreconditionFailed));
  server_.Issue(project_, "NPR", 1);
  EXPECT_EQ(RowsOf(2).size(), 2U);
}

TEST_F(OvertakenIssueTest, AListThatChangesNobodyIsTheOneThatIsNamed) {
  server_.LoadReservations("NPR", api::RESERVATION_MODE_REPLACE, People(50, 51), "2026-11-22");
  Meanwhile([&] { server_.LoadReservations("NPR", api::RESERVATION_MODE_ADD, People(51, 52), "2026-11-22"); });
  EXPECT_EQ(server_.Issue(project_, "NPR").reservation_lists(0).version(), 2U);
  EXPECT_EQ(server_.FetchAndOpen(project_, "NPR", 1).comment.reservations[0].version, 2U);
}

TEST_F(OvertakenIssueTest, AnEventThatChangesNoLopenummerDoesNotStopIt) {
  Meanwhile([&] { Feed(kReplaced, 0, Person(60)); });
  const api::KeyFile issued = server_.Issue(project_, "NPR");
  EXPECT_EQ(issued.map_version(), 1U) << "the file says as of which history it was made";
  EXPECT_EQ(RowsOf(1).size(), 10U);
  EXPECT_TRUE(IsReproduced(1));
}

TEST_F(OvertakenIssueTest, AnEventAboutSomebodyElseDoesNotStopIt) {
  Meanwhile([&] { Feed(kMerged, 70, Person(71)); });
  server_.Issue(project_, "NPR");
  EXPECT_TRUE(IsReproduced(1));
}

TEST_F(OvertakenIssueTest, TwoWhoBecomeOneAreNotGivenTwoLopenumre) {
  Meanwhile([&] { Feed(kMerged, 0, Person(1)); });
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kPreconditionFailed));
  server_.Issue(project_, "NPR");
  const auto rows = RowsOf(1);
  EXPECT_EQ(rows.at(Person(0)), rows.at(Person(1)));
  EXPECT_TRUE(IsReproduced(1));
}

TEST_F(OvertakenIssueTest, OneWhoBecomesTwoIsNotGivenOneLopenummer) {
  Feed(kMerged, 0, Person(1));
  Meanwhile([&] { Feed(kSplit, 1, Person(0)); });
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kPreconditionFailed));
  server_.Issue(project_, "NPR");
  const auto rows = RowsOf(1);
  EXPECT_NE(rows.at(Person(0)), rows.at(Person(1)));
}

TEST_F(OvertakenIssueTest, WhoIsAnnulledIsNotIssued) {
  Meanwhile([&] { Feed(kAnnulled, 3); });
  EXPECT_THAT(server_.TryIssue(project_, "NPR"), RefusedWith(Reason::kPreconditionFailed));
  server_.Issue(project_, "NPR");
  EXPECT_FALSE(RowsOf(1).contains(Person(3)));
}

TEST_F(OvertakenIssueTest, ACorrectionThatIsConfirmedStopsADelta) {
  IssueFirst();
  Feed(kMerged, 0, Person(1));
  server_.Reopen(project_, "NPR");
  Submit(People(10, 13));
  Meanwhile([&] { server_.Correct(project_); });
  EXPECT_THAT(server_.TryIssue(project_, "NPR", 1), RefusedWith(Reason::kPreconditionFailed));
  server_.Issue(project_, "NPR", 1);
  const OpenKeyFile delta = server_.FetchAndOpen(project_, "NPR", 2);
  EXPECT_EQ(delta.rows.size(), 4U) << "three new ones, and the changed number";
  EXPECT_EQ(delta.withdrawn.size(), 1U);
  EXPECT_TRUE(IsReproduced(2));
}

TEST_F(OvertakenIssueTest, ASplitStopsACorrectionThatItMakesUntrue) {
  IssueFirst();
  Feed(kMerged, 0, Person(1));
  server_.Correct(project_);
  Meanwhile([&] { Feed(kSplit, 1, Person(0)); });
  EXPECT_THAT(server_.TryIssueCorrection(project_, "NPR"),
              testing::AnyOf(RefusedWith(Reason::kPreconditionFailed), RefusedWith(Reason::kNothingToCorrect)));
  EXPECT_THAT(server_.TryIssueCorrection(project_, "NPR"), RefusedWith(Reason::kNothingToCorrect))
      << "each has again what the register was told";
}

}  // namespace
}  // namespace kobling::server
