// What a register does with key files: match, fetch, open.
#include "client/commands/all_commands.h"
#include "client/commands/file_arguments.h"
#include "client/commands/row_options.h"
#include "client/commands/shared_options.h"
#include "client/fetch.h"
#include "client/key_file_opener.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
using Need = Command::Need;

absl::StatusOr<ExitCode> Match(Session& session, const std::string& project, const std::string& column,
                               const RowOptions& options) {
  KOBLING_ASSIGN_OR_RETURN(const auto rejects, options.OpenRejects(session));
  KOBLING_ASSIGN_OR_RETURN(const TableOptions table, options.Table());
  KOBLING_ASSIGN_OR_RETURN(ColumnName index, ColumnName::Parse(column));
  const IdentifierFileColumns columns = {.index = std::move(index), .relatives = {}};
  Progress progress(session.surroundings().err, session.ShowProgress(), Progress::Unit::kRows, session.clock());
  KOBLING_ASSIGN_OR_RETURN(const auto rows, IdentifierFileRows::Open(options.File(session), table, columns, progress));
  api::MatchHeader header;
  header.set_project_id(project);
  RowFaults faults(rows->column_names());
  const auto answer = StreamRows(session, header, *rows, faults,
                                 [&](Connection& connection, const api::MatchHeader& with_id,
                                     StreamListener& listener) { return connection.Match(with_id, *rows, listener); });
  progress.Finish();
  const absl::Status reported = RejectsOptions::Report(session, faults, rejects.get(), answer.status());
  KOBLING_RETURN_IF_ERROR(answer.status());
  Json result = ToJson(answer->received());
  result["left_out"] = faults.count();
  PrintRecord(session.out(), session.options().format, result);
  KOBLING_RETURN_IF_ERROR(reported);
  return faults.count() == 0 ? ExitCode::kOk : ExitCode::kRowsLeftOut;
}

void AddMatch(CommandTree& tree, CLI::App& group) {
  Command match = tree.AddCommand(
      group, {.name = "match",
              .about = "Streams all identifiers that your register holds; you are told only what was received.",
              .examples = {"kobling keyfile match P0041 --file everybody.csv --column fnr",
                           "export-program | kobling keyfile match P0041 --file - --column fnr --rejects rejects.csv"},
              .methods = {"KeyFileService/Match"}});
  const TextValue project = ProjectArgument(match);
  const RowOptions options(match);
  const TextValue column = match.Text("--column", "Column of the identifiers, by name or number", Need::kRequired);
  match.Run([=](Session& session) { return Match(session, *project, *column, options); });
}

// The record of the key file with the number, or of the newest that can be fetched.
absl::StatusOr<api::KeyFile> FindKeyFile(Session& session, const std::string& project, std::uint64_t wanted) {
  if (wanted != 0) {
    api::GetKeyFileRequest request;
    request.set_project_id(project);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(wanted, "--number"));
    request.set_number(number);
    return session.Ask(&Connection::GetKeyFile, request);
  }
  api::ListKeyFilesRequest request;
  request.set_project_id(project);
  KOBLING_ASSIGN_OR_RETURN(const api::ListKeyFilesResponse answer, session.Ask(&Connection::ListKeyFiles, request));
  const api::KeyFile* newest = nullptr;
  for (const api::KeyFile& file : answer.key_files()) {
    const bool is_newer = newest == nullptr || file.number() > newest->number();
    if (file.state() == api::KEY_FILE_STATE_ISSUED && is_newer) {
      newest = &file;
    }
  }
  if (newest == nullptr) {
    return MarkFromServer(MakeError(Reason::kKeyFileNotFound, {{DetailKey::kProject, project}}));
  }
  return *newest;
}

absl::StatusOr<ExitCode> Fetch(Session& session, const std::string& project, std::uint64_t number,
                               FetchOptions options) {
  KOBLING_ASSIGN_OR_RETURN(Connection * connection, session.Connect());
  KOBLING_ASSIGN_OR_RETURN(const api::KeyFile record, FindKeyFile(session, project, number));
  Progress progress(session.surroundings().err, session.ShowProgress(), Progress::Unit::kBytes, session.clock());
  options.retry = session.surroundings().retry;
  KOBLING_ASSIGN_OR_RETURN(const FetchedKeyFile fetched, FetchKeyFile(*connection, record, options, progress));
  Json result;
  result["file"] = fetched.path;
  result["signature_file"] = fetched.signature_path;
  result["signature"] = "right";
  result["bytes"] = record.sealed_bytes();
  result["sha256"] = record.sealed_sha256();
  result["rows"] = record.rows();
  result["persons"] = record.persons();
  result["recipient_fingerprint"] = record.recipient_fingerprint();
  result["usage_due_date"] = record.usage_due_date();
  PrintRecord(session.out(), session.options().format, result);
  return ExitCode::kOk;
}

