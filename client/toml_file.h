// TOML as this program uses it: tables, texts, numbers, yes and no. Reading never throws.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "domain/error.h"
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace kobling::client {

// Fails with `reason`, naming the file and the line, if the text is no TOML.
absl::StatusOr<toml::table> ParseToml(std::string_view text, const std::filesystem::path& file, domain::Reason reason);

// A text as a TOML string in quotation marks.
std::string TomlString(std::string_view text);

}  // namespace kobling::client
