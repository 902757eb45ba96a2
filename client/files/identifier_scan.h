// Eleven digits: a value that is nothing else, and those in a text that should hold none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kobling::client {

using ElevenDigits = std::array<char, 11>;

// Exactly eleven ASCII digits as a number, or nothing.
std::optional<std::uint64_t> PackElevenDigits(std::string_view value);

// Walks through a text and stops at every place with exactly eleven digits in a row, or six and five digits with one
// separator between them (a space, a no-break space, '-', '.' or '/'), that are not part of a longer row of digits. It
// does not ask whether the digits are a valid identifier.
class IdentifierScan {
 public:
  explicit IdentifierScan(std::string_view text) : text_(text) {}

  // The next candidate, or nothing when the text is at its end.
  std::optional<ElevenDigits> Next();

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace kobling::client