void AddFetch(CommandTree& tree, CLI::App& group) {
  Command fetch = tree.AddCommand(
      group, {.name = "fetch",
              .about = "Fetches and verifies a sealed key file; goes on where it broke.",
              .examples = {"kobling keyfile fetch P0041", "kobling keyfile fetch P0041 --number 2 --out keys/"},
              .methods = {"KeyFileService/FetchKeyFile", "KeyFileService/ListKeyFiles"}});
  const TextValue project = ProjectArgument(fetch);
  const NumberValue number = fetch.Number("--number", "Number of the key file; default: the newest", Need::kOptional);
  const TextValue folder = fetch.Text("--out", "Folder for the file; default: here", Need::kOptional);
  const FlagValue force = fetch.Flag("--force", "Overwrite a file that exists");
  fetch.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
    KOBLING_ASSIGN_OR_RETURN(const std::string line, profile->SigningKey());
    KOBLING_ASSIGN_OR_RETURN(const crypto::MinisignPublicKey key, crypto::MinisignPublicKey::Parse(line));
    return Fetch(session, *project, *number,
                 {.folder = folder->empty() ? "." : *folder,
                  .signing_key = key,
                  .overwrite = *force ? Overwrite::kAllow : Overwrite::kRefuse,
                  .retry = {}});
  });
}

void AddOpen(CommandTree& tree, CLI::App& group) {
  Command open = tree.AddCommand(
      group, {.name = "open",
              .about = "Opens a fetched key file to CSV, after every check; apply needs no opened file.",
              .examples = {"kobling keyfile open NPR_P0041_0001.csv.age",
                           "kobling keyfile open NPR_P0041_0001.csv.age --out /secure/key.csv"},
              .methods = {}});
  const TextValue file = open.Positional("FILE", "The sealed file; its .minisig lies beside it", Need::kRequired);
  const TextValue target = open.Text("--out", "The CSV file; default: the name without .age", Need::kOptional);
  const FlagValue force = open.Flag("--force", "Overwrite a file that exists");
  open.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
    std::string path = *target;
    if (path.empty()) {
      if (!file->ends_with(".age")) {
        return UsageError("the file's name does not end with .age; say with --out where to write");
      }
      path = file->substr(0, file->size() - 4);
    }
    KOBLING_RETURN_IF_ERROR(CheckFileArguments(
        {{"FILE", *file, FileArgument::Use::kRead},
         {"FILE's signature", *file + ".minisig", FileArgument::Use::kRead},
         {"the profile's identity", profile->Get(Setting::kIdentity).value, FileArgument::Use::kRead},
         {"--out", path, FileArgument::Use::kWritten}},
        session.surroundings().input));
    KOBLING_ASSIGN_OR_RETURN(const KeyFileOpener opener, KeyFileOpener::Create(*profile));
    KOBLING_ASSIGN_OR_RETURN(
        const crypto::KeyFileComment comment,
        OpenKeyFileToCsv(opener.File(*file), path, *force ? Overwrite::kAllow : Overwrite::kRefuse));
    Json result;
    result["file"] = path;
    result["signature"] = "right";
    result["project"] = comment.project.text();
    result["register"] = comment.register_id.text();
    result["number"] = comment.number;
    result["rows"] = comment.rows;
    result["persons"] = comment.persons;
    PrintRecord(session.out(), session.options().format, result);
    session.Note("the opened file names people: delete it as soon as it is used");
    return ExitCode::kOk;
  });
}

}  // namespace

void AddKeyFileRegisterCommands(CommandTree& tree, CLI::App& key_file) {
  AddMatch(tree, key_file);
  AddFetch(tree, key_file);
  AddOpen(tree, key_file);
}

}  // namespace kobling::client
