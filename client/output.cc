#include "client/output.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "client/files/rejects_writer.h"

namespace kobling::client {
namespace {

constexpr std::size_t kRowsForWidths = 500;
constexpr char kCsvDelimiter = ';';

using NamedText = std::pair<std::string, std::string>;

// A name and how many: such as {"reason": "IDENTIFIER_EMPTY", "rows": 3}.
bool IsNamedCount(const Json& value) {
  return value.is_object() && value.size() == 2 && value.begin()->is_string() && std::next(value.begin())->is_number();
}

// All fields with their paths. In a list, named counts go by their names; other objects are numbered from 1.
void Flatten(const Json& value, const std::string& path, std::vector<NamedText>& fields) {
  const std::string prefix = path.empty() ? "" : path + ".";
  if (value.is_object()) {
    for (const auto& [name, child] : value.items()) {
      Flatten(child, prefix + name, fields);
    }
  } else if (value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), IsNamedCount)) {
    for (const Json& item : value) {
      Flatten(*std::next(item.begin()), prefix + item.begin()->get<std::string>(), fields);
    }
  } else if (value.is_array() && !value.empty() && value[0].is_object()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      Flatten(value[i], prefix + std::to_string(i + 1), fields);
    }
  } else {
    fields.emplace_back(path, TextOf(value));
  }
}

void PrintCsvRow(std::ostream& out, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out << (i == 0 ? "" : std::string(1, kCsvDelimiter)) << CsvField(cells[i], kCsvDelimiter);
  }
  out << '\n';
}

}  // namespace

const Json* FindValue(const Json& row, std::string_view path) {
  const Json* value = &row;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string name(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    if (!value->is_object() || !value->contains(name)) {
      return nullptr;
    }
    value = &(*value)[name];
  }
  return value;
}

std::size_t WidthOf(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string Printable(std::string_view text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool begins_c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (begins_c1) {
      clean += '?';
      ++i;
    } else {
      clean += c < 0x20 || c == 0x7f ? (c == '\n' || c == '\t' ? ' ' : '?') : text[i];
    }
  }
  return clean;
}

std::string TextOf(const Json& value) {
  if (value.is_null()) {
    return "";
  }
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (value.is_boolean()) {
    return value.get<bool>() ? "yes" : "no";
  }
  if (value.is_array()) {
    std::string text;
    for (const Json& item : value) {
      text += (text.empty() ? "" : ", ") + TextOf(item);
    }
    return text;
  }
  if (value.is_object()) {
    std::string text;
    for (const auto& [name, child] : value.items()) {
      if (const std::string part = TextOf(child); !part.empty()) {
        text += (text.empty() ? "" : " ") + part;
      }
    }
    return text;
  }
  return value.dump();
}

ListWriter::ListWriter(std::ostream& out, Format format, std::vector<ListColumn> columns)
    : out_(out), format_(format), columns_(std::move(columns)) {
  std::vector<std::string> titles;
  for (const ListColumn& column : columns_) {
    titles.push_back(column.title);
  }
  if (format_ == Format::kCsv) {
    PrintCsvRow(out_, titles);
  } else if (format_ == Format::kTable) {
    for (std::string& title : titles) {
      std::transform(title.begin(), title.end(), title.begin(),
                     [](unsigned char c) { return c == '_' ? ' ' : static_cast<char>(std::toupper(c)); });
    }
    buffered_.push_back(std::move(titles));
  }
}

void ListWriter::Add(const Json& row) {
  ++rows_;
  if (format_ == Format::kJson) {
    out_ << (rows_ == 1 ? "[\n" : ",\n") << row.dump(2);
    return;
  }
  std::vector<std::string> cells;
  for (const ListColumn& column : columns_) {
    const Json* value = FindValue(row, column.path);
    cells.push_back(value == nullptr ? "" : TextOf(*value));
  }
  if (format_ == Format::kCsv) {
    PrintCsvRow(out_, cells);
    return;
  }
  for (std::string& cell : cells) {
    cell = Printable(cell);
  }
  if (!widths_.empty()) {
    PrintTableRow(cells);
    return;
  }
  buffered_.push_back(std::move(cells));
  if (buffered_.size() > kRowsForWidths) {
    PrintBuffered();
  }
}

void ListWriter::PrintTableRow(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) {
      const std::size_t width = WidthOf(cells[i]);
      line.append(2 + (width < widths_[i] ? widths_[i] - width : 0), ' ');
    }
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out_ << line << '\n';
}

void ListWriter::PrintBuffered() {
  widths_.assign(columns_.size(), 0);
  for (const auto& cells : buffered_) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths_[i] = std::max(widths_[i], WidthOf(cells[i]));
    }
  }
  for (const auto& cells : buffered_) {
    PrintTableRow(cells);
  }
  buffered_.clear();
}

void ListWriter::Close() {
  if (format_ == Format::kJson) {
    out_ << (rows_ == 0 ? "[]\n" : "\n]\n");
  } else if (format_ == Format::kTable && widths_.empty()) {
    PrintBuffered();
  }
}

void PrintRecord(std::ostream& out, Format format, const Json& record) {
  if (format == Format::kJson) {
    out << record.dump(2) << '\n';
    return;
  }
  std::vector<NamedText> fields;
  Flatten(record, "", fields);
  if (format == Format::kCsv) {
    PrintCsvRow(out, {"field", "value"});
    for (const auto& [name, value] : fields) {
      PrintCsvRow(out, {name, value});
    }
    return;
  }
  std::erase_if(fields, [](const NamedText& field) { return field.second.empty(); });
  std::size_t width = 0;
  for (const auto& [name, value] : fields) {
    width = std::max(width, WidthOf(name));
  }
  for (const auto& [name, value] : fields) {
    out << name << std::string(width - WidthOf(name) + 2, ' ') << Printable(value) << '\n';
  }
}

}  // namespace kobling::client
