#include "storage/event_log.h"

#include "domain/error.h"
#include "domain/status_macros.h"
#include "storage/big_endian.h"

namespace kobling::storage {
namespace {

constexpr std::string_view kFrontierKey = "events/frontier";

std::string EventKey(std::uint64_t index) {
  std::string key;
  AppendBigEndian(key, index);
  return key;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLog>> EventLog::Open(const Reader& store) {
  KOBLING_ASSIGN_OR_RETURN(const auto stored, store.Get(Family::kMeta, kFrontierKey));
  crypto::MerkleFrontier frontier;
  if (stored.has_value()) {
    KOBLING_ASSIGN_OR_RETURN(frontier, crypto::MerkleFrontier::Parse(*stored));
  }
  const std::uint64_t size = frontier.size();
  const auto mismatch = [] {
    return domain::MakeError(domain::Reason::kRecordCorrupt,
                             {{domain::DetailKey::kHint, "the event log and its tree do not agree"}});
  };
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
  return std::unique_ptr<EventLog>(new EventLog(std::move(frontier)));
}

crypto::MerkleFrontier EventLog::Append(std::span<const Event> events, WriteBatch& batch) const {
  crypto::MerkleFrontier frontier = frontier_;
  for (const Event& event : events) {
    std::string bytes = EncodeEvent(event);
    const std::uint64_t index = frontier.size();
    frontier.Append(crypto::LeafHash(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())));
    batch.Put(Family::kEvents, EventKey(index), std::move(bytes));
  }
  batch.Put(Family::kMeta, kFrontierKey, frontier.Serialize());
  return frontier;
}

absl::Status EventLog::ForEach(const Reader& store, std::uint64_t first,
                               const std::function<bool(std::uint64_t, const Event&)>& visit) {
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store.Scan(Family::kEvents, KeyRange{EventKey(first), ""}));
  for (std::uint64_t expected = first; rows->Valid(); rows->Next(), ++expected) {
    if (rows->key() != EventKey(expected)) {
      return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kHint, "an event is missing"}});
    }
    KOBLING_ASSIGN_OR_RETURN(const Event event, DecodeEvent(rows->value()));
    if (!visit(expected, event)) {
      return absl::OkStatus();
    }
  }
  return rows->status();
}

}  // namespace kobling::storage
