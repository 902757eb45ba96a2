#include "server/use_cases/identity_feed.h"

#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr auto kCreated = api::IDENTITY_EVENT_KIND_CREATED;
constexpr auto kAdded = api::IDENTITY_EVENT_KIND_ADDED;
constexpr auto kReplaced = api::IDENTITY_EVENT_KIND_REPLACED;
constexpr auto kEnded = api::IDENTITY_EVENT_KIND_ENDED;
constexpr auto kMerged = api::IDENTITY_EVENT_KIND_MERGED;
constexpr auto kSplit = api::IDENTITY_EVENT_KIND_SPLIT;
constexpr auto kAnnulled = api::IDENTITY_EVENT_KIND_ANNULLED;
constexpr auto kRestored = api::IDENTITY_EVENT_KIND_RESTORED;
constexpr auto kProtected = api::IDENTITY_EVENT_KIND_PROTECTED;

using Rows = std::vector<std::pair<std::string, std::string>>;

class IdentityFeedTest : public ::testing::Test {
 protected:
  static api::IdentityEvent Numbered(std::uint64_t sequence, api::IdentityEvent event) {
    event.set_sequence(sequence);
    return event;
  }
  static api::IdentityEvent Created(std::uint64_t sequence, std::size_t person) {
    return Numbered(sequence, TestCore::Event(kCreated, {Person(person)}));
  }
  // A project with the people, complete.
  std::string Project(const std::vector<api::Source>& sources, const std::vector<std::string>& people) {
    std::string project = server_.ActiveProject(sources);
    server_.SubmitAll(project, "NPR", people);
    server_.Complete(project, "NPR");
    return project;
  }
  Rows RowsOfNewFile(const std::string& project, const std::string& register_id = "NPR") {
    return server_.FetchAndOpen(project, register_id, server_.Issue(project, register_id).number()).rows;
  }
  std::uint64_t version() { return server_.core().identities.version(); }

  TestCore server_;
};

TEST_F(IdentityFeedTest, AppliesEventsInOrderAndKeepsThem) {
  const auto fed = server_.FeedAsTheyAre(
      {Created(1, 0), Created(2, 1), Numbered(3, TestCore::Event(kReplaced, {Person(2)}, Person(0)))}, {}, 2);
  ASSERT_THAT(fed, IsOk());
  EXPECT_EQ(fed->applied(), 3U);
  EXPECT_EQ(fed->applied_through(), 3U);
  EXPECT_EQ(fed->without_effect(), 0U);
  EXPECT_TRUE(fed->done());
  server_.Restart();
  EXPECT_EQ(version(), 3U);
  EXPECT_EQ(server_.core().identities.counts().known, 3U);
  EXPECT_EQ(server_.core().identities.counts().persons_with_several, 1U);
}

TEST_F(IdentityFeedTest, EachBatchIsAnEventWithItsCountsAndNoIdentifier) {
  ASSERT_THAT(server_.Feed({TestCore::Event(kCreated, {Person(0)}), TestCore::Event(kEnded, {Person(0)}),
                            TestCore::Event(kMerged, {Person(1)}, Person(0))}),
              IsOk());
  const transparency::Event event = server_.LastEvent();
  EXPECT_EQ(event.operation, "identity.import");
  EXPECT_EQ(event.object, "events 1 to 3");
  EXPECT_THAT(event.counts, ElementsAre(std::pair("created", 1), std::pair("ended", 1), std::pair("merged", 1),
                                        std::pair("new_identifiers", 2)));
  EXPECT_THAT(server_.StoredBytes(), testing::Not(HasSubstr(Person(0))));
}

