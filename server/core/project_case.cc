#include "server/core/project_case.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "domain/error.h"
#include "domain/ids.h"
#include "domain/lopenummer.h"
#include "domain/national_id.h"
#include "domain/status_macros.h"
#include "domain/text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/core/dates.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kMaxSources = 100;
constexpr std::size_t kMaxConditions = 100;
constexpr std::uint32_t kMostDays = 3650;
constexpr std::uint32_t kLastConditionKind = 3;     // kobling.v1.ConditionKind
constexpr std::uint64_t kMostPersons = 50'000'000;  // several times the country, with everybody who ever lived in it
constexpr std::size_t kShortText = 400;
constexpr std::uint32_t kLastPurposeKind = 7;       // kobling.v1.PurposeKind
constexpr std::uint32_t kLastLinkagePerformer = 3;  // kobling.v1.LinkagePerformer

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A character that people write between the parts of a number; a no-break space is two bytes.
std::size_t SeparatorBytes(std::string_view text) {
  if (text.starts_with("\xc2\xa0")) {
    return 2;
  }
  return !text.empty() && std::string_view(" .-/,\n").find(text[0]) != std::string_view::npos ? 1 : 0;
}

// Whether eleven digits begin at the text, with at most one separator between any two, and nothing but another kind of
// character follows. Those with separators must be right as an identifier too: dates and case numbers are written so.
bool BeginsWithIdentifier(std::string_view text, const domain::NationalIdRules& rules) {
  std::array<char, domain::NationalId::kLength> digits{};
  std::size_t count = 0;
  bool separated = false;
  for (std::size_t i = 0; i < text.size();) {
    if (IsDigit(text[i])) {
      if (count == digits.size()) {
        return false;
      }
      digits[count++] = text[i++];
      continue;
    }
    const std::size_t separator = SeparatorBytes(text.substr(i));
    if (count == digits.size() || separator == 0 || i + separator >= text.size() || !IsDigit(text[i + separator])) {
      break;
    }
    separated = true;
    i += separator;
  }
  return count == digits.size() && (!separated || !rules.Check(digits.data()).has_value());
}

// In either case: nobody means anything else by eighteen such characters.
bool BeginsWithLopenummer(std::string_view text) {
  if (text.size() < domain::Lopenummer::kLength) {
    return false;
  }
  std::string upper(text.substr(0, domain::Lopenummer::kLength));
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return domain::Lopenummer::Parse(upper).lopenummer.has_value();
}

bool HoldsPersonalNumber(std::string_view text) {
  constexpr domain::AcceptedSeries kAll = {.unprefixed = true,
                                           .fh = true,
                                           .npid20 = true,
                                           .nav40 = true,
                                           .npid60 = true,
                                           .nhn65 = true,
                                           .synthetic80 = true};
  static const domain::NationalIdRules rules(kAll);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool number_begins = IsDigit(text[i]) && (i == 0 || !IsDigit(text[i - 1]));
    if ((number_begins && BeginsWithIdentifier(text.substr(i), rules)) || BeginsWithLopenummer(text.substr(i))) {
      return true;
    }
  }
  return false;
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7f;
  });
}

absl::Status Malformed(std::string_view field, std::string_view hint) {
  return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, field}, {DetailKey::kHint, hint}});
}

std::string SourceField(const records::SourceRecord& source, std::string_view field) {
  return "sources[" + source.register_id() + "]." + std::string(field);
}

absl::Status CheckAuthority(std::string_view field, const std::string& authority, const CaseRules& rules) {
  if (authority.empty() || rules.FindAuthority(authority) != nullptr) {
    return absl::OkStatus();
  }
  return Malformed(field, "the id of an authority in the server's case rules");
}

