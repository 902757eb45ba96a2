// Errors as they come over gRPC, turned into ours.
#pragma once

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace kobling::client {

// The reason and the details from the trailer `grpc-status-details-bin`, marked as the server's. Without a trailer the
// answer does not come from a Kobling server's code: SERVER_CERTIFICATE, SERVER_UNREACHABLE, DEADLINE, or INTERNAL.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace kobling::client
