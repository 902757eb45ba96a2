#include "client/identity_event_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "client/files/line_reader.h"
#include "client/message_json.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "domain/text.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::array<std::string_view, 5> kFields = {"sequence", "event", "identifier", "other", "effective_date"};
constexpr std::string_view kHeader = "sequence;event;identifier;other;effective_date";
constexpr std::string_view kSequenceHint =
    "a whole number from 1 to 2^64-1 is expected, without sign, spaces or leading zeros";
enum FieldPlace : std::size_t { kSequence, kEvent, kIdentifier, kOther, kEffectiveDate };

// What is wrong with an event, before it is known where it stands.
struct Fault {
  Reason reason = Reason::kIdentityEventMalformed;
  std::string_view field;
  std::string_view hint;
};

absl::Status ErrorOf(const Fault& fault, const std::string& file, std::uint64_t line) {
  std::vector<domain::Detail> details = {
      {DetailKey::kFile, file}, {DetailKey::kLine, line}, {DetailKey::kField, fault.field}};
  if (!fault.hint.empty()) {
    details.emplace_back(DetailKey::kHint, fault.hint);
  }
  return MakeError(fault.reason, std::move(details));
}

bool IsDate(std::string_view text) {
  absl::CivilDay day;
  return absl::ParseCivilTime(domain::ToAbsl(text), &day) && absl::FormatCivilTime(day) == domain::ToAbsl(text);
}

bool HasOther(api::IdentityEventKind kind) {
  return kind == api::IDENTITY_EVENT_KIND_ADDED || kind == api::IDENTITY_EVENT_KIND_REPLACED ||
         kind == api::IDENTITY_EVENT_KIND_MERGED || kind == api::IDENTITY_EVENT_KIND_SPLIT;
}

// Puts the values of a file into an event. Each function says what is wrong, or nothing.
class EventFields {
 public:
  EventFields() {
    const auto& type = *api::IdentityEventKind_descriptor();
    for (const std::string& word : WordsOf(type)) {
      kinds_.emplace_back(word, static_cast<api::IdentityEventKind>(FindWord(type, word)->number()));
    }
  }

  // Numbers are decimal, without sign or leading zeros.
  static std::optional<Fault> SetSequence(std::string_view text, api::IdentityEvent& event) {
    std::uint64_t sequence = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
    if (error != std::errc() || end != text.data() + text.size() || text.starts_with('0')) {
      return Fault{.field = kFields[kSequence], .hint = kSequenceHint};
    }
    event.set_sequence(sequence);
    return std::nullopt;
  }

  std::optional<Fault> SetKind(std::string_view word, api::IdentityEvent& event) const {
    const auto found = std::find_if(kinds_.begin(), kinds_.end(), [&](const auto& kind) { return kind.first == word; });
    if (found == kinds_.end()) {
      return Fault{.field = kFields[kEvent],
                   .hint = "the word is none of the words for events; they are in lower case"};
    }
    event.set_kind(found->second);
    return std::nullopt;
  }

  std::optional<Fault> AddIdentifier(std::string_view text, api::IdentityEvent& event) const {
    const IdentifierCell cell = cells_.ReadIndex(text);
    if (cell.state != IdentifierCell::State::kDigits) {
      return Fault{.reason = cell.fault, .field = kFields[kIdentifier], .hint = ""};
    }
    event.add_identifiers(cell.digits, domain::NationalId::kLength);
    return std::nullopt;
  }

  std::optional<Fault> SetOther(std::string_view text, api::IdentityEvent& event) const {
    const IdentifierCell cell = cells_.ReadRelative(text);
    if (cell.state == IdentifierCell::State::kFault) {
      return Fault{.reason = cell.fault, .field = kFields[kOther], .hint = ""};
    }
    event.set_other(text.data(), text.size());
    return std::nullopt;
  }

  static std::optional<Fault> SetDate(std::string_view text, api::IdentityEvent& event) {
    if (!text.empty() && !IsDate(text)) {
      return Fault{.field = kFields[kEffectiveDate], .hint = "a date such as 2026-11-22 is expected, or nothing"};
    }
    event.set_effective_date(text.data(), text.size());
    return std::nullopt;
  }

  // What the kind demands of the whole.
  static std::optional<Fault> Check(const api::IdentityEvent& event) {
    if (event.identifiers_size() > 1 && event.kind() != api::IDENTITY_EVENT_KIND_SPLIT) {
      return Fault{.field = kFields[kIdentifier], .hint = "only a split has several identifiers"};
    }
    if (HasOther(event.kind()) == event.other().empty()) {
      return Fault{.field = kFields[kOther],
                   .hint = event.other().empty() ? "this kind of event needs a second identifier"
                                                 : "this kind of event has no second identifier"};
    }
    return std::nullopt;
  }

