#include "client/files/identifier_scan.h"

#include <algorithm>

namespace kobling::client {
namespace {

constexpr std::size_t kFirstPart = 6;
constexpr std::size_t kSecondPart = 5;
constexpr std::string_view kSeparators = " -./\xA0";

bool IsDigit(char character) { return character >= '0' && character <= '9'; }

std::size_t EndOfDigits(std::string_view text, std::size_t position) {
  while (position < text.size() && IsDigit(text[position])) {
    ++position;
  }
  return position;
}

// Length of the separator at the position: a no-break space is one byte in Windows-1252 and two (C2 A0) in UTF-8.
std::size_t SeparatorLength(std::string_view text, std::size_t position) {
  if (position >= text.size()) {
    return 0;
  }
  if (text.substr(position, 2) == "\xC2\xA0") {
    return 2;
  }
  return kSeparators.find(text[position]) == std::string_view::npos ? 0 : 1;
}

}  // namespace

std::optional<std::uint64_t> PackElevenDigits(std::string_view value) {
  if (value.size() != std::tuple_size_v<ElevenDigits>) {
    return std::nullopt;
  }
  std::uint64_t packed = 0;
  unsigned worst = 0;
  for (const char character : value) {
    const unsigned digit = static_cast<unsigned char>(character) - unsigned{'0'};
    worst = std::max(worst, digit);
    packed = packed * 10 + digit;
  }
  return worst <= 9 ? std::optional(packed) : std::nullopt;
}

std::optional<ElevenDigits> IdentifierScan::Next() {
  // Any candidate holds six digits in a row, so looking at every sixth byte misses none.
  for (std::size_t probe = position_ + kFirstPart - 1; probe < text_.size(); probe += kFirstPart) {
    if (!IsDigit(text_[probe])) {
      continue;
    }
    std::size_t start = probe;
    while (start > position_ && IsDigit(text_[start - 1])) {
      --start;
    }
    const std::size_t stop = EndOfDigits(text_, probe);
    const std::size_t length = stop - start;
    ElevenDigits digits;
    if (length == digits.size()) {
      std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(start), digits.size(), digits.begin());
      position_ = stop;
      return digits;
    }
    if (length == kFirstPart) {
      const std::size_t separator = SeparatorLength(text_, stop);
      const std::size_t second = stop + separator;
      if (separator > 0 && EndOfDigits(text_, second) == second + kSecondPart) {
        auto out = std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(start), kFirstPart, digits.begin());
        std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(second), kSecondPart, out);
        position_ = second + kSecondPart;
        return digits;
      }
    }
    position_ = stop;
    probe = stop - 1;
  }
  position_ = text_.size();
  return std::nullopt;
}

std::optional<NumberCell> ReadNumberCell(std::string_view value) {
  constexpr std::size_t kLongest = 64;
  std::size_t decimal_exponent = 0;
  // 1.6878192986E+10: one digit, then the rest of at least nine, times ten to the tenth (or ninth, without its zero).
  if (const std::size_t e = value.find_first_of("eE"); e != std::string_view::npos) {
    const std::string_view exponent = value.substr(e + 1);
    const std::string_view power = exponent.starts_with('+') ? exponent.substr(1) : exponent;
    if (e < kFirstPart || !IsDigit(value[0]) || IsDigit(value[1]) || (power != "10" && power != "9" && power != "09")) {
      return std::nullopt;
    }
    decimal_exponent = power == "10" ? 10 : 9;
    value = value.substr(0, e);
  }
  if (value.size() > kLongest) {
    return std::nullopt;
  }
  std::array<char, std::tuple_size_v<ElevenDigits>> digits{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char digit = value[i];
    const bool is_full_width =
        value.substr(i, 2) == "\xEF\xBC" && i + 2 < value.size() && value[i + 2] >= '\x90' && value[i + 2] <= '\x99';
    if (is_full_width) {
      digit = static_cast<char>(value[i + 2] - '\x90' + '0');
      i += 2;
    }
    if (IsDigit(digit)) {
      if (count == digits.size()) {
        return std::nullopt;
      }
      digits[count++] = digit;
    } else if ((digit >= 'A' && digit <= 'Z') || (digit >= 'a' && digit <= 'z')) {
      return std::nullopt;
    }
  }
  if (decimal_exponent > 0) {
    // Zeros at the end are not written in this form.
    for (; count >= 9 && count < decimal_exponent + 1; ++count) {
      digits[count] = '0';
    }
  }
  if (count == digits.size()) {
    return NumberCell{digits, false};
  }
  if (count == digits.size() - 1) {
    std::rotate(digits.begin(), digits.end() - 1, digits.end());
    digits[0] = '0';
    return NumberCell{digits, true};
  }
  return std::nullopt;
}

}  // namespace kobling::client
