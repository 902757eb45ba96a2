#include "client/commands/identifier_input.h"

#include <algorithm>
#include <cstdint>

#include "client/read_line.h"
#include "crypto/secret_memory.h"
#include "domain/national_id.h"

namespace kobling::client {
namespace {

absl::Status CheckElevenDigits(const std::string& identifier, std::string_view whose) {
  const bool is_eleven_digits =
      identifier.size() == domain::NationalId::kLength &&
      std::all_of(identifier.begin(), identifier.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_eleven_digits) {
    return absl::OkStatus();
  }
  return domain::MakeError(
      identifier.empty() ? domain::Reason::kIdentifierEmpty : domain::Reason::kIdentifierNotElevenDigits,
      {{domain::DetailKey::kFile, "standard input"}, {domain::DetailKey::kField, whose}});
}

}  // namespace

absl::StatusOr<std::string> ReadIdentifier(const Surroundings& surroundings, std::string_view whose) {
  if (surroundings.input_is_terminal) {
    surroundings.err << "The " << whose << "'s identifier (not shown): " << std::flush;
  }
  KOBLING_ASSIGN_OR_RETURN(std::string identifier, ReadHiddenLine(surroundings.input));
  if (surroundings.input_is_terminal) {
    surroundings.err << '\n';
  }
  if (const absl::Status status = CheckElevenDigits(identifier, whose); !status.ok()) {
    Wipe(identifier);
    return status;
  }
  return identifier;
}

absl::Status CheckNoMoreLines(const Surroundings& surroundings, std::string_view expected) {
  if (surroundings.input_is_terminal) {
    return absl::OkStatus();
  }
  KOBLING_ASSIGN_OR_RETURN(const bool has_more, HasMoreText(surroundings.input));
  return has_more ? UsageError("standard input has more than " + std::string(expected)) : absl::OkStatus();
}

void Wipe(std::string& text) {
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  text.clear();
}

}  // namespace kobling::client
