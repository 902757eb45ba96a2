// Identity history: which identifiers are one person, as the feed of the population register tells it.
#include <optional>
#include <string>

#include "client/commands/all_commands.h"
#include "client/commands/identifier_input.h"
#include "client/identity_import.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

struct ImportArguments {
  TextValue file, file_format;
  NumberValue start_at;
  TextValue resume_reason;
  FlagValue only_new;
};

absl::StatusOr<IdentityEventFormat> ParseFormat(const std::string& text, const std::string& file) {
  if (text == "jsonl" || (text.empty() && file.ends_with(".jsonl"))) {
    return IdentityEventFormat::kJsonLines;
  }
  if (text == "csv" || text.empty()) {
    return IdentityEventFormat::kCsv;
  }
  return UsageError("--file-format is csv or jsonl");
}

Json RecordOf(const IdentityImport& import) {
  Json record;
  record["applied"] = import.applied;
  record["already_applied"] = import.already_applied;
  record["not_compared"] = import.not_compared;
  record["without_effect"] = import.without_effect;
  record["version"] = import.version;
  return record;
}

// On standard error even with --quiet: whoever sees the error must know what stays.
void TellBeforeError(std::ostream& err, const IdentityImport& import, const RowFile& file) {
  if (import.version != 0) {  // else the server has answered nothing
    err << "note: confirmed by the server: " << Grouped(import.applied) << " events of the file applied, "
        << Grouped(import.already_applied) << " applied before; the history stands at version "
        << Grouped(import.version) << '\n';
  }
  if (MayHelpToSendAgain(import.status)) {
    err << "note: run the same command again" << (file.is_stream() ? " with the same input" : "")
        << ": it goes on by itself\n";
  }
}

absl::StatusOr<ExitCode> RunImport(Session& session, const ImportArguments& arguments) {
  IdentityImportOptions options;
  options.file = {.path = *arguments.file, .input = session.surroundings().input};
  KOBLING_ASSIGN_OR_RETURN(options.format, ParseFormat(*arguments.file_format, *arguments.file));
  options.known = *arguments.only_new ? KnownEvents::kLeaveOut : KnownEvents::kCompare;
  options.header.set_start_at(*arguments.start_at);
  options.header.set_resume_reason(*arguments.resume_reason);
  options.retry = session.surroundings().patient_retry;
  KOBLING_RETURN_IF_ERROR(CheckTexts(options.header));
  KOBLING_ASSIGN_OR_RETURN(Connection * connection, session.Connect());
  Progress progress(session.surroundings().err, session.ShowProgress(), Progress::Unit::kEvents, session.clock());
  options.tell = [&](std::string_view text) {
    progress.Finish();
    session.Note(text);
  };
  const IdentityImport import = ImportIdentityEvents(*connection, options, progress);
  progress.Finish();
  if (!import.status.ok()) {
    TellBeforeError(session.surroundings().err, import, options.file);
    return import.status;
  }
  if (import.not_compared > 0) {
    session.Note(
        Grouped(import.not_compared) +
        " events of the file have numbers that the server has already; they were left out unseen (--only-new)");
  }
  PrintRecord(session.out(), session.options().format, RecordOf(import));
  return ExitCode::kOk;
}

void AddImport(CommandTree& tree, CLI::App& group) {
  Command import = tree.AddCommand(
      group, {.name = "import",
              .about = "Sends a file of events. What was applied before is compared; goes on after a break.",
              .examples = {"kobling identity import --file events-2026-11-22.csv",
                           "kobling identity import --file - --file-format jsonl < events.jsonl",
                           "kobling identity import --file first.csv --start-at 48210377"},
              .methods = {"IdentityService/ImportEvents", "IdentityService/GetIdentityStatus"}});
  const ImportArguments arguments = {
      .file = import.Text("--file", "The file; - for standard input", Need::kRequired),
      .file_format = import.Text("--file-format", "csv or jsonl; by the file's name if not given", Need::kOptional),
      .start_at = import.Number("--start-at", "Number of the first event ever, if it is not 1", Need::kOptional),
      .resume_reason =
          import.Text("--resume-reason", "Why a feed that stood still for over 36 months goes on", Need::kOptional),
      .only_new = import.Flag("--only-new", "Leave out, unseen, events with numbers that the server has already")};
  import.Run([arguments](Session& session) { return RunImport(session, arguments);
});
}  // namespace

// JSON has the answer as it is; tables and CSV have the events.
void PrintHistory(Session& session, const api::IdentityHistory& history) {
  if (session.options().format == Format::kJson) {
    session.Print(history);
    return;
  }
  session.PrintList(history.events(), {{"event.sequence", "sequence"},
                                       {"event.kind", "event"},
                                       {"event.identifiers", "identifier"},
                                       {"event.other", "other"},
                                       {"event.effective_date", "effective_date"},
                                       {"applied", "applied"}});
  if (session.options().format == Format::kTable) {
    std::string now;
    for (const std::string& identifier : history.identifiers()) {
      now += (now.empty() ? "" : ", ") + identifier;
    }
    session.out() << "now: " << (now.empty() ? "no such person" : Printable(now))
                  << (history.annulled() ? "; annulled" : "") << (history.protected_() ? "; protected" : "")
                  << (history.parents_blocked() ? "; parents blocked" : "") << '\n';
  }
}

void AddHistory(CommandTree& tree, CLI::App& group) {
  Command history = tree.AddCommand(
      group, {.name = "history",
              .about = "Reads an identifier from standard input and lists the events about the person.",
              .examples = {"kobling identity history --purpose 'question from the register, 26/118' < identifier.txt",
                           "kobling identity history --purpose 'complaint 26/7'   (asks for the identifier)"},
              .methods = {"IdentityService/GetIdentityHistory"}});
  const TextValue purpose = history.Text("--purpose", "Why; the person can see it", Need::kRequired);
  history.Run([purpose](Session& session) -> absl::StatusOr<ExitCode> {
    api::GetIdentityHistoryRequest request;
    request.set_purpose(*purpose);
    KOBLING_ASSIGN_OR_RETURN(*request.mutable_identifier(), ReadIdentifier(session.surroundings(), "person"));
    absl::Status status = CheckNoMoreLines(session.surroundings(), "one line; one look-up asks for one person");
    std::optional<api::IdentityHistory> answer;
    if (status.ok()) {
      auto asked = session.Ask(&Connection::GetIdentityHistory, request);
      status = asked.status();
      if (asked.ok()) {
        answer = *std::move(asked);
      }
    }
    Wipe(*request.mutable_identifier());
    KOBLING_RETURN_IF_ERROR(status);
    PrintHistory(session, *answer);
    return ExitCode::kOk;
  });
}

}  // namespace kobling::client

void AddIdentityCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("identity", "Which identifiers are one person: events, and how far they have come");
  AddImport(tree, group);

  Command status = tree.AddCommand(group, {.name = "status",
                                           .about = "Says how far the identity history has come.",
                                           .examples = {"kobling identity status"},
                                           .methods = {"IdentityService/GetIdentityStatus"}});
  status.Run([](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const api::IdentityStatus answer,
                             session.Ask(&Connection::GetIdentityStatus, api::GetIdentityStatusRequest()));
    session.Print(answer);
    return ExitCode::kOk;
  });
  AddHistory(tree, group);
}

}  // namespace kobling::client
