#include "client/fingerprint_text.h"

#include <cctype>

#include "crypto/fingerprint.h"

namespace kobling::client {
namespace {

constexpr std::size_t kGroup = 4;

}  // namespace

std::string NormalFingerprint(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '-' && c != ' ') {
      digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  std::string normal;
  for (std::size_t i = 0; i < digits.size(); i += kGroup) {
    if (i > 0) {
      normal += '-';
    }
    normal += digits.substr(i, kGroup);
  }
  return crypto::IsFingerprint(normal) ? normal : std::string(text);
}

}  // namespace kobling::client