TEST_F(IdentityFeedTest, WhatWasAppliedIsPassedOverIfItIsTheSame) {
  ASSERT_THAT(server_.FeedAsTheyAre({Created(1, 0), Created(2, 1)}), IsOk());
  const auto again = server_.FeedAsTheyAre({Created(1, 0), Created(2, 1), Created(3, 2)});
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->passed_over(), 2U);
  EXPECT_EQ(again->applied(), 1U);
  const std::size_t events = server_.Events().size();
  ASSERT_THAT(server_.FeedAsTheyAre({Created(1, 0), Created(2, 1), Created(3, 2)}), IsOk());
  EXPECT_EQ(server_.Events().size(), events) << "nothing was changed";
  const auto other = server_.FeedAsTheyAre({Created(2, 5)});
  EXPECT_THAT(other, RefusedWith(domain::Reason::kIdentityEventDiffers));
  EXPECT_EQ(DetailOf(other.status(), "position"), "2");
  EXPECT_EQ(DetailOf(other.status(), "field"), "identifier");
  const auto other_day = server_.FeedAsTheyAre({Numbered(1, TestCore::Event(kCreated, {Person(0)}, "", "2020-01-01"))});
  EXPECT_THAT(other_day, RefusedWith(domain::Reason::kIdentityEventDiffers));
  EXPECT_EQ(DetailOf(other_day.status(), "field"), "effective_date");
  const auto other_kind = server_.FeedAsTheyAre({Created(1, 0), Numbered(2, TestCore::Event(kEnded, {Person(1)}))});
  EXPECT_EQ(DetailOf(other_kind.status(), "field"), "event");
}

TEST_F(IdentityFeedTest, EventsOfSeveralPartsAreComparedAndThoseBeforeAFaultAreCounted) {
  ASSERT_THAT(server_.FeedAsTheyAre({Created(1, 0), Created(2, 1), Created(3, 2), Created(4, 3), Created(5, 4)}, {}, 2),
              IsOk());
  const auto feed = [&](const std::vector<api::IdentityEvent>& events) {
    const Call call = server_.By(Role::kIdentityFeed, "folkeregisteret", "IdentityService/ImportEvents");
    auto begun = IdentityFeed::Begin(server_.core(), call, server_.rules(), {}).value();
    api::IdentityEventBatch batch;
    for (const api::IdentityEvent& event : events) {
      *batch.add_events() = event;
    }
    const absl::Status added = begun->Add(batch);
    return std::pair(added, begun->progress());
  };
  const auto [same, whole] = feed({Created(2, 1), Created(3, 2), Created(4, 3), Created(5, 4), Created(6, 5)});
  EXPECT_THAT(same, IsOk());
  EXPECT_EQ(whole.passed_over(), 4U);
  EXPECT_EQ(whole.applied(), 1U);
  const auto [differs, before] = feed({Created(2, 1), Created(3, 2), Created(4, 3), Created(5, 9), Created(6, 5)});
  EXPECT_THAT(differs, RefusedWith(domain::Reason::kIdentityEventDiffers));
  EXPECT_EQ(DetailOf(differs, "position"), "5");
  EXPECT_EQ(before.passed_over(), 3U) << "the caller finds the event by its place";
  EXPECT_EQ(before.applied(), 0U);
}

TEST_F(IdentityFeedTest, OfTwoFeedsAtOnceEachIsToldWhatItAppliedAndWhereTheHistoryStands) {
  const Call call = server_.By(Role::kIdentityFeed, "folkeregisteret", "IdentityService/ImportEvents");
  const auto one = IdentityFeed::Begin(server_.core(), call, server_.rules(), {}).value();
  const auto other = IdentityFeed::Begin(server_.core(), call, server_.rules(), {}).value();
  api::IdentityEventBatch first;
  *first.add_events() = Created(1, 0);
  api::IdentityEventBatch second;
  *second.add_events() = Created(2, 1);
  ASSERT_THAT(one->Add(first), IsOk());
  ASSERT_THAT(other->Add(first), IsOk());
  EXPECT_EQ(other->progress().applied(), 0U);
  EXPECT_EQ(other->progress().passed_over(), 1U);
  EXPECT_EQ(other->progress().applied_through(), 1U) << "it is durable, whoever sent it";
  ASSERT_THAT(other->Add(second), IsOk());
  api::ImportEventsCommit commit;
  commit.set_events(1);
  EXPECT_EQ(one->Commit(commit)->applied_through(), 2U);
}

