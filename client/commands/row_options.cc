#include "client/commands/row_options.h"

#include <filesystem>
#include <system_error>

namespace kobling::client {

using Need = Command::Need;

RowOptions::RowOptions(Command& command)
    : file_(command.Text("--file", "The file; - for standard input", Need::kRequired)),
      delimiter_(command.Text("--delimiter", "';', ',' or tab; found out if not given", Need::kOptional)),
      no_header_(command.Flag("--no-header", "The first line is data; name columns by number")),
      rejects_(command.Text("--rejects", "Write all bad rows to this file", Need::kOptional)),
      force_(command.Flag("--force", "Overwrite the file with bad rows")) {}

RowFile RowOptions::File(const Session& session) const {
  return {.path = *file_, .input = session.surroundings().input};
}

absl::StatusOr<TableOptions> RowOptions::Table() const {
  TableOptions options;
  KOBLING_ASSIGN_OR_RETURN(options.delimiter, ParseDelimiter(*delimiter_));
  options.header = *no_header_ ? HeaderLine::kAbsent : HeaderLine::kPresent;
  return options;
}

absl::Status RowOptions::CheckRejects() const {
  std::error_code error;
  if (!rejects_->empty() && !*force_ && std::filesystem::exists(*rejects_, error)) {
    return domain::MakeError(domain::Reason::kFileExists, {{domain::DetailKey::kFile, *rejects_}});
  }
  return absl::OkStatus();
}

absl::Status RowOptions::Report(Session& session, RowFaults& faults) const {
  faults.Print(session.surroundings().err);
  return rejects_->empty() ? absl::OkStatus() : faults.WriteTo(*rejects_, overwrite());
}

absl::StatusOr<Delimiter> ParseDelimiter(const std::string& text) {
  if (text.empty()) {
    return Delimiter::kDetect;
  }
  if (text == ";") {
    return Delimiter::kSemicolon;
  }
  if (text == ",") {
    return Delimiter::kComma;
  }
  if (text == "tab" || text == "\t") {
    return Delimiter::kTab;
  }
  return UsageError("--delimiter is ';', ',' or tab");
}

}  // namespace kobling::client
