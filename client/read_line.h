// One line from standard input or another descriptor.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace kobling::client {

// Up to the line feed or the end, without white space around it; at most 4,096 bytes. Reads no byte beyond the line.
// Fails with FILE_UNREADABLE or FIELD_TOO_LONG.
absl::StatusOr<std::string> ReadLine(int descriptor);

// As ReadLine, and what is typed on a terminal is not shown.
absl::StatusOr<std::string> ReadHiddenLine(int descriptor);

// Whether anything but white space follows on the descriptor. Reads it to that place, or to its end.
absl::StatusOr<bool> HasMoreText(int descriptor);

}  // namespace kobling::client
