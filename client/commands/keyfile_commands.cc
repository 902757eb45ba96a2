// What a key officer does with key files, and what everybody may look at.
#include <algorithm>

#include "client/commands/all_commands.h"
#include "client/commands/shared_options.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

void AddMatches(CommandTree& tree, CLI::App& group) {
  Command open = tree.AddCommand(group, {.name = "open-match",
                                         .about = "Opens a window in which a register may stream what it holds, once.",
                                         .examples = {"kobling keyfile open-match P0041 NPR --max-rows 6000000"},
                                         .methods = {"KeyFileService/OpenMatch"}});
  const TextValue opened = ProjectArgument(open);
  const TextValue opened_for = RegisterArgument(open);
  const NumberValue max_rows =
      open.Number("--max-rows", "Most rows expected; a larger stream is parked", Need::kRequired);
  open.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::OpenMatchRequest request;
    request.set_project_id(*opened);
    request.set_register_id(*opened_for);
    request.set_max_rows(*max_rows);
    KOBLING_ASSIGN_OR_RETURN(const api::MatchWindow window, session.Change(&Connection::OpenMatch, request));
    session.Print(window);
    return ExitCode::kOk;
  });

  Command list = tree.AddCommand(group, {.name = "list-matches",
                                         .about = "Lists a project's match windows with their counts.",
                                         .examples = {"kobling keyfile list-matches P0041"},
                                         .methods = {"KeyFileService/ListMatches"}});
  const TextValue listed = ProjectArgument(list);
  list.Run([listed](Session& session) -> absl::StatusOr<ExitCode> {
    api::ListMatchesRequest request;
    request.set_project_id(*listed);
    KOBLING_ASSIGN_OR_RETURN(const api::ListMatchesResponse answer, session.Ask(&Connection::ListMatches, request));
    session.PrintList(answer.matches(), {{"register_id", "register"},
                                         {"number", "number"},
                                         {"state", "state"},
                                         {"max_rows", "max_rows"},
                                         {"counts.rows", "rows"},
                                         {"matched_identifiers", "matched_identifiers"},
                                         {"matched_persons", "matched_persons"},
                                         {"parked_because", "parked_because"}});
    return ExitCode::kOk;
  });

  Command release = tree.AddCommand(
      group, {.name = "release-match",
              .about = "Accepts a match that was parked for review.",
              .examples = {"kobling keyfile release-match P0041 NPR --number 1 --reason 'larger since the merger'"},
              .methods = {"KeyFileService/ReleaseMatch"}});
  const TextValue released = ProjectArgument(release);
  const TextValue released_for = RegisterArgument(release);
  const NumberValue window_number = release.Number("--number", "Number of the window", Need::kRequired);
  const TextValue reason = ReasonOption(release);
  release.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::ReleaseMatchRequest request;
    request.set_project_id(*released);
    request.set_register_id(*released_for);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*window_number, "--number"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::MatchWindow window, session.Change(&Connection::ReleaseMatch, request));
    session.Print(window);
    return ExitCode::kOk;
  });
}

void AddIssueAndWithdraw(CommandTree& tree, CLI::App& group) {
  Command issue = tree.AddCommand(
      group, {.name = "issue",
              .about = "Makes, seals and signs a key file for one register.",
              .examples = {"kobling keyfile issue P0041 NPR", "kobling keyfile issue P0041 NPR --since 1",
                           "kobling keyfile issue P0041 NPR --correction"},
              .methods = {"KeyFileService/IssueKeyFile"}});
  const TextValue issued = ProjectArgument(issue);
  const TextValue issued_for = RegisterArgument(issue);
  const NumberValue since =
      issue.Number("--since", "Only what has come and gone since this key file of the register", Need::kOptional);
  const FlagValue correction =
      issue.Flag("--correction", "Only løpenumre that were told and have changed, once confirmed");
  issue.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    if (*correction && *since != 0) {
      return UsageError("--since and --correction exclude each other");
    }
    api::IssueKeyFileRequest request;
    request.set_correction(*correction);
    request.set_project_id(*issued);
    request.set_register_id(*issued_for);
    if (*since != 0) {
      KOBLING_ASSIGN_OR_RETURN(const std::uint32_t earlier, ToNumber(*since, "--since"));
      request.set_since(earlier);
    }
    KOBLING_ASSIGN_OR_RETURN(const api::KeyFile file, session.Change(&Connection::IssueKeyFile, request));
    session.Print(file);
    return ExitCode::kOk;
  });

  Command withdraw =
      tree.AddCommand(group, {.name = "withdraw",
                              .about = "Takes a key file back: it is deleted and cannot be fetched.",
                              .examples = {"kobling keyfile withdraw P0041 NPR 1 --reason 'wrong scope'"},
                              .methods = {"KeyFileService/WithdrawKeyFile"}});
  const TextValue withdrawn = ProjectArgument(withdraw);
  const TextValue withdrawn_from = RegisterArgument(withdraw);
  const NumberValue file_number = NumberArgument(withdraw, "Number of the key file");
  const TextValue reason = ReasonOption(withdraw);
  withdraw.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::WithdrawKeyFileRequest request;
    request.set_project_id(*withdrawn);
    request.set_register_id(*withdrawn_from);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*file_number, "NUMBER"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::KeyFile file, session.Change(&Connection::WithdrawKeyFile, request));
    session.Print(file);
    return ExitCode::kOk;
  });
}

