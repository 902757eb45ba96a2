#include "server/core/lawful_case.h"

#include <algorithm>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// The numbers of kobling.v1.LinkagePerformer.
constexpr std::uint32_t kLinkageByRegister = 2;
constexpr std::uint32_t kLinkageByDirectorate = 3;

absl::Status Incomplete(std::string_view field, std::string_view hint) {
  return MakeError(Reason::kProjectIncomplete, {{DetailKey::kField, field}, {DetailKey::kHint, hint}});
}

absl::Status Need(std::string_view field, const std::string& value, std::string_view rule) {
  return value.empty() ? Incomplete(field, rule) : absl::OkStatus();
}

std::string SourceField(const records::SourceRecord& source, std::string_view field) {
  return "sources[" + source.register_id() + "]." + std::string(field);
}

absl::Status CheckLinkage(const records::CaseRecord& project_case, const CaseRules& rules) {
  switch (project_case.linkage_performer()) {
    case 0:
      return Incomplete("linkage_performer", "§ 5: who performs the linkage");
    case kLinkageByRegister:
      KOBLING_RETURN_IF_ERROR(
          Need("linkage_register_id", project_case.linkage_register_id(), "§ 5: which register performs the linkage"));
      break;
    case kLinkageByDirectorate:
      KOBLING_RETURN_IF_ERROR(Need("linkage_controller", project_case.linkage_controller(),
                                   "§ 5: the directorate links as a processor; for which controller?"));
      break;
    default:
      break;
  }
  KOBLING_RETURN_IF_ERROR(Need("analysis_room", project_case.analysis_room(), "§ 4: where the data are analysed"));
  const AnalysisRoom* const room = rules.FindRoom(project_case.analysis_room());
  if (room != nullptr && room->needs_details) {
    return Need("analysis_room_details", project_case.analysis_room_details(), "§ 4: where the data are analysed");
  }
  return absl::OkStatus();
}

absl::Status CheckTranslations(const records::CaseRecord& project_case, const CaseRules& rules) {
  if (rules.required_languages.nynorsk) {
    KOBLING_RETURN_IF_ERROR(Need("title_nynorsk", project_case.title_nynorsk(), "citizens see it"));
    KOBLING_RETURN_IF_ERROR(Need("purpose_nynorsk", project_case.purpose_nynorsk(), "citizens see it"));
  }
  if (rules.required_languages.english) {
    KOBLING_RETURN_IF_ERROR(Need("title_english", project_case.title_english(), "citizens see it"));
    KOBLING_RETURN_IF_ERROR(Need("purpose_english", project_case.purpose_english(), "citizens see it"));
  }
  return absl::OkStatus();
}

absl::Status CheckSourceComplete(const records::SourceRecord& source) {
  if (source.scope() == records::SCOPE_RECORD_UNSPECIFIED) {
    return Incomplete(SourceField(source, "scope"), "OWN, INTERSECTION or POPULATION");
  }
  KOBLING_RETURN_IF_ERROR(Need(SourceField(source, "kind"), source.kind(), "§ 3: what kind of source it is"));
  if (source.scope() == records::SCOPE_RECORD_POPULATION) {
    return Need(SourceField(source, "scope_reason"), source.scope_reason(), "scope POPULATION needs a written reason");
  }
  return absl::OkStatus();
}

absl::Status Unlawful(const records::SourceRecord& source, std::string_view field, std::string_view paragraph,
                      std::string_view rule) {
  return MakeError(Reason::kSourceUnlawful, {{DetailKey::kRegister, source.register_id()},
                                             {DetailKey::kField, SourceField(source, field)},
                                             {DetailKey::kHint, std::string(paragraph) + ": " + std::string(rule)}});
}

}  // namespace

bool IsMadeElsewhere(const records::CaseRecord& project_case) { return !project_case.series_origin().empty(); }

