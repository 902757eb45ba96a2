#include "crypto/random.h"

#include <sodium.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace kobling::crypto {

void FillRandom(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

std::string NewRequestId() {
  std::array<std::uint8_t, 16> random;
  FillRandom(random);
  random[6] = static_cast<std::uint8_t>((random[6] & 0x0f) | 0x40);  // version 4
  random[8] = static_cast<std::uint8_t>((random[8] & 0x3f) | 0x80);  // the variant of RFC 4122
  constexpr std::string_view kHexadecimal = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    text += kHexadecimal[random[i] >> 4];
    text += kHexadecimal[random[i] & 0x0f];
  }
  return text;
}

}  // namespace kobling::crypto
