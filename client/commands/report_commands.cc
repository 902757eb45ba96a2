// Reports for those who supervise: disclosures, and a project's dossier.
#include "client/case_file.h"
#include "client/commands/all_commands.h"
#include "client/commands/shared_options.h"
#include "client/dossier_report.h"
#include "client/report_folder.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

class EventCollector final : public EventSink {
 public:
  absl::Status Take(const api::Event& event) override {
    events_.push_back(event);
    return absl::OkStatus();
  }
  Events Finish() { return std::move(events_); }

 private:
  Events events_;
};

absl::StatusOr<ExitCode> PrintDisclosures(Session& session, const api::ListDisclosuresRequest& request) {
  KOBLING_RETURN_IF_ERROR(CheckDate("since", request.since()));
  KOBLING_RETURN_IF_ERROR(CheckDate("until", request.until()));
  KOBLING_ASSIGN_OR_RETURN(const api::ListDisclosuresResponse answer,
                           session.Ask(&Connection::ListDisclosures, request));
  if (session.options().format == Format::kCsv) {
    session.out() << CsvOf(DisclosureTable(answer.disclosures()));
    return ExitCode::kOk;
  }
  session.PrintList(answer.disclosures(), {{"register_id", "register"},
                                           {"project_id", "project"},
                                           {"recipient", "recipient"},
                                           {"delivered_on", "delivered_on"},
                                           {"used", "persons"},
                                           {"not_yet_reported", "not_yet_reported"},
                                           {"key_file_number", "key_file"},
                                           {"issued.time", "issued"},
                                           {"key_file_kind", "kind"},
                                           {"persons", "held"},
                                           {"legal_basis", "legal_basis"},
                                           {"decision_reference", "decision"},
                                           {"legal_reference", "legal_reference"}});
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> WriteDossier(Session& session, const std::string& project, const std::string& folder) {
  KOBLING_RETURN_IF_ERROR(CheckNewFolder(folder));
  api::GetDossierRequest request;
  request.set_project_id(project);
  KOBLING_ASSIGN_OR_RETURN(const api::Dossier dossier, session.Ask(&Connection::GetDossier, request));
  std::optional<Events> events;
  if (dossier.may_list_events()) {
    api::ListEventsRequest wanted;
    wanted.set_project_id(project);
    EventCollector collector;
    KOBLING_ASSIGN_OR_RETURN(Connection * connection, session.Connect());
    const absl::Status status = connection->ListEvents(wanted, collector);
    KOBLING_RETURN_IF_ERROR(status);
    events = collector.Finish();
  } else {
    session.Note("the events are left out: you may not list those of " + project);
  }
  KOBLING_RETURN_IF_ERROR(WriteFolder(folder, DossierFiles(dossier, events), Overwrite::kRefuse, Readers::kOwner));
  session.Note("the dossier is in " + folder + "; begin with dossier.html");
  return ExitCode::kOk;
}

}  // namespace

void AddAuditReportCommands(CommandTree& tree, CLI::App& audit) {
  Command disclosures = tree.AddCommand(
      audit, {.name = "disclosures",
              .about = "Lists who received what, how many persons, when and on which basis (§ 19 h).",
              .examples = {"kobling audit disclosures --register NPR --since 2026-01-01 --until 2026-12-31",
                           "kobling audit disclosures --project P0041 --format csv > p0041.csv"},
              .methods = {"AuditService/ListDisclosures"}});
  const TextValue register_id = RegisterFilter(disclosures);
  const TextValue project = disclosures.Text("--project", "Only this project's", Need::kOptional);
  const TextValue since = disclosures.Text("--since", "First day, 2026-11-22", Need::kOptional);
  const TextValue until = disclosures.Text("--until", "Last day, 2026-11-22", Need::kOptional);
  disclosures.Run([=](Session& session) {
    api::ListDisclosuresRequest request;
    request.set_register_id(*register_id);
    request.set_project_id(*project);
    request.set_since(*since);
    request.set_until(*until);
    return PrintDisclosures(session, request);
  });

  Command dossier = tree.AddCommand(
      audit, {.name = "dossier",
              .about = "Writes all that is known of one project into a new folder: a page, CSV and JSON.",
              .examples = {"kobling audit dossier P0041 --out P0041-dossier"},
              .methods = {"AuditService/GetDossier"}});
  const TextValue of_project = ProjectArgument(dossier);
  const TextValue folder = dossier.Text("--out", "Folder for the files; new or empty", Need::kRequired);
  dossier.Run([of_project, folder](Session& session) { return WriteDossier(session, *of_project, *folder); });
}

}  // namespace kobling::client
