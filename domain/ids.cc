#include "domain/ids.h"

#include <algorithm>
#include <cstddef>

#include "domain/error.h"

namespace kobling::domain {
namespace {

// ASCII only, whatever the locale: names end up in file names and certificates.
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsLetter(char c) { return IsUpper(c) || IsLower(c); }

template <typename Predicate>
bool All(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

// What each kind of name looks like, and what it is called in an error.
template <typename Tag>
struct Rule;

// Fewer digits than an identifier has, counted over the whole name, so that separators hide nothing.
bool TooFewDigitsForIdentifier(std::string_view text) { return std::count_if(text.begin(), text.end(), IsDigit) < 11; }

template <>
struct Rule<RegisterTag> {
  static constexpr std::string_view kField = "register";
  static constexpr std::string_view kExpected =
      "2 to 20 of A-Z, 0-9 and hyphen, beginning with a letter, with at most ten digits";
  static bool Holds(std::string_view text) {
    return text.size() >= 2 && text.size() <= 20 && IsUpper(text.front()) &&
           All(text, [](char c) { return IsUpper(c) || IsDigit(c) || c == '-'; }) && TooFewDigitsForIdentifier(text);
  }
};

template <>
struct Rule<ProjectTag> {
  static constexpr std::string_view kField = "project";
  static constexpr std::string_view kExpected = "P and 4 to 8 digits";
  static bool Holds(std::string_view text) {
    return text.size() >= 5 && text.size() <= 9 && text.front() == 'P' && All(text.substr(1), IsDigit);
  }
};

template <>
struct Rule<ActorTag> {
  static constexpr std::string_view kField = "actor";
  static constexpr std::string_view kExpected =
      "2 to 64 of A-Z, a-z, 0-9, full stop, underscore and hyphen, beginning with a letter, with at most ten digits";
  static bool Holds(std::string_view text) {
    return text.size() >= 2 && text.size() <= 64 && IsLetter(text.front()) &&
           All(text, [](char c) { return IsLetter(c) || IsDigit(c) || c == '.' || c == '_' || c == '-'; }) &&
           TooFewDigitsForIdentifier(text);
  }
};

template <>
struct Rule<RequestTag> {
  static constexpr std::string_view kField = "request_id";
  static constexpr std::string_view kExpected = "a UUID in lower-case hexadecimal with hyphens";
  static bool Holds(std::string_view text) {
    if (text.size() != 36) {
      return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool hyphen_here = i == 8 || i == 13 || i == 18 || i == 23;
      const bool hexadecimal = IsDigit(text[i]) || (text[i] >= 'a' && text[i] <= 'f');
      if (hyphen_here ? text[i] != '-' : !hexadecimal) {
        return false;
      }
    }
    return true;
  }
};

}  // namespace

template <typename Tag>
absl::StatusOr<StrongId<Tag>> StrongId<Tag>::Parse(std::string_view text) {
  if (!Rule<Tag>::Holds(text)) {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, Rule<Tag>::kField}, {DetailKey::kExpected, Rule<Tag>::kExpected}});
  }
  return StrongId(std::string(text));
}

template class StrongId<RegisterTag>;
template class StrongId<ProjectTag>;
template class StrongId<ActorTag>;
template class StrongId<RequestTag>;

}  // namespace kobling::domain
