// The streaming half of GrpcConnection.
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/grpc_connection.h"
#include "client/grpc_retry.h"
#include "client/grpc_status.h"
#include "client/server_answer.h"
#include "domain/error.h"

namespace kobling::client {
namespace {

using domain::MakeError;
using domain::Reason;

constexpr absl::Duration kLongestReconnect = absl::Seconds(2);

// What has been sent so far: the commit repeats it.
struct Sent {
  std::vector<std::uint64_t> rows_per_column;
  std::uint64_t kept_back = 0;
};

void PutBatch(api::IdentifierBatch& message, RowBatch& batch) {
  message.set_first_row(batch.first_row);
  message.set_column(batch.column);
  message.set_identifiers(std::move(batch.bytes));
}

void PutBatch(api::SubmitRequest& message, RowBatch& batch) { PutBatch(*message.mutable_batch(), batch); }
void PutBatch(api::MatchRequest& message, RowBatch& batch) { PutBatch(*message.mutable_batch(), batch); }
void PutBatch(api::LoadReservationsRequest& message, RowBatch& batch) { PutBatch(*message.mutable_batch(), batch); }
void PutBatch(api::ImportSeriesRequest& message, RowBatch& batch) {
  api::SeriesBatch& target = *message.mutable_batch();
  target.Clear();
  target.set_first_row(batch.first_row);
  target.set_identifiers(std::move(batch.bytes));
  target.mutable_numbers()->Add(batch.numbers.begin(), batch.numbers.end());
}
void PutBatch(api::ReportRequest& message, RowBatch& batch) {
  message.mutable_batch()->set_first_row(batch.first_row);
  message.mutable_batch()->set_lopenumre(std::move(batch.bytes));
}

void PutCommit(api::SubmitRequest& message, const Sent& sent) {
  message.mutable_commit()->mutable_rows_per_column()->Add(sent.rows_per_column.begin(), sent.rows_per_column.end());
  message.mutable_commit()->set_kept_back(sent.kept_back);
}
void PutCommit(api::MatchRequest& message, const Sent& sent) {
  message.mutable_commit()->set_rows(sent.rows_per_column[0]);
}
void PutCommit(api::LoadReservationsRequest& message, const Sent& sent) {
  message.mutable_commit()->set_rows(sent.rows_per_column[0]);
}
void PutCommit(api::ImportSeriesRequest& message, const Sent& sent) {
  message.mutable_commit()->set_rows(sent.rows_per_column[0]);
}
void PutCommit(api::ReportRequest& message, const Sent& sent) {
  message.mutable_commit()->set_rows(sent.rows_per_column[0]);
}

bool IsLast(const api::SubmitResponse& response) { return response.has_result(); }
bool IsLast(const api::MatchResponse& response) { return response.has_received(); }
bool IsLast(const api::LoadReservationsResponse& response) { return response.has_result(); }
bool IsLast(const api::ImportSeriesResponse& response) { return response.has_result(); }
bool IsLast(const api::ReportResponse& response) { return response.has_result(); }

// Sends everything up to the commit. A write that fails is no error here: the server has ended the stream, and Finish
// says why. What is returned is only what is wrong with the source.
template <typename Request, typename Response, typename Header>
absl::Status SendAll(grpc::ClientReaderWriter<Request, Response>& stream, const Header& header, RowSource& rows) {
  Request message;
  *message.mutable_header() = header;
  bool is_open = stream.Write(message);
  Sent sent;
  sent.rows_per_column.resize(rows.columns());
  RowBatch batch;
  while (is_open) {
    auto more = rows.Next(batch);
    if (!more.ok()) {
      return more.status();
    }
    if (!*more) {
      break;
    }
    sent.rows_per_column[batch.column] += batch.bytes.size() / rows.row_bytes();
    PutBatch(message, batch);
    is_open = stream.Write(message);
  }
  if (is_open) {
    sent.kept_back = rows.kept_back();
    PutCommit(message, sent);
    if (stream.Write(message)) {
      stream.WritesDone();
    }
  }
  return absl::OkStatus();
}

// One attempt. The answers are read on another thread, so that the server never waits for us to listen while we wait
// for it to read.
template <typename Request, typename Response, typename Header>
absl::StatusOr<Response> SendOnce(grpc::ClientContext& context,
                                  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream,
                                  const Header& header, RowSource& rows, StreamListener& listener) {
  std::optional<Response> last;
  std::jthread reader([&] {
    Response response;
    while (stream->Read(&response)) {
      if (response.faults_size() > 0) {
        listener.Faults(response.faults());
      }
      if (IsLast(response)) {
        last = std::move(response);
      }
    }
  });
  const absl::Status sent = SendAll(*stream, header, rows);
  if (!sent.ok()) {
    context.TryCancel();
  }
  reader.join();
  const absl::Status answer = FromGrpc(stream->Finish());
  if (!sent.ok()) {
    return sent;
  }
  if (!answer.ok()) {
    return answer;
  }
  if (!last) {
    return MarkFromServer(MakeError(Reason::kInternal));
  }
  return *std::move(last);
}

// Attempts until one is answered. `open` begins a stream of the method.
template <typename Header, typename Open>
auto SendUntilAnswered(Backoff backoff, const Header& header, RowSource& rows, StreamListener& listener, Open open)
    -> decltype(SendOnce(std::declval<grpc::ClientContext&>(), open(nullptr), header, rows, listener)) {
  while (true) {
    grpc::ClientContext context;
    auto answer = SendOnce(context, open(&context), header, rows, listener);
    if (answer.ok() || !rows.can_rewind() || !backoff.WaitBeforeNext(answer.status())) {
      return answer;
    }
    if (const absl::Status rewound = rows.Rewind(); !rewound.ok()) {
      return rewound;
    }
    listener.Restarted();
  }
}

// As SendAll, of events. What is sent needs no rows counted, and nothing is wrong with the source.
void SendEvents(grpc::ClientReaderWriter<api::ImportEventsRequest, api::ImportEventsResponse>& stream,
                const api::ImportEventsHeader& header, IdentityEventSource& events) {
  api::ImportEventsRequest message;
  *message.mutable_header() = header;
  bool is_open = stream.Write(message);
  std::uint64_t sent = 0;
  while (is_open && events.Next(*message.mutable_batch())) {
    sent += static_cast<std::uint64_t>(message.batch().events_size());
    is_open = stream.Write(message);
  }
  if (is_open) {
    message.mutable_commit()->set_events(sent);
    if (stream.Write(message)) {
      stream.WritesDone();
    }
  }
}

}  // namespace

absl::StatusOr<api::SubmitResponse> GrpcConnection::Submit(const api::SubmitHeader& header, RowSource& rows,
                                                           StreamListener& listener) {
  return SendUntilAnswered(Backoff(retry_, "/kobling.v1.PopulationService/Submit"), header, rows, listener,
                           [this](grpc::ClientContext* context) { return populations_->Submit(context); });
}

absl::StatusOr<api::MatchResponse> GrpcConnection::Match(const api::MatchHeader& header, RowSource& rows,
                                                         StreamListener& listener) {
  return SendUntilAnswered(Backoff(retry_, "/kobling.v1.KeyFileService/Match"), header, rows, listener,
                           [this](grpc::ClientContext* context) { return key_files_->Match(context); });
}

absl::StatusOr<api::ReportResponse> GrpcConnection::Report(const api::ReportHeader& header, RowSource& rows,
                                                           StreamListener& listener) {
  return SendUntilAnswered(Backoff(retry_, "/kobling.v1.UsageService/Report"), header, rows, listener,
                           [this](grpc::ClientContext* context) { return usage_->Report(context); });
}

absl::StatusOr<api::LoadReservationsResponse> GrpcConnection::LoadReservations(const api::ReservationHeader& header,
                                                                               RowSource& rows,
                                                                               StreamListener& listener) {
  return SendUntilAnswered(Backoff(retry_, "/kobling.v1.ReservationService/LoadReservations"), header, rows, listener,
                           [this](grpc::ClientContext* context) { return reservations_->LoadReservations(context); });
}

absl::StatusOr<api::ImportSeriesResponse> GrpcConnection::ImportSeries(const api::ImportSeriesHeader& header,
                                                                       RowSource& rows, StreamListener& listener) {
  return SendUntilAnswered(Backoff(retry_, "/kobling.v1.ImportService/ImportSeries"), header, rows, listener,
                           [this](grpc::ClientContext* context) { return imports_->ImportSeries(context); });
}

IdentityStreamEnd GrpcConnection::ImportEvents(const api::ImportEventsHeader& header, IdentityEventSource& events) {
  if (channel_->GetState(false) == GRPC_CHANNEL_TRANSIENT_FAILURE) {
    // A channel that has failed refuses calls, untried, for times of its own. The caller has waited already.
    grpc::experimental::ChannelResetConnectionBackoff(channel_.get());
    channel_->WaitForConnected(absl::ToChronoTime(absl::Now() + kLongestReconnect));
  }
  grpc::ClientContext context;
  const auto stream = identities_->ImportEvents(&context);
  IdentityStreamEnd end;
  std::jthread reader([&] {
    api::ImportEventsResponse response;
    while (stream->Read(&response)) {
      end.last = response;
    }
  });
  SendEvents(*stream, header, events);
  reader.join();
  end.status = FromGrpc(stream->Finish());
  if (end.status.ok() && !end.last.done()) {
    end.status = MarkFromServer(MakeError(Reason::kInternal));
  }
  return end;
}

absl::Status GrpcConnection::FetchKeyFile(const api::FetchKeyFileRequest& request, KeyFileSink& sink) {
  grpc::ClientContext context;
  const auto stream = key_files_->FetchKeyFile(&context, request);
  api::FetchKeyFileResponse part;
  while (stream->Read(&part)) {
    if (const absl::Status taken = sink.Take(part); !taken.ok()) {
      context.TryCancel();
      static_cast<void>(stream->Finish());
      return taken;
    }
  }
  return FromGrpc(stream->Finish());
}

absl::Status GrpcConnection::ListEvents(const api::ListEventsRequest& request, EventSink& sink) {
  Backoff backoff(retry_, "/kobling.v1.AuditService/ListEvents");
  while (true) {
    grpc::ClientContext context;
    const auto stream = audit_->ListEvents(&context, request);
    api::ListEventsResponse part;
    bool has_begun = false;
    while (stream->Read(&part)) {
      has_begun = true;
      for (const api::Event& event : part.events()) {
        if (const absl::Status taken = sink.Take(event); !taken.ok()) {
          context.TryCancel();
          static_cast<void>(stream->Finish());
          return taken;
        }
      }
    }
    const absl::Status status = FromGrpc(stream->Finish());
    // Events that were handed on cannot be taken back, so that only a stream that gave none is begun again.
    if (status.ok() || has_begun || !backoff.WaitBeforeNext(status)) {
      return status;
    }
  }
}

}  // namespace kobling::client
