// Names of things that are not people: registers, projects, and who is calling.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace kobling::domain {

// A checked name. Two kinds never mix: a RegisterId is no ProjectId.
template <typename Tag>
class StrongId {
 public:
  // Fails with FIELD_MALFORMED, naming the field, if the text does not follow the kind's rule.
  static absl::StatusOr<StrongId> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  friend bool operator==(const StrongId&, const StrongId&) = default;
  friend auto operator<=>(const StrongId&, const StrongId&) = default;

 private:
  explicit StrongId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// A register, chosen by the caseworker: 2 to 20 of A-Z, 0-9 and '-', beginning with a letter. Never eleven digits.
// Example: NPR.
using RegisterId = StrongId<struct RegisterTag>;
// A project, given by the server: 'P' and 4 to 8 digits. Example: P0041.
using ProjectId = StrongId<struct ProjectTag>;
// The last segment of a caller's certificate name: 2 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', beginning with a letter.
// Never eleven digits, so that nobody is named by an identifier.
using ActorId = StrongId<struct ActorTag>;
// A request id: a UUID in lower-case hexadecimal with hyphens, 36 characters.
using RequestId = StrongId<struct RequestTag>;

// The number that the directory gives to a distinct identifier: dense, internal, never shown, never used again.
enum class IdentifierNumber : std::uint32_t {};

}  // namespace kobling::domain
