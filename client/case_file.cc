#include "client/case_file.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "client/message_json.h"
#include "client/profile.h"
#include "client/toml_file.h"
#include "domain/error.h"
#include "domain/ids.h"
#include "domain/status_macros.h"
#include "domain/text.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kTemplate = R"(# A project's case. Fill in what the decision says, then run
#   kobling project check FILE      (offline)
#   kobling project create --file FILE

# Your own number of the case. A second creation under it gives the same project.
case_number = ""

# What citizens read, in plain language: in bokmål, nynorsk and English.
title = ""
title_nynorsk = ""
title_english = ""
purpose = ""
purpose_nynorsk = ""
purpose_english = ""
# What they can demand, and how; may be empty.
rights = ""
rights_nynorsk = ""
rights_english = ""
# Where results are published, once there are any: https://...
results_link = ""
# Whom citizens and registers may ask.
contact = ""

# statistics, health-analysis, research, quality-improvement, planning, governance or preparedness
purpose_kind = ""
# Institution, and who answers for the project there.
data_user = ""
# Day on which the application was complete: the deadline of § 19 f runs from it. May be filled in later.
application_complete_date = ""
decision_reference = ""
# Dates are written 2026-11-22, in Norwegian time.
decision_date = ""
# What the project is based on, for example the regulation's sections and the ethics committee's reference.
legal_basis = ""

# Who puts the data files together: data-user, register or directorate-as-processor
linkage_performer = ""
# Only if linkage_performer is register: which one.
linkage_register_id = ""
# Only if it is directorate-as-processor: for which controller.
linkage_controller = ""
# Where the data are analysed: TSD, HUNT, SAFE or other
analysis_room = ""
# Only for other: where.
analysis_room_details = ""

# Most persons, those of the population and relatives together.
approved_persons = 0
start_date = ""
# Last day of submissions and key files.
end_date = ""
# Day on which the project's key is to be destroyed.
deletion_date = ""

# Only if citizens are not to be told of the project for a time: why, what allows it (for example
# personopplysningsloven § 17), and the last day, at the latest the deletion date.
insight_exemption_reason = ""
insight_exemption_reference = ""
insight_exemption_until = ""

# Only for numbers that were made elsewhere, before this service, and are imported: who made them, when and how. Then
# translations, purpose_kind, linkage, analysis room, approved_persons and scopes may be left out, and the dates may
# have passed. It cannot change once the project is active.
series_origin = ""

# One block for each condition of the decision (§ 4). Remove the '#' in front of the lines.
# [[conditions]]
# deletion, information or other
# kind = "deletion"
# text = ""
# due_date = ""

# One block for each register that takes part.
# [[sources]]
# register_id = "MFR"
# defines_population = true
# own, intersection or population
# scope = "own"
# legal_reference = ""
# Only for scope population: why.
# scope_reason = ""
# The register's key file covers relatives that other registers named.
# includes_relatives = false
# Only if the register is not included in the national solution: its own decision, by an authority such as rek.
# decision_reference = ""
# decision_date = ""
# decision_authority = ""
# Only for patient records, Folkeregisteret and SSB: dispensation from confidentiality (§ 7).
# dispensation_reference = ""
# dispensation_date = ""
# dispensation_authority = ""
# Days until the use of a key file must be reported; left out: the server's default.
# usage_due_days = 90
# Only if the law lets the source do without reservations: where (EHDS art. 71(4) or (8), or the register's regulation).
# reservation_exception = ""
)";

absl::Status Malformed(const std::filesystem::path& file, const toml::node& node, const std::string& field,
                       std::string_view hint) {
  return MakeError(Reason::kFileMalformed, {{DetailKey::kFile, file.string()},
                                            {DetailKey::kLine, std::uint64_t{node.source().begin.line}},
                                            {DetailKey::kField, field},
                                            {DetailKey::kHint, hint}});
}

std::string OneOf(const FieldDescriptor& field) {
  std::string hint = "write one of:";
  for (const std::string& word : WordsOf(*field.enum_type())) {
    hint += ' ';
    hint += word;
  }
  return hint;
}

