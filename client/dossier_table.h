// Tables of a report: the same rows as a CSV file for programs and as HTML for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/message_json.h"

namespace kobling::client {

// How a cell is shown to people. A CSV file has the value as JSON has it.
enum class CellKind { kText, kNumber, kTime, kWord, kAnchor };

struct ReportColumn {
  std::string path;          // where the value stands in the JSON of a row
  std::string heading = {};  // in Norwegian; empty for a column that only the CSV file has
  CellKind kind = CellKind::kText;
  std::string name = {};  // in the CSV file; the path if empty, "-" for a column that only people see
};

struct ReportTable {
  std::string caption;
  std::vector<ReportColumn> columns;
  std::vector<Json> rows;
};

// UTF-8, a header line, ';' between the cells, LF. A cell that a spreadsheet would take for a formula begins with '.
std::string CsvOf(const ReportTable& table);

// A value as people read it: words of the API in Norwegian, moments in Norwegian time, yes and no.
std::string ShownValue(const Json& value, CellKind kind);

// What a word of the API, such as "key-destroyed", is in Norwegian; the word itself if it has no translation here.
std::string NorwegianWord(std::string_view word);

// "a, b" of the values at these paths that are not empty.
std::string Joined(const Json& row, const std::vector<std::string_view>& paths);

}  // namespace kobling::client
