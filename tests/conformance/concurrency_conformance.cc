// Many threads at once: batches are seen whole, commits are one after another.
#include <atomic>
#include <thread>

#include "tests/conformance/key_value_store_conformance.h"
#include "tests/conformance/test_length.h"

namespace kobling::tests {
namespace {

using domain::Reason;
using storage::Family;
using storage::KeyRange;
using storage::Reader;
using storage::WriteBatch;

constexpr int kRows = 40;
// So many keys in one MultiGet that a backend may want to answer in parts.
constexpr int kTimesAsked = 30;

std::string KeyOf(int row) { return "row " + std::to_string(100 + row); }

// Every row of both families has the same value in every commit; a reader who sees two values sees half a commit.
WriteBatch BatchOf(int round) {
  WriteBatch batch;
  for (int row = 0; row < kRows; ++row) {
    batch.Put(Family::kSets, KeyOf(row), std::to_string(round));
    batch.Put(Family::kEvents, KeyOf(row), std::to_string(round));
  }
  return batch;
}

// The one value that all rows have, as a number.
int OneValueOf(const std::vector<std::string>& values) {
  EXPECT_FALSE(values.empty());
  for (const std::string& value : values) {
    EXPECT_EQ(value, values.front());
  }
  return values.empty() ? -1 : std::stoi(values.front());
}

int SeenByScan(const Reader& reader, Family family) {
  std::vector<std::string> values;
  for (auto& [key, value] : RowsOf(reader, family)) {
    values.push_back(std::move(value));
  }
  EXPECT_EQ(values.size(), static_cast<std::size_t>(kRows));
  return OneValueOf(values);
}

int SeenByMultiGet(const Reader& reader, Family family) {
  std::vector<std::string> keys;
  for (int i = 0; i < kRows * kTimesAsked; ++i) {
    keys.push_back(KeyOf(i % kRows));
  }
  std::vector<std::string> values;
  for (std::optional<std::string>& value : ValuesOf(reader, family, keys)) {
    EXPECT_TRUE(value.has_value());
    values.push_back(value.value_or("-1"));
  }
  return OneValueOf(values);
}

TEST_P(KeyValueStoreConformance, ReadersNeverSeeAPartOfABatch) {
  const int rounds = LongTests() ? 10'000 : 200;
  Commit(BatchOf(0));
  std::atomic<int> acknowledged = 0;
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      int last = 0;
      const auto check = [&last](int seen, int at_least) {
        EXPECT_GE(seen, at_least);
        EXPECT_GE(seen, last);
        last = seen;
      };
      while (!done) {
        int at_least = acknowledged;
        check(SeenByScan(store(), Family::kSets), at_least);
        at_least = acknowledged;
        check(SeenByMultiGet(store(), Family::kEvents), at_least);
        at_least = acknowledged;
        const auto snapshot = store().TakeSnapshot();
        ASSERT_THAT(snapshot, IsOk());
        const int first = SeenByMultiGet(**snapshot, Family::kSets);
        check(first, at_least);
        EXPECT_EQ(SeenByScan(**snapshot, Family::kEvents), first);
        EXPECT_EQ(SeenByMultiGet(**snapshot, Family::kEvents), first);
      }
    });
  }
  for (int round = 1; round <= rounds; ++round) {
    const absl::Status committed = store().Commit(BatchOf(round));
    EXPECT_TRUE(committed.ok()) << committed;
    acknowledged = round;
  }
  done = true;
  for (std::thread& reader : readers) {
    reader.join();
  }
  Settle();
  EXPECT_EQ(SeenByScan(store(), Family::kSets), rounds);
}

TEST_P(KeyValueStoreConformance, RequirementsOfCommitsAtTheSameTimeAreKept) {
  const int wins_per_thread = LongTests() ? 1'000 : 50;
  constexpr int kThreads = 4;
  Put(Family::kMeta, "counter", "0");
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      int lost = 0;
      for (int won = 0; won < wins_per_thread;) {
        // Somebody wins whenever one loses, unless two have won with the same number and all are stuck.
        ASSERT_LE(lost, kThreads * wins_per_thread);
        const std::string before = ValueOf(store(), Family::kMeta, "counter").value_or("");
        const std::string after = std::to_string(std::stoi(before) + 1);
        WriteBatch batch;
        batch.RequireValue(Family::kMeta, "counter", before);
        batch.RequireAbsent(Family::kLedger, after);
        batch.Put(Family::kMeta, "counter", after);
        batch.Put(Family::kLedger, after, std::to_string(thread));
        const absl::Status committed = store().Commit(batch);
        if (committed.ok()) {
          ++won;
        } else {
          ASSERT_THAT(committed, FailsWith(Reason::kPreconditionFailed));
          ++lost;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  Settle();
  EXPECT_EQ(ValueOf(store(), Family::kMeta, "counter"), std::to_string(kThreads * wins_per_thread));
  EXPECT_EQ(RowsOf(store(), Family::kLedger).size(), static_cast<std::size_t>(kThreads * wins_per_thread));
}

}  // namespace
}  // namespace kobling::tests
