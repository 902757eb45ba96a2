// What anybody may know of the projects: the list that is published.
#pragma once

#include "kobling/v1/project_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

class PublicProjects {
 public:
  explicit PublicProjects(const Core& core) : core_(core) {}

  // The projects that are or were active. The message has no field for anything that is not public.
  api::ListPublicProjectsResponse List() const;

 private:
  const Core& core_;
};

}  // namespace kobling::server
