// What a key officer does with projects.
#include "client/commands/all_commands.h"
#include "client/commands/shared_options.h"
#include "client/read_line.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

void AddActivateAndClose(CommandTree& tree, CLI::App& group) {
  Command activate =
      tree.AddCommand(group, {.name = "activate",
                              .about = "Makes the project's key: submissions and key files can begin.",
                              .examples = {"kobling project show P0041", "kobling project activate P0041"},
                              .methods = {"ProjectService/ActivateProject"}});
  const TextValue activated = ProjectArgument(activate);
  activate.Run([activated](Session& session) -> absl::StatusOr<ExitCode> {
    api::ActivateProjectRequest request;
    request.set_project_id(*activated);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::ActivateProject, request));
    session.Print(changed);
    return ExitCode::kOk;
  });

  Command close = tree.AddCommand(group, {.name = "close",
                                          .about = "Ends submissions and key files; usage may still be reported.",
                                          .examples = {"kobling project close P0041 --reason 'project finished'"},
                                          .methods = {"ProjectService/CloseProject"}});
  const TextValue closed = ProjectArgument(close);
  const TextValue reason = ReasonOption(close);
  close.Run([closed, reason](Session& session) -> absl::StatusOr<ExitCode> {
    api::CloseProjectRequest request;
    request.set_project_id(*closed);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::CloseProject, request));
    session.Print(changed);
    return ExitCode::kOk;
  });
}

void AddRevisions(CommandTree& tree, CLI::App& group) {
  Command confirm = tree.AddCommand(
      group, {.name = "confirm-revision",
              .about = "Puts a pending revision in force, after you have read it.",
              .examples = {"kobling project show P0041", "kobling project confirm-revision P0041 --revision 2"},
              .methods = {"ProjectService/ConfirmRevision"}});
  const TextValue confirmed = ProjectArgument(confirm);
  const NumberValue confirmed_number =
      confirm.Number("--revision", "Number of the revision that you read", Need::kRequired);
  confirm.Run([confirmed, confirmed_number](Session& session) -> absl::StatusOr<ExitCode> {
    api::ConfirmRevisionRequest request;
    request.set_project_id(*confirmed);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*confirmed_number, "--revision"));
    request.set_revision(number);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::ConfirmRevision, request));
    session.Print(changed);
    return ExitCode::kOk;
  });

  Command reject =
      tree.AddCommand(group, {.name = "reject-revision",
                              .about = "Drops a pending revision.",
                              .examples = {"kobling project reject-revision P0041 --revision 2 --reason 'wrong date'"},
                              .methods = {"ProjectService/RejectRevision"}});
  const TextValue rejected = ProjectArgument(reject);
  const NumberValue rejected_number = reject.Number("--revision", "Number of the revision", Need::kRequired);
  const TextValue reason = ReasonOption(reject);
  reject.Run([rejected, rejected_number, reason](Session& session) -> absl::StatusOr<ExitCode> {
    api::RejectRevisionRequest request;
    request.set_project_id(*rejected);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*rejected_number, "--revision"));
    request.set_revision(number);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::RejectRevision, request));
    session.Print(changed);
    return ExitCode::kOk;
  });

  Command reopen =
      tree.AddCommand(group, {.name = "reopen-source",
                              .about = "Opens a source that was locked after a refused submission.",
                              .examples = {"kobling project reopen-source P0041 MFR --reason 'wrong file was sent'"},
                              .methods = {"ProjectService/ReopenSource"}});
  const TextValue reopened = ProjectArgument(reopen);
  const TextValue source = RegisterArgument(reopen);
  const TextValue why = ReasonOption(reopen);
  reopen.Run([reopened, source, why](Session& session) -> absl::StatusOr<ExitCode> {
    api::ReopenSourceRequest request;
    request.set_project_id(*reopened);
    request.set_register_id(*source);
    request.set_reason(*why);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::ReopenSource, request));
    session.Print(changed);
    return ExitCode::kOk;
  });
}

// The project's id as the officer types it: on the terminal, or with --confirm where there is none.
absl::StatusOr<std::string> Confirmation(Session& session, const std::string& project, const std::string& given) {
  std::string typed = given;
  if (typed.empty()) {
    if (!session.surroundings().input_is_terminal) {
      return domain::MakeError(domain::Reason::kConfirmationMissing,
                               {{domain::DetailKey::kHint, "without a terminal, give --confirm and the project's id"}});
    }
    session.surroundings().err << "The key of " << project
                               << " will be gone for good, and with it every way to compute its løpenumre.\n"
                               << "Type the project's id to destroy it: " << std::flush;
    KOBLING_ASSIGN_OR_RETURN(typed, ReadLine(session.surroundings().input));
  }
  if (typed != project) {
    return domain::MakeError(domain::Reason::kConfirmationMissing,
                             {{domain::DetailKey::kHint, "what was typed is not the project's id"}});
  }
  return typed;
}

void AddDestroyKey(CommandTree& tree, CLI::App& group) {
  Command destroy = tree.AddCommand(
      group, {.name = "destroy-key",
              .about = "Destroys the project's key for good. Asks for the project's id on the terminal.",
              .examples = {"kobling project destroy-key P0041 --reason 'deletion date reached'",
                           "kobling project destroy-key P0041 --reason 'deletion date reached' --confirm P0041 \\\n"
                           "    --waive-usage 'the register is closed'"},
              .methods = {"ProjectService/DestroyProjectKey"}});
  const TextValue project = ProjectArgument(destroy);
  const TextValue reason = ReasonOption(destroy);
  const TextValue confirm =
      destroy.Text("--confirm", "The project's id once more, where there is no terminal", Need::kOptional);
  const TextValue waiver = destroy.Text("--waive-usage", "Why missing usage reports are waived", Need::kOptional);
  destroy.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::DestroyProjectKeyRequest request;
    request.set_project_id(*project);
    request.set_reason(*reason);
    request.set_waiver_reason(*waiver);
    KOBLING_ASSIGN_OR_RETURN(const std::string confirmation, Confirmation(session, *project, *confirm));
    request.set_confirmation(confirmation);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::DestroyProjectKey, request));
    session.Print(changed);
    return ExitCode::kOk;
  });
}

void AddWaiveUsage(CommandTree& tree, CLI::App& group) {
  Command waive = tree.AddCommand(
      group, {.name = "waive-usage",
              .about = "Waives missing reports of use, so that a closed project loses its key on its day.",
              .examples = {"kobling usage status P0041",
                           "kobling project waive-usage P0041 --reason 'the register no longer exists'"},
              .methods = {"ProjectService/WaiveUsage"}});
  const TextValue project = ProjectArgument(waive);
  const TextValue reason = ReasonOption(waive);
  waive.Run([project, reason](Session& session) -> absl::StatusOr<ExitCode> {
    api::WaiveUsageRequest request;
    request.set_project_id(*project);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::WaiveUsage, request));
    session.Print(changed);
    return ExitCode::kOk;
  });
}

}  // namespace

void AddProjectKeyCommands(CommandTree& tree, CLI::App& project) {
  AddActivateAndClose(tree, project);
  AddRevisions(tree, project);
  AddWaiveUsage(tree, project);
  AddDestroyKey(tree, project);
}

}  // namespace kobling::client
