// A project's case as a TOML file, for those who prefer an editor to a long command line.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "kobling/v1/project_service.pb.h"

namespace kobling::client {

namespace api = kobling::v1;

// A commented file with every field, ready to be filled in. ReadCaseText accepts it as it stands.
std::string CaseTemplate();

// Reads a case. Fields that are not there stay unset. Fails with FILE_MALFORMED, naming the file and the field, for a
// field that does not exist, has the wrong type, or a word or date that is not one.
absl::StatusOr<api::ProjectCase> ReadCaseText(std::string_view text, const std::filesystem::path& file);

// ReadSmallFile and ReadCaseText.
absl::StatusOr<api::ProjectCase> ReadCaseFile(const std::filesystem::path& file);

// What the case lacks or contradicts before a project with it can be declared ready, as far as can be seen offline: one
// error for each. A case whose end is before `today` can never be activated. The server has the last word.
std::vector<absl::Status> CheckCase(const api::ProjectCase& project_case, absl::CivilDay today);

// Whether the field of a case is a date.
bool IsDateField(std::string_view field);

// Fails with FIELD_MALFORMED, naming the field, unless the text is empty or a date such as 2026-11-22.
absl::Status CheckDate(std::string_view field, std::string_view text);

}  // namespace kobling::client