TEST_F(IdentityFeedTest, AGapStopsItAndNamesTheNumberThatIsExpected) {
  const auto gap = server_.FeedAsTheyAre({Created(1, 0), Created(2, 1), Created(4, 2), Created(5, 3)});
  EXPECT_THAT(gap, RefusedWith(domain::Reason::kIdentitySequence));
  EXPECT_EQ(DetailOf(gap.status(), "expected"), "3");
  EXPECT_EQ(DetailOf(gap.status(), "position"), "4");
  EXPECT_EQ(DetailOf(gap.status(), "field"), "sequence");
  EXPECT_EQ(version(), 2U) << "what came before the gap is applied";
  EXPECT_THAT(server_.FeedAsTheyAre({Created(3, 2), Created(3, 2)}), RefusedWith(domain::Reason::kIdentitySequence));
  EXPECT_EQ(version(), 3U);
}

TEST_F(IdentityFeedTest, LongNumbersAreToldInFull) {
  api::ImportEventsHeader header;
  header.set_start_at(123'456'345'678'709);
  const auto gap = server_.FeedAsTheyAre({Created(123'456'345'678'709, 0), Created(123'456'345'678'999, 1)}, header);
  EXPECT_EQ(DetailOf(gap.status(), "expected"), "123,456,345 million 678,710");
  EXPECT_EQ(DetailOf(gap.status(), "position"), "123,456,345 million 678,999");
}

TEST_F(IdentityFeedTest, ANumberThatMayBeAnIdentifierIsNotTold) {
  ASSERT_THAT(server_.FeedAsTheyAre({Created(1, 0)}), IsOk());
  const std::uint64_t in_the_wrong_column = std::stoull(Person(1));
  const auto swapped = server_.FeedAsTheyAre({Created(in_the_wrong_column, 1)});
  EXPECT_THAT(swapped, RefusedWith(domain::Reason::kIdentitySequence));
  EXPECT_EQ(DetailOf(swapped.status(), "expected"), "2");
  std::string digits = swapped.status().ToString();
  std::erase_if(digits, [](char c) { return c < '0' || c > '9'; });
  EXPECT_THAT(digits, testing::Not(testing::HasSubstr(std::to_string(in_the_wrong_column))));
}

TEST_F(IdentityFeedTest, AHistoryMayBeginElsewhereThanAtOne) {
  const auto middle = server_.FeedAsTheyAre({Created(5'000'001, 0)});
  EXPECT_THAT(middle, RefusedWith(domain::Reason::kIdentitySequence));
  EXPECT_EQ(DetailOf(middle.status(), "position"), "5,000,001");
  EXPECT_THAT(DetailOf(middle.status(), "hint"), testing::HasSubstr("--start-at"));
  api::ImportEventsHeader header;
  header.set_start_at(5'000'001);
  ASSERT_THAT(server_.FeedAsTheyAre({Created(5'000'001, 0), Created(5'000'002, 1)}, header), IsOk());
  server_.Restart();
  EXPECT_EQ(version(), 5'000'002U);
  EXPECT_THAT(server_.FeedAsTheyAre({Created(5'000'002, 1), Created(5'000'003, 2)}, header), IsOk())
      << "the same command may be given again";
  header.set_start_at(5'000'002);
  const auto elsewhere = server_.FeedAsTheyAre({Created(5'000'003, 2)}, header);
  EXPECT_THAT(elsewhere, RefusedWith(domain::Reason::kFieldMalformed));
  EXPECT_EQ(DetailOf(elsewhere.status(), "expected"), "5,000,001");
  const auto earlier = server_.FeedAsTheyAre({Created(17, 2)});
  EXPECT_THAT(earlier, RefusedWith(domain::Reason::kIdentityEventDiffers));
  EXPECT_EQ(DetailOf(earlier.status(), "hint"), "the history begins with the event 5,000,001");
}

