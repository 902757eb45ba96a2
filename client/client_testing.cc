#include "client/client_testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "client/files/file_descriptor.h"

namespace kobling::client {

void FakeServer::Answer(const std::string& type, const google::protobuf::Message& message) {
  std::shared_ptr<google::protobuf::Message> copy(message.New());
  copy->CopyFrom(message);
  answers_[type].emplace_back(std::move(copy));
}

void FakeServer::Fail(const std::string& type, const absl::Status& status) { answers_[type].emplace_back(status); }

void FakeServer::Record(const google::protobuf::Message& request) {
  std::shared_ptr<google::protobuf::Message> copy(request.New());
  copy->CopyFrom(request);
  calls.push_back({request.GetDescriptor()->name(), std::move(copy)});
}

absl::Status FakeServer::ReadStream(RowSource& rows, StreamListener& listener) {
  Stream stream;
  RowBatch batch;
  while (true) {
    KOBLING_ASSIGN_OR_RETURN(const bool more, rows.Next(batch));
    if (!more) {
      break;
    }
    ++stream.batches;
    std::string& bytes = stream.bytes_by_column[batch.column];
    if (bytes.size() != batch.first_row * rows.row_bytes()) {
      return domain::MakeError(domain::Reason::kStreamProtocol);
    }
    bytes += batch.bytes;
    stream.numbers.insert(stream.numbers.end(), batch.numbers.begin(), batch.numbers.end());
  }
  stream.kept_back = rows.kept_back();
  streams.push_back(std::move(stream));
  if (during_stream) {
    during_stream();
  }
  google::protobuf::RepeatedPtrField<api::RowFault> told(faults.begin(), faults.end());
  listener.Faults(told);
  return absl::OkStatus();
}

absl::StatusOr<api::SubmitResponse> FakeConnection::Submit(const api::SubmitHeader& header, RowSource& rows,
                                                           StreamListener& listener) {
  KOBLING_RETURN_IF_ERROR(server_.ReadStream(rows, listener));
  return server_.Take<api::SubmitResponse>(header);
}

absl::StatusOr<api::MatchResponse> FakeConnection::Match(const api::MatchHeader& header, RowSource& rows,
                                                         StreamListener& listener) {
  KOBLING_RETURN_IF_ERROR(server_.ReadStream(rows, listener));
  return server_.Take<api::MatchResponse>(header);
}

absl::StatusOr<api::ReportResponse> FakeConnection::Report(const api::ReportHeader& header, RowSource& rows,
                                                           StreamListener& listener) {
  KOBLING_RETURN_IF_ERROR(server_.ReadStream(rows, listener));
  return server_.Take<api::ReportResponse>(header);
}

absl::StatusOr<api::LoadReservationsResponse> FakeConnection::LoadReservations(const api::ReservationHeader& header,
                                                                               RowSource& rows,
                                                                               StreamListener& listener) {
  KOBLING_RETURN_IF_ERROR(server_.ReadStream(rows, listener));
  return server_.Take<api::LoadReservationsResponse>(header);
}

absl::StatusOr<api::ImportSeriesResponse> FakeConnection::ImportSeries(const api::ImportSeriesHeader& header,
                                                                       RowSource& rows, StreamListener& listener) {
  KOBLING_RETURN_IF_ERROR(server_.ReadStream(rows, listener));
  return server_.Take<api::ImportSeriesResponse>(header);
}

// The version is the history's, whatever else was prepared.
absl::StatusOr<api::IdentityStatus> FakeConnection::GetIdentityStatus(const api::GetIdentityStatusRequest& request) {
  KOBLING_ASSIGN_OR_RETURN(api::IdentityStatus status, server_.Take<api::IdentityStatus>(request));
  status.set_version(server_.identities.version);
  return status;
}

absl::Status FakeConnection::FetchKeyFile(const api::FetchKeyFileRequest& request, KeyFileSink& sink) {
  constexpr std::size_t kPartBytes = 1000;
  server_.fetch_offsets.push_back(request.offset());
  std::size_t sent = 0;
  for (std::size_t at = request.offset(); at < server_.key_file.size(); at += kPartBytes) {
    if (sent >= server_.break_fetch_after) {
      return domain::MakeError(domain::Reason::kServerUnreachable);
    }
    api::FetchKeyFileResponse part;
    part.set_data(server_.key_file.substr(at, kPartBytes));
    sent += part.data().size();
    KOBLING_RETURN_IF_ERROR(sink.Take(part));
  }
  return absl::OkStatus();
}

absl::Status FakeConnection::ListEvents(const api::ListEventsRequest& request, EventSink& sink) {
  server_.Record(request);
  for (const api::Event& event : server_.events) {
    KOBLING_RETURN_IF_ERROR(sink.Take(event));
  }
  return absl::OkStatus();
}

ClientTestFolder::ClientTestFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kobling_client_XXXXXX").string();
  path_ = mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
}

ClientTestFolder::~ClientTestFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::string ClientTestFolder::Write(const std::string& name, std::string_view content) const {
  const std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
  chmod(file.c_str(), S_IRUSR | S_IWUSR);
  return file.string();
}

std::string ClientTestFolder::Read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
  return text.str();
}

CommandRunner::CommandRunner() {
  environment["KOBLING_HOME"] = (folder.path() / "home").string();
  folder.Write("home/default/kobling.toml", "address = \"server.example.no:8443\"\n");
}

CommandRunner::Result CommandRunner::Run(const std::vector<std::string>& arguments) {
  return RunWithInput(arguments, "", Terminal::kNo);
}

CommandRunner::Result CommandRunner::RunWithInput(const std::vector<std::string>& arguments, std::string_view input,
                                                  Terminal terminal) {
  std::ostringstream out;
  std::ostringstream err;
  const FileDescriptor file(open(folder.Write("standard_input", input).c_str(), O_RDONLY | O_CLOEXEC));
  Result result;
  result.code =
      RunKobling(arguments, {.out = out,
                             .err = err,
                             .input = file.get(),
                             .input_is_terminal = terminal == Terminal::kYes,
                             .error_is_terminal = false,
                             .environment =
                                 [this](const std::string& name) {
                                   const auto found = environment.find(name);
                                   return found == environment.end() ? std::nullopt : std::optional(found->second);
                                 },
                             .clock = clock_,
                             .retry = {.attempts = 3, .first_wait = absl::ZeroDuration()},
                             .patient_retry = {.attempts = 3, .first_wait = absl::ZeroDuration()},
                             .connect = [this](const Profile&) -> absl::StatusOr<std::unique_ptr<Connection>> {
                               return std::make_unique<FakeConnection>(server);
                             }});
  result.out = out.str();
  result.err = err.str();
  return result;
}

std::size_t CommandRunner::unanswered() const {
  std::error_code error;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(profile_folder() / "state", error)) {
    count += entry.is_regular_file() ? 1 : 0;
  }
  return count;
}

}  // namespace kobling::client
