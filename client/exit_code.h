// The exit codes of the command `kobling`, and errors as people read them.
#pragma once

#include <ostream>

#include "absl/status/status.h"

namespace kobling::client {

// Stable: scripts go by these numbers.
enum class ExitCode : int {
  kOk = 0,
  kUsageOrFile = 1,   // the command line, the profile or a local file
  kRefused = 2,       // the server refused, failed or cannot be reached
  kNotPermitted = 3,  // the server does not let this caller do it
  kNotFound = 4,      // the server has no such thing
  kRowsLeftOut = 5,   // done, but bad rows were left out
};

// What an error means for a script. An OK status is kOk.
ExitCode ExitCodeOf(const absl::Status& status);

// Prints the error in three parts: what is wrong, where, and what to do.
//   error: The project is not in a state that allows this. [PROJECT_STATE]
//     where: project P0041, state draft
//     do: Look at the project's state and take the step that is due first.
void PrintError(std::ostream& out, const absl::Status& status);

}  // namespace kobling::client