// Sets one field that is no list. Says what is wrong with the value, or nothing.
std::string SetField(Message& message, const FieldDescriptor& field, const toml::node& node) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    const auto value = node.value_exact<bool>();
    if (!value) {
      return "write true or false";
    }
    reflection.SetBool(&message, &field, *value);
    return "";
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64 || field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
    const bool is_small = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32;
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < 0 || (is_small && *value > std::numeric_limits<std::uint32_t>::max())) {
      return "write a whole number";
    }
    if (is_small) {
      reflection.SetUInt32(&message, &field, static_cast<std::uint32_t>(*value));
    } else {
      reflection.SetUInt64(&message, &field, static_cast<std::uint64_t>(*value));
    }
    return "";
  }
  const auto text = node.value_exact<std::string>();
  if (!text) {
    return "write a text in quotation marks";
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    const EnumValueDescriptor* value = FindWord(*field.enum_type(), *text);
    if (value == nullptr && !text->empty()) {
      return OneOf(field);
    }
    reflection.SetEnumValue(&message, &field, value == nullptr ? 0 : value->number());
    return "";
  }
  if (IsDateField(field.name()) && !CheckDate(field.name(), *text).ok()) {
    return "write a date such as 2026-11-22";
  }
  reflection.SetString(&message, &field, *text);
  return "";
}

// What the server tells and nobody writes.
bool IsOutputOnly(const FieldDescriptor& field) {
  return field.name() == "complete" || field.name() == "locked" || field.name() == "included" || field.name() == "met";
}

absl::Status ReadTable(const toml::table& table, const std::filesystem::path& file, Message& message) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || IsOutputOnly(*field)) {
      return Malformed(file, node, name, "there is no such field");
    }
    if (!field->is_repeated()) {
      if (const std::string problem = SetField(message, *field, node); !problem.empty()) {
        return Malformed(file, node, name, problem);
      }
      continue;
    }
    const toml::array* blocks = node.as_array();
    if (blocks == nullptr) {
      return Malformed(file, node, name, "write one [[" + name + "]] block for each");
    }
    for (const toml::node& block : *blocks) {
      if (block.as_table() == nullptr) {
        return Malformed(file, block, name, "write one [[" + name + "]] block for each");
      }
      Message* const added = message.GetReflection()->AddMessage(&message, field);
      KOBLING_RETURN_IF_ERROR(ReadTable(*block.as_table(), file, *added));
    }
  }
  return absl::OkStatus();
}

// Its numbers were made before this service and are imported: less is asked of it.
bool IsMadeElsewhere(const api::ProjectCase& project_case) { return !project_case.series_origin().empty(); }

// Whether a case is complete without the field, as far as can be seen here.
bool MayBeEmpty(std::string_view field, const api::ProjectCase& project_case) {
  if (field == "linkage_register_id") {
    return project_case.linkage_performer() != api::LINKAGE_PERFORMER_REGISTER;
  }
  if (field == "linkage_controller") {
    return project_case.linkage_performer() != api::LINKAGE_PERFORMER_DIRECTORATE_AS_PROCESSOR;
  }
  if (field.starts_with("insight_exemption_")) {  // all of them, or none
    return project_case.insight_exemption_reason().empty() && project_case.insight_exemption_reference().empty() &&
           project_case.insight_exemption_until().empty();
  }
  constexpr std::array<std::string_view, 11> kNeededElsewhere = {
      "title",      "purpose",  "contact",       "data_user", "decision_reference", "decision_date", "legal_basis",
      "start_date", "end_date", "deletion_date", "sources"};
  if (IsMadeElsewhere(project_case)) {
    return std::find(kNeededElsewhere.begin(), kNeededElsewhere.end(), field) == kNeededElsewhere.end();
  }
  constexpr std::array<std::string_view, 9> kOptional = {"application_complete_date",
                                                         "case_number",
                                                         "analysis_room_details",
                                                         "conditions",
                                                         "rights",
                                                         "rights_nynorsk",
                                                         "rights_english",
                                                         "results_link",
                                                         "series_origin"};
  return std::find(kOptional.begin(), kOptional.end(), field) != kOptional.end();
}

enum class Scopes { kNeeded, kOptional };

