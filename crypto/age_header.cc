#include "crypto/age_header.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "crypto/base64.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kVersionLine = "age-encryption.org/v1\n";
constexpr std::string_view kStanzaMark = "-> ";
constexpr std::string_view kEndMark = "---";
constexpr std::size_t kColumns = 64;
constexpr std::size_t kMacCharacters = 43;
constexpr std::size_t kEndLineSize = kEndMark.size() + 1 + kMacCharacters + 1;

absl::Status Malformed(std::string_view hint) { return MakeError(Reason::kKeyFileAltered, {{DetailKey::kHint, hint}}); }

// Takes a header apart line by line.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool BeginsWith(std::string_view mark) const { return rest_.substr(0, mark.size()) == mark; }

  // The next line without its line feed; nothing if there is no whole line left.
  std::optional<std::string_view> Next() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// The arguments, of visible ASCII, with one space between them; nothing if the text is not so.
std::optional<std::vector<std::string>> SplitArguments(std::string_view text) {
  std::vector<std::string> arguments(1);
  for (char character : text) {
    if (character == ' ') {
      arguments.emplace_back();
    } else if (character > 0x20 && character < 0x7f) {
      arguments.back().push_back(character);
    } else {
      return std::nullopt;
    }
  }
  const bool has_empty = std::any_of(arguments.begin(), arguments.end(), [](const auto& a) { return a.empty(); });
  return has_empty ? std::nullopt : std::optional(std::move(arguments));
}

absl::StatusOr<AgeStanza> NextStanza(Lines& lines) {
  if (!lines.BeginsWith(kStanzaMark)) {
    return Malformed("the list of recipients is malformed");
  }
  std::optional<std::string_view> line = lines.Next();
  std::optional<std::vector<std::string>> arguments;
  if (line.has_value()) {
    arguments = SplitArguments(line->substr(kStanzaMark.size()));
  }
  if (!arguments.has_value()) {
    return Malformed("the arguments of a recipient are malformed");
  }
  AgeStanza stanza = {.arguments = *std::move(arguments), .body = {}};
  do {
    line = lines.Next();
    if (!line.has_value() || line->size() > kColumns) {
      return Malformed("the wrapped key of a recipient is malformed");
    }
    const std::optional<std::vector<std::uint8_t>> part = Base64Decode(*line, Base64Padding::kNone);
    if (!part.has_value()) {
      return Malformed("the wrapped key of a recipient is malformed");
    }
    stanza.body.insert(stanza.body.end(), part->begin(), part->end());
  } while (line->size() == kColumns);
  return stanza;
}

}  // namespace

std::string AgeHeaderText(std::span<const AgeStanza> stanzas) {
  std::string text(kVersionLine);
  for (const AgeStanza& stanza : stanzas) {
    text.append("->");
    for (const std::string& argument : stanza.arguments) {
      text.append(" ").append(argument);
    }
    text.append("\n");
    const std::string body = Base64Encode(stanza.body, Base64Padding::kNone);
    // The last line is shorter than the others, if need be empty: that is how a reader knows it.
    for (std::size_t begin = 0; begin <= body.size(); begin += kColumns) {
      text.append(body, begin, kColumns).append("\n");
    }
  }
  return text.append(kEndMark);
}

std::string AgeHeaderEnd(const Digest& mac) {
  return absl::StrFormat(" %s\n", Base64Encode(mac, Base64Padding::kNone));
}

absl::StatusOr<std::optional<std::size_t>> FindAgeHeaderSize(std::string_view bytes) {
  const std::size_t comparable = std::min(bytes.size(), kVersionLine.size());
  if (bytes.substr(0, comparable) != kVersionLine.substr(0, comparable)) {
    return Malformed("not an age v1 file");
  }
  std::string_view header = bytes.substr(0, kMaxAgeHeaderBytes);
  const std::size_t line_before_end = header.find("\n---");
  if (line_before_end != std::string_view::npos && header.size() - (line_before_end + 1) >= kEndLineSize) {
    return line_before_end + 1 + kEndLineSize;
  }
  if (bytes.size() >= kMaxAgeHeaderBytes) {
    return Malformed("the header is too large");
  }
  return std::nullopt;
}

absl::StatusOr<AgeHeader> ParseAgeHeader(std::string_view header) {
  Lines lines(header);
  if (!lines.BeginsWith(kVersionLine)) {
    return Malformed("not an age v1 file");
  }
  lines.Next();
  AgeHeader parsed = {};
  while (!lines.BeginsWith(kEndMark)) {
    KOBLING_ASSIGN_OR_RETURN(AgeStanza stanza, NextStanza(lines));
    parsed.stanzas.push_back(std::move(stanza));
  }
  if (parsed.stanzas.empty()) {
    return Malformed("the file has no recipient");
  }
  parsed.authenticated = header.substr(0, header.size() - lines.rest().size() + kEndMark.size());
  const std::optional<std::string_view> end = lines.Next();
  if (!end.has_value() || !lines.rest().empty() || end->size() != kEndLineSize - 1 || (*end)[kEndMark.size()] != ' ') {
    return Malformed("the end of the header is malformed");
  }
  const std::optional<std::vector<std::uint8_t>> mac =
      Base64Decode(end->substr(kEndMark.size() + 1), Base64Padding::kNone);
  if (!mac.has_value() || mac->size() != parsed.mac.size()) {
    return Malformed("the end of the header is malformed");
  }
  std::copy(mac->begin(), mac->end(), parsed.mac.begin());
  return parsed;
}

}  // namespace kobling::crypto
