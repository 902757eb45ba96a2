#include "server/core/numbered_identifiers.h"

#include <utility>
#include <vector>

#include "domain/status_macros.h"

namespace kobling::server {

absl::StatusOr<NumberedIdentifiers> NumberIdentifiers(const Core& core, const StreamedIdentifiers& stream) {
  std::vector<storage::NewIdentifier> entries;
  entries.reserve(stream.strangers.size());
  for (const Stranger& stranger : stream.strangers) {
    entries.push_back(stranger.entry);
  }
  NumberedIdentifiers numbered;
  KOBLING_ASSIGN_OR_RETURN(numbered.allotment, core.directory.Allot(entries, numbered.directory_rows));
  numbered.index = stream.index;
  numbered.relatives = stream.relatives;
  std::uint32_t number = numbered.allotment.first;
  for (const Stranger& stranger : stream.strangers) {
    (stranger.in_index ? numbered.index : numbered.relatives).add(number++);
  }
  for (storage::NumberSet* set : {&numbered.index, &numbered.relatives}) {
    set->runOptimize();
    set->shrinkToFit();
  }
  numbered.index_id = core.sets.NameOf(numbered.index);
  numbered.relative_id = core.sets.NameOf(numbered.relatives);
  return numbered;
}

void PublishNumbers(const Core& core, NumberedIdentifiers& numbered, Change& change) {
  change.batch.Append(std::move(numbered.directory_rows));
  change.Afterwards(
      [&directory = core.directory, allotment = std::move(numbered.allotment)] { directory.Publish(allotment); });
}

}  // namespace kobling::server
