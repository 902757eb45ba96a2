// Options that commands of several nouns have, said in the same words everywhere.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/commands/command.h"

namespace kobling::client {

TextValue ProjectArgument(Command& command);
TextValue RegisterArgument(Command& command);
NumberValue NumberArgument(Command& command, const std::string& about);
// Required: why.
TextValue ReasonOption(Command& command);
// --register, to choose among those that the caller may see.
TextValue RegisterFilter(Command& command);

// A number as the API has it. Fails with USAGE if it is 0 or too large.
absl::StatusOr<std::uint32_t> ToNumber(std::uint64_t number, const std::string& what);

// The columns of a list of projects.
std::vector<ListColumn> ProjectColumns();

}  // namespace kobling::client
