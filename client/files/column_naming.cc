#include "client/files/column_naming.h"

#include <algorithm>
#include <array>

namespace kobling::client {
namespace {

// Longest first. The letter ø as UTF-8 and as Windows-1252 has it.
constexpr std::array<std::string_view, 4> kEndings = {
    "f\xC3\xB8"
    "dselsnummer",
    "f\xF8"
    "dselsnummer",
    "fodselsnummer", "fnr"};

char Lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}

bool EndsWith(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() &&
         std::equal(ending.rbegin(), ending.rend(), text.rbegin(), [](char a, char b) { return a == Lower(b); });
}

}  // namespace

std::string RelativeName(std::string_view column) {
  for (const std::string_view ending : kEndings) {
    if (EndsWith(column, ending)) {
      column.remove_suffix(ending.size());
      break;
    }
  }
  while (!column.empty() &&
         (column.back() == '_' || column.back() == '-' || column.back() == '.' || column.back() == ' ')) {
    column.remove_suffix(1);
  }
  return column.empty() ? std::string("relative_") + std::string(kIndexName)
                        : std::string(column) + "_" + std::string(kIndexName);
}

}  // namespace kobling::client
