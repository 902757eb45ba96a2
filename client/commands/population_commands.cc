#include "client/commands/all_commands.h"
#include "client/commands/row_options.h"
#include "client/commands/shared_options.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

std::vector<ListColumn> SubmissionColumns() {
  return {{"register_id", "register"},
          {"number", "number"},
          {"state", "state"},
          {"counts.rows", "rows"},
          {"counts.identifiers", "identifiers"},
          {"counts.relatives", "relatives"},
          {"counts.duplicates", "duplicates"},
          {"submitted.time", "submitted"},
          {"submitted.actor", "by"}};
}

struct SubmitOptions {
  TextValue project;
  RowOptions rows;
  TextValue column;
  TextValues relatives;
  FlagValue dry_run;
  FlagValue refuse_invalid;
};

absl::StatusOr<ExitCode> Submit(Session& session, const SubmitOptions& options) {
  KOBLING_ASSIGN_OR_RETURN(const auto rejects, options.rows.OpenRejects(session));
  KOBLING_ASSIGN_OR_RETURN(const TableOptions table, options.rows.Table());
  KOBLING_ASSIGN_OR_RETURN(ColumnName index, ColumnName::Parse(*options.column));
  IdentifierFileColumns columns = {.index = std::move(index), .relatives = {}};
  for (const std::string& relative : *options.relatives) {
    KOBLING_ASSIGN_OR_RETURN(ColumnName name, ColumnName::Parse(relative));
    columns.relatives.push_back(std::move(name));
  }
  Progress progress(session.surroundings().err, session.ShowProgress(), Progress::Unit::kRows, session.clock());
  KOBLING_ASSIGN_OR_RETURN(const auto rows,
                           IdentifierFileRows::Open(options.rows.File(session), table, columns, progress));

  api::SubmitHeader header;
  header.set_project_id(*options.project);
  header.mutable_columns()->Add(rows->column_names().begin(), rows->column_names().end());
  header.set_refuse_invalid(*options.refuse_invalid);
  header.set_dry_run(*options.dry_run);
  RowFaults faults(rows->column_names());
  const auto answer = StreamRows(session, header, *rows, faults,
                                 [&](Connection& connection, const api::SubmitHeader& with_id,
                                     StreamListener& listener) { return connection.Submit(with_id, *rows, listener); });
  progress.Finish();
  const absl::Status reported = RejectsOptions::Report(session, faults, rejects.get(), answer.status());
  KOBLING_RETURN_IF_ERROR(answer.status());
  Json result = ToJson(answer->result());
  result["already_submitted"] = answer->already_submitted();
  result["left_out"] = faults.count();
  PrintRecord(session.out(), session.options().format, result);
  KOBLING_RETURN_IF_ERROR(reported);
  return faults.count() == 0 ? ExitCode::kOk : ExitCode::kRowsLeftOut;
}

void AddSubmit(CommandTree& tree, CLI::App& group) {
  Command submit = tree.AddCommand(
      group, {.name = "submit",
              .about = "Sends the identifiers of a project's population, from a file or standard input.",
              .examples = {"kobling population submit P0041 --file extract.csv --column fnr --dry-run",
                           "kobling population submit P0041 --file extract.csv --column fnr --rejects rejects.csv",
                           "kobling population submit P0041 --file births.csv --column fnr --relative mor_fnr",
                           "export-program | kobling population submit P0041 --file - --column 1 --no-header"},
              .methods = {"PopulationService/Submit"}});
  SubmitOptions options = {
      .project = ProjectArgument(submit),
      .rows = RowOptions(submit),
      .column = submit.Text("--column", "Column of the population's identifiers, by name or number", Need::kRequired),
      .relatives = submit.Texts("--relative", "Column with a relative's identifiers; may be given again"),
      .dry_run = submit.Flag("--dry-run", "Check everything, store nothing"),
      .refuse_invalid = submit.Flag("--refuse-invalid", "Store nothing if any row is bad")};
  submit.Run([options](Session& session) { return Submit(session, options); });
}

}  // namespace

void AddPopulationCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("population", "Who a project is about: submissions of identifiers");
  AddSubmit(tree, group);

  Command list = tree.AddCommand(
      group, {.name = "list",
              .about = "Lists a project's submissions; a register sees its own.",
              .examples = {"kobling population list P0041", "kobling population list P0041 --format csv"},
              .methods = {"PopulationService/ListSubmissions"}});
  const TextValue listed = ProjectArgument(list);
  const TextValue filter = RegisterFilter(list);
  list.Run([listed, filter](Session& session) -> absl::StatusOr<ExitCode> {
    api::ListSubmissionsRequest request;
    request.set_project_id(*listed);
    request.set_register_id(*filter);
    KOBLING_ASSIGN_OR_RETURN(const api::ListSubmissionsResponse answer,
                             session.Ask(&Connection::ListSubmissions, request));
    session.PrintList(answer.submissions(), SubmissionColumns());
    return ExitCode::kOk;
  });

  Command show = tree.AddCommand(group, {.name = "show",
                                         .about = "Shows one submission with all its counts.",
                                         .examples = {"kobling population show P0041 1"},
                                         .methods = {"PopulationService/GetSubmission"}});
  const TextValue shown = ProjectArgument(show);
  const NumberValue shown_number = NumberArgument(show, "Number of the submission");
  const TextValue shown_register =
      show.Text("--register", "The register; a register may leave it out", Need::kOptional);
  show.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::GetSubmissionRequest request;
    request.set_project_id(*shown);
    request.set_register_id(*shown_register);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*shown_number, "NUMBER"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::Submission found, session.Ask(&Connection::GetSubmission, request));
    session.Print(found);
    return ExitCode::kOk;
  });

  Command withdraw = tree.AddCommand(
      group, {.name = "withdraw",
              .about = "Takes a submission back; who was in a key file still counts and is told of the project.",
              .examples = {"kobling population withdraw P0041 1 --reason 'wrong extract'"},
              .methods = {"PopulationService/WithdrawSubmission"}});
  const TextValue withdrawn = ProjectArgument(withdraw);
  const NumberValue withdrawn_number = NumberArgument(withdraw, "Number of the submission");
  const TextValue reason = ReasonOption(withdraw);
  withdraw.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::WithdrawSubmissionRequest request;
    request.set_project_id(*withdrawn);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*withdrawn_number, "NUMBER"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::Submission changed, session.Change(&Connection::WithdrawSubmission, request));
    session.Print(changed);
    return ExitCode::kOk;
  });

  Command complete = tree.AddCommand(group, {.name = "complete",
                                             .about = "Says that your register's part of the population is complete.",
                                             .examples = {"kobling population complete P0041"},
                                             .methods = {"PopulationService/CompletePopulation"}});
  const TextValue completed = ProjectArgument(complete);
  complete.Run([completed](Session& session) -> absl::StatusOr<ExitCode> {
    api::CompletePopulationRequest request;
    request.set_project_id(*completed);
    KOBLING_ASSIGN_OR_RETURN(const api::CompletePopulationResponse answer,
                             session.Change(&Connection::CompletePopulation, request));
    session.Print(answer);
    return ExitCode::kOk;
  });
}

}  // namespace kobling::client
