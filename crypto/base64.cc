#include "crypto/base64.h"

#include <array>
#include <cstddef>

namespace kobling::crypto {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNotInAlphabet = 0xff;

constexpr std::array<std::uint8_t, 256> MakeReverseAlphabet() {
  std::array<std::uint8_t, 256> reverse{};
  reverse.fill(kNotInAlphabet);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    reverse[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return reverse;
}
constexpr std::array<std::uint8_t, 256> kReverseAlphabet = MakeReverseAlphabet();

// The text without its '='; nothing if their number is not what the length asks for.
std::optional<std::string_view> RemovePadding(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') {
    ++padding;
  }
  return text.substr(0, text.size() - padding);
}

}  // namespace

std::string Base64Encode(std::span<const std::uint8_t> bytes, Base64Padding padding) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (std::uint8_t byte : bytes) {
    bits = (bits << 8) | byte;
    bit_count += 8;
    while (bit_count >= 6) {
      bit_count -= 6;
      text.push_back(kAlphabet[(bits >> bit_count) & 63]);
    }
  }
  if (bit_count > 0) {
    text.push_back(kAlphabet[(bits << (6 - bit_count)) & 63]);
  }
  while (padding == Base64Padding::kPadded && text.size() % 4 != 0) {
    text.push_back('=');
  }
  return text;
}

std::optional<std::vector<std::uint8_t>> Base64Decode(std::string_view text, Base64Padding padding) {
  if (padding == Base64Padding::kPadded) {
    std::optional<std::string_view> unpadded = RemovePadding(text);
    if (!unpadded.has_value()) {
      return std::nullopt;
    }
    text = *unpadded;
  }
  if (text.size() % 4 == 1) {
    return std::nullopt;
  }
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (char character : text) {
    const std::uint8_t value = kReverseAlphabet[static_cast<unsigned char>(character)];
    if (value == kNotInAlphabet) {
      return std::nullopt;
    }
    bits = (bits << 6) | value;
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      bytes.push_back(static_cast<std::uint8_t>((bits >> bit_count) & 0xff));
    }
  }
  const std::uint32_t stray_bits = bits & ((1u << bit_count) - 1);
  if (stray_bits != 0) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace kobling::crypto