void CheckSource(const api::Source& source, Scopes scopes, std::vector<absl::Status>& problems) {
  const auto missing = [&](std::string_view field) {
    problems.push_back(
        MakeError(Reason::kFieldMissing, {{DetailKey::kRegister, source.register_id()}, {DetailKey::kField, field}}));
  };
  if (!domain::RegisterId::Parse(source.register_id()).ok()) {
    problems.push_back(MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "register_id"}}));
  }
  if (source.scope() == api::SCOPE_UNSPECIFIED && scopes == Scopes::kNeeded) {
    missing("scope");
  }
  if (source.legal_reference().empty()) {
    missing("legal_reference");
  }
  if (source.scope() == api::SCOPE_POPULATION && source.scope_reason().empty() && scopes == Scopes::kNeeded) {
    missing("scope_reason");
  }
  if (source.scope() == api::SCOPE_OWN && !source.defines_population()) {
    problems.push_back(MakeError(Reason::kFieldMalformed,
                                 {{DetailKey::kRegister, source.register_id()},
                                  {DetailKey::kField, "scope"},
                                  {DetailKey::kHint, "scope own is for registers that define the population"}}));
  }
}

}  // namespace

std::string CaseTemplate() { return std::string(kTemplate); }

absl::StatusOr<api::ProjectCase> ReadCaseText(std::string_view text, const std::filesystem::path& file) {
  KOBLING_ASSIGN_OR_RETURN(const toml::table table, ParseToml(text, file, Reason::kFileMalformed));
  api::ProjectCase project_case;
  KOBLING_RETURN_IF_ERROR(ReadTable(table, file, project_case));
  return project_case;
}

absl::StatusOr<api::ProjectCase> ReadCaseFile(const std::filesystem::path& file) {
  KOBLING_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(file));
  return ReadCaseText(text, file);
}

std::vector<absl::Status> CheckCase(const api::ProjectCase& project_case, absl::CivilDay today) {
  std::vector<absl::Status> problems;
  const google::protobuf::Reflection& reflection = *project_case.GetReflection();
  for (int i = 0; i < project_case.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *project_case.GetDescriptor()->field(i);
    const bool may_be_empty = MayBeEmpty(field.name(), project_case);
    const bool is_set = field.is_repeated() ? reflection.FieldSize(project_case, &field) > 0
                                            : reflection.HasField(project_case, &field);
    if (!is_set && !may_be_empty) {
      problems.push_back(MakeError(Reason::kFieldMissing, {{DetailKey::kField, field.name()}}));
    }
  }
  const auto out_of_order = [](const std::string& first, const std::string& second) {
    return !first.empty() && !second.empty() && second < first;
  };
  if (out_of_order(project_case.start_date(), project_case.end_date()) ||
      out_of_order(project_case.end_date(), project_case.deletion_date())) {
    problems.push_back(MakeError(Reason::kDateOrder));
  }
  const bool is_made_elsewhere = IsMadeElsewhere(project_case);
  const std::string& end = project_case.end_date();
  if (!is_made_elsewhere && !end.empty() && end < absl::FormatCivilTime(today)) {
    problems.push_back(MakeError(Reason::kProjectEnded,
                                 {{DetailKey::kField, "end_date"}, {DetailKey::kLimit, std::string_view(end)}}));
  }
  bool has_defining_source = false;
  std::set<std::string> seen;
  for (const api::Source& source : project_case.sources()) {
    CheckSource(source, is_made_elsewhere ? Scopes::kOptional : Scopes::kNeeded, problems);
    if (!seen.insert(source.register_id()).second) {
      problems.push_back(MakeError(Reason::kSourceExists, {{DetailKey::kRegister, source.register_id()}}));
    }
    has_defining_source = has_defining_source || source.defines_population();
  }
  if (!is_made_elsewhere && !has_defining_source && project_case.sources_size() > 0) {
    problems.push_back(MakeError(Reason::kFieldMissing, {{DetailKey::kField, "sources"},
                                                         {DetailKey::kHint, "no source defines the population"}}));
  }
  return problems;
}

bool IsDateField(std::string_view field) { return field.ends_with("_date") || field.ends_with("_until"); }

absl::Status CheckDate(std::string_view field, std::string_view text) {
  absl::CivilDay day;
  const bool is_date = text.size() == 10 && absl::ParseCivilTime(domain::ToAbsl(text), &day) &&
                       absl::FormatCivilTime(day) == domain::ToAbsl(text);
  if (text.empty() || is_date) {
    return absl::OkStatus();
  }
  return MakeError(Reason::kFieldMalformed,
                   {{DetailKey::kField, field}, {DetailKey::kHint, "write a date such as 2026-11-22"}});
}

}  // namespace kobling::client