 private:
  std::vector<std::pair<std::string, api::IdentityEventKind>> kinds_;
  IdentifierCellReader cells_{IdentifierCheck::kFormat, domain::AcceptedSeries::Production()};
};

class CsvEvents final : public IdentityEventReader {
 public:
  static absl::StatusOr<std::unique_ptr<IdentityEventReader>> Open(const RowFile& file) {
    TableOptions options;
    options.delimiter = Delimiter::kSemicolon;
    // The table's reader would say of a wrong first line what is right for files that may be without a header.
    options.header = HeaderLine::kAbsent;
    KOBLING_ASSIGN_OR_RETURN(auto table, file.Open(options));
    KOBLING_ASSIGN_OR_RETURN(const Record* first, table->Next());
    const auto is_name = [](const Field& field, std::string_view name) { return field.value == name; };
    if (!std::equal(first->fields.begin(), first->fields.end(), kFields.begin(), kFields.end(), is_name)) {
      const std::string hint = first->raw.starts_with('{') ? "this looks like JSON lines; say --file-format jsonl"
                                                           : "the first line must be " + std::string(kHeader);
      return MakeError(
          Reason::kFileMalformed,
          {{DetailKey::kFile, table->name()}, {DetailKey::kLine, std::uint64_t{1}}, {DetailKey::kHint, hint}});
    }
    return std::unique_ptr<IdentityEventReader>(new CsvEvents(std::move(table)));
  }

  absl::StatusOr<bool> Next(api::IdentityEvent& event) override {
    KOBLING_ASSIGN_OR_RETURN(const Record* record, table_->Next());
    if (record == nullptr) {
      return false;
    }
    line_ = record->line;
    if (const auto fault = Read(*record, event)) {
      return ErrorOf(*fault, table_->name(), line_);
    }
    return true;
  }
  std::uint64_t line() const override { return line_; }
  std::uint64_t bytes_read() const override { return table_->bytes_read(); }

 private:
  explicit CsvEvents(std::unique_ptr<TableReader> table) : table_(std::move(table)) {}

  std::optional<Fault> Read(const Record& record, api::IdentityEvent& event) const {
    event.Clear();
    const auto value = [&](FieldPlace place) { return record.fields[place].value; };
    if (auto fault = fields_.SetSequence(value(kSequence), event)) {
      return fault;
    }
    if (auto fault = fields_.SetKind(value(kEvent), event)) {
      return fault;
    }
    std::string_view identifiers = value(kIdentifier);
    if (identifiers.starts_with(' ') || identifiers.ends_with(' ') ||
        identifiers.find("  ") != std::string_view::npos) {
      return Fault{.field = kFields[kIdentifier],
                   .hint = "a space stands before, after or next to another space; one space separates identifiers"};
    }
    while (true) {
      const std::size_t space = identifiers.find(' ');
      if (auto fault = fields_.AddIdentifier(identifiers.substr(0, space), event)) {
        return fault;
      }
      if (space == std::string_view::npos) {
        break;
      }
      identifiers.remove_prefix(space + 1);
    }
    if (auto fault = fields_.SetOther(value(kOther), event)) {
      return fault;
    }
    if (auto fault = fields_.SetDate(value(kEffectiveDate), event)) {
      return fault;
    }
    return fields_.Check(event);
  }

  std::unique_ptr<TableReader> table_;
  EventFields fields_;
  std::uint64_t line_ = 0;
};

class JsonEvents final : public IdentityEventReader {
 public:
  static absl::StatusOr<std::unique_ptr<IdentityEventReader>> Open(const RowFile& file) {
    if (file.is_stream()) {
      return std::unique_ptr<IdentityEventReader>(new JsonEvents(LineReader::OpenStream(file.input, file.Name())));
    }
    KOBLING_ASSIGN_OR_RETURN(auto lines, LineReader::Open(file.path));
    return std::unique_ptr<IdentityEventReader>(new JsonEvents(std::move(lines)));
  }

