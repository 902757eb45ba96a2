// From a connection's client certificate to the caller.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "grpcpp/security/auth_context.h"
#include "server/access/caller.h"

namespace kobling::server {

// The caller that a certificate's URI names mean: exactly one of them, spiffe://<trust domain>/<role>/<id>, character
// for character. Nothing else in a certificate says who is calling, least of all its common name. Fails with
// CALLER_UNKNOWN.
absl::StatusOr<Caller> CallerFromUris(std::span<const std::string> uris, std::string_view trust_domain);

// The same of a verified connection. Fails with CALLER_UNKNOWN, also if there was no verified certificate.
absl::StatusOr<Caller> CallerOf(const grpc::AuthContext& context, std::string_view trust_domain);

}  // namespace kobling::server
