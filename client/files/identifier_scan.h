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

// The digits of a cell that is one number and nothing else, however a spreadsheet or a person has written it: with any
// signs and spaces between its digits (16 878 192 986), as 1,6878192986E+10, or in full-width digits. `lost_zero` if
// there were ten and a leading zero was put in front. Nothing if the cell has letters, or another number of digits.
struct NumberCell {
  ElevenDigits digits;
  bool lost_zero = false;
};
std::optional<NumberCell> ReadNumberCell(std::string_view value);

}  // namespace kobling::client
