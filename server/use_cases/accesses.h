// Who has looked at a person: how events name whom they concern, and how the person is told of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/ids.h"
#include "domain/national_id.h"
#include "kobling/v1/insight_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// A person as of now.
struct FoundPerson {
  std::vector<std::uint32_t> numbers;   // of every identifier; none for somebody whom the directory does not know
  std::string subject;                  // what events call the person: the reference made from the canonical identifier
  std::vector<std::string> references;  // made from every identifier, the subject among them
};

// The person who holds the identifier. Somebody whom the directory does not know is called by the identifier itself, so
// that whoever becomes known later finds what concerned them before.
absl::StatusOr<FoundPerson> FindPerson(const Core& core, const domain::NationalId& identifier);

// The person who has the identifiers with these numbers, ascending: the canonical one first.
absl::StatusOr<FoundPerson> DescribePerson(const Core& core, const std::vector<domain::IdentifierNumber>& numbers);

// Makes the event one that concerns the person, and that each of their identifiers leads to, whatever persons are
// merged or split later.
void SetSubject(const FoundPerson& person, transparency::Event& event);

// How the right to ask for somebody stands in an event's change "representation": "power-of-attorney".
std::string WordOf(api::RepresentationKind kind);
inline constexpr std::string_view kRepresentationChange = "representation";

inline constexpr int kMostAccesses = 200;

// Puts into the answer who has looked at the person until now, the newest kMostAccesses, and how often anybody has.
// Never who acted: the answer goes to every portal and every representative who asks.
absl::Status AddAccesses(const Core& core, const FoundPerson& person, api::LookupResponse& response);

}  // namespace kobling::server
