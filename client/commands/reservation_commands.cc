// Lists of people who have reserved themselves.
#include "client/commands/all_commands.h"
#include "client/commands/row_options.h"
#include "client/commands/shared_options.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

struct LoadOptions {
  RowOptions rows;
  TextValue column, mode, date, legal_reference;
};

absl::StatusOr<api::ReservationMode> ParseMode(const std::string& text) {
  if (text == "replace") {
    return api::RESERVATION_MODE_REPLACE;
  }
  if (text == "add") {
    return api::RESERVATION_MODE_ADD;
  }
  if (text == "remove") {
    return api::RESERVATION_MODE_REMOVE;
  }
  return UsageError("--mode is replace, add or remove");
}

absl::StatusOr<ExitCode> Load(Session& session, const LoadOptions& options) {
  api::ReservationHeader header;
  KOBLING_ASSIGN_OR_RETURN(const api::ReservationMode mode, ParseMode(*options.mode));
  header.set_mode(mode);
  header.set_list_date(*options.date);
  header.set_legal_reference(*options.legal_reference);
  KOBLING_ASSIGN_OR_RETURN(const auto rejects, options.rows.OpenRejects(session));
  KOBLING_ASSIGN_OR_RETURN(const TableOptions table, options.rows.Table());
  KOBLING_ASSIGN_OR_RETURN(ColumnName index, ColumnName::Parse(*options.column));
  Progress progress(session.surroundings().err, session.ShowProgress(), Progress::Unit::kRows, session.clock());
  KOBLING_ASSIGN_OR_RETURN(const auto rows,
                           IdentifierFileRows::Open(options.rows.File(session), table,
                                                    {.index = std::move(index), .relatives = {}}, progress));
  RowFaults faults(rows->column_names());
  const auto answer =
      StreamRows(session, header, *rows, faults,
                 [&](Connection& connection, const api::ReservationHeader& with_id, StreamListener& listener) {
                   return connection.LoadReservations(with_id, *rows, listener);
                 });
  progress.Finish();
  const absl::Status reported = RejectsOptions::Report(session, faults, rejects.get(), answer.status());
  KOBLING_RETURN_IF_ERROR(answer.status());
  Json result = ToJson(answer->result());
  result["unchanged"] = answer->unchanged();
  result["left_out"] = faults.count();
  PrintRecord(session.out(), session.options().format, result);
  KOBLING_RETURN_IF_ERROR(reported);
  return faults.count() == 0 ? ExitCode::kOk : ExitCode::kRowsLeftOut;
}

void AddLoad(CommandTree& tree, CLI::App& group) {
  Command load = tree.AddCommand(
      group,
      {.name = "load",
       .about = "Sends a reservation list: a register its own, the identity feed the national one.",
       .examples =
           {"kobling reservation load --file list.csv --column fnr --mode replace --date 2027-01-31 \\\n"
            "    --legal-reference 'NPR-forskriften § 4-1'",
            "printf '%s\\n' \"$number\" | kobling reservation load --file - --no-header --column 1 --mode remove \\\n"
            "    --date 2027-02-01 --legal-reference 'EHDS art. 71'"},
       .methods = {"ReservationService/LoadReservations"}});
  const LoadOptions options = {
      .rows = RowOptions(load),
      .column = load.Text("--column", "Column of the identifiers, by name or number", Need::kRequired),
      .mode = load.Text("--mode", "replace: the file is the whole list; add; remove", Need::kRequired),
      .date = load.Text("--date", "The day that the list tells the reservations of, 2027-01-31", Need::kRequired),
      .legal_reference = load.Text("--legal-reference", "The law that gives the right", Need::kRequired)};
  load.Run([options](Session& session) { return Load(session, options); });
}

}  // namespace

void AddReservationCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("reservation", "People who do not want their data used: lists and their versions");
  AddLoad(tree, group);

  Command list =
      tree.AddCommand(group, {.name = "list",
                              .about = "Lists the reservation lists in force, or all their versions.",
                              .examples = {"kobling reservation list", "kobling reservation list --register NPR --all"},
                              .methods = {"ReservationService/ListReservationLists"}});
  const TextValue filter = RegisterFilter(list);
  const FlagValue all = list.Flag("--all", "Every version, not only the one in force");
  list.Run([filter, all](Session& session) -> absl::StatusOr<ExitCode> {
    api::ListReservationListsRequest request;
    request.set_register_id(*filter);
    request.set_all_versions(*all);
    KOBLING_ASSIGN_OR_RETURN(const api::ListReservationListsResponse answer,
                             session.Ask(&Connection::ListReservationLists, request));
    session.PrintList(answer.lists(), {{"register_id", "register"},
                                       {"version", "version"},
                                       {"list_date", "list_date"},
                                       {"mode", "mode"},
                                       {"added", "added"},
                                       {"removed", "removed"},
                                       {"identifiers", "identifiers"},
                                       {"legal_reference", "legal_reference"},
                                       {"loaded.time", "loaded"}});
    return ExitCode::kOk;
  });
}

}  // namespace kobling::client
