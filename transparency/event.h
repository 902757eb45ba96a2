// What the event log records. docs/formats/events.md gives the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kobling::transparency {

struct EventChange {
  std::string field;
  std::string old_value;
  std::string new_value;
  friend bool operator==(const EventChange&, const EventChange&) = default;
};

// The result of everything that was not refused.
inline constexpr std::string_view kOkResult = "OK";

// One event. Texts come from callers' descriptive fields (titles, reasons) or are names of our own; never an
// identifier, a løpenummer or a key. The subject is a keyed reference to a person, empty where no person is concerned.
struct Event {
  absl::Time time;  // kept to the microsecond
  std::string actor;
  std::string role;
  std::string operation;
  std::string result{kOkResult};
  std::string purpose;
  std::string project;
  std::string register_id;
  std::string object;
  std::string reason;
  std::string request_id;
  std::string subject;
  // References to the same person made from their other identifiers: the event is found under each of them as well. Not
  // part of the canonical bytes, so none in an event that was read.
  std::vector<std::string> other_subjects;
  std::vector<std::pair<std::string, std::uint64_t>> counts;
  std::vector<EventChange> changes;
  friend bool operator==(const Event&, const Event&) = default;
};

// The canonical bytes: events that differ in no more than other_subjects have equal bytes, and the bytes are the leaf
// of the Merkle tree.
std::string EncodeEvent(const Event& event);

// Fails with RECORD_CORRUPT unless the bytes are exactly what EncodeEvent makes.
absl::StatusOr<Event> DecodeEvent(std::string_view bytes);

}  // namespace kobling::transparency
