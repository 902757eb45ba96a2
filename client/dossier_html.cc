#include "client/dossier_html.h"

#include <algorithm>

#include "client/output.h"

namespace kobling::client {
namespace {

// More columns than these are printed on paper that lies.
constexpr std::ptrdiff_t kMostColumnsUpright = 6;

constexpr std::string_view kStyle = R"(
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #111; background: #fff; margin: 0 auto; padding: 1.5rem; max-width: 90rem; }
h1 { font-size: 1.7rem; line-height: 1.25; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .5rem; border-bottom: 2px solid #333; }
a { color: #00448a; }
nav ul { columns: 16rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0 1.5rem; }
caption { text-align: left; font-weight: bold; padding: .25rem 0; }
th, td { border: 1px solid #999; padding: .3rem .5rem; text-align: left; vertical-align: top; white-space: pre-line; overflow-wrap: anywhere; }
thead th { background: #eee; }
table.facts th { width: 16rem; background: #f6f6f6; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
@page { size: A4; margin: 16mm 14mm; }
@page wide { size: A4 landscape; }
@media print {
  body { font-size: 9.5pt; max-width: none; padding: 0; }
  nav { display: none; }
  .scroll { overflow: visible; }
  .wide { page: wide; }
  .wide table { font-size: 8pt; }
  h2 { break-after: avoid; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
}
)";

bool IsShown(const ReportColumn& column) { return !column.heading.empty(); }

std::string GeneratorTag(std::string_view generator) {
  return "<meta name=\"generator\" content=\"" + EscapeHtml(generator) + "\"/>";
}

std::string Link(const std::string& target, const std::string& text) {
  return "<a href=\"" + EscapeHtml(target) + "\">" + EscapeHtml(text) + "</a>";
}

std::string ValueOf(const Fact& fact) {
  const bool is_address = fact.value.starts_with("https://") || fact.value.starts_with("http://");
  return fact.kind == Fact::Kind::kLink && is_address ? Link(fact.value, fact.value) : EscapeHtml(fact.value);
}

std::string CellOf(const Json& row, const ReportColumn& column, bool is_first) {
  const Json* const value = FindValue(row, column.path);
  const std::string text = value == nullptr ? "" : ShownValue(*value, column.kind);
  const std::string content = column.kind == CellKind::kAnchor ? Link('#' + text, text) : EscapeHtml(text);
  if (is_first) {
    return "<th scope=\"row\">" + content + "</th>";
  }
  return (column.kind == CellKind::kNumber ? "<td class=\"number\">" : "<td>") + content + "</td>";
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else if (c == '\'') {
      escaped += "&#39;";
    } else if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) {
      escaped += "\xef\xbf\xbd";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

HtmlPage::HtmlPage(std::string_view title, std::string_view generator)
    : title_(EscapeHtml(title)), generator_(generator) {}

void HtmlPage::Introduction(std::string_view text) { introduction_ += "<p>" + EscapeHtml(text) + "</p>\n"; }

void HtmlPage::CloseSection() {
  body_ += in_section_ ? "</section>\n" : "";
  in_section_ = false;
}

void HtmlPage::Section(std::string_view id, std::string_view heading) {
  CloseSection();
  const std::string safe_id = EscapeHtml(id);
  const std::string safe_heading = EscapeHtml(heading);
  contents_ += "<li><a href=\"#" + safe_id + "\">" + safe_heading + "</a></li>\n";
  body_ += "<section aria-labelledby=\"" + safe_id + "\">\n<h2 id=\"" + safe_id + "\">" + safe_heading + "</h2>\n";
  in_section_ = true;
}

void HtmlPage::Paragraph(std::string_view text) { body_ += "<p>" + EscapeHtml(text) + "</p>\n"; }

void HtmlPage::Facts(std::string_view caption, const std::vector<Fact>& facts) {
  body_ += "<table class=\"facts\">\n<caption>" + EscapeHtml(caption) + "</caption>\n<tbody>\n";
  for (const Fact& fact : facts) {
    if (!fact.value.empty()) {
      body_ += "<tr><th scope=\"row\">" + EscapeHtml(fact.heading) + "</th><td";
      body_ += fact.language.empty() ? "" : " lang=\"" + fact.language + '"';
      body_ += '>' + ValueOf(fact) + "</td></tr>\n";
    }
  }
  body_ += "</tbody>\n</table>\n";
}

void HtmlPage::Table(const ReportTable& table) {
  if (table.rows.empty()) {
    Paragraph(table.caption + ": ingen.");
    return;
  }
  const bool is_wide = std::count_if(table.columns.begin(), table.columns.end(), IsShown) > kMostColumnsUpright;
  body_ += is_wide ? "<div class=\"scroll wide\" tabindex=\"0\">\n" : "<div class=\"scroll\" tabindex=\"0\">\n";
  body_ += "<table>\n<caption>" + EscapeHtml(table.caption) + "</caption>\n<thead>\n<tr>";
  for (const ReportColumn& column : table.columns) {
    body_ += IsShown(column) ? "<th scope=\"col\">" + EscapeHtml(column.heading) + "</th>" : "";
  }
  body_ += "</tr>\n</thead>\n<tbody>\n";
  for (const Json& row : table.rows) {
    body_ += "<tr>";
    bool is_first = true;
    for (const ReportColumn& column : table.columns) {
      if (IsShown(column)) {
        body_ += CellOf(row, column, is_first);
        is_first = false;
      }
    }
    body_ += "</tr>\n";
  }
  body_ += "</tbody>\n</table>\n</div>\n";
}

std::string HtmlPage::Finish() {
  CloseSection();
  // The policy keeps a browser from running or loading anything, whatever a text might hold.
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"nb\">\n<head>\n<meta charset=\"utf-8\"/>\n" + GeneratorTag(generator_) +
      "\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>" +
      title_ + "</title>\n<style>";
  page += kStyle;
  page += "</style>\n</head>\n<body>\n<header>\n<h1>" + title_ + "</h1>\n" + introduction_ + "</header>\n";
  if (!contents_.empty()) {
    page += "<nav aria-label=\"Innhold\">\n<ul>\n" + contents_ + "</ul>\n</nav>\n";
  }
  page += "<main>\n" + body_ + "</main>\n</body>\n</html>\n";
  return page;
}

bool IsMadeBy(std::string_view page, std::string_view generator) {
  return page.find(GeneratorTag(generator)) != std::string_view::npos;
}

}  // namespace kobling::client
