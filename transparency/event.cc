#include "transparency/event.h"

#include <array>
#include <cstddef>
#include <optional>

#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/text.h"

namespace kobling::transparency {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kSubjectBytes = 16;

// Fields stand in the order of their tags. Empty text fields are left out; counts and changes may repeat.
enum Tag : std::uint8_t { kTime = 1, kFirstText = 2, kCount = 20, kChange = 21 };

using TextMember = std::string Event::*;
constexpr std::array<TextMember, 11> kTexts = {&Event::actor,   &Event::role,       &Event::operation,   &Event::result,
                                               &Event::purpose, &Event::project,    &Event::register_id, &Event::object,
                                               &Event::reason,  &Event::request_id, &Event::subject};

void AppendField(std::string& bytes, std::uint8_t tag, std::string_view value) {
  bytes.push_back(static_cast<char>(tag));
  domain::AppendBigEndian(bytes, static_cast<std::uint32_t>(value.size()));
  bytes += value;
}

void AppendText(std::string& bytes, std::string_view value) {
  domain::AppendBigEndian(bytes, static_cast<std::uint32_t>(value.size()));
  bytes += value;
}

// Takes a length and that many bytes off the front.
std::optional<std::string_view> TakeText(std::string_view& bytes) {
  if (bytes.size() < sizeof(std::uint32_t)) {
    return std::nullopt;
  }
  const auto length = domain::ReadBigEndian<std::uint32_t>(bytes);
  bytes.remove_prefix(sizeof(std::uint32_t));
  if (bytes.size() < length) {
    return std::nullopt;
  }
  const std::string_view text = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return text;
}

bool DecodeField(std::uint8_t tag, std::string_view value, Event& event) {
  if (tag == kTime && value.size() == sizeof(std::uint64_t)) {
    event.time = absl::FromUnixMicros(static_cast<std::int64_t>(domain::ReadBigEndian<std::uint64_t>(value)));
    return true;
  }
  if (tag >= kFirstText && tag < kFirstText + kTexts.size()) {
    const TextMember member = kTexts[tag - kFirstText];
    event.*member = std::string(value);
    return member == &Event::subject ? value.size() == kSubjectBytes : domain::IsUtf8(value);
  }
  if (tag == kCount && value.size() >= sizeof(std::uint64_t)) {
    event.counts.emplace_back(value.substr(sizeof(std::uint64_t)), domain::ReadBigEndian<std::uint64_t>(value));
    return domain::IsUtf8(event.counts.back().first);
  }
  if (tag == kChange) {
    const auto field = TakeText(value);
    const auto old_value = field ? TakeText(value) : std::nullopt;
    const auto new_value = old_value ? TakeText(value) : std::nullopt;
    if (new_value && value.empty()) {
      event.changes.push_back({std::string(*field), std::string(*old_value), std::string(*new_value)});
      return domain::IsUtf8(*field) && domain::IsUtf8(*old_value) && domain::IsUtf8(*new_value);
    }
  }
  return false;
}

}  // namespace

std::string EncodeEvent(const Event& event) {
  std::string bytes(1, kVersion);
  std::string value;
  domain::AppendBigEndian(value, static_cast<std::uint64_t>(absl::ToUnixMicros(event.time)));
  AppendField(bytes, kTime, value);
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (const std::string& text = event.*kTexts[i]; !text.empty()) {
      AppendField(bytes, static_cast<std::uint8_t>(kFirstText + i), text);
    }
  }
  for (const auto& [name, count] : event.counts) {
    value.clear();
    domain::AppendBigEndian(value, count);
    AppendField(bytes, kCount, value + name);
  }
  for (const EventChange& change : event.changes) {
    value.clear();
    AppendText(value, change.field);
    AppendText(value, change.old_value);
    AppendText(value, change.new_value);
    AppendField(bytes, kChange, value);
  }
  return bytes;
}

absl::StatusOr<Event> DecodeEvent(std::string_view bytes) {
  const auto corrupt = [] {
    return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kHint, "an event cannot be read"}});
  };
  Event event;
  event.result.clear();
  std::string_view rest = bytes;
  if (rest.empty() || rest[0] != kVersion) {
    return corrupt();
  }
  rest.remove_prefix(1);
  while (!rest.empty()) {
    const auto tag = static_cast<std::uint8_t>(rest[0]);
    rest.remove_prefix(1);
    const auto value = TakeText(rest);
    if (!value || !DecodeField(tag, *value, event)) {
      return corrupt();
    }
  }
  if (EncodeEvent(event) != bytes) {
    return corrupt();
  }
  return event;
}

}  // namespace kobling::transparency
