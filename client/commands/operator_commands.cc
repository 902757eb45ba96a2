// What an operator asks of the server.
#include "client/commands/all_commands.h"

namespace kobling::client {

void AddOperatorCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("operator", "The server itself");
  Command status =
      tree.AddCommand(group, {.name = "status",
                              .about = "Says whether the server is open or sealed, and why; exit 2 if it is sealed.",
                              .examples = {"kobling operator status", "kobling operator status --format json"},
                              .methods = {"SealService/GetSealStatus"}});
  status.Run([](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const api::SealStatus answer,
                             session.Ask(&Connection::GetSealStatus, api::GetSealStatusRequest()));
    session.Print(answer);
    return answer.state() == api::SEAL_STATE_OPEN ? ExitCode::kOk : ExitCode::kRefused;
  });
}

}  // namespace kobling::client
