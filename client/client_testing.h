// A server without a network, and one run of the command against it. For tests only.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/commands/run.h"
#include "client/connection.h"
#include "client/identity_testing.h"

namespace kobling::client {

// What the fake server was asked and what it is to answer. Answers are taken in order; a method without one answers
// with an empty message.
class FakeServer {
 public:
  struct Call {
    std::string type;  // "AddRegisterRequest", "SubmitHeader"
    std::shared_ptr<google::protobuf::Message> request;
  };
  // What a stream brought.
  struct Stream {
    std::map<std::uint32_t, std::string> bytes_by_column;
    std::vector<std::string> numbers;
    std::uint64_t kept_back = 0;
    std::size_t batches = 0;
  };

  void Answer(const std::string& type, const google::protobuf::Message& message);
  void Fail(const std::string& type, const absl::Status& status);

  std::vector<Call> calls;
  std::vector<Stream> streams;
  std::function<void()> during_stream;       // called before a stream is answered, if set
  std::vector<api::RowFault> faults;         // told in every stream
  std::vector<api::Event> events;            // of ListEvents
  std::string key_file;                      // bytes that FetchKeyFile gives
  std::size_t break_fetch_after = SIZE_MAX;  // bytes that one fetch brings before it breaks
  std::vector<std::uint64_t> fetch_offsets;
  FakeIdentityHistory identities;

  template <typename Response>
  absl::StatusOr<Response> Take(const google::protobuf::Message& request) {
    Record(request);
    std::deque<absl::StatusOr<std::shared_ptr<google::protobuf::Message>>>& queue =
        answers_[request.GetDescriptor()->name()];
    if (queue.empty()) {
      return Response();
    }
    auto answer = std::move(queue.front());
    queue.pop_front();
    if (!answer.ok()) {
      return answer.status();
    }
    return dynamic_cast<const Response&>(**answer);
  }
  void Record(const google::protobuf::Message& request);
  absl::Status ReadStream(RowSource& rows, StreamListener& listener);

  // The request with this place among all calls.
  template <typename Request>
  const Request& At(std::size_t index) const {
    return dynamic_cast<const Request&>(*calls.at(index).request);
  }

 private:
  std::map<std::string, std::deque<absl::StatusOr<std::shared_ptr<google::protobuf::Message>>>> answers_;
};

// The server outlives the connection.
class FakeConnection final : public Connection {
 public:
  explicit FakeConnection(FakeServer& server) : server_(server) {}

