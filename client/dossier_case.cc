#include "client/dossier_case.h"

#include <algorithm>
#include <string_view>

#include "client/output.h"

namespace kobling::client {
namespace {

struct CaseField {
  std::string_view name;
  std::string_view heading;
  CellKind kind = CellKind::kText;
  std::string_view language = {};
};

constexpr CaseField kFields[] = {
    {"case_number", "Saksnummer"},
    {"title", "Tittel"},
    {"title_nynorsk", "Tittel på nynorsk", CellKind::kText, "nn"},
    {"title_english", "Tittel på engelsk", CellKind::kText, "en"},
    {"purpose", "Formål"},
    {"purpose_nynorsk", "Formål på nynorsk", CellKind::kText, "nn"},
    {"purpose_english", "Formål på engelsk", CellKind::kText, "en"},
    {"purpose_kind", "Formålets art (§ 1)", CellKind::kWord},
    {"data_user", "Databruker"},
    {"decision_reference", "Vedtak"},
    {"decision_date", "Vedtakets dato"},
    {"legal_basis", "Rettslig grunnlag"},
    {"linkage_performer", "Sammenstilles av (§ 5)", CellKind::kWord},
    {"linkage_register_id", "Register som sammenstiller"},
    {"linkage_controller", "Dataansvarlig for sammenstillingen"},
    {"analysis_room", "Analyserom"},
    {"analysis_room_details", "Nærmere om analyserommet"},
    {"approved_persons", "Godkjent antall personer", CellKind::kNumber},
    {"start_date", "Første dag"},
    {"end_date", "Siste dag"},
    {"deletion_date", "Nøkkelen slettes"},
    {"application_complete_date", "Søknaden var komplett"},
    {"contact", "Kontakt"},
    {"rights", "Rettigheter"},
    {"rights_nynorsk", "Rettigheter på nynorsk", CellKind::kText, "nn"},
    {"rights_english", "Rettigheter på engelsk", CellKind::kText, "en"},
    {"results_link", "Resultater"},
    {"series_origin", "Løpenumrenes opphav"},
    {"insight_exemption_reason", "Unntak fra innsyn"},
    {"insight_exemption_reference", "Hjemmel for unntaket"},
    {"insight_exemption_until", "Unntaket varer til"},
    {"sources", "Kilder"},
    {"conditions", "Vilkår"},
};

const CaseField* FindField(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const CaseField& field) { return field.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

// Not set: proto has no other sign of it.
bool IsUnset(const Json& value) {
  return value.is_null() || (value.is_string() && value.get<std::string>().empty()) || value == Json(0);
}

std::string ShownOrNone(const Json& value, CellKind kind) {
  return IsUnset(value) ? "(ingen)" : ShownValue(value, kind);
}

}  // namespace

std::vector<Fact> CaseFacts(const Json& project_case) {
  std::vector<Fact> facts;
  const auto add = [&](std::string_view name, const Json& value, const CaseField& field) {
    if (value.is_primitive() && !IsUnset(value)) {
      facts.push_back({.heading = std::string(field.heading.empty() ? name : field.heading),
                       .value = ShownValue(value, field.kind),
                       .language = std::string(field.language)});
    }
  };
  for (const CaseField& field : kFields) {
    if (const Json* const value = FindValue(project_case, field.name)) {
      add(field.name, *value, field);
    }
  }
  for (const auto& [name, value] : project_case.items()) {
    if (FindField(name) == nullptr) {
      add(name, value, {name, ""});
    }
  }
  return facts;
}

CaseChanges ChangesBetween(const Json& before, const Json& after) {
  CaseChanges result;
  for (const auto& [name, value] : after.items()) {
    const Json* const old = FindValue(before, name);
    if (old == nullptr || *old == value) {
      continue;
    }
    const CaseField* const field = FindField(name);
    const std::string heading(field == nullptr ? name : field->heading);
    const CellKind kind = field == nullptr ? CellKind::kText : field->kind;
    result.changes.push_back(name);
    // Of a list, the tables and the events say what changed in it.
    result.shown.push_back(
        value.is_primitive() ? heading + ": " + ShownOrNone(*old, kind) + " → " + ShownOrNone(value, kind) : heading);
  }
  return result;
}

}  // namespace kobling::client