absl::Status CheckSource(const records::SourceRecord& source,
                         const std::map<std::string, records::RegisterRecord>& registers, const CaseRules& rules) {
  if (!registers.contains(source.register_id())) {
    return MakeError(Reason::kRegisterNotFound, {{DetailKey::kField, "sources"}});
  }
  if (!records::ScopeRecord_IsValid(source.scope())) {
    return Malformed(SourceField(source, "scope"), "OWN, INTERSECTION or POPULATION");
  }
  if (source.scope() == records::SCOPE_RECORD_OWN && !source.defines_population()) {
    return Malformed(SourceField(source, "scope"), "OWN is for registers that define the population");
  }
  for (const auto& [field, value] :
       {std::pair("legal_reference", &source.legal_reference()), std::pair("scope_reason", &source.scope_reason()),
        std::pair("controller", &source.controller()), std::pair("decision_reference", &source.decision_reference()),
        std::pair("dispensation_reference", &source.dispensation_reference()),
        std::pair("reservation_exception", &source.reservation_exception())}) {
    KOBLING_RETURN_IF_ERROR(CheckText(SourceField(source, field), *value));
  }
  KOBLING_RETURN_IF_ERROR(CheckDate(SourceField(source, "decision_date"), source.decision_date()));
  KOBLING_RETURN_IF_ERROR(CheckDate(SourceField(source, "dispensation_date"), source.dispensation_date()));
  if (!source.kind().empty() && rules.FindKind(source.kind()) == nullptr) {
    return Malformed(SourceField(source, "kind"), "the id of a kind in the server's case rules");
  }
  KOBLING_RETURN_IF_ERROR(
      CheckAuthority(SourceField(source, "decision_authority"), source.decision_authority(), rules));
  KOBLING_RETURN_IF_ERROR(
      CheckAuthority(SourceField(source, "dispensation_authority"), source.dispensation_authority(), rules));
  if (source.usage_due_days() > kMostDays) {
    return Malformed(SourceField(source, "usage_due_days"), "at most 3650 days; 0 for the server's default");
  }
  return absl::OkStatus();
}

absl::Status CheckCondition(const records::ConditionRecord& condition, int number) {
  const std::string prefix = "conditions[" + std::to_string(number) + "].";
  if (condition.kind() == 0 || condition.kind() > kLastConditionKind) {
    return Malformed(prefix + "kind", "deletion, information or other (§ 4)");
  }
  KOBLING_RETURN_IF_ERROR(CheckRequiredText(prefix + "text", condition.text()));
  return CheckDate(prefix + "due_date", condition.due_date());
}

absl::Status CheckDateOrder(const records::CaseRecord& project_case) {
  const auto in_order = [](const std::string& first, const std::string& second) {
    return first.empty() || second.empty() || first <= second;  // as texts, since they are year-month-day
  };
  if (!in_order(project_case.start_date(), project_case.end_date())) {
    return MakeError(Reason::kDateOrder, {{DetailKey::kField, "end_date"}});
  }
  if (!in_order(project_case.end_date(), project_case.deletion_date())) {
    return MakeError(Reason::kDateOrder, {{DetailKey::kField, "deletion_date"}});
  }
  return absl::OkStatus();
}

// An exemption from insight has a reason, a paragraph and an end, and ends with the project at the latest.
absl::Status CheckInsightExemption(const records::CaseRecord& project_case) {
  const auto fields = {std::pair("insight_exemption_reason", &project_case.insight_exemption_reason()),
                       std::pair("insight_exemption_reference", &project_case.insight_exemption_reference()),
                       std::pair("insight_exemption_until", &project_case.insight_exemption_until())};
  if (std::all_of(fields.begin(), fields.end(), [](const auto& field) { return field.second->empty(); })) {
    return absl::OkStatus();
  }
  for (const auto& [field, value] : fields) {
    if (value->empty()) {
      return MakeError(Reason::kFieldMissing,
                       {{DetailKey::kField, field},
                        {DetailKey::kHint,
                         "personopplysningsloven §§ 16 and 17: an exemption from insight has a written reason, a legal "
                         "reference and a last day"}});
    }
  }
  KOBLING_RETURN_IF_ERROR(
      CheckRequiredText("insight_exemption_reason", project_case.insight_exemption_reason(), kShortText));
  KOBLING_RETURN_IF_ERROR(
      CheckRequiredText("insight_exemption_reference", project_case.insight_exemption_reference(), kShortText));
  KOBLING_RETURN_IF_ERROR(CheckDate("insight_exemption_until", project_case.insight_exemption_until()));
  const std::string& until = project_case.insight_exemption_until();
  if ((!project_case.deletion_date().empty() && until > project_case.deletion_date()) ||
      until < project_case.start_date()) {
    return MakeError(Reason::kDateOrder,
                     {{DetailKey::kField, "insight_exemption_until"},
                      {DetailKey::kHint, "a day of the project, from start_date to deletion_date"}});
  }
  return absl::OkStatus();
}

