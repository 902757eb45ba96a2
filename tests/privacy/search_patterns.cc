#include "tests/privacy/search_patterns.h"

#include <algorithm>
#include <span>

namespace kobling::tests {

std::string PackedBytes(std::uint64_t value, int bytes) {
  std::string packed;
  for (int i = bytes - 1; i >= 0; --i) {
    packed += static_cast<char>(value >> (8 * i) & 0xff);
  }
  return packed;
}

void AddIdentifier(const std::string& digits, ByteSearch& search) {
  const std::uint64_t value = std::stoull(digits);
  std::string reversed = PackedBytes(value, 8);
  std::reverse(reversed.begin(), reversed.end());
  search.Add("an identifier, as text", digits);
  search.Add("an identifier, with a space in it", digits.substr(0, 6) + ' ' + digits.substr(6));
  search.Add("an identifier, packed in five bytes", PackedBytes(value, 5));
  search.Add("an identifier, as a number of eight bytes", reversed);
}

void AddLopenummer(const domain::Lopenummer& lopenummer, ByteSearch& search) {
  std::string text(domain::Lopenummer::kLength, '\0');
  lopenummer.CopyText(std::span<char, domain::Lopenummer::kLength>(text.data(), text.size()));
  search.Add("a lopenummer, as text", text);
  search.Add("a lopenummer, as ten bytes", {lopenummer.bits().begin(), lopenummer.bits().end()});
}

}  // namespace kobling::tests
