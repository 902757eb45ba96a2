// The event log's index of the persons whom events concern.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "domain/error.h"
#include "storage/event_log.h"
#include "storage/memory_key_value_store.h"
#include "storage/stores_testing.h"

namespace kobling::storage {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// Notes the size of each commit, and loses power after so many of them.
class WatchedStore final : public KeyValueStore {
 public:
  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override {
    return memory_.Get(family, key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, std::span<const std::string_view> keys) const override {
    return memory_.MultiGet(family, keys);
  }
  absl::StatusOr<std::unique_ptr<Iterator>> Scan(Family family, const KeyRange& range) const override {
    return memory_.Scan(family, range);
  }
  absl::StatusOr<std::unique_ptr<Reader>> TakeSnapshot() const override { return memory_.TakeSnapshot(); }
  absl::Status Commit(const WriteBatch& batch) override {
    if (commits.size() == most_commits) {
      return domain::MakeError(Reason::kStorageUnavailable);
    }
    commits.push_back(batch.size());
    return memory_.Commit(batch);
  }
  absl::Status Purge(Family family) override { return memory_.Purge(family); }
  absl::StatusOr<std::uint64_t> ApproximateBytes(Family family) const override {
    return memory_.ApproximateBytes(family);
  }

  std::vector<std::size_t> commits;
  std::size_t most_commits = kNoLimit;

 private:
  MemoryKeyValueStore memory_;
};

// A reference to a person: its last byte is the only one that differs.
std::string Person(std::uint8_t number) { return std::string(15, 'p') + static_cast<char>(number); }

transparency::Event About(const std::string& subject, const std::vector<std::string>& others = {}) {
  transparency::Event event;
  event.time = absl::UnixEpoch();
  event.operation = "test.look";
  event.subject = subject;
  event.other_subjects = others;
  return event;
}

class SubjectIndexTest : public ::testing::Test {
 protected:
  // Each event gets its index as its purpose.
  void Add(std::vector<transparency::Event> events) {
    const auto log = EventLog::Open(store_).value();
    for (std::size_t i = 0; i < events.size(); ++i) {
      events[i].purpose = std::to_string(log->size() + i);
    }
    WriteBatch batch;
    log->Append(events, batch);
    ASSERT_TRUE(store_.Commit(batch).ok());
  }

  // The indices of the events, the newest first.
  std::vector<std::string> Find(const std::vector<std::string>& subjects, std::size_t limit = kNoLimit) {
    const auto found = EventLog::FindConcerning(store_, subjects, limit);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<std::string> indices;
    if (found.ok()) {
      count_ = found->count;
      for (const transparency::Event& event : found->newest) {
        indices.push_back(event.purpose);
      }
    }
    return indices;
  }

  // As a database is that was written before there was an index.
  void LoseIndex() {
    WriteBatch batch;
    batch.DeleteRange(Family::kSubjects, KeyRange::All());
    batch.Delete(Family::kMeta, "events/subjects");
    ASSERT_TRUE(store_.Commit(batch).ok());
  }