// The value of a field that is not repeated, as people read it.
std::string ValueText(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case google::protobuf::FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, &field);
    case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "yes" : "no";
    case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(reflection.GetUInt32(message, &field));
    case google::protobuf::FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(reflection.GetUInt64(message, &field));
    case google::protobuf::FieldDescriptor::CPPTYPE_ENUM: {
      constexpr std::string_view kPrefix = "SCOPE_RECORD_";
      const std::string& name = reflection.GetEnum(message, &field)->name();
      return name.substr(name.starts_with(kPrefix) ? kPrefix.size() : 0);
    }
    default:
      return {};
  }
}

void AddDifferences(const google::protobuf::Message& before, const google::protobuf::Message& after,
                    std::string_view prefix, std::vector<transparency::EventChange>& changes) {
  const google::protobuf::Descriptor& type = *before.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) {
      continue;
    }
    std::string old_value = ValueText(before, field);
    std::string new_value = ValueText(after, field);
    if (old_value != new_value) {
      changes.push_back({std::string(prefix) + field.name(), std::move(old_value), std::move(new_value)});
    }
  }
}

}  // namespace

absl::Status CheckText(std::string_view field, std::string_view value, std::size_t max_bytes) {
  if (value.size() > max_bytes) {
    return MakeError(Reason::kFieldTooLong, {{DetailKey::kField, field}, {DetailKey::kLimit, max_bytes}});
  }
  if (!domain::IsUtf8(value) || HasControlCharacter(value)) {
    return Malformed(field, "UTF-8 text without control characters");
  }
  if (HoldsPersonalNumber(value)) {
    return Malformed(field, "it holds something that looks like a national identifier or a løpenummer");
  }
  return absl::OkStatus();
}

absl::Status CheckRequiredText(std::string_view field, std::string_view value, std::size_t max_bytes) {
  if (std::all_of(value.begin(), value.end(), [](char c) { return c == ' ' || c == '\n'; })) {
    return MakeError(Reason::kFieldMissing, {{DetailKey::kField, field}});
  }
  return CheckText(field, value, max_bytes);
}

absl::Status CheckDate(std::string_view field, std::string_view value) {
  if (!value.empty() && !ParseDate(value).has_value()) {
    return Malformed(field, "a date as 2026-11-22");
  }
  return absl::OkStatus();
}

