// How uploads run: header, batches, commit on the way in; faults as they are found and the result last on the
// way out. A stream that ends without its commit leaves nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/sync_stream.h"
#include "server/core/identifier_stream.h"
#include "server/services/stream_watch.h"
#include "server/use_cases/key_files.h"
#include "server/use_cases/population.h"
#include "server/use_cases/usage.h"

namespace kobling::server {

// Sends one message. The caller may have gone: then nobody is left to be told.
template <typename Writer, typename Message>
absl::Status Send(Writer& writer, const Message& message) {
  return writer.Write(message) ? absl::OkStatus() : domain::MakeError(domain::Reason::kStreamProtocol);
}

// Faults are sent in messages of a size that every client takes.
template <typename Response, typename Stream>
absl::Status SendFaults(Stream& stream, std::span<const api::RowFault> faults, std::uint64_t rows_done) {
  constexpr std::size_t kFaultsPerMessage = 20'000;
  for (std::size_t begin = 0; begin < faults.size(); begin += kFaultsPerMessage) {
    Response response;
    const std::size_t end = std::min(begin + kFaultsPerMessage, faults.size());
    for (std::size_t i = begin; i < end; ++i) {
      *response.add_faults() = faults[i];
    }
    response.set_rows_done(rows_done);
    KOBLING_RETURN_IF_ERROR(Send(stream, response));
  }
  return absl::OkStatus();
}

// Every session ends alike, though only a report and an import have faults that are found at their end.
template <typename Response, typename Session, typename Commit, typename Stream>
absl::StatusOr<Response> CommitSession(Session& session, const Commit& commit, Stream& stream) {
  const std::uint64_t rows_done = session.rows_done();
  if constexpr (requires { typename Session::FaultSink; }) {
    return session.Commit(
        commit, [&](std::span<const api::RowFault> faults) { return SendFaults<Response>(stream, faults, rows_done); });
  } else {
    return session.Commit(commit);
  }
}

struct Upload {
  grpc::ServerContext& context;
  StreamWatch& watch;
  const Caller& caller;
};

// `begin(header)` returns StatusOr<unique_ptr<session>>.
template <typename Response, typename Request, typename Begin>
absl::Status RunUpload(const Upload& upload, grpc::ServerReaderWriter<Response, Request>& stream, const Begin& begin) {
  constexpr std::uint64_t kRowsBetweenReports = 500'000;
  KOBLING_ASSIGN_OR_RETURN(const auto guard, StreamWatch::Guard::Open(upload.watch, upload.context, upload.caller));
  Request request;
  if (!stream.Read(&request) || !request.has_header()) {
    return domain::MakeError(domain::Reason::kStreamProtocol, {{domain::DetailKey::kExpected, "a header"}});
  }
  KOBLING_ASSIGN_OR_RETURN(const auto session, begin(request.header()));
  std::vector<api::RowFault> faults;
  std::uint64_t reported = 0;
  while (stream.Read(&request)) {
    guard->Heard();
    faults.clear();
    if (request.has_batch()) {
      KOBLING_RETURN_IF_ERROR(session->Add(request.batch(), faults));
      KOBLING_RETURN_IF_ERROR(SendFaults<Response>(stream, faults, session->rows_done()));
      if (session->rows_done() - reported >= kRowsBetweenReports) {
        Response progress;
        progress.set_rows_done(session->rows_done());
        KOBLING_RETURN_IF_ERROR(Send(stream, progress));
        reported = session->rows_done();
      }
      continue;
    }
    if (!request.has_commit()) {
      break;
    }
    const std::uint64_t rows_done = session->rows_done();
    absl::StatusOr<Response> response = CommitSession<Response>(*session, request.commit(), stream);
    KOBLING_RETURN_IF_ERROR(response.status());
    response->set_rows_done(rows_done);
    return Send(stream, *response);
  }
  return guard->WasSilent()
             ? domain::MakeError(domain::Reason::kStreamSilent)
             : domain::MakeError(domain::Reason::kStreamProtocol, {{domain::DetailKey::kExpected, "a commit"}});
}

}  // namespace kobling::server
