// Files of the identity feed: one event after the other. docs/formats/identity-events.md describes them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/row_files.h"
#include "kobling/v1/identity_service.pb.h"

namespace kobling::client {

enum class IdentityEventFormat { kCsv, kJsonLines };

// Reads the events of a file in their order, in bounded memory. What is wrong is said with file and line, and never
// with a value of the file: IDENTITY_EVENT_MALFORMED or one of the reasons of identifiers, naming the field, for an
// event that is not written as its kind demands; FILE_EMPTY for a file without any line; FILE_MALFORMED and what else
// the readers of tables and lines refuse.
// Whether an identifier is valid, and whether an event is the next one, is for the server to say. Not thread-safe.
class IdentityEventReader {
 public:
  static absl::StatusOr<std::unique_ptr<IdentityEventReader>> Open(const RowFile& file, IdentityEventFormat format);
  virtual ~IdentityEventReader() = default;

  // Fills in the next event, or says false at the end.
  virtual absl::StatusOr<bool> Next(api::IdentityEvent& event) = 0;

  // Where the event that was given last stands.
  virtual std::uint64_t line() const = 0;
  virtual std::uint64_t bytes_read() const = 0;
};

}  // namespace kobling::client
