#include "storage/event_log.h"

#include <algorithm>
#include <string_view>

#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::storage {
namespace {

constexpr std::string_view kFrontierKey = "events/frontier";
// Stands in meta once every event is in the index of persons.
constexpr std::string_view kIndexedKey = "events/subjects";

constexpr std::size_t kSubjectBytes = 16;
constexpr std::size_t kRowsAtOnce = 10'000;

absl::Status Corrupt(std::string_view what) {
  return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kHint, what}});
}

std::string EventKey(std::uint64_t index) {
  std::string key;
  domain::AppendBigEndian(key, index);
  return key;
}

// A refusal has shown nobody anything of the person, so that it leads nowhere.
void AddSubjectRows(const transparency::Event& event, std::uint64_t index, WriteBatch& batch) {
  if (event.subject.empty() || event.result != transparency::kOkResult) {
    return;
  }
  batch.Put(Family::kSubjects, event.subject + EventKey(index), "");
  for (const std::string& subject : event.other_subjects) {
    batch.Put(Family::kSubjects, subject + EventKey(index), "");
  }
}

// For a log that was begun before there was an index. What is written twice is the same, so that after an interruption
// it begins anew. Back then no person had a second identifier: the events' own bytes say all.
absl::Status MakeIndex(KeyValueStore& store) {
  WriteBatch batch;
  absl::Status written;
  KOBLING_RETURN_IF_ERROR(EventLog::ForEach(store, 0, [&](std::uint64_t index, const transparency::Event& event) {
    AddSubjectRows(event, index, batch);
    if (batch.size() >= kRowsAtOnce) {
      written = store.Commit(batch);
      batch.Clear();
    }
    return written.ok();
  }));
  KOBLING_RETURN_IF_ERROR(written);
  batch.Put(Family::kMeta, kIndexedKey, "");
  return store.Commit(batch);
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLog>> EventLog::Open(KeyValueStore& store) {
  KOBLING_ASSIGN_OR_RETURN(crypto::MerkleFrontier frontier, ReadFrontier(store));
  const std::uint64_t size = frontier.size();
  const auto mismatch = [] { return Corrupt("the event log and its tree do not agree"); };
  if (size > 0) {
    KOBLING_ASSIGN_OR_RETURN(const auto last, store.Get(Family::kEvents, EventKey(size - 1)));
    if (!last.has_value()) {
      return mismatch();
    }
  }
  KOBLING_ASSIGN_OR_RETURN(const auto beyond, store.Scan(Family::kEvents, KeyRange{EventKey(size), ""}));
  if (beyond->Valid()) {
    return mismatch();
  }
  KOBLING_RETURN_IF_ERROR(beyond->status());
  if (size > 0) {
    KOBLING_ASSIGN_OR_RETURN(const auto indexed, store.Get(Family::kMeta, kIndexedKey));
    if (!indexed.has_value()) {
      KOBLING_RETURN_IF_ERROR(MakeIndex(store));
    }
  }
  return std::unique_ptr<EventLog>(new EventLog(std::move(frontier)));
}

absl::StatusOr<crypto::MerkleFrontier> EventLog::ReadFrontier(const Reader& store) {
  KOBLING_ASSIGN_OR_RETURN(const auto stored, store.Get(Family::kMeta, kFrontierKey));
  return stored.has_value() ? crypto::MerkleFrontier::Parse(*stored) : crypto::MerkleFrontier();
}

crypto::MerkleFrontier EventLog::Append(std::span<const transparency::Event> events, WriteBatch& batch) const {
  crypto::MerkleFrontier frontier = frontier_;
  for (const transparency::Event& event : events) {
    std::string bytes = transparency::EncodeEvent(event);
    const std::uint64_t index = frontier.size();
    frontier.Append(crypto::LeafHash(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())));
    batch.Put(Family::kEvents, EventKey(index), std::move(bytes));
    AddSubjectRows(event, index, batch);
  }
  if (frontier_.size() == 0) {
    batch.Put(Family::kMeta, kIndexedKey, "");  // a log that begins with its index has no event outside it
  }
  batch.Put(Family::kMeta, kFrontierKey, frontier.Serialize());
  return frontier;
}

absl::Status EventLog::ForEachEntry(const Reader& store, std::uint64_t first,
                                    const std::function<absl::StatusOr<bool>(std::uint64_t, std::string_view)>& visit) {
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store.Scan(Family::kEvents, KeyRange{EventKey(first), ""}));
  for (std::uint64_t expected = first; rows->Valid(); rows->Next(), ++expected) {
    if (rows->key() != EventKey(expected)) {
      return Corrupt("an event is missing");
    }
    KOBLING_ASSIGN_OR_RETURN(const bool go_on, visit(expected, rows->value()));
    if (!go_on) {
      return absl::OkStatus();
    }
  }
  return rows->status();
}

absl::Status EventLog::ForEach(const Reader& store, std::uint64_t first,
                               const std::function<bool(std::uint64_t, const transparency::Event&)>& visit) {
  return ForEachEntry(store, first, [&](std::uint64_t index, std::string_view entry) -> absl::StatusOr<bool> {
    KOBLING_ASSIGN_OR_RETURN(const transparency::Event event, transparency::DecodeEvent(entry));
    return visit(index, event);
  });
}

absl::StatusOr<std::string> EventLog::ReadEntry(const Reader& store, std::uint64_t index) {
  KOBLING_ASSIGN_OR_RETURN(auto entry, store.Get(Family::kEvents, EventKey(index)));
  if (!entry.has_value()) {
    return Corrupt("an event is missing");
  }
  return *std::move(entry);
}

absl::StatusOr<EventLog::Concerning> EventLog::FindConcerning(const Reader& store,
                                                              std::span<const std::string> subjects,
                                                              std::size_t limit) {
  std::vector<std::string> keys;  // of events; they sort by index
  for (const std::string& subject : subjects) {
    if (subject.size() != kSubjectBytes) {
      return domain::MakeError(domain::Reason::kInternal, {{domain::DetailKey::kHint, "no reference to a person"}});
    }
    KOBLING_ASSIGN_OR_RETURN(const auto rows, store.Scan(Family::kSubjects, KeyRange::Prefix(subject)));
    for (; rows->Valid(); rows->Next()) {
      if (rows->key().size() != kSubjectBytes + sizeof(std::uint64_t)) {
        return Corrupt("the index of the event log has a wrong key");
      }
      keys.emplace_back(rows->key().substr(kSubjectBytes));
    }
    KOBLING_RETURN_IF_ERROR(rows->status());
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  Concerning found;
  found.count = keys.size();
  const std::vector<std::string_view> wanted(keys.end() - static_cast<std::ptrdiff_t>(std::min(limit, keys.size())),
                                             keys.end());
  KOBLING_ASSIGN_OR_RETURN(const auto events, store.MultiGet(Family::kEvents, wanted));
  for (auto bytes = events.rbegin(); bytes != events.rend(); ++bytes) {
    if (!bytes->has_value()) {
      return Corrupt("an event is missing");
    }
    KOBLING_ASSIGN_OR_RETURN(transparency::Event event, transparency::DecodeEvent(**bytes));
    found.newest.push_back(std::move(event));
  }
  return found;
}

}  // namespace kobling::storage
