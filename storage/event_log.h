// The event log: canonical bytes under a dense index, the frontier of their RFC 6962 tree, and an index of the persons
// whom they concern, always in step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/merkle.h"
#include "storage/key_value_store.h"
#include "transparency/event.h"

namespace kobling::storage {

// Writing is for one caller at a time (the committer); reading is safe for concurrent use.
class EventLog {
 public:
  // Fails with RECORD_CORRUPT if the stored frontier and the stored events do not agree in number. Events from before
  // there was an index of persons are put into it first, which reads all of them, once.
  static absl::StatusOr<std::unique_ptr<EventLog>> Open(KeyValueStore& store);

  // Index that the next event gets, which is also the number of events.
  std::uint64_t size() const { return frontier_.size(); }

  // Adds the events, their rows in the index of persons and the frontier after them to the batch. Nothing counts until
  // Publish, which follows the commit.
  crypto::MerkleFrontier Append(std::span<const transparency::Event> events, WriteBatch& batch) const;
  void Publish(crypto::MerkleFrontier frontier) { frontier_ = std::move(frontier); }

  // Root of the tree over all events.
  crypto::Digest Root() const { return frontier_.Root(); }

  // The tree over all events that the store holds. Fails with RECORD_CORRUPT.
  static absl::StatusOr<crypto::MerkleFrontier> ReadFrontier(const Reader& store);

  // Calls `visit` with the bytes of each event from `first` on, by index, until it returns false or an error, which is
  // then returned. Fails with RECORD_CORRUPT if an event is missing.
  static absl::Status ForEachEntry(
      const Reader& store, std::uint64_t first,
      const std::function<absl::StatusOr<bool>(std::uint64_t index, std::string_view entry)>& visit);

  // The bytes of one event. Fails with RECORD_CORRUPT if it is not there.
  static absl::StatusOr<std::string> ReadEntry(const Reader& store, std::uint64_t index);

  // Calls `visit` with each event from `first` on, by index, until it returns false. Fails with RECORD_CORRUPT if an
  // event is missing or cannot be read.
  static absl::Status ForEach(const Reader& store, std::uint64_t first,
                              const std::function<bool(std::uint64_t index, const transparency::Event& event)>& visit);

  // What concerns a person.
  struct Concerning {
    std::uint64_t count = 0;                  // of all
    std::vector<transparency::Event> newest;  // the newest first
  };

  // Looks up the events that any of these references to a person leads to, each once; at most `limit` are read.
  // Refusals are not among them: nobody was shown anything. Fails with RECORD_CORRUPT if an event is missing or cannot
  // be read.
  static absl::StatusOr<Concerning> FindConcerning(const Reader& store, std::span<const std::string> subjects,
                                                   std::size_t limit);

 private:
  explicit EventLog(crypto::MerkleFrontier frontier) : frontier_(std::move(frontier)) {}

  crypto::MerkleFrontier frontier_;
};

}  // namespace kobling::storage
