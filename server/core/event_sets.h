// Sets of persons in events: a digest that commits the log to the set, and tells readers of the log nothing.
#pragma once

#include <string_view>

#include "server/core/core.h"
#include "storage/set_store.h"
#include "transparency/event.h"

namespace kobling::server {

// Adds the digest of a stored set to the event, as a change of the field `what`. Keyed, and of this event: the same set
// has another digest in every other event, so that nobody sees from the log that two sets are equal. Whoever has
// K_digest and the database can compare. To be called when the event has its project, register, object and request id.
// An empty set is left out. docs/formats/events.md has the bytes.
void DescribeSet(const Core& core, std::string_view what, const storage::SetId& set, transparency::Event& event);

}  // namespace kobling::server
