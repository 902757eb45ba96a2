#include "client/toml_file.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace kobling::client {

absl::StatusOr<toml::table> ParseToml(std::string_view text, const std::filesystem::path& file, domain::Reason reason) {
  toml::parse_result result = toml::parse(text);
  if (!result) {
    return domain::MakeError(reason, {{domain::DetailKey::kFile, file.string()},
                                      {domain::DetailKey::kLine, std::uint64_t{result.error().source().begin.line}},
                                      {domain::DetailKey::kHint, std::string(result.error().description())}});
  }
  return std::move(result).table();
}

std::string TomlString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += absl::StrFormat("\\u%04X", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace kobling::client