TEST_F(IdentityFeedTest, ASplitThatTellsOfSomebodyNewHasAnEffect) {
  ASSERT_THAT(server_.FeedAsTheyAre({Created(1, 0), Created(2, 1)}), IsOk());
  const api::IdentityEvent split = TestCore::Event(kSplit, {Person(1), Person(2)}, Person(0));
  EXPECT_EQ(server_.Feed({split})->without_effect(), 0U);
  EXPECT_EQ(server_.core().identities.counts().known, 3U);
  EXPECT_EQ(server_.Feed({split})->without_effect(), 1U);
}

TEST_F(IdentityFeedTest, AMalformedEventStopsItAndIsNamed) {
  struct Case {
    api::IdentityEvent event;
    std::string field;
  };
  const std::vector<Case> cases = {
      {TestCore::Event(api::IDENTITY_EVENT_KIND_UNSPECIFIED, {Person(1)}), "event"},
      {TestCore::Event(kCreated, {}), "identifier"},
      {TestCore::Event(kCreated, {Person(1), Person(2)}), "identifier"},
      {TestCore::Event(kCreated, {"01839012346"}), "identifier"},
      {TestCore::Event(kCreated, {Person(1)}, Person(2)), "other"},
      {TestCore::Event(kMerged, {Person(1)}), "other"},
      {TestCore::Event(kMerged, {Person(1)}, Person(1)), "other"},
      {TestCore::Event(kSplit, {Person(1), Person(1)}, Person(2)), "identifier"},
      {TestCore::Event(kCreated, {Person(1)}, "", "2026-02-30"), "effective_date"},
  };
  for (const Case& one : cases) {
    const std::uint64_t before = version();
    const auto stopped =
        server_.Feed({TestCore::Event(kCreated, {Person(0)}), one.event, TestCore::Event(kCreated, {Person(3)})});
    EXPECT_THAT(stopped, RefusedWith(domain::Reason::kIdentityEventMalformed));
    EXPECT_EQ(DetailOf(stopped.status(), "field"), one.field);
    EXPECT_EQ(DetailOf(stopped.status(), "position"), std::to_string(before + 2));
    EXPECT_THAT(DetailOf(stopped.status(), "hint"), HasSubstr(" ")) << "words, and not a code";
    EXPECT_EQ(version(), before + 1);
    EXPECT_THAT(std::string(stopped.status().message()), testing::Not(HasSubstr("01839012346")));
  }
}

TEST_F(IdentityFeedTest, AFeedThatStoodStillForTooLongNeedsAReason) {
  ASSERT_THAT(server_.FeedAsTheyAre({Created(1, 0)}), IsOk());
  server_.clock().Advance(absl::Hours(24 * 365 * 3));
  ASSERT_THAT(server_.FeedAsTheyAre({Created(2, 1)}), IsOk());
  server_.clock().Advance(absl::Hours(24 * (365 * 3 + 3)));
  EXPECT_THAT(server_.FeedAsTheyAre({Created(3, 2)}), RefusedWith(domain::Reason::kIdentityFeedTooOld));
  api::ImportEventsHeader header;
  header.set_resume_reason("compared with the register, nothing is missing");
  EXPECT_THAT(server_.FeedAsTheyAre({Created(3, 2)}, header), IsOk());
  EXPECT_EQ(server_.LastEvent().reason, header.resume_reason());
}

TEST_F(IdentityFeedTest, ALostBatchIsNoticed) {
  const Call call = server_.By(Role::kIdentityFeed, "folkeregisteret", "IdentityService/ImportEvents");
  const auto feed = IdentityFeed::Begin(server_.core(), call, server_.rules(), {}).value();
  api::IdentityEventBatch batch;
  *batch.add_events() = Created(1, 0);
  ASSERT_THAT(feed->Add(batch), IsOk());
  api::ImportEventsCommit commit;
  commit.set_events(2);
  EXPECT_THAT(feed->Commit(commit), RefusedWith(domain::Reason::kStreamProtocol));
}