  WatchedStore store_;
  std::uint64_t count_ = 0;  // of the last Find
};

using Indices = std::vector<std::string>;

TEST_F(SubjectIndexTest, AnEventIsFoundUnderEachReferenceToThePersonAndNoOther) {
  Add({About(Person(1)), About(Person(2), {Person(3)}), About(""), About(Person(0xff)), About(Person(1))});
  EXPECT_EQ(Find({Person(1)}), (Indices{"4", "0"}));
  EXPECT_EQ(Find({Person(2)}), Indices{"1"});
  EXPECT_EQ(Find({Person(3)}), Indices{"1"});
  EXPECT_EQ(Find({Person(0xff)}), Indices{"3"});
  EXPECT_EQ(Find({Person(0)}), Indices{});
  EXPECT_EQ(Find({}), Indices{});
  EXPECT_EQ(count_, 0U);
}

TEST_F(SubjectIndexTest, SeveralReferencesGiveEachEventOnceNewestFirst) {
  Add({About(Person(2)), About(Person(1)), About(Person(1), {Person(2)}), About(Person(3)), About(Person(2))});
  EXPECT_EQ(Find({Person(1), Person(2)}), (Indices{"4", "2", "1", "0"}));
  EXPECT_EQ(count_, 4U);
}

TEST_F(SubjectIndexTest, TheNewestAreToldAndAllAreCounted) {
  Add(std::vector<transparency::Event>(300, About(Person(1), {Person(2)})));  // more than a byte counts
  EXPECT_EQ(Find({Person(1), Person(2)}, 3), (Indices{"299", "298", "297"}));
  EXPECT_EQ(count_, 300U);
  EXPECT_EQ(Find({Person(1)}, 0), Indices{});
  EXPECT_EQ(count_, 300U);
}

TEST_F(SubjectIndexTest, ARefusalIsFoundByNobody) {
  transparency::Event refusal = About(Person(1), {Person(2)});
  refusal.result = "REPRESENTATION_NOT_ALLOWED";
  Add({refusal});
  EXPECT_EQ(Find({Person(1), Person(2)}), Indices{});
  EXPECT_TRUE(RowsOf(store_, Family::kSubjects).empty());
}

TEST_F(SubjectIndexTest, TheRowsAreThoseOfTheFormatAndInTheBatchOfTheEvent) {
  const auto log = EventLog::Open(store_).value();
  EXPECT_TRUE(store_.commits.empty()) << "an empty log needs no index";
  const std::vector<transparency::Event> events = {About(Person(1), {Person(2)})};
  WriteBatch batch;
  log->Append(events, batch);
  ASSERT_TRUE(store_.Commit(batch).ok());
  const std::string index(8, '\0');
  EXPECT_EQ(RowsOf(store_, Family::kSubjects),
            (std::vector<std::pair<std::string, std::string>>{{Person(1) + index, ""}, {Person(2) + index, ""}}));
  EXPECT_EQ(store_.Get(Family::kMeta, "events/subjects").value(), "") << "the first event begins a whole index";
  EXPECT_TRUE(EventLog::Open(store_).ok());
  EXPECT_EQ(store_.commits.size(), 1U);
}

TEST_F(SubjectIndexTest, EventsFromBeforeTheIndexArePutIntoItOnce) {
  transparency::Event refusal = About(Person(2));
  refusal.result = "INTERNAL";
  Add({About(Person(1)), About(""), About(Person(2)), refusal, About(Person(1))});
  const auto rows = RowsOf(store_, Family::kSubjects);
  EXPECT_EQ(rows.size(), 3U);
  LoseIndex();
  EXPECT_EQ(Find({Person(1)}), Indices{});
  ASSERT_TRUE(EventLog::Open(store_).ok());
  EXPECT_EQ(RowsOf(store_, Family::kSubjects), rows);
  EXPECT_EQ(Find({Person(1)}), (Indices{"4", "0"}));
  const std::size_t commits = store_.commits.size();
  ASSERT_TRUE(EventLog::Open(store_).ok());
  EXPECT_EQ(store_.commits.size(), commits) << "made a second time";
  Add({About(Person(1))});
  EXPECT_EQ(Find({Person(1)}), (Indices{"5", "4", "0"}));
}

TEST_F(SubjectIndexTest, AnInterruptedIndexIsMadeInBoundedStepsAndWholeInTheEnd) {
  constexpr std::size_t kEvents = 25'000;
  Add(std::vector<transparency::Event>(kEvents, About(Person(1))));
  const auto rows = RowsOf(store_, Family::kSubjects);
  LoseIndex();
  for (const std::size_t steps : {0, 1, 2}) {
    store_.commits.clear();
    store_.most_commits = steps;
    EXPECT_EQ(ReasonOf(EventLog::Open(store_).status()), Reason::kStorageUnavailable);
    EXPECT_FALSE(store_.Get(Family::kMeta, "events/subjects").value().has_value()) << "counts as whole";
  }
  store_.commits.clear();
  store_.most_commits = kNoLimit;
  ASSERT_TRUE(EventLog::Open(store_).ok());
  EXPECT_EQ(store_.commits.size(), 3U);
  EXPECT_LE(*std::max_element(store_.commits.begin(), store_.commits.end()), 10'000U);
  EXPECT_EQ(RowsOf(store_, Family::kSubjects), rows);
}

TEST_F(SubjectIndexTest, WhatDoesNotFitTheEventsIsAnError) {
  Add({About(Person(1)), About(Person(1))});
  EXPECT_EQ(ReasonOf(EventLog::FindConcerning(store_, std::vector<std::string>{"short"}, 1).status()),
            Reason::kInternal);
  PutRow(store_, Family::kSubjects, Person(2) + "x", "");
  EXPECT_EQ(ReasonOf(EventLog::FindConcerning(store_, std::vector{Person(2)}, 0).status()), Reason::kRecordCorrupt);
  const auto events = RowsOf(store_, Family::kEvents);
  PutRow(store_, Family::kEvents, events[1].first, "x");
  EXPECT_EQ(ReasonOf(EventLog::FindConcerning(store_, std::vector{Person(1)}, 1).status()), Reason::kRecordCorrupt);
  DeleteRow(store_, Family::kEvents, events[1].first);
  EXPECT_EQ(ReasonOf(EventLog::FindConcerning(store_, std::vector{Person(1)}, 1).status()), Reason::kRecordCorrupt);
}

}  // namespace
}  // namespace kobling::storage
