// The way to the server: one function for each method of the API. Commands speak to this interface only; tests put a
// server without a network in its place.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "kobling/v1/audit_service.pb.h"
#include "kobling/v1/common.pb.h"
#include "kobling/v1/correction_service.pb.h"
#include "kobling/v1/identity_service.pb.h"
#include "kobling/v1/import_service.pb.h"
#include "kobling/v1/insight_service.pb.h"
#include "kobling/v1/key_file_service.pb.h"
#include "kobling/v1/operator_service.pb.h"
#include "kobling/v1/population_service.pb.h"
#include "kobling/v1/project_service.pb.h"
#include "kobling/v1/register_service.pb.h"
#include "kobling/v1/reservation_service.pb.h"
#include "kobling/v1/seal_service.pb.h"
#include "kobling/v1/usage_service.pb.h"

namespace kobling::client {

namespace api = kobling::v1;

// Rows of one column, one after the other, each of the width that the method wants.
struct RowBatch {
  std::uint32_t column = 0;
  std::uint64_t first_row = 0;
  std::string bytes;
  // What stands beside each row, for the methods that take pairs; empty for the others.
  std::vector<std::string> numbers;
};

// Where the rows of a stream come from. For one thread at a time.
class RowSource {
 public:
  virtual ~RowSource() = default;

  // Bytes of one row.
  virtual std::size_t row_bytes() const = 0;
  // Columns that batches belong to.
  virtual std::size_t columns() const = 0;
  // Rows of column 0 so far that were kept back: they are zero bytes in the batches.
  virtual std::uint64_t kept_back() const = 0;

  // Fills the next batch, or says false at the end. An error ends the stream and nothing is stored.
  virtual absl::StatusOr<bool> Next(RowBatch& batch) = 0;

  // Whether the rows can be read again from the first.
  virtual bool can_rewind() const = 0;
  virtual absl::Status Rewind() = 0;
};

// Hears what the server says while a stream runs. Called from one other thread than the one that sends, never after the
// call has returned.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  // The stream broke and begins again from its first row: what was heard before does not count.
  virtual void Restarted() = 0;
  virtual void Faults(const google::protobuf::RepeatedPtrField<api::RowFault>& faults) = 0;
};

// Where the events of a stream come from. For one thread at a time.
class IdentityEventSource {
 public:
  virtual ~IdentityEventSource() = default;
  // Fills the next batch, or says false at the end.
  virtual bool Next(api::IdentityEventBatch& batch) = 0;
};

// How a stream of events ended. What the last answer says to be applied stays, even if the stream broke after it.
struct IdentityStreamEnd {
  absl::Status status;
  api::ImportEventsResponse last;  // empty if there was none
};

// Takes the parts of a key file in order. An error ends the stream and is what the call returns.
class KeyFileSink {
 public:
  virtual ~KeyFileSink() = default;
  virtual absl::Status Take(const api::FetchKeyFileResponse& part) = 0;
};

// Takes events by index.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual absl::Status Take(const api::Event& event) = 0;
};

// All functions wait for the answer. An error that the server gave is marked (see client/server_answer.h); others are
// SERVER_UNREACHABLE, SERVER_CERTIFICATE, DEADLINE, or an error of the caller's own source or sink. Implementations
// send again what may be sent again, with the same request id.
class Connection {
 public:
  virtual ~Connection() = default;

  virtual absl::StatusOr<api::Register> AddRegister(const api::AddRegisterRequest& request) = 0;
  virtual absl::StatusOr<api::Register> UpdateRegister(const api::UpdateRegisterRequest& request) = 0;
  virtual absl::StatusOr<api::Register> GetRegister(const api::GetRegisterRequest& request) = 0;
  virtual absl::StatusOr<api::ListRegistersResponse> ListRegisters(const api::ListRegistersRequest& request) = 0;
  virtual absl::StatusOr<api::RecipientKey> SubmitRecipientKey(const api::SubmitRecipientKeyRequest& request) = 0;
  virtual absl::StatusOr<api::ListRecipientKeysResponse> ListRecipientKeys(
      const api::ListRecipientKeysRequest& request) = 0;
  virtual absl::StatusOr<api::RecipientKey> ApproveRecipientKey(const api::ApproveRecipientKeyRequest& request) = 0;
  virtual absl::StatusOr<api::RecipientKey> RevokeRecipientKey(const api::RevokeRecipientKeyRequest& request) = 0;