TEST_F(IdentityFeedTest, ANewNumberHasTheSameLopenummerInEveryProject) {
  const std::string first =
      Project({Defining("NPR"), Intersecting("DAAR"), WholePopulation("KRG")}, {Person(0), Person(1)});
  const Rows before = RowsOfNewFile(first);
  ASSERT_THAT(server_.Feed({TestCore::Event(kReplaced, {Person(50)}, Person(0))}), IsOk());
  const std::string second = Project({Defining("NPR")}, {Person(50)});
  const std::string with_both = Project({Defining("NPR")}, {Person(0), Person(50)});

  const std::string old_number = server_.ExpectedLopenummer(first, Person(0));
  EXPECT_EQ(RowsOfNewFile(second), Rows({{Person(50), server_.ExpectedLopenummer(second, Person(0))}}));
  const Rows both = RowsOfNewFile(with_both);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].second, both[1].second);
  // A register that holds the new number gets a row for that; the one with the whole population gets both.
  server_.OpenWindow(first, "DAAR", 10);
  ASSERT_THAT(server_.Match(first, "DAAR", {Person(50), Person(2)}).response, IsOk());
  EXPECT_EQ(RowsOfNewFile(first, "DAAR"), Rows({{Person(50), old_number}}));
  EXPECT_THAT(RowsOfNewFile(first, "KRG"),
              UnorderedElementsAre(std::pair(Person(0), old_number), std::pair(Person(50), old_number),
                                   std::pair(Person(1), server_.ExpectedLopenummer(first, Person(1)))));
  EXPECT_THAT(before, testing::Contains(std::pair(Person(0), old_number)));
}

TEST_F(IdentityFeedTest, TheWholePopulationGetsOnlyTheCurrentNumberAndNoneOfTheProtected) {
  ASSERT_THAT(
      server_.Feed({TestCore::Event(kReplaced, {Person(50)}, Person(0)),
                    TestCore::Event(kReplaced, {Person(60)}, Person(50)),
                    TestCore::Event(kReplaced, {Person(51)}, Person(1)), TestCore::Event(kProtected, {Person(51)})}),
      IsOk());
  const std::string project = Project({Defining("NPR"), WholePopulation("KRG")}, {Person(0), Person(1)});
  std::vector<std::string> identifiers;
  for (const auto& [identifier, lopenummer] : RowsOfNewFile(project, "KRG")) {
    identifiers.push_back(identifier);
  }
  EXPECT_THAT(identifiers, UnorderedElementsAre(Person(0), Person(60), Person(1)));
}

TEST_F(IdentityFeedTest, APersonWithSeveralNumbersCountsOnce) {
  ASSERT_THAT(server_.Feed({TestCore::Event(kAdded, {Person(1)}, Person(0))}), IsOk());
  api::ProjectCase project_case = FullCase({Defining("NPR")});
  project_case.set_approved_persons(2);
  const std::string project = server_.ActiveProject(project_case);
  server_.SubmitAll(project, "NPR", {Person(0), Person(1), Person(2)});
  EXPECT_THAT(server_.Submit(project, "NPR", {{Person(3)}}).response, RefusedWith(domain::Reason::kBudgetExceeded));
}

TEST_F(IdentityFeedTest, WhoDoesNotExistIsInNoNewKeyFile) {
  const std::string project = Project({Defining("NPR")}, {Person(0), Person(1)});
  ASSERT_EQ(RowsOfNewFile(project).size(), 2U);
  ASSERT_THAT(server_.Feed({TestCore::Event(kEnded, {Person(0)}), TestCore::Event(kAnnulled, {Person(1)})}), IsOk());
  const api::KeyFile issued = server_.Issue(project, "NPR");
  EXPECT_EQ(issued.annulled(), 1U);
  const Rows rows = server_.FetchAndOpen(project, "NPR", issued.number()).rows;
  EXPECT_EQ(rows, Rows({{Person(0), server_.ExpectedLopenummer(project, Person(0))}}));
  const OpenKeyFile delta = server_.FetchAndOpen(project, "NPR", server_.Issue(project, "NPR", 1).number());
  EXPECT_THAT(delta.withdrawn, ElementsAre(std::pair(Person(1), server_.ExpectedLopenummer(project, Person(1)))));
  ASSERT_THAT(server_.Feed({TestCore::Event(kRestored, {Person(1)})}), IsOk());
  const OpenKeyFile again =
      server_.FetchAndOpen(project, "NPR", server_.Issue(project, "NPR", delta.comment.number).number());
  EXPECT_EQ(again.rows, delta.withdrawn);
}

