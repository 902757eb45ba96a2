// The connection over gRPC with mutual TLS.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/connection.h"
#include "client/retry_plan.h"
#include "grpcpp/channel.h"
#include "kobling/v1/audit_service.grpc.pb.h"
#include "kobling/v1/correction_service.grpc.pb.h"
#include "kobling/v1/identity_service.grpc.pb.h"
#include "kobling/v1/import_service.grpc.pb.h"
#include "kobling/v1/insight_service.grpc.pb.h"
#include "kobling/v1/key_file_service.grpc.pb.h"
#include "kobling/v1/operator_service.grpc.pb.h"
#include "kobling/v1/population_service.grpc.pb.h"
#include "kobling/v1/project_service.grpc.pb.h"
#include "kobling/v1/register_service.grpc.pb.h"
#include "kobling/v1/reservation_service.grpc.pb.h"
#include "kobling/v1/seal_service.grpc.pb.h"
#include "kobling/v1/usage_service.grpc.pb.h"

namespace kobling::client {

// Everything in PEM. The server's certificate must come from the CA and carry the name in the address.
struct TlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

// How long one attempt of a call may take. Streams have no limit in time; a server that is gone is noticed by
// keepalive.
struct Deadlines {
  absl::Duration unary = absl::Seconds(30);
  absl::Duration issue = absl::Minutes(30);  // of calls that make a key file or plan a correction
  absl::Duration scrub = absl::Hours(6);
};

// Safe to use from several threads, one call each.
class GrpcConnection final : public Connection {
 public:
  // Does not connect before the first call. There is no way to connect without TLS through this function.
  static std::unique_ptr<GrpcConnection> Create(const std::string& address, const TlsFiles& tls,
                                                const RetryPlan& retry);

  // For tests: over a channel that the caller made.
  GrpcConnection(const std::shared_ptr<grpc::Channel>& channel, const RetryPlan& retry, const Deadlines& deadlines);

  absl::StatusOr<api::Register> AddRegister(const api::AddRegisterRequest& request) override;
  absl::StatusOr<api::Register> UpdateRegister(const api::UpdateRegisterRequest& request) override;
  absl::StatusOr<api::Register> GetRegister(const api::GetRegisterRequest& request) override;
  absl::StatusOr<api::ListRegistersResponse> ListRegisters(const api::ListRegistersRequest& request) override;
  absl::StatusOr<api::RecipientKey> SubmitRecipientKey(const api::SubmitRecipientKeyRequest& request) override;
  absl::StatusOr<api::ListRecipientKeysResponse> ListRecipientKeys(
      const api::ListRecipientKeysRequest& request) override;
  absl::StatusOr<api::RecipientKey> ApproveRecipientKey(const api::ApproveRecipientKeyRequest& request) override;
  absl::StatusOr<api::RecipientKey> RevokeRecipientKey(const api::RevokeRecipientKeyRequest& request) override;

  absl::StatusOr<api::Project> CreateProject(const api::CreateProjectRequest& request) override;
  absl::StatusOr<api::Project> GetProject(const api::GetProjectRequest& request) override;
  absl::StatusOr<api::ListProjectsResponse> ListProjects(const api::ListProjectsRequest& request) override;
  absl::StatusOr<api::Project> UpdateProject(const api::UpdateProjectRequest& request) override;
  absl::StatusOr<api::Project> AddSource(const api::AddSourceRequest& request) override;
  absl::StatusOr<api::Project> MeetCondition(const api::MeetConditionRequest& request) override;
  absl::StatusOr<api::Project> WithdrawSource(const api::WithdrawSourceRequest& request) override;
  absl::StatusOr<api::Project> PostponeDelivery(const api::PostponeDeliveryRequest& request) override;
  absl::StatusOr<api::Project> MarkReady(const api::MarkReadyRequest& request) override;
  absl::StatusOr<api::Project> CancelProject(const api::CancelProjectRequest& request) override;
  absl::StatusOr<api::Project> ActivateProject(const api::ActivateProjectRequest& request) override;
  absl::StatusOr<api::Project> ConfirmRevision(const api::ConfirmRevisionRequest& request) override;
  absl::StatusOr<api::Project> RejectRevision(const api::RejectRevisionRequest& request) override;
  absl::StatusOr<api::Project> ReopenSource(const api::ReopenSourceRequest& request) override;
  absl::StatusOr<api::Project> CloseProject(const api::CloseProjectRequest& request) override;
  absl::StatusOr<api::Project> DestroyProjectKey(const api::DestroyProjectKeyRequest& request) override;
  absl::StatusOr<api::GetProjectHistoryResponse> GetProjectHistory(
      const api::GetProjectHistoryRequest& request) override;
  absl::StatusOr<api::Project> WaiveUsage(const api::WaiveUsageRequest& request) override;
  absl::StatusOr<api::ListPublicProjectsResponse> ListPublicProjects(
      const api::ListPublicProjectsRequest& request) override;

