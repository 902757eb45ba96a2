// Who gave an error: the server, or this program. The same reason can come from both.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace kobling::client {

// The error, marked as one that the server gave.
absl::Status MarkFromServer(absl::Status status);

// True if the server gave this error.
bool IsFromServer(const absl::Status& status);

// True if it is known what became of the call: the server did it or refused it for good. False if the call may or may
// not have had its effect, or if the server asks for the same request again.
bool IsDecided(const absl::Status& status);

// True if the same call, with the same request id, may be tried again after this error.
bool MayHelpToSendAgain(const absl::Status& status);

// An INTERNAL error with the request id of its call among the details, for the operator to find it; others as they are.
absl::Status WithRequestIdIfInternal(const absl::Status& status, std::string_view request_id);

}  // namespace kobling::client
