// What commands print on standard output: a table for people, JSON or CSV for programs.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "client/message_json.h"

namespace kobling::client {

enum class Format { kTable, kJson, kCsv };

// A column of a list: where its value stands in the JSON of a row, for example "created.time", and its heading.
struct ListColumn {
  std::string path;
  std::string title;
};

// A list, row by row. As a table it shows the columns, as wide as the first 500 rows need; as CSV the columns, with ';'
// between them; as JSON an array with whole rows. Close must be called.
class ListWriter {
 public:
  ListWriter(std::ostream& out, Format format, std::vector<ListColumn> columns);

  void Add(const Json& row);
  void Add(const google::protobuf::Message& row) { Add(ToJson(row)); }
  void Close();

 private:
  void PrintTableRow(const std::vector<std::string>& cells);
  void PrintBuffered();

  std::ostream& out_;
  Format format_;
  std::vector<ListColumn> columns_;
  std::vector<std::vector<std::string>> buffered_;
  std::vector<std::size_t> widths_;
  std::size_t rows_ = 0;
};

// One thing with all its fields: as a table or CSV one line a field, with paths as names; a table leaves out what is
// not set. As JSON an object.
void PrintRecord(std::ostream& out, Format format, const Json& record);

// The value at a path such as "created.time", or null.
const Json* FindValue(const Json& row, std::string_view path);

// A value as text in one line: lists with commas, without quotation marks.
std::string TextOf(const Json& value);

// How many columns of a terminal a UTF-8 text takes, one for each character.
std::size_t WidthOf(std::string_view text);

// A text without characters that a terminal could take for commands.
std::string Printable(std::string_view text);

}  // namespace kobling::client
