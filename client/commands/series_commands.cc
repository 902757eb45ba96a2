// Series of numbers that were made elsewhere.
#include "client/case_file.h"
#include "client/commands/all_commands.h"
#include "client/commands/row_options.h"
#include "client/commands/shared_options.h"
#include "client/series_file_rows.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

struct ImportOptions {
  TextValue project;
  RowOptions rows;
  TextValue column, number_column, issued_on, delivered_on, delivery, recipient;
};

absl::StatusOr<api::ImportSeriesHeader> HeaderOf(const ImportOptions& options) {
  KOBLING_RETURN_IF_ERROR(CheckDate("issued_on", *options.issued_on));
  KOBLING_RETURN_IF_ERROR(CheckDate("delivered_on", *options.delivered_on));
  if (options.delivered_on->empty() != options.delivery->empty() ||
      options.delivered_on->empty() != options.recipient->empty()) {
    return UsageError("--delivered-on, --delivery and --recipient belong together");
  }
  api::ImportSeriesHeader header;
  header.set_project_id(*options.project);
  header.set_issued_on(*options.issued_on);
  header.set_delivered_on(*options.delivered_on);
  header.set_delivery_reference(*options.delivery);
  header.set_recipient(*options.recipient);
  return header;
}

absl::StatusOr<ExitCode> Import(Session& session, const ImportOptions& options) {
  KOBLING_ASSIGN_OR_RETURN(const api::ImportSeriesHeader header, HeaderOf(options));
  KOBLING_ASSIGN_OR_RETURN(const auto rejects, options.rows.OpenRejects(session));
  KOBLING_ASSIGN_OR_RETURN(const TableOptions table, options.rows.Table());
  KOBLING_ASSIGN_OR_RETURN(ColumnName identifier, ColumnName::Parse(*options.column));
  KOBLING_ASSIGN_OR_RETURN(ColumnName number, ColumnName::Parse(*options.number_column));
  Progress progress(session.surroundings().err, session.ShowProgress(), Progress::Unit::kRows, session.clock());
  KOBLING_ASSIGN_OR_RETURN(
      const auto rows,
      SeriesFileRows::Open(options.rows.File(session), table,
                           {.identifier = std::move(identifier), .number = std::move(number)}, progress));
  RowFaults faults(rows->column_names());
  const auto answer =
      StreamRows(session, header, *rows, faults,
                 [&](Connection& connection, const api::ImportSeriesHeader& with_id, StreamListener& listener) {
                   return connection.ImportSeries(with_id, *rows, listener);
                 });
  progress.Finish();
  const absl::Status reported = RejectsOptions::Report(session, faults, rejects.get(), answer.status());
  KOBLING_RETURN_IF_ERROR(answer.status());
  Json result = ToJson(answer->result());
  result["counts"] = ToJson(answer->counts());
  result["already_imported"] = answer->already_imported();
  result["left_out"] = faults.count();
  PrintRecord(session.out(), session.options().format, result);
  KOBLING_RETURN_IF_ERROR(reported);
  return faults.count() == 0 ? ExitCode::kOk : ExitCode::kRowsLeftOut;
}

}  // namespace

void AddSeriesCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("series", "Numbers that were made elsewhere, before this service");
  Command import = tree.AddCommand(
      group, {.name = "import",
              .about = "Takes in a register's part of an old series: which identifier had which number.",
              .examples = {"kobling series import P0001 --file old-series.csv --column fnr --number-column lnr \\\n"
                           "    --issued-on 2019-03-01",
                           "kobling series import P0001 --file old-series.csv --column fnr --number-column lnr \\\n"
                           "    --issued-on 2019-03-01 --delivered-on 2019-04-01 --delivery 2019-17 \\\n"
                           "    --recipient 'Universitetet i Eksempel' --rejects rejects.csv"},
              .methods = {"ImportService/ImportSeries"}});
  const ImportOptions options = {
      .project = ProjectArgument(import),
      .rows = RowOptions(import),
      .column = import.Text("--column", "Column of the identifiers, by name or number", Need::kRequired),
      .number_column = import.Text("--number-column", "Column of the numbers, by name or number", Need::kRequired),
      .issued_on = import.Text("--issued-on", "Day on which the register got the numbers, 2019-03-01", Need::kRequired),
      .delivered_on = import.Text("--delivered-on", "Day on which data under all of them were delivered, if known",
                                  Need::kOptional),
      .delivery = import.Text("--delivery", "Your own reference of that delivery", Need::kOptional),
      .recipient = import.Text("--recipient", "Who received it", Need::kOptional)};
  import.Run([options](Session& session) { return Import(session, options);
});
}  // namespace kobling::client

}  // namespace kobling::client
