// Base64 (RFC 4648, standard alphabet), decoded strictly: one text for each value, so that a file cannot be changed
// without changing its meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kobling::crypto {

// age writes base64 without '=', minisign with it.
enum class Base64Padding : std::uint8_t { kNone, kPadded };

std::string Base64Encode(std::span<const std::uint8_t> bytes, Base64Padding padding);

// Nothing unless `text` is exactly what Base64Encode would write: no white space, no other alphabet, '=' as `padding`
// says, and no stray bits after the last byte.
std::optional<std::vector<std::uint8_t>> Base64Decode(std::string_view text, Base64Padding padding);

}  // namespace kobling::crypto