namespace {

// What every case tells, also one from before this service and its law.
absl::Status CheckEssentials(const records::CaseRecord& project_case) {
  KOBLING_RETURN_IF_ERROR(Need("title", project_case.title(), "citizens see it"));
  KOBLING_RETURN_IF_ERROR(Need("purpose", project_case.purpose(), "citizens see it, in plain language"));
  KOBLING_RETURN_IF_ERROR(Need("contact", project_case.contact(), "citizens see it"));
  KOBLING_RETURN_IF_ERROR(Need("data_user", project_case.data_user(), "who receives the data"));
  KOBLING_RETURN_IF_ERROR(Need("decision_reference", project_case.decision_reference(), "the decision of § 4"));
  KOBLING_RETURN_IF_ERROR(Need("decision_date", project_case.decision_date(), "the decision of § 4"));
  KOBLING_RETURN_IF_ERROR(Need("legal_basis", project_case.legal_basis(), "§§ 4, 5, 7"));
  KOBLING_RETURN_IF_ERROR(Need("start_date", project_case.start_date(), "the decision's period"));
  KOBLING_RETURN_IF_ERROR(Need("end_date", project_case.end_date(), "the decision's period"));
  KOBLING_RETURN_IF_ERROR(Need("deletion_date", project_case.deletion_date(), "when the key is destroyed"));
  if (project_case.sources().empty()) {
    return Incomplete("sources", "at least one register takes part");
  }
  for (const records::SourceRecord& source : project_case.sources()) {
    KOBLING_RETURN_IF_ERROR(Need(SourceField(source, "legal_reference"), source.legal_reference(),
                                 "each source has a legal basis of its own"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckComplete(const records::CaseRecord& project_case, const CaseRules& rules) {
  KOBLING_RETURN_IF_ERROR(CheckEssentials(project_case));
  if (IsMadeElsewhere(project_case)) {
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(CheckTranslations(project_case, rules));
  if (project_case.purpose_kind() == 0) {
    return Incomplete("purpose_kind", "§ 1");
  }
  KOBLING_RETURN_IF_ERROR(CheckLinkage(project_case, rules));
  if (project_case.approved_persons() == 0) {
    return Incomplete("approved_persons", "the decision says how many persons");
  }
  const auto& sources = project_case.sources();
  if (std::none_of(sources.begin(), sources.end(), [](const records::SourceRecord& source) {
        return source.defines_population() && !source.withdrawn();
      })) {
    return Incomplete("sources", "at least one register defines the population");
  }
  for (const records::SourceRecord& source : sources) {
    KOBLING_RETURN_IF_ERROR(CheckSourceComplete(source));
  }
  return absl::OkStatus();
}

absl::Status CheckDatesAsOf(const records::CaseRecord& project_case, std::string_view today) {
  if (IsMadeElsewhere(project_case)) {
    return absl::OkStatus();
  }
  if (project_case.decision_date() > today) {
    return Incomplete("decision_date", "the decision of § 4 must have been taken");
  }
  if (project_case.end_date() < today) {
    return MakeError(Reason::kProjectEnded,
                     {{DetailKey::kField, "end_date"}, {DetailKey::kLimit, project_case.end_date()}});
  }
  return absl::OkStatus();
}

bool IsIncluded(const records::RegisterRecord& record, std::string_view today) {
  return !record.inclusion_date().empty() && record.inclusion_date() <= today;
}

absl::Status CheckLawful(const records::SourceRecord& source, const records::RegisterRecord& record,
                         const CaseRules& rules, std::string_view today) {
  const SourceKind* const kind = rules.FindKind(source.kind());
  if (kind == nullptr) {
    return Unlawful(source, "kind", "§ 3", "the server's case rules have no such kind of source any more");
  }
  if (kind->may_be_included && IsIncluded(record, today)) {
    return absl::OkStatus();
  }
  const auto need = [&](std::string_view field, const std::string& value, std::string_view rule) {
    return value.empty() || (field.ends_with("_date") && value > today) ? Unlawful(source, field, kind->paragraph, rule)
                                                                        : absl::OkStatus();
  };
  if (kind->needs_decision) {
    constexpr std::string_view kRule = "the source is not included in the national solution and needs its own decision";
    KOBLING_RETURN_IF_ERROR(need("decision_reference", source.decision_reference(), kRule));
    KOBLING_RETURN_IF_ERROR(need("decision_date", source.decision_date(), kRule));
    KOBLING_RETURN_IF_ERROR(need("decision_authority", source.decision_authority(), kRule));
  }
  if (kind->needs_dispensation) {
    constexpr std::string_view kRule = "a source of this kind needs dispensation from confidentiality";
    KOBLING_RETURN_IF_ERROR(need("dispensation_reference", source.dispensation_reference(), kRule));
    KOBLING_RETURN_IF_ERROR(need("dispensation_date", source.dispensation_date(), kRule));
    KOBLING_RETURN_IF_ERROR(need("dispensation_authority", source.dispensation_authority(), kRule));
  }
  return absl::OkStatus();
}

absl::Status CheckLawfulSources(const records::CaseRecord& project_case,
                                const std::map<std::string, records::RegisterRecord>& registers, const CaseRules& rules,
                                std::string_view today) {
  if (IsMadeElsewhere(project_case)) {  // another law held then
    return absl::OkStatus();
  }
  for (const records::SourceRecord& source : project_case.sources()) {
    if (!source.withdrawn()) {
      KOBLING_RETURN_IF_ERROR(CheckLawful(source, registers.at(source.register_id()), rules, today));
    }
  }
  return absl::OkStatus();
}

void FillInFromRegisters(const std::map<std::string, records::RegisterRecord>& registers,
                         records::CaseRecord& project_case) {
  for (records::SourceRecord& source : *project_case.mutable_sources()) {
    const auto found = registers.find(source.register_id());
    if (found == registers.end()) {
      continue;
    }
    if (source.kind().empty()) {
      source.set_kind(found->second.kind());
    }
    if (source.controller().empty()) {
      source.set_controller(found->second.controller());
    }
  }
}

}  // namespace kobling::server
