#include "client/commands/row_options.h"

#include "client/commands/file_arguments.h"

namespace kobling::client {

using Need = Command::Need;

RejectsOptions::RejectsOptions(Command& command)
    : rejects_(command.Text("--rejects", "Write all bad rows to this file", Need::kOptional)),
      force_(command.Flag("--force", "Overwrite the file with bad rows")) {}

absl::StatusOr<std::unique_ptr<AtomicFile>> RejectsOptions::Open(const Session& session,
                                                                 const std::string& read) const {
  KOBLING_RETURN_IF_ERROR(CheckFileArguments(
      {{"--file", read, FileArgument::Use::kRead}, {"--rejects", *rejects_, FileArgument::Use::kWritten}},
      session.surroundings().input));
  if (rejects_->empty()) {
    return nullptr;
  }
  return AtomicFile::Create(*rejects_, *force_ ? Overwrite::kAllow : Overwrite::kRefuse);
}

absl::Status RejectsOptions::Report(Session& session, RowFaults& faults, AtomicFile* rejects,
                                    const absl::Status& answer) {
  // Of a call that was refused for another reason, rows are not what its user must look at.
  const auto reason = domain::ReasonOf(answer);
  if (answer.ok() || reason == domain::Reason::kInvalidRowsRefused || reason == domain::Reason::kNothingValid) {
    faults.Print(session.surroundings().err);
  }
  if (rejects == nullptr || (!answer.ok() && faults.count() == 0)) {
    return absl::OkStatus();
  }
  const absl::Status written = faults.WriteTo(*rejects);
  if (written.ok() || !answer.ok()) {
    return written;
  }
  return domain::MakeError(
      domain::ReasonOf(written).value_or(domain::Reason::kFileUnwritable),
      {{domain::DetailKey::kHint, domain::WhereOf(written) +
                                      "; what the server answered stands, see above; only the list of bad rows is "
                                      "missing, and sending again would not bring it"}});
}

RowOptions::RowOptions(Command& command)
    : file_(command.Text("--file", "The file; - for standard input", Need::kRequired)),
      delimiter_(command.Text("--delimiter", "';', ',' or tab; found out if not given", Need::kOptional)),
      no_header_(command.Flag("--no-header", "The first line is data; name columns by number")),
      rejects_(command) {}

RowFile RowOptions::File(const Session& session) const {
  return {.path = *file_, .input = session.surroundings().input};
}

absl::StatusOr<TableOptions> RowOptions::Table() const {
  TableOptions options;
  KOBLING_ASSIGN_OR_RETURN(options.delimiter, ParseDelimiter(*delimiter_));
  options.header = *no_header_ ? HeaderLine::kAbsent : HeaderLine::kPresent;
  return options;
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
