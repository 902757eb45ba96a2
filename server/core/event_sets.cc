#include "server/core/event_sets.h"

#include <span>
#include <string>

#include "absl/strings/escaping.h"

namespace kobling::server {

void DescribeSet(const Core& core, std::string_view what, const storage::SetId& set, transparency::Event& event) {
  if (set.empty()) {
    return;
  }
  auto stream = core.keys.digest.Start("event-set");
  const auto update = [&](std::string_view part) {
    stream.Update(std::span(reinterpret_cast<const std::uint8_t*>(part.data()), part.size()));
    stream.Update(std::span(reinterpret_cast<const std::uint8_t*>(""), 1));
  };
  for (const std::string_view part : {std::string_view(event.project), std::string_view(event.register_id),
                                      std::string_view(event.object), std::string_view(event.request_id), what}) {
    update(part);
  }
  update(set);
  const crypto::Digest digest = stream.Finish();
  event.changes.push_back(
      {std::string(what), "",
       absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()))});
}

}  // namespace kobling::server
