// The identity history of the fake server: it applies events in parts, and breaks off when it is told to. For tests
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "client/connection.h"

namespace kobling::client {

class FakeIdentityHistory {
 public:
  IdentityStreamEnd Import(const api::ImportEventsHeader& header, IdentityEventSource& events);

  std::uint64_t version = 0;                         // of the last event applied
  std::map<std::uint64_t, api::IdentityEvent> kept;  // by number
  std::size_t part = 3;                              // events that are applied, and answered, at a time
  std::vector<std::size_t>
      break_after;           // for each stream in turn: events after which it breaks, that part's answer lost
  absl::Status break_with;   // what the caller is told then; SERVER_UNREACHABLE if it is OK
  absl::Status refuse_with;  // what the caller is told at once, if it is not OK

  // What streams have brought.
  std::vector<api::ImportEventsHeader> headers;
  std::vector<std::vector<std::uint64_t>> sequences;
  std::vector<int> batch_sizes;

 private:
  absl::Status Apply(const api::IdentityEvent& event, api::ImportEventsResponse& answer);
};

}  // namespace kobling::client
