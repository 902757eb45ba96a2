#include "server/services/identity_service.h"

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/services/upload.h"
#include "server/use_cases/identity_feed.h"

namespace kobling::server {
namespace {

using Stream = grpc::ServerReaderWriter<api::ImportEventsResponse, api::ImportEventsRequest>;

// Unlike an upload, what was applied stays, and the caller is told of it after each batch.
absl::Status RunFeed(const Upload& upload, Stream& stream, const Core& core, const Call& call,
                     const domain::NationalIdRules& rules) {
  KOBLING_ASSIGN_OR_RETURN(const auto guard, StreamWatch::Guard::Open(upload.watch, upload.context, upload.caller));
  api::ImportEventsRequest request;
  if (!stream.Read(&request) || !request.has_header()) {
    return domain::MakeError(domain::Reason::kStreamProtocol, {{domain::DetailKey::kExpected, "a header"}});
  }
  KOBLING_ASSIGN_OR_RETURN(const auto feed, IdentityFeed::Begin(core, call, rules, request.header()));
  while (stream.Read(&request)) {
    guard->Heard();
    if (request.has_commit()) {
      KOBLING_ASSIGN_OR_RETURN(const api::ImportEventsResponse response, feed->Commit(request.commit()));
      return Send(stream, response);
    }
    if (!request.has_batch()) {
      break;
    }
    const absl::Status added = feed->Add(request.batch());
    KOBLING_RETURN_IF_ERROR(Send(stream, feed->progress()));  // also of what was applied before a fault
    KOBLING_RETURN_IF_ERROR(added);
  }
  return guard->WasSilent()
             ? domain::MakeError(domain::Reason::kStreamSilent)
             : domain::MakeError(domain::Reason::kStreamProtocol, {{domain::DetailKey::kExpected, "a commit"}});
}

}  // namespace

grpc::Status IdentityService::ImportEvents(grpc::ServerContext* context, Stream* stream) {
  RequestSubject subject;
  return pipeline_.Run(*context, "/kobling.v1.IdentityService/ImportEvents", subject, [&](const Call& call) {
    return RunFeed(Upload{*context, watch_, call.caller}, *stream, core_, call, rules_);
  });
}

grpc::Status IdentityService::GetIdentityStatus(grpc::ServerContext* context,
                                                const api::GetIdentityStatusRequest* request,
                                                api::IdentityStatus* response) {
  return pipeline_.Unary(*context, "/kobling.v1.IdentityService/GetIdentityStatus", *request, response,
                         [&](const Call& call) { return histories_.Status(call, *request); });
}

grpc::Status IdentityService::GetIdentityHistory(grpc::ServerContext* context,
                                                 const api::GetIdentityHistoryRequest* request,
                                                 api::IdentityHistory* response) {
  return pipeline_.Unary(*context, "/kobling.v1.IdentityService/GetIdentityHistory", *request, response,
                         [&](const Call& call) { return histories_.Get(call, *request); });
}

}  // namespace kobling::server
