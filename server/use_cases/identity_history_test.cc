#include "server/use_cases/identity_history.h"

#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using ::testing::ElementsAre;

class IdentityHistoryTest : public ::testing::Test {
 protected:
  absl::StatusOr<api::IdentityHistory> Get(const std::string& identifier, const std::string& purpose = "feilsøking") {
    api::GetIdentityHistoryRequest request;
    request.set_identifier(identifier);
    request.set_purpose(purpose);
    return server_.histories().Get(
        server_.By(Role::kIdentityFeed, "folkeregisteret", "IdentityService/GetIdentityHistory"), request);
  }
  static std::vector<std::uint64_t> Sequences(const api::IdentityHistory& history) {
    std::vector<std::uint64_t> sequences;
    for (const api::AppliedIdentityEvent& event : history.events()) {
      sequences.push_back(event.event().sequence());
    }
    return sequences;
  }

  TestCore server_;
};

TEST_F(IdentityHistoryTest, TellsEverythingThatConnectsThePerson) {
  ASSERT_THAT(server_.Feed({
                  TestCore::Event(api::IDENTITY_EVENT_KIND_CREATED, {Person(0)}, "", "2020-02-01"),
                  TestCore::Event(api::IDENTITY_EVENT_KIND_CREATED, {Person(9)}),
                  TestCore::Event(api::IDENTITY_EVENT_KIND_CREATED, {Person(1)}),
                  TestCore::Event(api::IDENTITY_EVENT_KIND_REPLACED, {Person(2)}, Person(0)),
                  TestCore::Event(api::IDENTITY_EVENT_KIND_MERGED, {Person(2)}, Person(1)),
                  TestCore::Event(api::IDENTITY_EVENT_KIND_PROTECTED, {Person(9)}),
                  TestCore::Event(api::IDENTITY_EVENT_KIND_SPLIT, {Person(1)}, Person(2)),
                  TestCore::Event(api::IDENTITY_EVENT_KIND_PROTECTED, {Person(1)}),
              }),
              IsOk());
  const auto history = Get(Person(0));
  ASSERT_THAT(history, IsOk());
  EXPECT_THAT(history->identifiers(), ElementsAre(Person(2), Person(0)));
  EXPECT_THAT(Sequences(*history), ElementsAre(1, 3, 4, 5, 7, 8));
  EXPECT_EQ(history->events(0).event().effective_date(), "2020-02-01");
  EXPECT_THAT(history->events(2).event().identifiers(), ElementsAre(Person(2)));
  EXPECT_EQ(history->events(2).event().other(), Person(0));
  EXPECT_FALSE(history->protected_());
  const auto other = Get(Person(1));
  ASSERT_THAT(other, IsOk());
  EXPECT_THAT(other->identifiers(), ElementsAre(Person(1)));
  EXPECT_TRUE(other->protected_());
  EXPECT_THAT(Sequences(*other), ElementsAre(1, 3, 4, 5, 7, 8));
}

TEST_F(IdentityHistoryTest, NeedsAPurposeAndIsSeenByThePerson) {
  ASSERT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_REPLACED, {Person(2)}, Person(0))}), IsOk());
  EXPECT_THAT(Get(Person(0), " "), RefusedWith(domain::Reason::kPurposeMissing));
  ASSERT_THAT(Get(Person(0)), IsOk());
  EXPECT_EQ(server_.LastEvent().operation, "identity.history");
  EXPECT_EQ(server_.LastEvent().purpose, "feilsøking");
  ASSERT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_SPLIT, {Person(2)}, Person(0))}), IsOk());
  for (const std::size_t person : {0, 2}) {
    api::LookupRequest request;
    request.set_identifier(Person(person));
    request.set_purpose("eget innsyn");
    const auto answer =
        server_.insight().Lookup(server_.By(Role::kInsightPortal, "helsenorge", "InsightService/Lookup"), request);
    ASSERT_THAT(answer, IsOk());
    ASSERT_EQ(answer->accesses_size(), 1) << "they were one person then";
    EXPECT_EQ(answer->accesses(0).operation(), "identity.history");
  }
}

TEST_F(IdentityHistoryTest, SaysNothingOfWhoIsUnknown) {
  const auto history = Get(Person(3));
  ASSERT_THAT(history, IsOk());
  EXPECT_TRUE(history->identifiers().empty());
  EXPECT_TRUE(history->events().empty());
}

TEST_F(IdentityHistoryTest, StatusSaysHowFarItHasCome) {
  const auto status = [&] {
    return server_.histories()
        .Status(server_.By(Role::kOperator, "drift", "IdentityService/GetIdentityStatus"), {})
        .value();
  };
  EXPECT_EQ(status().next_sequence(), 1U);
  EXPECT_FALSE(status().has_last_applied());
  ASSERT_THAT(server_.Feed({TestCore::Event(api::IDENTITY_EVENT_KIND_REPLACED, {Person(2)}, Person(0)),
                            TestCore::Event(api::IDENTITY_EVENT_KIND_ANNULLED, {Person(5)}),
                            TestCore::Event(api::IDENTITY_EVENT_KIND_PROTECTED, {Person(2)})}),
              IsOk());
  EXPECT_EQ(status().version(), 3U);
  EXPECT_EQ(status().next_sequence(), 4U);
  EXPECT_TRUE(status().has_last_applied());
  EXPECT_EQ(status().mode(), api::CATALOGUE_MODE_LEARNED);
  EXPECT_EQ(status().identifiers(), 3U);
  EXPECT_EQ(status().persons_with_several(), 1U);
  EXPECT_EQ(status().annulled(), 1U);
  EXPECT_EQ(status().protected_(), 2U);
}

}  // namespace
}  // namespace kobling::server
