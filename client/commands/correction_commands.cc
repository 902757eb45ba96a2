// Corrections: what follows from it for a project that persons were merged or split.
#include <string>

#include "client/commands/all_commands.h"
#include "client/commands/shared_options.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

TextValue ProjectOption(Command& command) {
  return command.Text("--project", "Id of the project, for example P0041", Need::kRequired);
}

NumberValue NumberOption(Command& command) {
  return command.Number("--number", "Number of the correction", Need::kRequired);
}

void PrintWaitingRegisters(Session& session, const api::ListCorrectionsResponse& answer) {
  session.PrintList(answer.registers(), {{"project_id", "project"},
                                         {"register_id", "register"},
                                         {"confirmed_rows", "rows_to_issue"},
                                         {"waiting_rows", "rows_not_confirmed"}});
}

void PrintProjectsToReview(Session& session, const api::ListCorrectionsResponse& answer) {
  ListWriter list(session.out(), session.options().format, {{"project_id", "project_to_review"}});
  for (const std::string& project : answer.projects_to_review()) {
    Json row;
    row["project_id"] = project;
    list.Add(row);
  }
  list.Close();
  session.Note("in these projects something waits: kobling correction list --project PROJECT tells what");
}

// JSON has the answer as it is, CSV the corrections. A table has below them the registers that wait, or the projects
// that are to be asked for.
void PrintCorrections(Session& session, const api::ListCorrectionsResponse& answer) {
  if (session.options().format == Format::kJson) {
    session.Print(answer);
    return;
  }
  session.PrintList(answer.corrections(), {{"project_id", "project"},
                                           {"number", "number"},
                                           {"state", "state"},
                                           {"map_version", "map_version"},
                                           {"merged_persons", "merged_persons"},
                                           {"identifiers", "identifiers"},
                                           {"proposed.time", "proposed"},
                                           {"proposed.actor", "by"},
                                           {"proposed.reason", "reason"},
                                           {"decided.time", "decided"},
                                           {"decided.actor", "by"}});
  if (session.options().format == Format::kTable && answer.registers_size() > 0) {
    session.out() << '\n';
    PrintWaitingRegisters(session, answer);
  }
  if (session.options().format == Format::kTable && answer.projects_to_review_size() > 0) {
    session.out() << '\n';
    PrintProjectsToReview(session, answer);
  }
}

void AddList(CommandTree& tree, CLI::App& group) {
  Command list = tree.AddCommand(
      group, {.name = "list",
              .about = "Lists corrections; of one project also who waits for a file, else which to look at.",
              .examples = {"kobling correction list", "kobling correction list --project P0041 --format json"},
              .methods = {"CorrectionService/ListCorrections"}});
  const TextValue project = list.Text("--project", "Only this project's", Need::kOptional);
  list.Run([project](Session& session) -> absl::StatusOr<ExitCode> {
    api::ListCorrectionsRequest request;
    request.set_project_id(*project);
    KOBLING_ASSIGN_OR_RETURN(const api::ListCorrectionsResponse answer,
                             session.Ask(&Connection::ListCorrections, request));
    PrintCorrections(session, answer);
    if (answer.registers().empty() && answer.projects_to_review().empty()) {
      session.Note(project->empty() ? "no project waits for a correction" : "no register waits for a correction");
    }
    return ExitCode::kOk;
  });
}

void AddPropose(CommandTree& tree, CLI::App& group) {
  Command propose = tree.AddCommand(
      group, {.name = "propose",
              .about = "Proposes to correct what the identity history has changed; another one confirms it.",
              .examples = {"kobling correction propose --project P0041 --reason 'monthly, 26/118'"},
              .methods = {"CorrectionService/ProposeCorrection"}});
  const TextValue project = ProjectOption(propose);
  const TextValue reason = ReasonOption(propose);
  propose.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::ProposeCorrectionRequest request;
    request.set_project_id(*project);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const api::Correction correction, session.Change(&Connection::ProposeCorrection, request));
    session.Print(correction);
    return ExitCode::kOk;
  });
}

// What is to be done now. The correction is confirmed whatever becomes of this question.
void PrintNextSteps(Session& session, const std::string& project) {
  api::ListCorrectionsRequest request;
  request.set_project_id(project);
  const auto answer = session.Ask(&Connection::ListCorrections, request);
  if (!answer.ok()) {
    session.Note("kobling correction list --project " + project + " tells which registers wait");
    return;
  }
  session.out() << '\n';
  bool waits = false;
  for (const api::RegisterCorrection& part : answer->registers()) {
    if (part.confirmed_rows() > 0) {
      waits = true;
      session.out() << Printable(part.register_id() + " waits for " + Grouped(part.confirmed_rows()) +
                                 (part.confirmed_rows() == 1 ? " row: " : " rows: ") + "kobling keyfile issue " +
                                 part.project_id() + " " + part.register_id() + " --correction")
                    << '\n';
    }
  }
  if (!waits) {
    session.out() << "no register waits for a correction file\n";
  }
}

void AddConfirm(CommandTree& tree, CLI::App& group) {
  Command confirm = tree.AddCommand(
      group,
      {.name = "confirm",
       .about = "Confirms a correction that another key officer proposed, and says who waits for a file.",
       .examples = {"kobling correction confirm --project P0041 --number 1 --reason 'counts compared with the feed'"},
       .methods = {"CorrectionService/ConfirmCorrection", "CorrectionService/ListCorrections"}});
  const TextValue project = ProjectOption(confirm);
  const NumberValue confirmed = NumberOption(confirm);
  const TextValue reason = ReasonOption(confirm);
  confirm.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::ConfirmCorrectionRequest request;
    request.set_project_id(*project);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*confirmed, "--number"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::Correction correction, session.Change(&Connection::ConfirmCorrection, request));
    session.Print(correction);
    if (session.options().format == Format::kTable) {
      PrintNextSteps(session, *project);
    }
    return ExitCode::kOk;
  });
}

void AddReject(CommandTree& tree, CLI::App& group) {
  Command reject = tree.AddCommand(
      group, {.name = "reject",
              .about = "Rejects a proposed correction.",
              .examples = {"kobling correction reject --project P0041 --number 1 --reason 'the merge was undone'"},
              .methods = {"CorrectionService/RejectCorrection"}});
  const TextValue project = ProjectOption(reject);
  const NumberValue rejected = NumberOption(reject);
  const TextValue reason = ReasonOption(reject);
  reject.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::RejectCorrectionRequest request;
    request.set_project_id(*project);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*rejected, "--number"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::Correction correction, session.Change(&Connection::RejectCorrection, request));
    session.Print(correction);
    return ExitCode::kOk;
  });
}

}  // namespace

void AddCorrectionCommands(CommandTree& tree) {
  CLI::App& group =
      tree.AddGroup("correction", "Løpenumre that change because persons were merged or split: proposed, confirmed");
  AddList(tree, group);
  AddPropose(tree, group);
  AddConfirm(tree, group);
  AddReject(tree, group);
}

}  // namespace kobling::client