// Few key files have kept anybody out whose person is annulled; only then is there a column for it.
std::vector<ListColumn> ColumnsFor(const api::ListKeyFilesResponse& answer) {
  std::vector<ListColumn> columns = {{"project_id", "project"},
                                     {"register_id", "register"},
                                     {"number", "number"},
                                     {"state", "state"},
                                     {"kind", "kind"},
                                     {"since", "since"},
                                     {"rows", "rows"},
                                     {"withdrawn_rows", "withdrawn"},
                                     {"persons", "persons"},
                                     {"first_fetched.time", "fetched"},
                                     {"usage_due_date", "usage_due_date"},
                                     {"expiry_date", "expiry_date"}};
  const bool has_annulled = std::any_of(answer.key_files().begin(), answer.key_files().end(),
                                        [](const api::KeyFile& file) { return file.annulled() > 0; });
  if (has_annulled) {
    columns.push_back({"annulled", "annulled"});
  }
  return columns;
}

void AddReading(CommandTree& tree, CLI::App& group) {
  Command list =
      tree.AddCommand(group, {.name = "list",
                              .about = "Lists key files; a register sees its own.",
                              .examples = {"kobling keyfile list", "kobling keyfile list P0041 --format json"},
                              .methods = {"KeyFileService/ListKeyFiles"}});
  const TextValue listed = list.Positional("PROJECT", "Only this project's", Need::kOptional);
  const TextValue filter = RegisterFilter(list);
  list.Run([listed, filter](Session& session) -> absl::StatusOr<ExitCode> {
    api::ListKeyFilesRequest request;
    request.set_project_id(*listed);
    request.set_register_id(*filter);
    KOBLING_ASSIGN_OR_RETURN(const api::ListKeyFilesResponse answer, session.Ask(&Connection::ListKeyFiles, request));
    session.PrintList(answer.key_files(), ColumnsFor(answer));
    return ExitCode::kOk;
  });

  Command show = tree.AddCommand(group, {.name = "show",
                                         .about = "Shows one key file's record.",
                                         .examples = {"kobling keyfile show P0041 1 --register NPR"},
                                         .methods = {"KeyFileService/GetKeyFile"}});
  const TextValue shown = ProjectArgument(show);
  const NumberValue shown_number = NumberArgument(show, "Number of the key file");
  const TextValue shown_register =
      show.Text("--register", "The register; a register may leave it out", Need::kOptional);
  show.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::GetKeyFileRequest request;
    request.set_project_id(*shown);
    request.set_register_id(*shown_register);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*shown_number, "NUMBER"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::KeyFile file, session.Ask(&Connection::GetKeyFile, request));
    session.Print(file);
    return ExitCode::kOk;
  });
}

void AddReproduce(CommandTree& tree, CLI::App& group) {
  Command reproduce = tree.AddCommand(
      group, {.name = "reproduce",
              .about = "Makes a past key file again in memory; exit 2 if it is not what was issued.",
              .examples = {"kobling keyfile reproduce P0041 NPR 1 --purpose 'question of the supervisor in 31/22-9'"},
              .methods = {"KeyFileService/ReproduceKeyFile"}});
  const TextValue project = ProjectArgument(reproduce);
  const TextValue register_id = RegisterArgument(reproduce);
  const NumberValue file_number = NumberArgument(reproduce, "Number of the key file");
  const TextValue purpose = reproduce.Text("--purpose", "Why; it is kept in the log", Need::kRequired);
  reproduce.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::ReproduceKeyFileRequest request;
    request.set_project_id(*project);
    request.set_register_id(*register_id);
    request.set_purpose(*purpose);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*file_number, "NUMBER"));
    request.set_number(number);
    KOBLING_ASSIGN_OR_RETURN(const api::ReproduceKeyFileResponse answer,
                             session.Ask(&Connection::ReproduceKeyFile, request));
    session.Print(answer);
    return answer.equal() ? ExitCode::kOk : ExitCode::kRefused;
  });
}

}  // namespace

CLI::App& AddKeyFileCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("keyfile", "Sealed key files: match, issue, fetch, open");
  AddMatches(tree, group);
  AddIssueAndWithdraw(tree, group);
  AddReproduce(tree, group);
  AddReading(tree, group);
  return group;
}

}  // namespace kobling::client
