// Events of the identity history, as the feed brings them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/national_id.h"
#include "kobling/v1/identity_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// One import while it arrives. For one thread. Each batch is applied whole or not at all, and stays whatever comes
// after it.
class IdentityFeed {
 public:
  static constexpr int kMaxBatchEvents = 10'000;

  // Checks the header. Fails with IDENTITY_FEED_TOO_OLD if nothing was applied for as long as the source keeps events.
  static absl::StatusOr<std::unique_ptr<IdentityFeed>> Begin(const Core& core, const Call& call,
                                                             const domain::NationalIdRules& rules,
                                                             const api::ImportEventsHeader& header);

  // Applies the events that were not applied before. Fails with IDENTITY_SEQUENCE, IDENTITY_EVENT_DIFFERS or
  // IDENTITY_EVENT_MALFORMED at the first event that is wrong, after all before it were applied.
  absl::Status Add(const api::IdentityEventBatch& batch);

  // How far the stream has come. After an event was refused it counts all before that one.
  const api::ImportEventsResponse& progress() const { return progress_; }

  // Fails with STREAM_PROTOCOL if events are missing.
  absl::StatusOr<api::ImportEventsResponse> Commit(const api::ImportEventsCommit& commit);

 private:
  // An event whose identifiers have been read and have no numbers yet.
  struct ParsedEvent {
    std::uint64_t sequence;
    storage::IdentityChange change;               // without numbers
    std::vector<domain::NationalId> identifiers;  // the event's own, then the other one if there is one
    std::vector<crypto::Tag> tags;                // of the identifiers
  };

  IdentityFeed(const Core& core, const Call& call, const domain::NationalIdRules& rules,
               const api::ImportEventsHeader& header)
      : core_(core), call_(call), rules_(rules), header_(header) {}

  absl::Status CheckHeader() const;
  absl::StatusOr<ParsedEvent> Parse(const api::IdentityEvent& event) const;
  absl::Status ApplyInChange(std::vector<ParsedEvent>& events, absl::Status& stopped, Change& change);
  // Those up to the map's version must be what was applied then: counts them and leaves them out, up to the first that
  // is not.
  absl::Status PassOver(std::vector<ParsedEvent>& events);
  storage::Allotment Number(std::vector<ParsedEvent>& events, storage::WriteBatch& batch, absl::Status& status) const;

  const Core& core_;
  const Call call_;
  const domain::NationalIdRules& rules_;
  const api::ImportEventsHeader header_;
  std::uint64_t received_ = 0;
  api::ImportEventsResponse progress_;
};

}  // namespace kobling::server
