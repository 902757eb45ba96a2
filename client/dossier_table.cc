#include "client/dossier_table.h"

#include <algorithm>
#include <map>

#include "absl/time/time.h"
#include "client/files/rejects_writer.h"
#include "client/output.h"

namespace kobling::client {
namespace {

constexpr char kDelimiter = ';';
constexpr std::string_view kForPeopleOnly = "-";

bool IsInCsv(const ReportColumn& column) { return column.name != kForPeopleOnly; }

// Spreadsheets skip white space before what they take for a formula.
std::string WithoutFormula(std::string text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && std::string_view("=+-@").find(text[first]) != std::string_view::npos) {
    text.insert(text.begin(), '\'');
  }
  return text;
}

void AppendLine(const std::vector<std::string>& cells, std::string& csv) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    csv += i == 0 ? "" : std::string(1, kDelimiter);
    csv += CsvField(WithoutFormula(cells[i]), kDelimiter);
  }
  csv += '\n';
}

// As on the server: without a time zone database, Norway is taken to be one hour east of UTC.
absl::TimeZone Norway() {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone("Europe/Oslo", &zone)) {
    zone = absl::FixedTimeZone(3600);
  }
  return zone;
}

std::string NorwegianTime(const std::string& text) {
  absl::Time moment;
  if (!absl::ParseTime(absl::RFC3339_full, text, &moment, nullptr)) {
    return text;
  }
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", moment, Norway());
}

}  // namespace

std::string NorwegianWord(std::string_view word) {
  static const auto* const words = new std::map<std::string_view, std::string_view>{
      // Projects.
      {"draft", "utkast"},
      {"ready", "klar til aktivering"},
      {"active", "aktiv"},
      {"closed", "avsluttet"},
      {"cancelled", "oppgitt"},
      {"key-destroyed", "nøkkelen er slettet"},
      // Purposes, § 1.
      {"statistics", "statistikk"},
      {"health-analysis", "helseanalyse"},
      {"research", "forskning"},
      {"quality-improvement", "kvalitetsforbedring"},
      {"planning", "planlegging"},
      {"governance", "styring"},
      {"preparedness", "beredskap"},
      // Who performs the linkage.
      {"data-user", "databrukeren"},
      {"register", "et register"},
      {"directorate-as-processor", "direktoratet som databehandler"},
      // Scopes.
      {"own", "egne innsendte"},
      {"intersection", "de som også er i populasjonen"},
      {"population", "hele populasjonen"},
      // Conditions, § 4.
      {"deletion", "sletting"},
      {"information", "informasjon"},
      {"other", "annet"},
      // Recipient keys.
      {"submitted", "innsendt"},
      {"approved", "godkjent"},
      {"replaced", "erstattet"},
      {"revoked", "tilbakekalt"},
      // Submissions.
      {"committed", "lagret"},
      {"withdrawn", "trukket tilbake"},
      {"dry-run", "bare kontrollert"},
      // Match windows.
      {"open", "åpent"},
      {"matched", "sammenholdt"},
      {"parked", "til vurdering"},
      {"superseded", "erstattet av et senere"},
      // Key files.
      {"issued", "utstedt"},
      {"expired", "utløpt"},
      {"full", "hele"},
      {"delta", "endringer"},
      {"imported", "importert"},
      {"correction", "rettelser"},
  };
  const auto found = words->find(word);
  return std::string(found == words->end() ? word : found->second);
}

std::string ShownValue(const Json& value, CellKind kind) {
  if (value.is_boolean()) {
    return value.get<bool>() ? "ja" : "nei";
  }
  const std::string text = TextOf(value);
  switch (kind) {
    case CellKind::kTime:
      return NorwegianTime(text);
    case CellKind::kWord:
      return NorwegianWord(text);
    default:
      return text;
  }
}

std::string CsvOf(const ReportTable& table) {
  std::string csv;
  std::vector<std::string> cells;
  for (const ReportColumn& column : table.columns) {
    if (IsInCsv(column)) {
      cells.push_back(column.name.empty() ? column.path : column.name);
    }
  }
  AppendLine(cells, csv);
  for (const Json& row : table.rows) {
    cells.clear();
    for (const ReportColumn& column : table.columns) {
      if (IsInCsv(column)) {
        const Json* const value = FindValue(row, column.path);
        cells.push_back(value == nullptr ? "" : TextOf(*value));
      }
    }
    AppendLine(cells, csv);
  }
  return csv;
}

std::string Joined(const Json& row, const std::vector<std::string_view>& paths) {
  std::string joined;
  for (const std::string_view path : paths) {
    const Json* const value = FindValue(row, path);
    const std::string text = value == nullptr ? "" : TextOf(*value);
    joined += joined.empty() || text.empty() ? "" : ", ";
    joined += text;
  }
  return joined;
}

}  // namespace kobling::client