  virtual absl::StatusOr<api::Project> CreateProject(const api::CreateProjectRequest& request) = 0;
  virtual absl::StatusOr<api::Project> GetProject(const api::GetProjectRequest& request) = 0;
  virtual absl::StatusOr<api::ListProjectsResponse> ListProjects(const api::ListProjectsRequest& request) = 0;
  virtual absl::StatusOr<api::Project> UpdateProject(const api::UpdateProjectRequest& request) = 0;
  virtual absl::StatusOr<api::Project> AddSource(const api::AddSourceRequest& request) = 0;
  virtual absl::StatusOr<api::Project> MeetCondition(const api::MeetConditionRequest& request) = 0;
  virtual absl::StatusOr<api::Project> WithdrawSource(const api::WithdrawSourceRequest& request) = 0;
  virtual absl::StatusOr<api::Project> PostponeDelivery(const api::PostponeDeliveryRequest& request) = 0;
  virtual absl::StatusOr<api::Project> MarkReady(const api::MarkReadyRequest& request) = 0;
  virtual absl::StatusOr<api::Project> CancelProject(const api::CancelProjectRequest& request) = 0;
  virtual absl::StatusOr<api::Project> ActivateProject(const api::ActivateProjectRequest& request) = 0;
  virtual absl::StatusOr<api::Project> ConfirmRevision(const api::ConfirmRevisionRequest& request) = 0;
  virtual absl::StatusOr<api::Project> RejectRevision(const api::RejectRevisionRequest& request) = 0;
  virtual absl::StatusOr<api::Project> ReopenSource(const api::ReopenSourceRequest& request) = 0;
  virtual absl::StatusOr<api::Project> CloseProject(const api::CloseProjectRequest& request) = 0;
  virtual absl::StatusOr<api::Project> DestroyProjectKey(const api::DestroyProjectKeyRequest& request) = 0;
  virtual absl::StatusOr<api::GetProjectHistoryResponse> GetProjectHistory(
      const api::GetProjectHistoryRequest& request) = 0;
  virtual absl::StatusOr<api::Project> WaiveUsage(const api::WaiveUsageRequest& request) = 0;
  virtual absl::StatusOr<api::ListPublicProjectsResponse> ListPublicProjects(
      const api::ListPublicProjectsRequest& request) = 0;

  virtual absl::StatusOr<api::ListSubmissionsResponse> ListSubmissions(const api::ListSubmissionsRequest& request) = 0;
  virtual absl::StatusOr<api::Submission> GetSubmission(const api::GetSubmissionRequest& request) = 0;
  virtual absl::StatusOr<api::Submission> WithdrawSubmission(const api::WithdrawSubmissionRequest& request) = 0;
  virtual absl::StatusOr<api::CompletePopulationResponse> CompletePopulation(
      const api::CompletePopulationRequest& request) = 0;

  virtual absl::StatusOr<api::MatchWindow> OpenMatch(const api::OpenMatchRequest& request) = 0;
  virtual absl::StatusOr<api::ListMatchesResponse> ListMatches(const api::ListMatchesRequest& request) = 0;
  virtual absl::StatusOr<api::MatchWindow> ReleaseMatch(const api::ReleaseMatchRequest& request) = 0;
  virtual absl::StatusOr<api::KeyFile> IssueKeyFile(const api::IssueKeyFileRequest& request) = 0;
  virtual absl::StatusOr<api::ListKeyFilesResponse> ListKeyFiles(const api::ListKeyFilesRequest& request) = 0;
  virtual absl::StatusOr<api::KeyFile> GetKeyFile(const api::GetKeyFileRequest& request) = 0;
  virtual absl::StatusOr<api::KeyFile> WithdrawKeyFile(const api::WithdrawKeyFileRequest& request) = 0;
  virtual absl::StatusOr<api::ReproduceKeyFileResponse> ReproduceKeyFile(
      const api::ReproduceKeyFileRequest& request) = 0;

