#include "crypto/key_file_comment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "crypto/fingerprint.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "domain/text.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
using domain::ToAbsl;

constexpr std::string_view kFormatName = "kobling-key-file ";
constexpr std::string_view kVersion = "v1";
constexpr std::string_view kNone = "none";
constexpr std::string_view kNewerHint = "made by another version of Kobling; a newer client may read it";

template <typename Value>
using Word = std::pair<Value, std::string_view>;
constexpr std::array<Word<KeyFileKind>, 3> kKindWords = {
    {{KeyFileKind::kFull, "full"}, {KeyFileKind::kDelta, "delta"}, {KeyFileKind::kCorrection, "correction"}}};
constexpr std::array<Word<KeyFileDelimiter>, 2> kDelimiterWords = {
    {{KeyFileDelimiter::kSemicolon, "semicolon"}, {KeyFileDelimiter::kComma, "comma"}}};

template <typename Value, std::size_t kCount>
std::string_view WordOf(const std::array<Word<Value>, kCount>& words, Value value) {
  for (const auto& [each, word] : words) {
    if (each == value) {
      return word;
    }
  }
  return "";
}

template <typename Value, std::size_t kCount>
std::optional<Value> ValueOf(const std::array<Word<Value>, kCount>& words, std::string_view text) {
  for (const auto& [value, word] : words) {
    if (word == text) {
      return value;
    }
  }
  return std::nullopt;
}

std::string HexOf(const Digest& digest) {
  std::string text;
  for (std::uint8_t byte : digest) {
    text.append(absl::StrFormat("%02x", byte));
  }
  return text;
}

absl::Status Malformed(std::string_view field) {
  return MakeError(Reason::kFileMalformed, {{DetailKey::kField, field}});
}

absl::Status PerhapsNewer(std::string_view field) {
  return MakeError(Reason::kFileMalformed, {{DetailKey::kField, field}, {DetailKey::kHint, kNewerHint}});
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text, Number least) {
  Number number = 0;
  const char* const text_end = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), text_end, number);
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  const bool is_canonical = error == std::errc() && end == text_end && !has_leading_zero;
  return is_canonical && number >= least ? std::optional(number) : std::nullopt;
}

std::optional<Digest> ParseDigest(std::string_view text) {
  Digest digest = {};
  if (text.size() != 2 * digest.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const char* begin = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, digest[i], 16);
    if (error != std::errc() || end != begin + 2) {
      return std::nullopt;
    }
  }
  return HexOf(digest) == text ? std::optional(digest) : std::nullopt;  // refuses upper case
}

std::string DayText(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::optional<absl::CivilDay> ParseDay(std::string_view text) {
  if (text.size() != 10) {
    return std::nullopt;
  }
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  std::from_chars(text.data(), text.data() + 4, year);
  std::from_chars(text.data() + 5, text.data() + 7, month);
  std::from_chars(text.data() + 8, text.data() + 10, day);
  // A date that does not exist is normalised to another and then has another text; so has any wrong character.
  const absl::CivilDay parsed(year, month, day);
  return DayText(parsed) == text ? std::optional(parsed) : std::nullopt;
}

// Reads "name=value" parts in order and remembers the first fault, so that all fields can be asked for in one go. What
// it lets pass beside the only spelling (a space too many, say) is refused when the whole text is compared.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  // The value of the next part, which must have this name; nothing after a fault.
  std::optional<std::string_view> Next(std::string_view name) {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view part = rest_.substr(0, end);
    const std::size_t equals = part.find('=');
    if (!fault_.ok() || equals == std::string_view::npos || part.substr(0, equals) != name) {
      Fault(PerhapsNewer(name));
      return std::nullopt;
    }
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return part.substr(equals + 1);
  }

  // Whether the next part has this name.
  bool IsNext(std::string_view name) const {
    return rest_.starts_with(name) && rest_.substr(name.size()).starts_with('=');
  }

  // The value of the next part, as `parse` reads it; `otherwise` after a fault.
  template <typename Value, typename Parse>
  Value Next(std::string_view name, Value otherwise, Parse parse) {
    const std::optional<std::string_view> text = Next(name);
    std::optional<Value> value = text.has_value() ? parse(*text) : std::nullopt;
    if (!value.has_value()) {
      Fault(Malformed(name));
      return otherwise;
    }
    return *std::move(value);
  }

  template <typename Number>
  Number NextNumber(std::string_view name, Number least) {
    return Next<Number>(name, least, [least](std::string_view text) { return ParseNumber<Number>(text, least); });
  }

  template <typename Value, std::size_t kCount>
  Value NextWord(std::string_view name, const std::array<Word<Value>, kCount>& words) {
    return Next<Value>(name, words.front().first, [&words](std::string_view text) { return ValueOf(words, text); });
  }

  void Fault(absl::Status fault) {
    if (fault_.ok()) {
      fault_ = std::move(fault);
    }
  }

  bool is_at_end() const { return rest_.empty(); }
  const absl::Status& fault() const { return fault_; }

 private:
  std::string_view rest_;
  absl::Status fault_;
};

constexpr std::string_view kNational = "national:";
constexpr std::string_view kOwn = "own:";

// "national:3,own:12"
std::string ReservationsText(const std::vector<AppliedReservations>& lists) {
  std::string text;
  for (const AppliedReservations& list : lists) {
    absl::StrAppend(&text, text.empty() ? "" : ",", ToAbsl(list.is_national ? kNational : kOwn), list.version);
  }
  return text;
}

