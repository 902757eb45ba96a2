#include "domain/lopenummer.h"

#include <algorithm>

namespace kobling::domain {
namespace {

constexpr char kPrefix = 'L';
constexpr std::size_t kSymbols = 16;  // base32 characters between the prefix and the check character
constexpr std::string_view kBase32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kBase36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::uint8_t kNone = 0xff;

// For every byte its place in the alphabet, or kNone.
constexpr std::array<std::uint8_t, 256> PlacesIn(std::string_view alphabet) {
  std::array<std::uint8_t, 256> places{};
  places.fill(kNone);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    places[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return places;
}
constexpr auto kBase32Places = PlacesIn(kBase32);
constexpr auto kBase36Places = PlacesIn(kBase36);

// For every base32 value the base36 value of the same character.
constexpr std::array<std::uint8_t, 32> Base36OfBase32() {
  std::array<std::uint8_t, 32> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = kBase36Places[static_cast<std::uint8_t>(kBase32[i])];
  }
  return values;
}
constexpr auto kBase36OfBase32 = Base36OfBase32();

// ISO 7064 MOD 37,36. A remainder, 1 to 36, and the value of the next character, 0 to 35, give the next remainder:
// their sum modulo 36 (36 for 0), doubled, modulo 37. It depends on the sum alone, and as a table it is one load for
// each character, which is what encoding and decoding spend their time on.
constexpr std::uint32_t kFirstRemainder = 36;
using RemainderTable = std::array<std::uint8_t, 36 + 35 + 1>;
constexpr RemainderTable MakeNextRemainder() {
  RemainderTable next{};
  for (std::size_t sum = 1; sum < next.size(); ++sum) {
    next[sum] = static_cast<std::uint8_t>((sum > 36 ? sum - 36 : sum) * 2 % 37);
  }
  return next;
}
constexpr RemainderTable kNextRemainder = MakeNextRemainder();

// The remainder after the symbol, which is below 32.
std::uint32_t NextRemainder(std::uint32_t remainder, std::uint32_t symbol) {
  return kNextRemainder.data()[remainder + kBase36OfBase32[symbol]];
}

// The value c, 0 to 35, for which remainder + c is 1 modulo 36.
constexpr std::uint32_t CheckValue(std::uint32_t remainder) { return remainder == 1 ? 0 : 37 - remainder; }

// Eight characters hold forty bits, five bytes.
std::uint64_t LoadFiveBytes(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    value = value << 8 | bytes[i];
  }
  return value;
}

void StoreFiveBytes(std::uint64_t value, std::uint8_t* bytes) {
  for (std::size_t i = 5; i-- > 0; value >>= 8) {
    bytes[i] = static_cast<std::uint8_t>(value);
  }
}

}  // namespace

void Lopenummer::CopyText(std::span<char, kLength> target) const {
  const std::array<std::uint64_t, 2> halves = {LoadFiveBytes(bits_.data()), LoadFiveBytes(bits_.data() + 5)};
  char* out = target.data();
  *out++ = kPrefix;
  std::uint32_t remainder = kFirstRemainder;
  for (const std::uint64_t half : halves) {
    for (int shift = 35; shift >= 0; shift -= 5) {
      const auto symbol = static_cast<std::uint32_t>(half >> shift & 31);
      *out++ = kBase32[symbol];
      remainder = NextRemainder(remainder, symbol);
    }
  }
  *out = kBase36[CheckValue(remainder)];
}

Lopenummer::ParseResult Lopenummer::Parse(std::string_view text) {
  if (text.size() != kLength || text.front() != kPrefix) {
    return {std::nullopt, Reason::kLopenummerFormat};
  }
  const char* in = text.data() + 1;
  std::array<std::uint64_t, 2> halves = {0, 0};
  std::uint32_t remainder = kFirstRemainder;
  std::uint32_t all = 0;  // above 31 if any character is not in the alphabet
  for (std::uint64_t& half : halves) {
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t symbol = kBase32Places[static_cast<std::uint8_t>(*in++)];
      all |= symbol;
      half = half << 5 | (symbol & 31);
      remainder = NextRemainder(remainder, symbol & 31);
    }
  }
  const std::uint32_t check = kBase36Places[static_cast<std::uint8_t>(*in)];
  if (all > 31 || check == kNone) {
    return {std::nullopt, Reason::kLopenummerFormat};
  }
  if (check != CheckValue(remainder)) {
    return {std::nullopt, Reason::kLopenummerCheckCharacter};
  }
  Bits bits;
  StoreFiveBytes(halves[0], bits.data());
  StoreFiveBytes(halves[1], bits.data() + 5);
  return {.lopenummer = Lopenummer(bits)};
}

namespace {

using Kind = LopenummerProblem::Kind;

constexpr bool IsLowerCase(char c) { return c >= 'a' && c <= 'z'; }

// Bytes of UTF-8 that continue a character are not counted.
std::size_t CountCharacters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<std::uint8_t>(c) & 0xc0) != 0x80; });
}

std::optional<char> ProbablyMeant(char confusable) {
  switch (confusable) {
    case 'I':
    case 'L':
      return '1';
    case 'O':
      return '0';
    case 'U':
      return 'V';
    default:
      return std::nullopt;
  }
}

// The problem with one character where `places` are the allowed ones, if there is one.
std::optional<LopenummerProblem> ExplainCharacter(char c, std::size_t position,
                                                  const std::array<std::uint8_t, 256>& places) {
  if (places[static_cast<std::uint8_t>(c)] != kNone) {
    return std::nullopt;
  }
  if (IsLowerCase(c)) {
    return LopenummerProblem{.kind = Kind::kLowerCase, .position = position};
  }
  if (const auto probable = ProbablyMeant(c)) {
    return LopenummerProblem{.kind = Kind::kConfusable, .position = position, .probable = probable};
  }
  return LopenummerProblem{.kind = Kind::kForeignCharacter, .position = position};
}

}  // namespace

std::optional<LopenummerProblem> ExplainLopenummer(std::string_view text) {
  const std::size_t length = CountCharacters(text);
  if (length != Lopenummer::kLength) {
    return LopenummerProblem{.kind = Kind::kWrongLength, .length = length};
  }
  if (text.front() != kPrefix) {
    return LopenummerProblem{.kind = text.front() == 'l' ? Kind::kLowerCase : Kind::kFirstCharacter, .position = 1};
  }
  for (std::size_t i = 1; i <= kSymbols; ++i) {
    if (const auto problem = ExplainCharacter(text[i], i + 1, kBase32Places)) {
      return problem;
    }
  }
  if (const auto problem = ExplainCharacter(text[kSymbols + 1], Lopenummer::kLength, kBase36Places)) {
    return problem;
  }
  // Stray continuation bytes after the last character are not counted as characters.
  if (text.size() != Lopenummer::kLength) {
    return LopenummerProblem{.kind = Kind::kForeignCharacter, .position = Lopenummer::kLength};
  }
  if (!Lopenummer::Parse(text).lopenummer) {
    return LopenummerProblem{.kind = Kind::kCheckCharacter};
  }
  return std::nullopt;
}

}  // namespace kobling::domain
