// A person's identifier as commands take it: from standard input, never from the command line, which other users see.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/session.h"

namespace kobling::client {

// One line with eleven digits; hidden where it is typed. Errors do not repeat it. `whose` is for people, for example
// "person".
absl::StatusOr<std::string> ReadIdentifier(const Surroundings& surroundings, std::string_view whose);

// Fails with USAGE, saying what was expected, if more follows; of a terminal nothing is asked.
absl::Status CheckNoMoreLines(const Surroundings& surroundings, std::string_view expected);

// Overwrites the text.
void Wipe(std::string& text);

}  // namespace kobling::client
