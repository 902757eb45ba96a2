#include "client/dossier_report.h"

#include <string_view>
#include <utility>

#include "client/changes_text.h"
#include "client/dossier_case.h"
#include "client/dossier_html.h"
#include "client/output.h"

namespace kobling::client {
namespace {

using enum CellKind;

std::vector<Json> RowsOf(const Json& list) { return {list.begin(), list.end()}; }

ReportTable SourceTable(const Json& dossier) {
  ReportTable table = {.caption = "Kilder",
                       .columns = {{"register_id", "Kilde"},
                                   {"register.name", "Navn"},
                                   {"kind", "Art"},
                                   {"controller", "Dataansvarlig"},
                                   {"register.contact"},
                                   {"scope", "Utvalg", kWord},
                                   {"defines_population", "Bestemmer populasjonen"},
                                   {"scope_reason"},
                                   {"includes_relatives"},
                                   {"legal_reference", "Hjemmel for utlevering"},
                                   {"own_decision", "Eget vedtak", kText, "-"},
                                   {"decision_reference"},
                                   {"decision_date"},
                                   {"decision_authority"},
                                   {"dispensation", "Dispensasjon (§ 7)", kText, "-"},
                                   {"dispensation_reference"},
                                   {"dispensation_date"},
                                   {"dispensation_authority"},
                                   {"included", "Inkludert (§ 3)"},
                                   {"register.inclusion_reference"},
                                   {"register.inclusion_date"},
                                   {"complete"},
                                   {"locked"},
                                   {"usage_due_days"},
                                   {"reservation_exception", "Unntak fra reservasjoner"},
                                   {"withdrawn", "Har trådt ut"}},
                       .rows = {}};
  for (Json row : dossier["project"]["project_case"]["sources"]) {
    for (const Json& record : dossier["registers"]) {
      if (record["id"] == row["register_id"]) {
        row["register"] = record;
      }
    }
    row["own_decision"] = Joined(row, {"decision_reference", "decision_date", "decision_authority"});
    row["dispensation"] = Joined(row, {"dispensation_reference", "dispensation_date", "dispensation_authority"});
    table.rows.push_back(std::move(row));
  }
  return table;
}

ReportTable RecipientKeyTable(const Json& dossier) {
  return {.caption = "Mottakernøkler",
          .columns = {{"register_id", "Kilde"},
                      {"number", "Nr."},
                      {"fingerprint", "Fingeravtrykk"},
                      {"state", "Tilstand", kWord},
                      {"submitted.actor", "Innsendt av"},
                      {"submitted.time", "Innsendt", kTime},
                      {"approved.actor", "Godkjent av"},
                      {"approved.time", "Godkjent", kTime},
                      {"revoked.actor"},
                      {"revoked.time", "Tilbakekalt", kTime},
                      {"revoked.reason"},
                      {"expiry_date", "Utløper"}},
          .rows = RowsOf(dossier["recipient_keys"])};
}

ReportTable ConditionTable(const Json& dossier) {
  ReportTable table = {.caption = "Vilkår i vedtaket (§ 4)",
                       .columns = {{"number", "Nr.", kNumber},
                                   {"kind", "Art", kWord},
                                   {"text", "Vilkår"},
                                   {"due_date", "Frist"},
                                   {"met.time", "Oppfylt", kTime},
                                   {"met.actor", "Notert av"},
                                   {"met.reason", "Hvordan"}},
                       .rows = {}};
  for (Json row : dossier["project"]["project_case"]["conditions"]) {
    row["number"] = table.rows.size() + 1;
    table.rows.push_back(std::move(row));
  }
  return table;
}

ReportTable VersionTable(const Json& dossier) {
  ReportTable table = {.caption = "Versjoner av saken",
                       .columns = {{"number", "Versjon"},
                                   {"changed.time", "Gjelder fra", kTime},
                                   {"state", "Tilstand", kWord},
                                   {"changed.actor", "Av"},
                                   {"changed.reason", "Begrunnelse"},
                                   {"decision_reference", "Vedtak"},
                                   {"decision_date", "Vedtakets dato"},
                                   {"changes"},
                                   {"shown_changes", "Hva som ble endret", kText, "-"}},
                       .rows = {}};
  const Json* before = nullptr;
  for (const Json& version : dossier["versions"]) {
    Json row = version;
    CaseChanges changes;
    if (before != nullptr) {
      changes = ChangesBetween((*before)["project_case"], version["project_case"]);
    }
    row["changes"] = std::move(changes.changes);
    std::string shown;
    for (const Json& change : changes.shown) {
      shown += shown.empty() ? "" : "\n";
      shown += change.get<std::string>();
    }
    row["shown_changes"] = std::move(shown);
    table.rows.push_back(std::move(row));
    before = &version;
  }
  return table;
}

ReportTable SubmissionTable(const Json& dossier) {
  return {.caption = "Innsendinger til populasjonen",
          .columns = {{"register_id", "Kilde"},
                      {"number", "Nr."},
                      {"state", "Tilstand", kWord},
                      {"submitted.time", "Innsendt", kTime},
                      {"submitted.actor", "Av"},
                      {"counts.rows", "Rader", kNumber},
                      {"counts.identifiers", "Identifikatorer", kNumber},
                      {"counts.relatives", "Relasjonspersoner", kNumber},
                      {"counts.kept_back"},
                      {"counts.valid_rows"},
                      {"counts.duplicates"},
                      {"counts.faults"},
                      {"columns"},
                      {"withdrawn.time", "Trukket", kTime},
                      {"withdrawn.actor"},
                      {"withdrawn.reason"}},
          .rows = RowsOf(dossier["submissions"])};
}

ReportTable MatchTable(const Json& dossier) {
  return {.caption = "Sammenholding med kilder som ikke bestemmer populasjonen",
          .columns = {{"register_id", "Kilde"},
                      {"number", "Nr."},
                      {"state", "Tilstand", kWord},
                      {"opened.time", "Åpnet", kTime},
                      {"opened.actor", "Av"},
                      {"max_rows"},
                      {"matched.time", "Innsendt", kTime},
                      {"counts.rows", "Rader", kNumber},
                      {"matched_identifiers"},
                      {"matched_persons", "Personer funnet", kNumber},
                      {"parked_because", "Hvorfor til vurdering"},
                      {"released.time", "Frigitt", kTime},
                      {"released.actor"},
                      {"released.reason"},
                      {"reservation_lists"}},
          .rows = RowsOf(dossier["matches"])};
}

ReportTable KeyFileTable(const Json& dossier) {
  return {.caption = "Nøkkelfiler",
          .columns = {{"register_id", "Kilde"},
                      {"number", "Nr."},
                      {"state", "Tilstand", kWord},
                      {"kind", "Slag", kWord},
                      {"since", "Fra nr."},
                      {"scope", "Utvalg", kWord},
                      {"file_name"},
                      {"rows", "Rader", kNumber},
                      {"withdrawn_rows", "Herav trukket", kNumber},
                      {"persons", "Personer", kNumber},
                      {"reserved", "Reservert", kNumber},
                      {"annulled", "Annullert", kNumber},
                      {"reservation_lists", "Reservasjonslister"},
                      {"issued.time", "Utstedt", kTime},
                      {"issued.actor", "Av"},
                      {"first_fetched.time", "Først hentet", kTime},
                      {"recipient_fingerprint"},
                      {"expiry_date", "Slettes etter"},
                      {"usage_due_date", "Bruk rapporteres innen"},
                      {"withdrawn.time", "Trukket", kTime},
                      {"withdrawn.actor"},
                      {"withdrawn.reason", "Hvorfor"}},
          .rows = RowsOf(dossier["key_files"])};
}

ReportTable UsageTable(const Json& dossier) {
  return {.caption = "Rapporter om bruk",
          .columns = {{"register_id", "Kilde"},
                      {"key_file_number", "Nøkkelfil"},
                      {"delivery_reference", "Utlevering"},
                      {"version", "Versjon"},
                      {"delivered_on", "Utlevert"},
                      {"recipient", "Mottaker"},
                      {"used", "Personer brukt", kNumber},
                      {"rows"},
                      {"duplicates"},
                      {"faults", "Avviste rader"},
                      {"reported.time", "Rapportert", kTime},
                      {"reported.actor"},
                      {"replaced", "Erstattet"},
                      {"corrects_reference", "Retter"},
                      {"correction_reason", "Hvorfor"}},
          .rows = RowsOf(dossier["usage"])};
}

ReportTable EventTable(const Events& events) {
  ReportTable table = {.caption = "Hendelser",
                       .columns = {{"index", "Nr."},
                                   {"time", "Tid", kTime},
                                   {"actor", "Hvem"},
                                   {"role", "Rolle"},
                                   {"operation", "Hva"},
                                   {"result", "Utfall"},
                                   {"register_id", "Kilde"},
                                   {"object", "Gjelder"},
                                   {"reason", "Begrunnelse"},
                                   {"counts", "Antall"},
                                   {"changes", "Endringer"},
                                   {"request_id"}},
                       .rows = {}};
  for (const api::Event& event : events) {
    Json row = ToJson(event);
    row["changes"] = ChangesText(event.changes());
    table.rows.push_back(std::move(row));
  }
  return table;
}

Json JsonOf(const Events& events) {
  Json list = Json::array();
  for (const api::Event& event : events) {
    list.push_back(ToJson(event));
  }
  return list;
}

// The project's own life, beside what the case says.
std::vector<Fact> ProjectFacts(const Json& dossier) {
  const Json& project = dossier["project"];
  std::vector<Fact> facts;
  const auto add = [&](std::string heading, const Json& from, std::string_view path, CellKind kind) {
    const Json* const value = FindValue(from, path);
    if (value != nullptr && !TextOf(*value).empty()) {
      facts.push_back({std::move(heading), ShownValue(*value, kind)});
    }
  };
  add("Prosjekt", project, "id", kText);
  add("Tilstand", project, "state", kWord);
  add("Sakens versjon", project, "case_version", kText);
  add("Personer i prosjektet", project, "persons", kNumber);
  const Json* const deleted = FindValue(project, "destruction.memberships_deleted.time");
  if (deleted == nullptr) {
    add("Indekspersoner", dossier, "index_persons", kNumber);
    add("Bare relasjonspersoner", dossier, "relatives", kNumber);
    add("Trukket tilbake etter utstedelse", dossier, "former", kNumber);
  }
  for (const auto& [name, heading] :
       {std::pair("created", "Opprettet"), std::pair("ready", "Meldt klar"), std::pair("activated", "Aktivert"),
        std::pair("closed", "Avsluttet"), std::pair("cancelled", "Oppgitt"),
        std::pair("key_destroyed", "Nøkkelen slettet")}) {
    const Json& mark = project[name];
    if (!mark.is_null()) {
      std::string text = ShownValue(mark["time"], kTime) + ", " + TextOf(mark["actor"]);
      const std::string reason = TextOf(mark["reason"]);
      facts.push_back({heading, reason.empty() ? text : text + ": " + reason});
    }
  }
  add("Nøkkelen slettes den", project, "destruction.on", kText);
  for (const auto& [name, heading] :
       {std::pair("warned", "Varslet om sletting"), std::pair("blocked", "Slettingen venter"),
        std::pair("usage_waived", "Rapporter om bruk er frafalt"),
        std::pair("memberships_deleted", "Hvem som var med, er slettet")}) {
    add(heading, project, std::string("destruction.") + name + ".time", kTime);
    add("Hvorfor", project, std::string("destruction.") + name + ".reason", kText);
  }
  for (const Json& later : RowsOf(project["later_reservations"])) {
    facts.push_back({"Reservert siden", TextOf(later["register_id"]) + ", nøkkelfil " +
                                            TextOf(later["key_file_number"]) + ": " + TextOf(later["persons"])});
  }
  add("Frist for utlevering (§ 19 f)", project, "deadline.due_date", kText);
  add("Fristen utsatt til", project, "deadline.postponed_until", kText);
  add("Utsatt fordi", project, "deadline.postponed.reason", kText);
  add("Siste kilde utleverte", project, "deadline.delivered_on", kText);
  add("Fristen er oversittet", project, "deadline.overdue", kText);
  return facts;
}

void AddPendingRevision(const Json& project, HtmlPage& page) {
  const Json& revision = project["pending_revision"];
  if (revision.is_null()) {
    return;
  }
  std::vector<Fact> facts = {{"Foreslått av", Joined(revision, {"proposed_by.actor", "proposed_by.reason"})},
                             {"Foreslått", ShownValue(revision["proposed_by"]["time"], kTime)},
                             {"Vedtak", Joined(revision, {"decision_reference", "decision_date"})}};
  const CaseChanges changes = ChangesBetween(project["project_case"], revision["proposed"]);
  for (const Json& change : changes.shown) {
    facts.push_back({"Endring", change.get<std::string>()});
  }
  page.Facts("En endring venter på bekreftelse", facts);
}

// On which basis, in lines.
std::string BasisOf(const Json& disclosure) {
  const std::pair<std::string_view, std::vector<std::string_view>> parts[] = {
      {"", {"legal_basis"}},
      {"Vedtak ", {"decision_reference", "decision_date"}},
      {"Kildens hjemmel: ", {"legal_reference"}},
      {"Kildens eget vedtak: ", {"own_decision_reference", "own_decision_date", "own_decision_authority"}},
      {"Dispensasjon: ", {"dispensation_reference", "dispensation_date", "dispensation_authority"}}};
  std::string basis;
  for (const auto& [heading, paths] : parts) {
    const std::string text = Joined(disclosure, paths);
    if (!text.empty()) {
      basis += basis.empty() ? "" : "\n";
      basis.append(heading).append(text);
    }
  }
  return basis;
}

struct NamedTable {
  std::string file;
  ReportTable table;
};

std::string PageOf(const Json& dossier, const std::vector<NamedTable>& tables) {
  const Json& project = dossier["project"];
  HtmlPage page("Saksmappe " + TextOf(project["id"]) + ": " + TextOf(project["project_case"]["title"]),
                "kobling audit dossier");
  page.Introduction("Alt som tjenesten for koblingsnøkler har om prosjektet, slik det var " +
                    ShownValue(dossier["made"]["time"], kTime) + " (norsk tid). Laget av " +
                    TextOf(dossier["made"]["actor"]) + ". Mappen inneholder ingen fødselsnumre og ingen løpenumre.");
  const auto section = [&](const std::string& id, const std::string& heading, const std::vector<std::string>& files) {
    page.Section(id, heading);
    for (const NamedTable& named : tables) {
      for (const std::string& file : files) {
        if (named.file == file) {
          page.Table(named.table);
        }
      }
    }
  };
  page.Section("saken", "Saken");
  page.Facts("Prosjektet", ProjectFacts(dossier));
  page.Facts("Hva saken sier", CaseFacts(project["project_case"]));
  AddPendingRevision(project, page);
  section("kilder", "Kilder", {"sources.csv", "recipient-keys.csv"});
  section("vilkar", "Vilkår", {"conditions.csv"});
  section("endringer", "Endringer", {"versions.csv"});
  section("populasjonen", "Populasjonen", {"submissions.csv", "matches.csv"});
  section("nokkelfiler", "Nøkkelfiler", {"key-files.csv"});
  section("bruk", "Bruk", {"usage.csv"});
  section("utleveringer", "Utleveringer (§ 19 h)", {"disclosures.csv"});
  section("hendelser", "Hendelser", {"events.csv"});
  if (dossier["events"].is_null()) {
    page.Paragraph("Den som laget mappen, kan ikke lese prosjektets hendelser. En revisor kan.");
  }
  return page.Finish();
}

}  // namespace

ReportTable DisclosureTable(const google::protobuf::RepeatedPtrField<api::Disclosure>& disclosures) {
  ReportTable table = {.caption = "Utleveringer (helseregisterloven § 19 h)",
                       .columns = {{"register_id", "Kilde"},
                                   {"register_name"},
                                   {"controller", "Dataansvarlig"},
                                   {"project_id"},
                                   {"project_title"},
                                   {"data_user"},
                                   {"recipient", "Mottaker"},
                                   {"delivered_on", "Utlevert"},
                                   {"used", "Personer", kNumber},
                                   {"not_yet_reported", "Ikke rapportert"},
                                   {"none_used", "Ingen utlevert"},
                                   {"key_file_number", "Nøkkelfil"},
                                   {"issued.time", "Utstedt", kTime},
                                   {"issued.actor"},
                                   {"persons", "Personer i nøkkelfilen", kNumber},
                                   {"case_version", "Sakens versjon"},
                                   {"basis", "Grunnlag", kText, "-"},
                                   {"legal_basis"},
                                   {"decision_reference"},
                                   {"decision_date"},
                                   {"legal_reference"},
                                   {"own_decision_reference"},
                                   {"own_decision_date"},
                                   {"own_decision_authority"},
                                   {"dispensation_reference"},
                                   {"dispensation_date"},
                                   {"dispensation_authority"},
                                   {"delivery_reference", "Utlevering"},
                                   {"report_version"},
                                   {"corrects_reference"},
                                   {"correction_reason", "Rettet fordi"},
                                   {"reported.time", "Rapportert", kTime},
                                   {"reported.actor"}},
                       .rows = {}};
  for (const api::Disclosure& disclosure : disclosures) {
    Json row = ToJson(disclosure);
    row["basis"] = BasisOf(row);
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<ReportFile> DossierFiles(const api::Dossier& dossier, const std::optional<Events>& events) {
  Json json = ToJson(dossier);
  json["events"] = events.has_value() ? JsonOf(*events) : Json();
  std::vector<NamedTable> tables = {{"sources.csv", SourceTable(json)},
                                    {"recipient-keys.csv", RecipientKeyTable(json)},
                                    {"conditions.csv", ConditionTable(json)},
                                    {"versions.csv", VersionTable(json)},
                                    {"submissions.csv", SubmissionTable(json)},
                                    {"matches.csv", MatchTable(json)},
                                    {"key-files.csv", KeyFileTable(json)},
                                    {"usage.csv", UsageTable(json)},
                                    {"disclosures.csv", DisclosureTable(dossier.disclosures())}};
  if (events.has_value()) {
    tables.push_back({"events.csv", EventTable(*events)});
  }
  std::vector<ReportFile> files = {{"dossier.html", PageOf(json, tables)}, {"dossier.json", json.dump(2) + '\n'}};
  for (const NamedTable& named : tables) {
    files.push_back({named.file, CsvOf(named.table)});
  }
  return files;
}

}  // namespace kobling::client
