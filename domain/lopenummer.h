// The løpenummer: the number that stands for a person inside one project. docs/formats/lopenummer.md is its format.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iosfwd>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "domain/error.h"

namespace kobling::domain {

// Eighty bits, written as "L", sixteen Crockford base32 characters and one check character. A small value type. Its
// order is the order of its text. It cannot be printed, streamed or formatted: whoever needs the text copies it out.
class Lopenummer {
 public:
  static constexpr std::size_t kLength = 18;
  static constexpr std::size_t kBytes = 10;
  using Bits = std::array<std::uint8_t, kBytes>;

  explicit Lopenummer(const Bits& bits) : bits_(bits) {}

  struct ParseResult;
  // Reads exactly one spelling: upper case, no spaces, no stand-ins for other letters.
  [[nodiscard]] static ParseResult Parse(std::string_view text);

  // Eighteen ASCII characters, without a terminating zero.
  void CopyText(std::span<char, kLength> target) const;
  const Bits& bits() const { return bits_; }

  friend bool operator==(const Lopenummer&, const Lopenummer&) = default;
  friend std::strong_ordering operator<=>(const Lopenummer& a, const Lopenummer& b) {
    return std::memcmp(a.bits_.data(), b.bits_.data(), kBytes) <=> 0;
  }
  template <typename State>
  friend State AbslHashValue(State state, const Lopenummer& lopenummer) {
    return State::combine(std::move(state), lopenummer.bits_);
  }

  template <typename Character, typename Traits>
  friend std::basic_ostream<Character, Traits>& operator<<(std::basic_ostream<Character, Traits>&,
                                                           const Lopenummer&) = delete;

 private:
  Bits bits_;
};

// Either a løpenummer or a fault: LOPENUMMER_FORMAT or LOPENUMMER_CHECK_CHARACTER.
struct Lopenummer::ParseResult {
  std::optional<Lopenummer> lopenummer;
  Reason fault = Reason::kLopenummerFormat;  // meaningful only without lopenummer
};

// Why a value is no løpenummer, for a person who looks at it and wants to mend it.
struct LopenummerProblem {
  enum class Kind : std::uint8_t {
    kWrongLength,       // not eighteen characters
    kFirstCharacter,    // does not begin with L
    kLowerCase,         // a lower-case letter where only upper case is allowed
    kConfusable,        // I, L, O or U, which a løpenummer never has between its first and its last character
    kForeignCharacter,  // neither a digit nor a letter A to Z
    kCheckCharacter,    // well formed, but at least one character is wrong
  };
  Kind kind;
  std::size_t length = 0;    // for kWrongLength: how many characters there are, an ø counting as one
  std::size_t position = 0;  // for the others but kCheckCharacter: where, counted from 1
  std::optional<char> probable = std::nullopt;  // for kConfusable: the character that was probably meant
};

// The first problem of the text, or none if it is a løpenummer.
[[nodiscard]] std::optional<LopenummerProblem> ExplainLopenummer(std::string_view text);

}  // namespace kobling::domain