  absl::StatusOr<api::ListSubmissionsResponse> ListSubmissions(const api::ListSubmissionsRequest& request) override;
  absl::StatusOr<api::Submission> GetSubmission(const api::GetSubmissionRequest& request) override;
  absl::StatusOr<api::Submission> WithdrawSubmission(const api::WithdrawSubmissionRequest& request) override;
  absl::StatusOr<api::CompletePopulationResponse> CompletePopulation(
      const api::CompletePopulationRequest& request) override;

  absl::StatusOr<api::MatchWindow> OpenMatch(const api::OpenMatchRequest& request) override;
  absl::StatusOr<api::ListMatchesResponse> ListMatches(const api::ListMatchesRequest& request) override;
  absl::StatusOr<api::MatchWindow> ReleaseMatch(const api::ReleaseMatchRequest& request) override;
  absl::StatusOr<api::KeyFile> IssueKeyFile(const api::IssueKeyFileRequest& request) override;
  absl::StatusOr<api::ListKeyFilesResponse> ListKeyFiles(const api::ListKeyFilesRequest& request) override;
  absl::StatusOr<api::KeyFile> GetKeyFile(const api::GetKeyFileRequest& request) override;
  absl::StatusOr<api::KeyFile> WithdrawKeyFile(const api::WithdrawKeyFileRequest& request) override;
  absl::StatusOr<api::ReproduceKeyFileResponse> ReproduceKeyFile(const api::ReproduceKeyFileRequest& request) override;

  absl::StatusOr<api::GetUsageStatusResponse> GetUsageStatus(const api::GetUsageStatusRequest& request) override;

  absl::StatusOr<api::ListReservationListsResponse> ListReservationLists(
      const api::ListReservationListsRequest& request) override;

  absl::StatusOr<api::IdentityStatus> GetIdentityStatus(const api::GetIdentityStatusRequest& request) override;
  absl::StatusOr<api::IdentityHistory> GetIdentityHistory(const api::GetIdentityHistoryRequest& request) override;

  absl::StatusOr<api::ListCorrectionsResponse> ListCorrections(const api::ListCorrectionsRequest& request) override;
  absl::StatusOr<api::Correction> ProposeCorrection(const api::ProposeCorrectionRequest& request) override;
  absl::StatusOr<api::Correction> ConfirmCorrection(const api::ConfirmCorrectionRequest& request) override;
  absl::StatusOr<api::Correction> RejectCorrection(const api::RejectCorrectionRequest& request) override;

  absl::StatusOr<api::LookupResponse> Lookup(const api::LookupRequest& request) override;

  absl::StatusOr<api::ListDisclosuresResponse> ListDisclosures(const api::ListDisclosuresRequest& request) override;
  absl::StatusOr<api::Dossier> GetDossier(const api::GetDossierRequest& request) override;
  absl::StatusOr<api::SealStatus> GetSealStatus(const api::GetSealStatusRequest& request) override;
  absl::StatusOr<api::Checkpoint> GetCheckpoint(const api::GetCheckpointRequest& request) override;
  absl::StatusOr<api::EventProof> GetEventProof(const api::GetEventProofRequest& request) override;

  absl::StatusOr<api::ServerInfo> GetServerInfo(const api::GetServerInfoRequest& request) override;
  absl::StatusOr<api::ScrubReport> Scrub(const api::ScrubRequest& request) override;

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
  IdentityStreamEnd ImportEvents(const api::ImportEventsHeader& header, IdentityEventSource& events) override;
  absl::Status FetchKeyFile(const api::FetchKeyFileRequest& request, KeyFileSink& sink) override;
  absl::Status ListEvents(const api::ListEventsRequest& request, EventSink& sink) override;

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Unary(std::string_view method, Stub& stub,
                                 grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&, Response*),
                                 const Request& request);
  absl::Duration DeadlineOf(std::string_view method) const;

  std::shared_ptr<grpc::Channel> channel_;
  RetryPlan retry_;
  Deadlines deadlines_;
  std::unique_ptr<api::RegisterService::Stub> registers_;
  std::unique_ptr<api::ProjectService::Stub> projects_;
  std::unique_ptr<api::PopulationService::Stub> populations_;
  std::unique_ptr<api::KeyFileService::Stub> key_files_;
  std::unique_ptr<api::UsageService::Stub> usage_;
  std::unique_ptr<api::ReservationService::Stub> reservations_;
  std::unique_ptr<api::ImportService::Stub> imports_;
  std::unique_ptr<api::IdentityService::Stub> identities_;
  std::unique_ptr<api::CorrectionService::Stub> corrections_;
  std::unique_ptr<api::InsightService::Stub> insight_;
  std::unique_ptr<api::AuditService::Stub> audit_;
  std::unique_ptr<api::OperatorService::Stub> operators_;
  std::unique_ptr<api::SealService::Stub> seal_;
};

}  // namespace kobling::client
