// A check of everything that is kept about persons, against itself.
#pragma once

#include "absl/status/statusor.h"
#include "kobling/v1/operator_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

class Scrub {
 public:
  explicit Scrub(const Core& core) : core_(core) {}

  // What is damaged is counted and reported, never mended. Fails only as the store does when it cannot be read at all.
  absl::StatusOr<api::ScrubReport> Run(const Call& call, const api::ScrubRequest& request) const;

 private:
  const Core& core_;
};

}  // namespace kobling::server
