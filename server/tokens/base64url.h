// Base64url without padding (RFC 7515), decoded strictly: one text for each value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kobling::server {

std::string Base64UrlEncode(std::span<const std::uint8_t> bytes);

// The bytes, as a text; nothing unless `text` is exactly what Base64UrlEncode would write.
std::optional<std::string> Base64UrlDecode(std::string_view text);

// The bytes of a text, for functions that want them as bytes.
std::span<const std::uint8_t> BytesOf(std::string_view text);

}  // namespace kobling::server
