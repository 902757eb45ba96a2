// What the program says of itself: help, completion, docs/commands.md.
#include "client/commands/all_commands.h"
#include "client/commands/documentation.h"

namespace kobling::client {

void AddDocumentationCommands(CommandTree& tree) {
  Command help = tree.AddCommand(tree.root(), {.name = "help",
                                               .about = "Prints the help of a command.",
                                               .examples = {"kobling help population submit"},
                                               .methods = {}});
  const TextValues words = help.Words("COMMAND", "The command's words");
  help.Run([words, &tree](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const std::string text, HelpFor(tree, *words));
    session.out() << text;
    return ExitCode::kOk;
  });

  Command completion = tree.AddCommand(
      tree.root(),
      {.name = "completion",
       .about = "Prints a script that completes commands in a shell.",
       .examples = {"source <(kobling completion bash)", "kobling completion bash > /etc/bash_completion.d/kobling"},
       .methods = {}});
  const TextValue shell = completion.Positional("SHELL", "bash", Command::Need::kRequired);
  completion.Run([shell, &tree](Session& session) -> absl::StatusOr<ExitCode> {
    if (*shell != "bash") {
      return UsageError("bash is the only shell that there is a script for");
    }
    session.out() << BashCompletion(tree);
    return ExitCode::kOk;
  });

  Command dump = tree.AddHiddenCommand(tree.root(), {.name = "dump-docs",
                                                     .about = "Prints docs/commands.md.",
                                                     .examples = {"kobling dump-docs > docs/commands.md"},
                                                     .methods = {}});
  dump.Run([&tree](Session& session) -> absl::StatusOr<ExitCode> {
    session.out() << CommandsMarkdown(tree);
    return ExitCode::kOk;
  });
}

}  // namespace kobling::client
