// Scrub: the last line of defence against an identifier in an error's details. It would rather remove too much.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "domain/error.h"

namespace kobling::domain {
namespace {

constexpr std::string_view kRemoved = "[removed]";
constexpr std::size_t kRunTooLong = 9;         // digits in one run
constexpr std::size_t kIdentifierDigits = 11;  // digits over several runs with one separator between each two
constexpr std::size_t kLopenummerLength = 18;

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsAlphanumeric(char c) { return IsDigit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr bool IsCrockford(char c) {
  constexpr std::string_view kNever = "ILOUilou";
  return IsAlphanumeric(c) && kNever.find(c) == std::string_view::npos;
}

// Part of the text, [begin, end).
struct Range {
  std::size_t begin;
  std::size_t end;
};

template <typename Predicate>
std::vector<Range> RunsOf(std::string_view text, Predicate belongs) {
  std::vector<Range> runs;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!belongs(text[i])) {
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && belongs(text[i])) {
      ++i;
    }
    runs.push_back({begin, i});
  }
  return runs;
}

// One separator is one character that is neither letter nor digit; a no-break space (two bytes in UTF-8) counts as one.
bool IsOneSeparator(std::string_view between) {
  return between == "\xc2\xa0" || (between.size() == 1 && !IsAlphanumeric(between.front()));
}

void AddDigitRanges(std::string_view text, std::vector<Range>& unsafe) {
  const std::vector<Range> runs = RunsOf(text, IsDigit);
  for (std::size_t first = 0; first < runs.size(); ++first) {
    if (runs[first].end - runs[first].begin >= kRunTooLong) {
      unsafe.push_back(runs[first]);
    }
    std::size_t digits = 0;
    for (std::size_t last = first; last < runs.size() && digits < kIdentifierDigits; ++last) {
      if (last > first && !IsOneSeparator(text.substr(runs[last - 1].end, runs[last].begin - runs[last - 1].end))) {
        break;
      }
      digits += runs[last].end - runs[last].begin;
      if (digits == kIdentifierDigits) {
        unsafe.push_back({runs[first].begin, runs[last].end});
      }
    }
  }
}

// L and seventeen letters or digits. Mistyped ones identify as well as right ones, so letters that no løpenummer has
// are let through if there are digits too; without digits it is a long word.
bool LooksLikeLopenummer(std::string_view text) {
  if (text.front() != 'L' && text.front() != 'l') {
    return false;
  }
  return std::all_of(text.begin() + 1, text.end() - 1, IsCrockford) ||
         std::count_if(text.begin(), text.end(), IsDigit) >= 2;
}

void AddLopenummerRanges(std::string_view text, std::vector<Range>& unsafe) {
  for (const Range& run : RunsOf(text, IsAlphanumeric)) {
    for (std::size_t begin = run.begin; begin + kLopenummerLength <= run.end; ++begin) {
      if (LooksLikeLopenummer(text.substr(begin, kLopenummerLength))) {
        unsafe.push_back(run);
        break;
      }
    }
  }
}

}  // namespace

std::string Scrub(std::string_view text) {
  std::vector<Range> unsafe;
  AddDigitRanges(text, unsafe);
  AddLopenummerRanges(text, unsafe);
  std::sort(unsafe.begin(), unsafe.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });

  std::string scrubbed;
  std::size_t copied = 0;
  for (const Range& range : unsafe) {
    if (range.begin >= copied) {
      scrubbed += text.substr(copied, range.begin - copied);
      scrubbed += kRemoved;
    }
    copied = std::max(copied, range.end);
  }
  scrubbed += text.substr(copied);
  // One line, and nothing that a terminal or a log obeys.
  std::replace_if(
      scrubbed.begin(), scrubbed.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return scrubbed;
}

}  // namespace kobling::domain