  virtual absl::StatusOr<api::GetUsageStatusResponse> GetUsageStatus(const api::GetUsageStatusRequest& request) = 0;

  virtual absl::StatusOr<api::ListReservationListsResponse> ListReservationLists(
      const api::ListReservationListsRequest& request) = 0;

  virtual absl::StatusOr<api::IdentityStatus> GetIdentityStatus(const api::GetIdentityStatusRequest& request) = 0;
  virtual absl::StatusOr<api::IdentityHistory> GetIdentityHistory(const api::GetIdentityHistoryRequest& request) = 0;

  virtual absl::StatusOr<api::ListCorrectionsResponse> ListCorrections(const api::ListCorrectionsRequest& request) = 0;
  virtual absl::StatusOr<api::Correction> ProposeCorrection(const api::ProposeCorrectionRequest& request) = 0;
  virtual absl::StatusOr<api::Correction> ConfirmCorrection(const api::ConfirmCorrectionRequest& request) = 0;
  virtual absl::StatusOr<api::Correction> RejectCorrection(const api::RejectCorrectionRequest& request) = 0;

  virtual absl::StatusOr<api::LookupResponse> Lookup(const api::LookupRequest& request) = 0;

  virtual absl::StatusOr<api::ListDisclosuresResponse> ListDisclosures(const api::ListDisclosuresRequest& request) = 0;
  virtual absl::StatusOr<api::Dossier> GetDossier(const api::GetDossierRequest& request) = 0;
  virtual absl::StatusOr<api::SealStatus> GetSealStatus(const api::GetSealStatusRequest& request) = 0;
  virtual absl::StatusOr<api::Checkpoint> GetCheckpoint(const api::GetCheckpointRequest& request) = 0;
  virtual absl::StatusOr<api::EventProof> GetEventProof(const api::GetEventProofRequest& request) = 0;

  virtual absl::StatusOr<api::ServerInfo> GetServerInfo(const api::GetServerInfoRequest& request) = 0;
  virtual absl::StatusOr<api::ScrubReport> Scrub(const api::ScrubRequest& request) = 0;

  virtual absl::StatusOr<api::SubmitResponse> Submit(const api::SubmitHeader& header, RowSource& rows,
                                                     StreamListener& listener) = 0;
  virtual absl::StatusOr<api::MatchResponse> Match(const api::MatchHeader& header, RowSource& rows,
                                                   StreamListener& listener) = 0;
  virtual absl::StatusOr<api::ReportResponse> Report(const api::ReportHeader& header, RowSource& rows,
                                                     StreamListener& listener) = 0;

  virtual absl::StatusOr<api::LoadReservationsResponse> LoadReservations(const api::ReservationHeader& header,
                                                                         RowSource& rows, StreamListener& listener) = 0;
  virtual absl::StatusOr<api::ImportSeriesResponse> ImportSeries(const api::ImportSeriesHeader& header, RowSource& rows,
                                                                 StreamListener& listener) = 0;

  // One attempt: the caller goes on from where the server stands.
  virtual IdentityStreamEnd ImportEvents(const api::ImportEventsHeader& header, IdentityEventSource& events) = 0;

  // One attempt: the caller goes on from what its sink has.
  virtual absl::Status FetchKeyFile(const api::FetchKeyFileRequest& request, KeyFileSink& sink) = 0;
  virtual absl::Status ListEvents(const api::ListEventsRequest& request, EventSink& sink) = 0;
};

}  // namespace kobling::client