std::optional<std::vector<AppliedReservations>> ParseReservations(std::string_view text) {
  std::vector<AppliedReservations> lists;
  for (const bool is_national : {true, false}) {
    const std::string_view prefix = is_national ? kNational : kOwn;
    if (!text.starts_with(prefix)) {
      continue;
    }
    const std::size_t end = std::min(text.find(','), text.size());
    const auto version = ParseNumber<std::uint32_t>(text.substr(prefix.size(), end - prefix.size()), 1);
    if (!version.has_value()) {
      return std::nullopt;
    }
    lists.push_back({.is_national = is_national, .version = *version});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lists.empty() || !text.empty() ? std::nullopt : std::optional(std::move(lists));
}

std::optional<std::string> ParseFingerprint(std::string_view text) {
  return IsFingerprint(text) ? std::optional<std::string>(text) : std::nullopt;
}

// Nothing on a fault; "none" is a value.
std::optional<std::optional<Digest>> ParsePrevious(std::string_view text) {
  if (text == kNone) {
    return std::make_optional<std::optional<Digest>>(std::nullopt);
  }
  const std::optional<Digest> digest = ParseDigest(text);
  if (!digest.has_value()) {
    return std::nullopt;
  }
  return std::make_optional<std::optional<Digest>>(*digest);
}

}  // namespace

std::string FormatKeyFileComment(const KeyFileComment& comment) {
  const std::string since = comment.kind == KeyFileKind::kFull ? "" : absl::StrFormat(" since=%d", comment.since);
  const std::string withdrawn =
      comment.kind == KeyFileKind::kDelta ? absl::StrFormat(" withdrawn=%d", comment.withdrawn) : "";
  const std::string reservations =
      comment.reservations.empty() ? "" : " reservations=" + ReservationsText(comment.reservations);
  return absl::StrFormat(
      "%s%s project=%s register=%s number=%d kind=%s%s%s rows=%d persons=%d duplicates=%d key-version=%d "
      "map-version=%d%s "
      "delimiter=%s recipient=%s expires=%s previous=%s event=%d",
      kFormatName, kVersion, comment.project.text(), comment.register_id.text(), comment.number,
      WordOf(kKindWords, comment.kind), since, withdrawn, comment.rows, comment.persons, comment.duplicates,
      comment.key_version, comment.map_version, reservations, WordOf(kDelimiterWords, comment.delimiter),
      comment.recipient, DayText(comment.expires), comment.previous.has_value() ? HexOf(*comment.previous) : kNone,
      comment.event);
}

absl::StatusOr<KeyFileComment> ParseKeyFileComment(std::string_view text) {
  if (text.substr(0, kFormatName.size()) != kFormatName) {
    return Malformed("format");
  }
  const std::string_view after_name = text.substr(kFormatName.size());
  if (after_name.substr(0, after_name.find(' ')) != kVersion) {
    return PerhapsNewer("version");
  }
  Fields fields(after_name.substr(std::min(kVersion.size() + 1, after_name.size())));
  const std::optional<std::string_view> project_text = fields.Next("project");
  const std::optional<std::string_view> register_text = fields.Next("register");
  KOBLING_RETURN_IF_ERROR(fields.fault());
  absl::StatusOr<domain::ProjectId> project = domain::ProjectId::Parse(*project_text);
  absl::StatusOr<domain::RegisterId> register_id = domain::RegisterId::Parse(*register_text);
  if (!project.ok() || !register_id.ok()) {
    return Malformed(project.ok() ? "register" : "project");
  }
  const auto number = fields.NextNumber<std::uint32_t>("number", 1);
  const KeyFileKind kind = fields.NextWord("kind", kKindWords);
  const bool is_delta = kind == KeyFileKind::kDelta;
  const bool goes_on = kind != KeyFileKind::kFull;
  // Members of a braced list are made in this order.
  KeyFileComment comment = {
      .project = *std::move(project),
      .register_id = *std::move(register_id),
      .number = number,
      .kind = kind,
      .since = goes_on ? fields.NextNumber<std::uint32_t>("since", 1) : 0,
      .withdrawn = is_delta ? fields.NextNumber<std::uint64_t>("withdrawn", 0) : 0,
      .rows = fields.NextNumber<std::uint64_t>("rows", 0),
      .persons = fields.NextNumber<std::uint64_t>("persons", 0),
      .duplicates = fields.NextNumber<std::uint64_t>("duplicates", 0),
      .key_version = fields.NextNumber<std::uint32_t>("key-version", 1),
      .map_version = fields.NextNumber<std::uint64_t>("map-version", 0),
      .reservations = fields.IsNext("reservations")
                          ? fields.Next<std::vector<AppliedReservations>>("reservations", {}, ParseReservations)
                          : std::vector<AppliedReservations>(),
      .delimiter = fields.NextWord("delimiter", kDelimiterWords),
      .recipient = fields.Next<std::string>("recipient", "", ParseFingerprint),
      .expires = fields.Next<absl::CivilDay>("expires", absl::CivilDay(), ParseDay),
      .previous = fields.Next<std::optional<Digest>>("previous", std::nullopt, ParsePrevious),
      .event = fields.NextNumber<std::uint64_t>("event", 0),
  };
  KOBLING_RETURN_IF_ERROR(fields.fault());
  if (!fields.is_at_end()) {
    return PerhapsNewer("event");
  }
  if (comment.persons > comment.rows) {
    return Malformed("persons");
  }
  if (comment.withdrawn > comment.rows) {
    return Malformed("withdrawn");
  }
  if (goes_on && comment.since >= comment.number) {
    return Malformed("since");
  }
  if (FormatKeyFileComment(comment) != text) {
    return Malformed("format");
  }
  return comment;
}

std::string KeyFileName(const KeyFileComment& comment) {
  return absl::StrFormat("%s_%s_%04d.csv", comment.register_id.text(), comment.project.text(), comment.number);
}

}  // namespace kobling::crypto
