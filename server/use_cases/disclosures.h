// Who received what, how many persons, when and on which basis: the overview of helseregisterloven § 19 h.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "kobling/v1/audit_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// Which rows; what is empty does not matter.
struct DisclosureFilter {
  std::string register_id;
  std::string since;  // 2026-11-22, inclusive
  std::string until;  // inclusive
};

// Adds the project's rows by register and key file. Nothing of them is stored: they are made of the key files, the
// reports of use and the versions of the case, which are never deleted.
void AddDisclosures(const StateData& state, const Project& project, const DisclosureFilter& wanted,
                    google::protobuf::RepeatedPtrField<api::Disclosure>& rows);

class Disclosures {
 public:
  // What clients take in one message, with room to spare.
  static constexpr std::size_t kMaxAnswerBytes = std::size_t{48} << 20;

  explicit Disclosures(const Core& core, std::size_t max_answer_bytes = kMaxAnswerBytes)
      : core_(core), max_answer_bytes_(max_answer_bytes) {}

  absl::StatusOr<api::ListDisclosuresResponse> List(const Call& call, const api::ListDisclosuresRequest& request) const;

 private:
  const Core& core_;
  const std::size_t max_answer_bytes_;
};

}  // namespace kobling::server
