// Texts that are made from the commands themselves, so that they cannot say anything else.
#pragma once

#include <string>
#include <vector>

#include "client/commands/command.h"

namespace kobling::client {

// The help of a command or a noun. `before` is what stands before its name, "kobling population".
std::string HelpOf(const CLI::App& app, const std::string& before);

// The help of the command with these words; of the program if there are none. Fails with USAGE if there is no such
// command.
absl::StatusOr<std::string> HelpFor(const CommandTree& tree, const std::vector<std::string>& words);

// Visible subcommands, in the order in which they were declared.
std::vector<const CLI::App*> SubcommandsOf(const CLI::App& app);

// A script for bash.
std::string BashCompletion(const CommandTree& tree);

// docs/commands.md: every command with its roles, usage, options and examples, and the exit codes.
std::string CommandsMarkdown(const CommandTree& tree);

}  // namespace kobling::client
