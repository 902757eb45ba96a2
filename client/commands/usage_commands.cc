#include "client/case_file.h"
#include "client/commands/all_commands.h"
#include "client/commands/row_options.h"
#include "client/commands/shared_options.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

struct ReportOptions {
  TextValue project;
  NumberValue key_file;
  TextValue delivery;
  TextValue delivered_on;
  TextValue recipient;
  TextValue file;
  FlagValue none;
  TextValue corrects;
  TextValue reason;
  RejectsOptions rejects;
};

absl::StatusOr<api::ReportHeader> HeaderOf(const ReportOptions& options) {
  if (options.file->empty() != *options.none) {
    return UsageError("give either --file with the løpenumre that were used, or --none");
  }
  if (options.corrects->empty() != options.reason->empty()) {
    return UsageError("--corrects and --reason belong together");
  }
  KOBLING_RETURN_IF_ERROR(CheckDate("delivered_on", *options.delivered_on));
  KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*options.key_file, "--keyfile"));
  api::ReportHeader header;
  header.set_project_id(*options.project);
  header.set_key_file_number(number);
  header.set_delivery_reference(*options.delivery);
  header.set_delivered_on(*options.delivered_on);
  header.set_recipient(*options.recipient);
  header.set_none_used(*options.none);
  header.set_corrects_reference(*options.corrects);
  header.set_correction_reason(*options.reason);
  return header;
}

void PrintReport(Session& session, const api::ReportResponse& answer, std::size_t left_out) {
  Json result = ToJson(answer.result());
  result["already_reported"] = answer.already_reported();
  result["left_out"] = left_out;
  PrintRecord(session.out(), session.options().format, result);
}

absl::StatusOr<ExitCode> ReportNone(Session& session, const api::ReportHeader& header) {
  KOBLING_ASSIGN_OR_RETURN(Connection * connection, session.Connect());
  NoRows rows;
  FaultCollector collector;
  KOBLING_ASSIGN_OR_RETURN(const api::ReportResponse answer,
                           session.WithRequestId(header, [&](const api::ReportHeader& with_id) {
                             return connection->Report(with_id, rows, collector);
                           }));
  PrintReport(session, answer, 0);
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Report(Session& session, const ReportOptions& options) {
  KOBLING_ASSIGN_OR_RETURN(const api::ReportHeader header, HeaderOf(options));
  if (*options.none) {
    return ReportNone(session, header);
  }
  KOBLING_ASSIGN_OR_RETURN(const auto rejects, options.rejects.Open(session, *options.file));
  Progress progress(session.surroundings().err, session.ShowProgress(), Progress::Unit::kRows, session.clock());
  const RowFile file = {.path = *options.file, .input = session.surroundings().input};
  KOBLING_ASSIGN_OR_RETURN(const auto rows, LopenummerFileRows::Open(file, progress));
  RowFaults faults(rows->column_names());
  const auto answer = StreamRows(session, header, *rows, faults,
                                 [&](Connection& connection, const api::ReportHeader& with_id,
                                     StreamListener& listener) { return connection.Report(with_id, *rows, listener); });
  progress.Finish();
  const absl::Status reported = RejectsOptions::Report(session, faults, rejects.get(), answer.status());
  KOBLING_RETURN_IF_ERROR(answer.status());
  PrintReport(session, *answer, faults.count());
  KOBLING_RETURN_IF_ERROR(reported);
  return faults.count() == 0 ? ExitCode::kOk : ExitCode::kRowsLeftOut;
}

// One row for each report, and one for a key file without any.
void PrintStatus(Session& session, const api::GetUsageStatusResponse& answer) {
  ListWriter list(session.out(), session.options().format,
                  {{"project_id", "project"},
                   {"register_id", "register"},
                   {"key_file_number", "key_file"},
                   {"persons", "persons"},
                   {"due_date", "due_date"},
                   {"overdue", "overdue"},
                   {"report.delivery_reference", "delivery"},
                   {"report.version", "version"},
                   {"report.delivered_on", "delivered_on"},
                   {"report.used", "used"},
                   {"report.replaced", "replaced"}});
  for (const api::KeyFileUsage& usage : answer.key_files()) {
    Json row = ToJson(usage);
    if (session.options().format == Format::kJson || usage.reports().empty()) {
      list.Add(row);
      continue;
    }
    for (const api::UsageReport& report : usage.reports()) {
      row["report"] = ToJson(report);
      list.Add(row);
    }
  }
  list.Close();
}

}  // namespace

void AddUsageCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("usage", "Reports of which løpenumre were used");

  Command report = tree.AddCommand(
      group, {.name = "report",
              .about = "Reports which løpenumre one delivery used, one a line; - reads standard input.",
              .examples = {"kobling usage report P0041 --keyfile 1 --delivery 2026-114 --delivered-on 2026-11-22 \\\n"
                           "    --recipient 'UiB, analysis room 12' --file used.txt",
                           "kobling usage report P0041 --keyfile 2 --delivery none-2 --delivered-on 2026-11-22 \\\n"
                           "    --recipient nobody --none"},
              .methods = {"UsageService/Report"}});
  const ReportOptions options = {
      .project = ProjectArgument(report),
      .key_file = report.Number("--keyfile", "Number of the key file that was used", Need::kRequired),
      .delivery = report.Text("--delivery", "Your own reference of the delivery", Need::kRequired),
      .delivered_on = report.Text("--delivered-on", "Day of the delivery, 2026-11-22", Need::kRequired),
      .recipient = report.Text("--recipient", "Who received the data", Need::kRequired),
      .file = report.Text("--file", "The løpenumre, as kobling apply --used wrote them", Need::kOptional),
      .none = report.Flag("--none", "Nothing was delivered with this key file"),
      .corrects = report.Text("--corrects", "Reference of the delivery whose report this replaces", Need::kOptional),
      .reason = report.Text("--reason", "Why it is corrected", Need::kOptional),
      .rejects = RejectsOptions(report)};
  report.Run([options](Session& session) { return Report(session, options); });

  Command status =
      tree.AddCommand(group, {.name = "status",
                              .about = "Lists key files with their reports, what is due and what is overdue.",
                              .examples = {"kobling usage status P0041 --format csv", "kobling usage status --overdue"},
                              .methods = {"UsageService/GetUsageStatus"}});
  const TextValue project = status.Positional("PROJECT", "Only this project's", Need::kOptional);
  const FlagValue overdue = status.Flag("--overdue", "Only those whose report should have come");
  status.Run([project, overdue](Session& session) -> absl::StatusOr<ExitCode> {
    api::GetUsageStatusRequest request;
    request.set_project_id(*project);
    request.set_overdue_only(*overdue);
    KOBLING_ASSIGN_OR_RETURN(const api::GetUsageStatusResponse answer,
                             session.Ask(&Connection::GetUsageStatus, request));
    PrintStatus(session, answer);
    return ExitCode::kOk;
  });
}

}  // namespace kobling::client
