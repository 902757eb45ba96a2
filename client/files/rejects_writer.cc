#include "client/files/rejects_writer.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "domain/status_macros.h"

namespace kobling::client {

std::string CsvField(std::string_view text, char delimiter) {
  const bool plain = std::none_of(text.begin(), text.end(), [delimiter](char character) {
    return character == delimiter || character == '"' || character == '\n' || character == '\r';
  });
  if (plain) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char character : text) {
    quoted.append(character == '"' ? 2 : 1, character);
  }
  return quoted + "\"";
}

void RejectsWriter::Add(std::uint64_t line, std::size_t column, domain::Reason reason) {
  faults_.push_back({line, static_cast<std::uint32_t>(column), reason});
}

absl::Status RejectsWriter::WriteTo(AtomicFile& file) {
  std::sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.line, a.column, a.reason) < std::tie(b.line, b.column, b.reason);
  });
  KOBLING_RETURN_IF_ERROR(file.Write("line;column;reason;explanation\n"));
  std::string row;
  for (const Fault& fault : faults_) {
    const domain::ReasonInfo& information = domain::InfoOf(fault.reason);
    row = std::to_string(fault.line);
    row += ';';
    row += CsvField(domain::Scrub(columns_[fault.column]), ';');
    row += ';';
    row += information.name;
    row += ';';
    row += CsvField(std::string(information.what) + " " + std::string(information.remedy), ';');
    row += '\n';
    KOBLING_RETURN_IF_ERROR(file.Write(row));
  }
  return file.Commit();
}

}  // namespace kobling::client
