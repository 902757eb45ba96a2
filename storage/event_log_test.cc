#include "storage/event_log.h"

#include <gtest/gtest.h>

#include "domain/error.h"
#include "storage/memory_key_value_store.h"
#include "storage/stores_testing.h"

namespace kobling::storage {
namespace {

using domain::Reason;
using domain::ReasonOf;

transparency::Event Numbered(std::uint64_t number) {
  transparency::Event event;
  event.time = absl::FromUnixSeconds(static_cast<std::int64_t>(number));
  event.operation = "test.event";
  event.counts = {{"number", number}};
  return event;
}

std::span<const std::uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// RFC 6962 section 2.1, word for word: split at the largest power of two below the number of leaves.
crypto::Digest NaiveRoot(std::span<const std::string> leaves) {
  if (leaves.empty()) {
    return crypto::Sha256(std::span<const std::uint8_t>());
  }
  if (leaves.size() == 1) {
    const std::string data = std::string(1, '\0') + leaves[0];
    return crypto::Sha256(Bytes(data));
  }
  std::size_t split = 1;
  while (split * 2 < leaves.size()) {
    split *= 2;
  }
  const crypto::Digest left = NaiveRoot(leaves.first(split));
  const crypto::Digest right = NaiveRoot(leaves.subspan(split));
  const std::array<std::uint8_t, 1> prefix = {1};
  return crypto::Sha256({prefix, left, right});
}

class EventLogTest : public ::testing::Test {
 protected:
  void Add(EventLog& log, std::size_t count) {
    std::vector<transparency::Event> events;
    for (std::size_t i = 0; i < count; ++i) {
      events.push_back(Numbered(log.size() + i));
    }
    WriteBatch batch;
    crypto::MerkleFrontier frontier = log.Append(events, batch);
    ASSERT_TRUE(store_.Commit(batch).ok());
    log.Publish(std::move(frontier));
  }

  std::vector<std::string> Leaves() const {
    std::vector<std::string> leaves;
    for (auto& [key, value] : RowsOf(store_, Family::kEvents)) {
      leaves.push_back(value);
    }
    return leaves;
  }

  MemoryKeyValueStore store_;
};

TEST_F(EventLogTest, TheRootIsThatOfTheStoredLeavesAtEverySize) {
  auto log = EventLog::Open(store_).value();
  EXPECT_EQ(log->Root(), NaiveRoot({}));
  for (const std::size_t count : {1, 1, 1, 2, 3, 5, 1, 17, 64, 33}) {
    Add(*log, count);
    const std::vector<std::string> leaves = Leaves();
    EXPECT_EQ(leaves.size(), log->size());
    EXPECT_EQ(log->Root(), NaiveRoot(leaves));
    log = EventLog::Open(store_).value();  // and the stored frontier says the same
    EXPECT_EQ(leaves.size(), log->size());
    EXPECT_EQ(log->Root(), NaiveRoot(leaves));
  }
}

TEST_F(EventLogTest, NothingCountsBeforePublish) {
  const auto log = EventLog::Open(store_).value();
  Add(*log, 3);
  const crypto::Digest root = log->Root();
  WriteBatch batch;
  const std::vector<transparency::Event> events = {Numbered(3)};
  const crypto::MerkleFrontier frontier = log->Append(events, batch);
  EXPECT_EQ(log->size(), 3U);
  EXPECT_EQ(log->Root(), root);
  EXPECT_EQ(frontier.size(), 4U);
}

TEST_F(EventLogTest, EventsAreReadInOrderFromAnyIndexUntilToldToStop) {
  const auto log = EventLog::Open(store_).value();
  Add(*log, 300);
  std::vector<std::uint64_t> seen;
  ASSERT_TRUE(EventLog::ForEach(store_, 254, [&](std::uint64_t index, const transparency::Event& event) {
                EXPECT_EQ(event.counts.at(0).second, index);
                seen.push_back(index);
                return index < 257;
              }).ok());
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{254, 255, 256, 257}));
  ASSERT_TRUE(EventLog::ForEach(store_, 300, [&](std::uint64_t, const transparency::Event&) {
                ADD_FAILURE() << "beyond the end";
                return true;
              }).ok());
}

TEST_F(EventLogTest, ALogThatIsShorterOrLongerThanItsTreeIsRefused) {
  {
    const auto log = EventLog::Open(store_).value();
    Add(*log, 3);
  }
  const auto rows = RowsOf(store_, Family::kEvents);
  const std::string frontier = *store_.Get(Family::kMeta, "events/frontier").value();
  DeleteRow(store_, Family::kEvents, rows[2].first);
  EXPECT_EQ(ReasonOf(EventLog::Open(store_).status()), Reason::kRecordCorrupt);
  PutRow(store_, Family::kEvents, rows[2].first, rows[2].second);
  EXPECT_TRUE(EventLog::Open(store_).ok());
  PutRow(store_, Family::kEvents, std::string("\0\0\0\0\0\0\0\3", 8), rows[2].second);
  EXPECT_EQ(ReasonOf(EventLog::Open(store_).status()), Reason::kRecordCorrupt);
  DeleteRow(store_, Family::kEvents, std::string("\0\0\0\0\0\0\0\3", 8));
  DeleteRow(store_, Family::kMeta, "events/frontier");
  EXPECT_EQ(ReasonOf(EventLog::Open(store_).status()), Reason::kRecordCorrupt);
  PutRow(store_, Family::kMeta, "events/frontier", frontier.substr(0, frontier.size() - 1));
  EXPECT_EQ(ReasonOf(EventLog::Open(store_).status()), Reason::kRecordCorrupt);
}

TEST_F(EventLogTest, AnEventThatCannotBeReadEndsTheWalkWithAnError) {
  const auto log = EventLog::Open(store_).value();
  Add(*log, 3);
  const auto rows = RowsOf(store_, Family::kEvents);
  PutRow(store_, Family::kEvents, rows[1].first, rows[1].second + "x");
  std::size_t seen = 0;
  const absl::Status status =
      EventLog::ForEach(store_, 0, [&](std::uint64_t, const transparency::Event&) { return ++seen < 100; });
  EXPECT_EQ(ReasonOf(status), Reason::kRecordCorrupt);
  EXPECT_EQ(seen, 1U);
}

}  // namespace
}  // namespace kobling::storage