absl::Status CheckCase(const records::CaseRecord& project_case,
                       const std::map<std::string, records::RegisterRecord>& registers, const CaseRules& rules) {
  for (const auto& [field, value] :
       {std::pair("title", &project_case.title()), std::pair("title_nynorsk", &project_case.title_nynorsk()),
        std::pair("title_english", &project_case.title_english()), std::pair("data_user", &project_case.data_user()),
        std::pair("decision_reference", &project_case.decision_reference()),
        std::pair("contact", &project_case.contact()), std::pair("case_number", &project_case.case_number()),
        std::pair("linkage_controller", &project_case.linkage_controller()),
        std::pair("analysis_room_details", &project_case.analysis_room_details()),
        std::pair("results_link", &project_case.results_link()),
        std::pair("series_origin", &project_case.series_origin())}) {
    KOBLING_RETURN_IF_ERROR(CheckText(field, *value, kShortText));
  }
  for (const auto& [field, value] :
       {std::pair("purpose", &project_case.purpose()), std::pair("purpose_nynorsk", &project_case.purpose_nynorsk()),
        std::pair("purpose_english", &project_case.purpose_english()),
        std::pair("legal_basis", &project_case.legal_basis()), std::pair("rights", &project_case.rights()),
        std::pair("rights_nynorsk", &project_case.rights_nynorsk()),
        std::pair("rights_english", &project_case.rights_english())}) {
    KOBLING_RETURN_IF_ERROR(CheckText(field, *value));
  }
  for (const auto& [field, value] :
       {std::pair("application_complete_date", &project_case.application_complete_date()),
        std::pair("decision_date", &project_case.decision_date()), std::pair("start_date", &project_case.start_date()),
        std::pair("end_date", &project_case.end_date()), std::pair("deletion_date", &project_case.deletion_date())}) {
    KOBLING_RETURN_IF_ERROR(CheckDate(field, *value));
  }
  KOBLING_RETURN_IF_ERROR(CheckDateOrder(project_case));
  KOBLING_RETURN_IF_ERROR(CheckInsightExemption(project_case));
  if (project_case.approved_persons() > kMostPersons) {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, "approved_persons"}, {DetailKey::kLimit, kMostPersons}});
  }
  if (project_case.purpose_kind() > kLastPurposeKind) {
    return Malformed("purpose_kind", "one of the kinds of § 1");
  }
  if (project_case.linkage_performer() > kLastLinkagePerformer) {
    return Malformed("linkage_performer", "the data user, a register, or the directorate as processor");
  }
  if (!project_case.analysis_room().empty() && rules.FindRoom(project_case.analysis_room()) == nullptr) {
    return Malformed("analysis_room", "the id of a room in the server's case rules");
  }
  if (!project_case.results_link().empty() && !project_case.results_link().starts_with("https://")) {
    return Malformed("results_link", "a web address that begins with https://");
  }
  if (static_cast<std::size_t>(project_case.conditions_size()) > kMaxConditions) {
    return MakeError(Reason::kFieldTooLong, {{DetailKey::kField, "conditions"}, {DetailKey::kLimit, kMaxConditions}});
  }
  for (int i = 0; i < project_case.conditions_size(); ++i) {
    KOBLING_RETURN_IF_ERROR(CheckCondition(project_case.conditions(i), i + 1));
  }
  if (!project_case.linkage_register_id().empty() && !registers.contains(project_case.linkage_register_id())) {
    return MakeError(Reason::kRegisterNotFound, {{DetailKey::kField, "linkage_register_id"}});
  }
  if (static_cast<std::size_t>(project_case.sources_size()) > kMaxSources) {
    return MakeError(Reason::kFieldTooLong, {{DetailKey::kField, "sources"}, {DetailKey::kLimit, kMaxSources}});
  }
  std::set<std::string_view> seen;
  for (const records::SourceRecord& source : project_case.sources()) {
    KOBLING_RETURN_IF_ERROR(CheckSource(source, registers, rules));
    if (!seen.insert(source.register_id()).second) {
      return MakeError(Reason::kSourceExists, {{DetailKey::kRegister, source.register_id()}});
    }
  }
  return absl::OkStatus();
}

std::vector<transparency::EventChange> DifferencesOf(const records::CaseRecord& before,
                                                     const records::CaseRecord& after) {
  std::vector<transparency::EventChange> changes;
  AddDifferences(before, after, "", changes);
  std::map<std::string, std::pair<records::SourceRecord, records::SourceRecord>> sources;
  for (const records::SourceRecord& source : before.sources()) {
    sources[source.register_id()].first = source;
  }
  for (const records::SourceRecord& source : after.sources()) {
    sources[source.register_id()].second = source;
  }
  for (const auto& [register_id, pair] : sources) {
    AddDifferences(pair.first, pair.second, "sources[" + register_id + "].", changes);
  }
  for (int i = 0; i < std::max(before.conditions_size(), after.conditions_size()); ++i) {
    const records::ConditionRecord nothing;
    AddDifferences(i < before.conditions_size() ? before.conditions(i) : nothing,
                   i < after.conditions_size() ? after.conditions(i) : nothing,
                   "conditions[" + std::to_string(i + 1) + "].", changes);
  }
  return changes;
}

}  // namespace kobling::server
