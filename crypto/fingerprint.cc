#include "crypto/fingerprint.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/sha256.h"

namespace kobling::crypto {
namespace {

constexpr std::size_t kBytes = 16;
constexpr std::size_t kGroupDigits = 4;
constexpr std::size_t kCharacters = 2 * kBytes + 2 * kBytes / kGroupDigits - 1;
constexpr std::string_view kHexDigits = "0123456789abcdef";

bool IsHyphenPlace(std::size_t position) { return position % (kGroupDigits + 1) == kGroupDigits; }

}  // namespace

std::string FingerprintOf(std::string_view public_key_text) {
  const Digest digest =
      Sha256(std::span(reinterpret_cast<const std::uint8_t*>(public_key_text.data()), public_key_text.size()));
  std::string text;
  for (std::size_t i = 0; i < kBytes; ++i) {
    if (IsHyphenPlace(text.size())) {
      text.push_back('-');
    }
    text.push_back(kHexDigits[digest[i] >> 4]);
    text.push_back(kHexDigits[digest[i] & 15]);
  }
  return text;
}

bool IsFingerprint(std::string_view text) {
  if (text.size() != kCharacters) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool fits = IsHyphenPlace(i) ? text[i] == '-' : kHexDigits.find(text[i]) != std::string_view::npos;
    if (!fits) {
      return false;
    }
  }
  return true;
}

}  // namespace kobling::crypto