TEST_F(IdentityFeedTest, ARequiredCatalogueRefusesWhoItDoesNotKnow) {
  ServerConfig config;
  config.catalogue = CatalogueMode::kRequired;
  TestCore server(config);
  ASSERT_THAT(server.Feed({TestCore::Event(kCreated, {Person(0)}), TestCore::Event(kReplaced, {Person(1)}, Person(0))}),
              IsOk());
  const std::string project = server.ActiveProject({Defining("NPR"), Intersecting("DAAR")});
  const auto submitted = server.Submit(project, "NPR", {{Person(0), Person(7), Person(1)}});
  ASSERT_THAT(submitted.response, IsOk());
  ASSERT_EQ(submitted.faults.size(), 1U);
  EXPECT_EQ(submitted.faults[0].row(), 1U);
  EXPECT_EQ(submitted.faults[0].reason(), static_cast<std::uint32_t>(domain::Reason::kIdentifierNotFound));
  EXPECT_EQ(submitted.response->result().counts().identifiers(), 2U);
  server.Complete(project, "NPR");
  const auto rows = server.FetchAndOpen(project, "NPR", server.Issue(project, "NPR").number()).rows;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].second, rows[1].second);
  server.OpenWindow(project, "DAAR", 10);
  const auto matched = server.Match(project, "DAAR", {Person(7), Person(0)});
  ASSERT_THAT(matched.response, IsOk());
  EXPECT_EQ(matched.faults.size(), 1U);
  EXPECT_THAT(server.LoadReservations("", api::RESERVATION_MODE_ADD, {Person(8)}, "2026-11-20").response,
              RefusedWith(domain::Reason::kNothingValid));
}

TEST_F(IdentityFeedTest, AReservationHoldsUnderEveryNumber) {
  ASSERT_THAT(server_.Feed({TestCore::Event(kReplaced, {Person(50)}, Person(0))}), IsOk());
  const std::string project = Project({Defining("NPR")}, {Person(0), Person(1)});
  ASSERT_THAT(server_.LoadReservations("", api::RESERVATION_MODE_ADD, {Person(50)}, "2026-11-20").response, IsOk());
  EXPECT_EQ(RowsOfNewFile(project).size(), 1U);
  const auto removed = server_.LoadReservations("", api::RESERVATION_MODE_REMOVE, {Person(0)}, "2026-11-21");
  ASSERT_THAT(removed.response, IsOk());
  EXPECT_EQ(removed.response->result().removed(), 1U);
  EXPECT_EQ(RowsOfNewFile(project).size(), 2U);
}

TEST_F(IdentityFeedTest, RelativesFollowTheSameRules) {
  ASSERT_THAT(server_.Feed({TestCore::Event(kReplaced, {Person(50)}, Person(5))}), IsOk());
  const std::string project = server_.ActiveProject({Defining("NPR")});
  ASSERT_THAT(server_.Submit(project, "NPR", {{Person(0), Person(50)}, {Person(5), Person(5)}}).response, IsOk());
  server_.Complete(project, "NPR");
  const Rows rows = RowsOfNewFile(project);
  std::map<std::string, std::string> lopenummer_of(rows.begin(), rows.end());
  EXPECT_EQ(rows.size(), 3U);
  EXPECT_EQ(lopenummer_of[Person(5)], lopenummer_of[Person(50)]);
  EXPECT_NE(lopenummer_of[Person(5)], lopenummer_of[Person(0)]);
}

}  // namespace
}  // namespace kobling::server
