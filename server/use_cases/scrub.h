// A check of everything that is kept about persons, against itself.
#pragma once

#include <mutex>

#include "absl/status/statusor.h"
#include "kobling/v1/operator_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

class Scrub {
 public:
  explicit Scrub(const Core& core) : core_(core) {}

  // What is damaged is counted and reported, never mended. Everything else goes on meanwhile: a project whose
  // memberships are deleted then is passed over. Fails with SERVER_BUSY while another call runs, since each holds a
  // second identity map.
  absl::StatusOr<api::ScrubReport> Run(const Call& call, const api::ScrubRequest& request) const;

 private:
  const Core& core_;
  mutable std::mutex running_;
};

}  // namespace kobling::server
