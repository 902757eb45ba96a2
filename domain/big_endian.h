// Numbers in keys and records: most significant byte first, so that keys sort by number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace kobling::domain {

template <typename Number>
void AppendBigEndian(std::string& target, Number number) {
  static_assert(std::is_unsigned_v<Number>);
  for (int shift = static_cast<int>(sizeof(Number)) * 8 - 8; shift >= 0; shift -= 8) {
    target.push_back(static_cast<char>(static_cast<std::uint8_t>(number >> shift)));
  }
}

// Reads the number at the front of the bytes. The bytes must hold at least sizeof(Number).
template <typename Number>
Number ReadBigEndian(std::string_view bytes) {
  static_assert(std::is_unsigned_v<Number>);
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>((number << 8) | static_cast<std::uint8_t>(bytes[i]));
  }
  return number;
}

}  // namespace kobling::domain
