#include "server/tokens/base64url.h"

#include <algorithm>
#include <vector>

#include "crypto/base64.h"
#include "crypto/secret_memory.h"
#include "server/tokens/strict_json.h"

namespace kobling::server {
namespace {

void Exchange(std::string& text, char old_character, char new_character) {
  std::replace(text.begin(), text.end(), old_character, new_character);
}

}  // namespace

std::string Base64UrlEncode(std::span<const std::uint8_t> bytes) {
  std::string text = crypto::Base64Encode(bytes, crypto::Base64Padding::kNone);
  Exchange(text, '+', '-');
  Exchange(text, '/', '_');
  return text;
}

std::optional<std::string> Base64UrlDecode(std::string_view text) {
  if (text.find_first_of("+/") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string standard(text);
  Exchange(standard, '-', '+');
  Exchange(standard, '_', '/');
  std::optional<std::vector<std::uint8_t>> bytes = crypto::Base64Decode(standard, crypto::Base64Padding::kNone);
  WipeText(standard);
  if (!bytes) {
    return std::nullopt;
  }
  std::string decoded(bytes->begin(), bytes->end());
  crypto::Wipe(*bytes);
  return decoded;
}

std::span<const std::uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace kobling::server