  absl::StatusOr<bool> Next(api::IdentityEvent& event) override {
    std::optional<std::string_view> text;
    do {
      KOBLING_ASSIGN_OR_RETURN(text, lines_->Next());
    } while (text.has_value() && text->empty());
    if (!text.has_value()) {
      // As of a table: nothing at all is rather an export that failed than a day without events.
      return has_events_ ? absl::StatusOr<bool>(false)
                         : MakeError(Reason::kFileEmpty, {{DetailKey::kFile, lines_->name()}});
    }
    has_events_ = true;
    if (lines_->line() == 1 && *text == kHeader) {
      return MakeError(Reason::kFileMalformed, {{DetailKey::kFile, lines_->name()},
                                                {DetailKey::kLine, std::uint64_t{1}},
                                                {DetailKey::kHint, "this looks like CSV; say --file-format csv"}});
    }
    if (const auto fault = Read(*text, event)) {
      return ErrorOf(*fault, lines_->name(), lines_->line());
    }
    return true;
  }
  std::uint64_t line() const override { return lines_->line(); }
  std::uint64_t bytes_read() const override { return lines_->bytes_read(); }

 private:
  explicit JsonEvents(std::unique_ptr<LineReader> lines) : lines_(std::move(lines)) {}

  // The value of a field that is a text; empty if the field is not there.
  static std::optional<std::string_view> TextAt(const nlohmann::json& object, FieldPlace place) {
    const auto found = object.find(kFields[place]);
    if (found == object.end()) {
      return std::string_view();
    }
    return found->is_string() ? std::optional<std::string_view>(found->get_ref<const std::string&>()) : std::nullopt;
  }

  std::optional<Fault> Read(std::string_view text, api::IdentityEvent& event) const {
    event.Clear();
    // A key that stands twice would hide one of its values.
    std::size_t keys = 0;
    const auto object = nlohmann::json::parse(
        text,
        [&keys](int depth, nlohmann::json::parse_event_t part, nlohmann::json&) {
          keys += depth == 1 && part == nlohmann::json::parse_event_t::key ? 1 : 0;
          return true;
        },
        /*allow_exceptions=*/false);
    if (!object.is_object() || keys != object.size()) {
      return Fault{.field = "line", .hint = "the line is not one JSON object, or a key stands twice"};
    }
    for (const auto& [key, value] : object.items()) {
      if (std::find(kFields.begin(), kFields.end(), key) == kFields.end()) {
        return Fault{.field = "line", .hint = "the object has a key that events do not have"};
      }
    }
    return ReadObject(object, event);
  }

  std::optional<Fault> ReadObject(const nlohmann::json& object, api::IdentityEvent& event) const {
    const auto sequence = object.find(kFields[kSequence]);
    if (sequence == object.end() || !sequence->is_number_unsigned() || *sequence == 0) {
      return Fault{.field = kFields[kSequence], .hint = kSequenceHint};
    }
    event.set_sequence(sequence->get<std::uint64_t>());
    for (const FieldPlace place : {kEvent, kOther, kEffectiveDate}) {
      if (!TextAt(object, place)) {
        return Fault{.field = kFields[place], .hint = "a text is expected"};
      }
    }
    if (auto fault = fields_.SetKind(*TextAt(object, kEvent), event)) {
      return fault;
    }
    if (auto fault = ReadIdentifiers(object, event)) {
      return fault;
    }
    if (auto fault = fields_.SetOther(*TextAt(object, kOther), event)) {
      return fault;
    }
    if (auto fault = fields_.SetDate(*TextAt(object, kEffectiveDate), event)) {
      return fault;
    }
    return fields_.Check(event);
  }

  std::optional<Fault> ReadIdentifiers(const nlohmann::json& object, api::IdentityEvent& event) const {
    const auto list = object.find(kFields[kIdentifier]);
    if (list == object.end() || !list->is_array()) {
      const auto one = TextAt(object, kIdentifier);
      return one ? fields_.AddIdentifier(*one, event)
                 : Fault{.field = kFields[kIdentifier], .hint = "a text is expected, or for a split a list of texts"};
    }
    if (list->empty() || event.kind() != api::IDENTITY_EVENT_KIND_SPLIT) {
      return Fault{.field = kFields[kIdentifier], .hint = "only a split has a list, and the list is not empty"};
    }
    for (const auto& identifier : *list) {
      if (!identifier.is_string()) {
        return Fault{.field = kFields[kIdentifier], .hint = "a list of texts is expected"};
      }
      if (auto fault = fields_.AddIdentifier(identifier.get_ref<const std::string&>(), event)) {
        return fault;
      }
    }
    return std::nullopt;
  }

  std::unique_ptr<LineReader> lines_;
  EventFields fields_;
  bool has_events_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<IdentityEventReader>> IdentityEventReader::Open(const RowFile& file,
                                                                               IdentityEventFormat format) {
  return format == IdentityEventFormat::kCsv ? CsvEvents::Open(file) : JsonEvents::Open(file);
}

}  // namespace kobling::client