  absl::StatusOr<api::Register> AddRegister(const api::AddRegisterRequest& request) override {
    return server_.Take<api::Register>(request);
  }
  absl::StatusOr<api::Register> UpdateRegister(const api::UpdateRegisterRequest& request) override {
    return server_.Take<api::Register>(request);
  }
  absl::StatusOr<api::Register> GetRegister(const api::GetRegisterRequest& request) override {
    return server_.Take<api::Register>(request);
  }
  absl::StatusOr<api::ListRegistersResponse> ListRegisters(const api::ListRegistersRequest& request) override {
    return server_.Take<api::ListRegistersResponse>(request);
  }
  absl::StatusOr<api::RecipientKey> SubmitRecipientKey(const api::SubmitRecipientKeyRequest& request) override {
    return server_.Take<api::RecipientKey>(request);
  }
  absl::StatusOr<api::ListRecipientKeysResponse> ListRecipientKeys(
      const api::ListRecipientKeysRequest& request) override {
    return server_.Take<api::ListRecipientKeysResponse>(request);
  }
  absl::StatusOr<api::RecipientKey> ApproveRecipientKey(const api::ApproveRecipientKeyRequest& request) override {
    return server_.Take<api::RecipientKey>(request);
  }
  absl::StatusOr<api::RecipientKey> RevokeRecipientKey(const api::RevokeRecipientKeyRequest& request) override {
    return server_.Take<api::RecipientKey>(request);
  }
  absl::StatusOr<api::Project> CreateProject(const api::CreateProjectRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> GetProject(const api::GetProjectRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::ListProjectsResponse> ListProjects(const api::ListProjectsRequest& request) override {
    return server_.Take<api::ListProjectsResponse>(request);
  }
  absl::StatusOr<api::Project> UpdateProject(const api::UpdateProjectRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> AddSource(const api::AddSourceRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> WithdrawSource(const api::WithdrawSourceRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> MeetCondition(const api::MeetConditionRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> PostponeDelivery(const api::PostponeDeliveryRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> MarkReady(const api::MarkReadyRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> CancelProject(const api::CancelProjectRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> ActivateProject(const api::ActivateProjectRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> ConfirmRevision(const api::ConfirmRevisionRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> RejectRevision(const api::RejectRevisionRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> ReopenSource(const api::ReopenSourceRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> CloseProject(const api::CloseProjectRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::Project> DestroyProjectKey(const api::DestroyProjectKeyRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::GetProjectHistoryResponse> GetProjectHistory(
      const api::GetProjectHistoryRequest& request) override {
    return server_.Take<api::GetProjectHistoryResponse>(request);
  }
  absl::StatusOr<api::Project> WaiveUsage(const api::WaiveUsageRequest& request) override {
    return server_.Take<api::Project>(request);
  }
  absl::StatusOr<api::ListPublicProjectsResponse> ListPublicProjects(
      const api::ListPublicProjectsRequest& request) override {
    return server_.Take<api::ListPublicProjectsResponse>(request);
  }
  absl::StatusOr<api::ListSubmissionsResponse> ListSubmissions(const api::ListSubmissionsRequest& request) override {
    return server_.Take<api::ListSubmissionsResponse>(request);
  }
  absl::StatusOr<api::Submission> GetSubmission(const api::GetSubmissionRequest& request) override {
    return server_.Take<api::Submission>(request);
  }
  absl::StatusOr<api::Submission> WithdrawSubmission(const api::WithdrawSubmissionRequest& request) override {
    return server_.Take<api::Submission>(request);
  }
  absl::StatusOr<api::CompletePopulationResponse> CompletePopulation(
      const api::CompletePopulationRequest& request) override {
    return server_.Take<api::CompletePopulationResponse>(request);
  }
  absl::StatusOr<api::MatchWindow> OpenMatch(const api::OpenMatchRequest& request) override {
    return server_.Take<api::MatchWindow>(request);
  }
  absl::StatusOr<api::ListMatchesResponse> ListMatches(const api::ListMatchesRequest& request) override {
    return server_.Take<api::ListMatchesResponse>(request);
  }
  absl::StatusOr<api::MatchWindow> ReleaseMatch(const api::ReleaseMatchRequest& request) override {
    return server_.Take<api::MatchWindow>(request);
  }
  absl::StatusOr<api::KeyFile> IssueKeyFile(const api::IssueKeyFileRequest& request) override {
    return server_.Take<api::KeyFile>(request);
  }
  absl::StatusOr<api::ListKeyFilesResponse> ListKeyFiles(const api::ListKeyFilesRequest& request) override {
    return server_.Take<api::ListKeyFilesResponse>(request);
  }
  absl::StatusOr<api::KeyFile> GetKeyFile(const api::GetKeyFileRequest& request) override {
    return server_.Take<api::KeyFile>(request);
  }
  absl::StatusOr<api::KeyFile> WithdrawKeyFile(const api::WithdrawKeyFileRequest& request) override {
    return server_.Take<api::KeyFile>(request);
  }
  absl::StatusOr<api::ReproduceKeyFileResponse> ReproduceKeyFile(const api::ReproduceKeyFileRequest& request) override {
    return server_.Take<api::ReproduceKeyFileResponse>(request);
  }
  absl::StatusOr<api::ListReservationListsResponse> ListReservationLists(
      const api::ListReservationListsRequest& request) override {
    return server_.Take<api::ListReservationListsResponse>(request);
  }
  absl::StatusOr<api::GetUsageStatusResponse> GetUsageStatus(const api::GetUsageStatusRequest& request) override {
    return server_.Take<api::GetUsageStatusResponse>(request);
  }
  absl::StatusOr<api::IdentityStatus> GetIdentityStatus(const api::GetIdentityStatusRequest& request) override;
  absl::StatusOr<api::IdentityHistory> GetIdentityHistory(const api::GetIdentityHistoryRequest& request) override {
    return server_.Take<api::IdentityHistory>(request);
  }
  absl::StatusOr<api::ListCorrectionsResponse> ListCorrections(const api::ListCorrectionsRequest& request) override {
    return server_.Take<api::ListCorrectionsResponse>(request);
  }
  absl::StatusOr<api::Correction> ProposeCorrection(const api::ProposeCorrectionRequest& request) override {
    return server_.Take<api::Correction>(request);
  }
  absl::StatusOr<api::Correction> ConfirmCorrection(const api::ConfirmCorrectionRequest& request) override {
    return server_.Take<api::Correction>(request);
  }
  absl::StatusOr<api::Correction> RejectCorrection(const api::RejectCorrectionRequest& request) override {
    return server_.Take<api::Correction>(request);
  }
  absl::StatusOr<api::LookupResponse> Lookup(const api::LookupRequest& request) override {
    return server_.Take<api::LookupResponse>(request);
  }
  absl::StatusOr<api::ListDisclosuresResponse> ListDisclosures(const api::ListDisclosuresRequest& request) override {
    return server_.Take<api::ListDisclosuresResponse>(request);
  }
  absl::StatusOr<api::Dossier> GetDossier(const api::GetDossierRequest& request) override {
    return server_.Take<api::Dossier>(request);
  }
  absl::StatusOr<api::SealStatus> GetSealStatus(const api::GetSealStatusRequest& request) override {
    return server_.Take<api::SealStatus>(request);
  }
  absl::StatusOr<api::Checkpoint> GetCheckpoint(const api::GetCheckpointRequest& request) override {
    return server_.Take<api::Checkpoint>(request);
  }
  absl::StatusOr<api::EventProof> GetEventProof(const api::GetEventProofRequest& request) override {
    return server_.Take<api::EventProof>(request);
  }
  absl::StatusOr<api::ServerInfo> GetServerInfo(const api::GetServerInfoRequest& request) override {
    return server_.Take<api::ServerInfo>(request);
  }
  absl::StatusOr<api::ScrubReport> Scrub(const api::ScrubRequest& request) override {
    return server_.Take<api::ScrubReport>(request);
  }

  absl::StatusOr<api::SubmitResponse> Submit(const api::SubmitHeader& header, RowSource& rows,
                                             StreamListener& listener) override;
  absl::StatusOr<api::MatchResponse> Match(const api::MatchHeader& header, RowSource& rows,
                                           StreamListener& listener) override;
  absl::StatusOr<api::ReportResponse> Report(const api::ReportHeader& header, RowSource& rows,
                                             StreamListener& listener) override;
  absl::StatusOr<api::LoadReservationsResponse> LoadReservations(const api::ReservationHeader& header, RowSource& rows,
                                                                 StreamListener& listener) override;
  absl::StatusOr<api::ImportSeriesResponse> ImportSeries(const api::ImportSeriesHeader& header, RowSource& rows,
                                                         StreamListener& listener) override;
  IdentityStreamEnd ImportEvents(const api::ImportEventsHeader& header, IdentityEventSource& events) override {
    return server_.identities.Import(header, events);
  }
  absl::Status FetchKeyFile(const api::FetchKeyFileRequest& request, KeyFileSink& sink) override;
  absl::Status ListEvents(const api::ListEventsRequest& request, EventSink& sink) override;

 private:
  FakeServer& server_;
};

// A folder that is deleted with the object.
class ClientTestFolder {
 public:
  ClientTestFolder();
  ClientTestFolder(const ClientTestFolder&) = delete;
  ClientTestFolder& operator=(const ClientTestFolder&) = delete;
  ~ClientTestFolder();

  const std::filesystem::path& path() const { return path_; }
  // Writes a file, 0600, and gives its path.
  std::string Write(const std::string& name, std::string_view content) const;
  std::string Read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

// 2026-11-22T12:00:00Z, always.
class StoppedClock final : public domain::Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1795348800); }
};

// Runs commands with a profile in a folder of their own, against a fake server.
class CommandRunner {
 public:
  struct Result {
    ExitCode code = ExitCode::kOk;
    std::string out;
    std::string err;
  };
  enum class Terminal { kNo, kYes };

  CommandRunner();

  Result Run(const std::vector<std::string>& arguments);
  Result RunWithInput(const std::vector<std::string>& arguments, std::string_view input, Terminal terminal);

  FakeServer server;
  ClientTestFolder folder;
  std::map<std::string, std::string> environment;

  std::filesystem::path profile_folder() const { return folder.path() / "home" / "default"; }
  // Files in the profile's state folder: requests without an answer.
  std::size_t unanswered() const;

 private:
  StoppedClock clock_;
};

}  // namespace kobling::client
