#include "domain/error.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "domain/ids.h"
#include "domain/text.h"

namespace kobling::domain {
namespace {

constexpr std::string_view kReasonPayload = "kobling/reason";
constexpr std::string_view kDetailsPayload = "kobling/details";
// Between name and value, and after the value. Scrub leaves no control character in a value, so neither occurs there.
constexpr char kAfterName = '\x1f';
constexpr char kAfterValue = '\x1e';

// In the order of DetailKey.
constexpr std::array<std::string_view, 17> kDetailNames = {
    "field", "project", "register", "submission", "key_file",   "correction", "row",      "line", "column",
    "limit", "count",   "state",    "file",       "request_id", "position",   "expected", "hint"};

// An identifier written as a number is 1,000,000,000 or more, since no day is 00.
constexpr std::uint64_t kFirstPossibleIdentifier = 1'000'000'000;
constexpr std::size_t kSafeDigits = 9;

std::optional<DetailKey> DetailKeyFromName(std::string_view name) {
  const auto found = std::find(kDetailNames.begin(), kDetailNames.end(), name);
  if (found == kDetailNames.end()) {
    return std::nullopt;
  }
  return static_cast<DetailKey>(found - kDetailNames.begin());
}

bool IsDigitText(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Whatever a caller sends as a name fits a line of the log and the metadata of an answer.
std::string Shortened(std::string_view text) {
  constexpr std::size_t kMostBytes = 1000;
  if (text.size() <= kMostBytes) {
    return std::string(text);
  }
  std::size_t end = kMostBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return std::string(text.substr(0, end)) + "...";
}

// A random request id often looks like an identifier in places; as long as it is a request id it says nothing of
// anyone.
std::string ScrubDetail(DetailKey key, std::string_view text) {
  if (key == DetailKey::kRequestId && RequestId::Parse(text).ok()) {
    return std::string(text);
  }
  return Scrub(text);
}

// A number of up to nine digits that came over the wire is kept, as the constructor for numbers keeps it.
Detail DetailFromWire(DetailKey key, std::string_view value) {
  std::uint64_t number = 0;
  if (value.size() <= kSafeDigits && IsDigitText(value) && absl::SimpleAtoi(ToAbsl(value), &number)) {
    return Detail(key, number);
  }
  return Detail(key, value);
}

std::string Where(std::span<const std::pair<std::string, std::string>> details) {
  std::string where;
  for (const auto& [name, value] : details) {
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', ' ');
    absl::StrAppend(&where, where.empty() ? "" : ", ", words, " ", value);
  }
  return where;
}

std::string MessageOf(const ReasonInfo& info, std::string_view where) {
  if (where.empty()) {
    return absl::StrFormat("%s %s", info.what, info.remedy);
  }
  std::string_view what = info.what;
  what.remove_suffix(1);
  return absl::StrFormat("%s (%s). %s", what, where, info.remedy);
}

}  // namespace

const ReasonInfo& InfoOf(Reason reason) {
  const auto reasons = AllReasons();
  const auto found = std::lower_bound(reasons.begin(), reasons.end(), reason,
                                      [](const ReasonInfo& info, Reason wanted) { return info.reason < wanted; });
  if (found == reasons.end() || found->reason != reason) {
    return InfoOf(Reason::kInternal);
  }
  return *found;
}

std::optional<Reason> ReasonFromName(std::string_view name) {
  for (const ReasonInfo& info : AllReasons()) {
    if (info.name == name) {
      return info.reason;
    }
  }
  return std::nullopt;
}

std::optional<Reason> ReasonFromNumber(std::uint32_t number) {
  for (const ReasonInfo& info : AllReasons()) {
    if (static_cast<std::uint32_t>(info.reason) == number) {
      return info.reason;
    }
  }
  return std::nullopt;
}

std::string_view NameOf(DetailKey key) { return kDetailNames[static_cast<std::size_t>(key)]; }

Detail::Detail(DetailKey detail_key, std::string_view text)
    : key(detail_key), value(ScrubDetail(detail_key, Shortened(text))) {}

Detail::Detail(DetailKey detail_key, std::uint64_t number)
    : key(detail_key), value(number < kFirstPossibleIdentifier ? absl::StrCat(number) : Scrub(absl::StrCat(number))) {}

absl::Status MakeError(Reason reason, std::vector<Detail> details) {
  const ReasonInfo& info = InfoOf(reason);
  // A denial that said where would tell what exists.
  if (info.reason == Reason::kNotPermitted) {
    details.clear();
  }
  std::vector<std::pair<std::string, std::string>> named;
  std::string encoded;
  for (Detail& detail : details) {
    absl::StrAppend(&encoded, ToAbsl(NameOf(detail.key)), std::string(1, kAfterName), detail.value,
                    std::string(1, kAfterValue));
    named.emplace_back(NameOf(detail.key), std::move(detail.value));
  }
  absl::Status status(info.code, MessageOf(info, Where(named)));
  status.SetPayload(ToAbsl(kReasonPayload), absl::Cord(ToAbsl(info.name)));
  if (!encoded.empty()) {
    status.SetPayload(ToAbsl(kDetailsPayload), absl::Cord(std::move(encoded)));
  }
  return status;
}

std::optional<Reason> ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(ToAbsl(kReasonPayload));
  if (!payload) {
    return std::nullopt;
  }
  return ReasonFromName(std::string(*payload));
}

std::vector<std::pair<std::string, std::string>> DetailsOf(const absl::Status& status) {
  std::vector<std::pair<std::string, std::string>> details;
  const auto payload = status.GetPayload(ToAbsl(kDetailsPayload));
  if (!payload) {
    return details;
  }
  const std::string encoded(*payload);
  std::string_view rest = encoded;
  while (!rest.empty()) {
    const std::size_t name_end = rest.find(kAfterName);
    const std::size_t value_end = rest.find(kAfterValue);
    details.emplace_back(rest.substr(0, name_end), rest.substr(name_end + 1, value_end - name_end - 1));
    rest.remove_prefix(value_end + 1);
  }
  return details;
}

std::string WhereOf(const absl::Status& status) { return Where(DetailsOf(status)); }

absl::Status ErrorFromWire(Reason reason, std::span<const std::pair<std::string, std::string>> details) {
  std::vector<Detail> known;
  for (const auto& [name, value] : details) {
    if (const auto key = DetailKeyFromName(name)) {
      known.push_back(DetailFromWire(*key, value));
    }
  }
  return MakeError(reason, std::move(known));
}

}  // namespace kobling::domain
