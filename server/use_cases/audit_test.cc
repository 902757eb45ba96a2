#include "server/use_cases/audit.h"

#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;
using ::testing::Each;
using ::testing::Field;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    server_.SubmitAll(project_, "NPR", People(0, 5));
    server_.clock().Advance(absl::Hours(24));
    server_.SubmitAll(project_, "MFR", People(3, 6));
    server_.Complete(project_, "NPR");
    server_.Complete(project_, "MFR");
    server_.clock().Advance(absl::Hours(24));
    server_.Issue(project_, "NPR");
  }

  absl::StatusOr<std::vector<api::Event>> List(const Call& call, const api::ListEventsRequest& request) {
    std::vector<api::Event> events;
    KOBLING_RETURN_IF_ERROR(server_.audit().List(call, request, [&](const api::ListEventsResponse& response) {
      EXPECT_FALSE(response.events().empty()) << "an empty message";
      EXPECT_LE(response.events_size(), 500);
      events.insert(events.end(), response.events().begin(), response.events().end());
      return absl::OkStatus();
    }));
    return events;
  }

  std::vector<api::Event> ByAuditor(const api::ListEventsRequest& request) {
    return List(server_.By(Role::kAuditor, "revisor", "AuditService/ListEvents"), request).value();
  }

  // What the filter lets through is exactly what the predicate picks of all events.
  template <typename Predicate>
  void ExpectFiltered(const api::ListEventsRequest& request, const Predicate& wanted) {
    std::vector<std::uint64_t> expected;
    for (const api::Event& event : ByAuditor({})) {
      if (wanted(event)) {
        expected.push_back(event.index());
      }
    }
    std::vector<std::uint64_t> indexes;
    for (const api::Event& event : ByAuditor(request)) {
      indexes.push_back(event.index());
    }
    EXPECT_EQ(indexes, expected);
    EXPECT_FALSE(indexes.empty());
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR"), Defining("MFR")});
  std::string other_ = server_.ActiveProject({Defining("NPR")});
};

TEST_F(AuditTest, AnAuditorSeesEveryEventWithItsIndex) {
  const auto events = ByAuditor({});
  ASSERT_EQ(events.size(), server_.Events().size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].index(), i);
    EXPECT_EQ(events[i].operation(), server_.Events()[i].operation);
  }
}

TEST_F(AuditTest, EachFilterPicksWhatItSays) {
  api::ListEventsRequest request;
  request.set_project_id(project_);
  ExpectFiltered(request, [&](const api::Event& event) { return event.project_id() == project_; });
  request.Clear();
  request.set_register_id("NPR");
  ExpectFiltered(request, [&](const api::Event& event) { return event.register_id() == "NPR"; });
  request.Clear();
  request.set_actor("olav.key");
  ExpectFiltered(request, [&](const api::Event& event) { return event.actor() == "olav.key"; });
  request.Clear();
  request.set_operation("population.submit");
  ExpectFiltered(request, [&](const api::Event& event) { return event.operation() == "population.submit"; });
  request.set_operation("population");
  ExpectFiltered(request, [&](const api::Event& event) { return event.operation().starts_with("population."); });
  request.set_operation("populat");
  EXPECT_TRUE(ByAuditor(request).empty()) << "half a word";
}

TEST_F(AuditTest, TimesAreFromIncludedUntilExcluded) {
  const auto all = ByAuditor({});
  const auto& middle = all[all.size() - 2].time();
  api::ListEventsRequest request;
  *request.mutable_since() = middle;
  ExpectFiltered(request, [&](const api::Event& event) { return event.time().seconds() >= middle.seconds(); });
  request.Clear();
  *request.mutable_until() = middle;
  ExpectFiltered(request, [&](const api::Event& event) { return event.time().seconds() < middle.seconds(); });
}

TEST_F(AuditTest, ACaseworkerSeesOnlyProjectsThatTheyWrote) {
  api::ListEventsRequest request;
  request.set_project_id(project_);
  const auto own = List(server_.Caseworker("AuditService/ListEvents"), request);
  ASSERT_THAT(own, IsOk());
  EXPECT_FALSE(own->empty());
  for (const api::Event& event : *own) {
    EXPECT_EQ(event.project_id(), project_);
  }
  const Call stranger = server_.By(Role::kCaseworker, "bente.sak", "AuditService/ListEvents");
  EXPECT_THAT(List(stranger, request), RefusedWith(Reason::kNotPermitted));
  const absl::Status refused = List(stranger, request).status();
  request.set_project_id("P9999");
  EXPECT_EQ(List(stranger, request).status(), refused);
  request.clear_project_id();
  EXPECT_THAT(List(server_.Caseworker("AuditService/ListEvents"), request), RefusedWith(Reason::kNotPermitted));
}

TEST_F(AuditTest, ARegisterSeesOnlyItsOwn) {
  api::ListEventsRequest request;
  request.set_register_id("NPR");
  const Call call = server_.Register("MFR", "AuditService/ListEvents");
  EXPECT_THAT(List(call, request), RefusedWith(Reason::kNotPermitted));
  request.set_register_id("MFR");
  const auto events = List(call, request);
  ASSERT_THAT(events, IsOk());
  EXPECT_EQ(List(call, {})->size(), events->size());
  EXPECT_FALSE(events->empty());
  for (const api::Event& event : *events) {
    EXPECT_EQ(event.register_id(), "MFR");
  }
}

TEST_F(AuditTest, ARegisterSeesNothingOfWhatOthersTriedAboutIt) {
  // A refusal, as the pipeline records it, of somebody else's call about NPR.
  transparency::Event refusal;
  refusal.actor = "olav.key";
  refusal.role = "key-officer";
  refusal.operation = "keyfile.issue";
  refusal.result = "POPULATION_INCOMPLETE";
  refusal.register_id = "NPR";
  ASSERT_THAT(server_.core().committer.Record(refusal), IsOk());
  const auto events = List(server_.Register("NPR", "AuditService/ListEvents"), {});
  ASSERT_THAT(events, IsOk());
  for (const api::Event& event : *events) {
    EXPECT_EQ(event.result(), "OK") << event.operation();
  }
}

TEST_F(AuditTest, ALongListComesInSeveralMessagesAndEndsWhenNobodyListens) {
  for (int i = 0; i < 1100; ++i) {
    transparency::Event event;
    event.operation = "test.event";
    ASSERT_THAT(server_.core().committer.Record(event), IsOk());
  }
  EXPECT_EQ(ByAuditor({}).size(), server_.Events().size());
  int messages = 0;
  const absl::Status status = server_.audit().List(server_.By(Role::kAuditor, "revisor", "AuditService/ListEvents"), {},
                                                   [&](const api::ListEventsResponse&) {
                                                     ++messages;
                                                     return domain::MakeError(Reason::kStreamProtocol);
                                                   });
  EXPECT_THAT(status, RefusedWith(Reason::kStreamProtocol));
  EXPECT_EQ(messages, 1);
}

TEST_F(AuditTest, NoEventHoldsAnIdentifierOrALopenummer) {
  std::string text;
  for (const api::Event& event : ByAuditor({})) {
    text += event.ShortDebugString();
  }
  for (const std::string& person : People(0, 6)) {
    EXPECT_EQ(text.find(person), std::string::npos);
    EXPECT_EQ(text.find(server_.ExpectedLopenummer(project_, person)), std::string::npos);
  }
}

}  // namespace
}  // namespace kobling::server
