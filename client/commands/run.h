// The command `kobling` as a function.
#pragma once

#include <span>
#include <string>

#include "client/commands/command.h"
#include "client/exit_code.h"
#include "client/session.h"

namespace kobling::client {

// Runs one command line, without the program's name. Whatever goes wrong is printed in three parts on standard error.
// Arguments that look like an identifier of a person are refused before anything else, because a command line is seen
// by every user of the machine and kept in the shell's history.
ExitCode RunKobling(std::span<const std::string> arguments, Surroundings surroundings);

// Declares the options that every command has, and all commands.
void DeclareKobling(CommandTree& tree, GlobalOptions& options);

}  // namespace kobling::client
