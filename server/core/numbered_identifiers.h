// A stream's people with numbers, and the rows that new numbers need.
#pragma once

#include "absl/status/statusor.h"
#include "server/core/core.h"
#include "server/core/identifier_stream.h"

namespace kobling::server {

// Nothing is given out until the rows are committed and the allotment is published.
struct NumberedIdentifiers {
  storage::NumberSet index;
  storage::NumberSet relatives;
  storage::SetId index_id;
  storage::SetId relative_id;
  storage::Allotment allotment;
  storage::WriteBatch directory_rows;
};

// Within a commit only, after ResolveStrangers. Fails as Directory::Allot does.
absl::StatusOr<NumberedIdentifiers> NumberIdentifiers(const Core& core, const StreamedIdentifiers& stream);

// Puts the directory's rows into the change and lets the numbers be found once they are durable.
void PublishNumbers(const Core& core, NumberedIdentifiers& numbered, Change& change);

}  // namespace kobling::server
