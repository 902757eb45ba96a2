// The public list of projects as files for a web server.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/report_folder.h"
#include "kobling/v1/project_service.pb.h"

namespace kobling::client {

namespace api = kobling::v1;

// What the page says of how it was made.
inline constexpr const char* kPublicListGenerator = "kobling project publish";

// index.html, projects.json and projects.csv. The page comes first: it is what shows whose files they are.
std::vector<ReportFile> PublicListFiles(const api::ListPublicProjectsResponse& list, absl::Time made);

}  // namespace kobling::client
