// Whether what is kept is as it should be.
#include "client/commands/all_commands.h"

namespace kobling::client {

void AddScrubCommand(CommandTree& tree, CLI::App& audit) {
  Command scrub = tree.AddCommand(
      audit, {.name = "scrub",
              .about = "Compares everything that is kept about persons with itself; exit 2 if anything is wrong.",
              .examples = {"kobling audit scrub", "kobling audit scrub --format csv > scrub.csv"},
              .methods = {"OperatorService/Scrub"}});
  scrub.Run([](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const api::ScrubReport report, session.Ask(&Connection::Scrub, api::ScrubRequest()));
    if (session.options().format == Format::kJson) {
      session.Print(report);
    } else {
      session.PrintList(report.lines(),
                        {{"what", "what"}, {"checked", "checked"}, {"wrong", "wrong"}, {"first_wrong", "first_wrong"}});
    }
    session.Note(report.sound() ? "nothing is wrong"
                                : "something is wrong; keep the database as it is and find out why");
    return report.sound() ? ExitCode::kOk : ExitCode::kRefused;
  });
}

}  // namespace kobling::client
