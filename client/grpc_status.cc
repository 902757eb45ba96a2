#include "client/grpc_status.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/server_answer.h"
#include "domain/error.h"
#include "google/rpc/status.pb.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

std::optional<absl::Status> FromDetails(const std::string& trailer) {
  google::rpc::Status details;
  if (trailer.empty() || !details.ParseFromString(trailer)) {
    return std::nullopt;
  }
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::ErrorInfo info;
    if (!any.Is<google::rpc::ErrorInfo>() || !any.UnpackTo(&info)) {
      continue;
    }
    if (const auto reason = domain::ReasonFromName(info.reason())) {
      std::vector<std::pair<std::string, std::string>> where(info.metadata().begin(), info.metadata().end());
      std::sort(where.begin(), where.end());
      return domain::ErrorFromWire(*reason, where);
    }
  }
  return std::nullopt;
}

// gRPC tells a certificate that is not trusted from a failed connection in its text only. A handshake that times out,
// is cut off or is not TLS at all says nothing of the certificate.
bool IsUntrustedCertificate(const std::string& message) {
  for (const char* words : {"CERTIFICATE_VERIFY_FAILED", "certificate verify failed", "is not in peer certificate"}) {
    if (message.find(words) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  if (auto told = FromDetails(status.error_details())) {
    return MarkFromServer(*std::move(told));
  }
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return MakeError(IsUntrustedCertificate(status.error_message()) ? Reason::kServerCertificate
                                                                      : Reason::kServerUnreachable);
    case grpc::StatusCode::CANCELLED:
      // Not by us, or nobody would ask: the server does so with a stream that has gone silent.
      return MarkFromServer(MakeError(Reason::kStreamSilent));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return MakeError(Reason::kDeadline);
    case grpc::StatusCode::UNAUTHENTICATED:
      return MarkFromServer(MakeError(Reason::kCallerUnknown));
    case grpc::StatusCode::PERMISSION_DENIED:
      return MarkFromServer(MakeError(Reason::kNotPermitted));
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      // gRPC's own refusals carry no reason. Only the text tells a message that is too large from a server with no
      // thread free.
      return MarkFromServer(MakeError(status.error_message().find("larger than max") == std::string::npos
                                          ? Reason::kServerBusy
                                          : Reason::kMessageTooLarge));
    case grpc::StatusCode::UNIMPLEMENTED:
      return MarkFromServer(MakeError(
          Reason::kInternal, {{DetailKey::kHint, "the server does not know this call; compare the versions"}}));
    default:
      return MarkFromServer(MakeError(Reason::kInternal));
  }
}

}  // namespace kobling::client
