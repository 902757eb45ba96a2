#include "client/grpc_connection.h"

#include "client/grpc_retry.h"
#include "client/grpc_status.h"
#include "domain/error.h"
#include "domain/method_policy.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace kobling::client {
namespace {

// A server may refuse clients that ask for a sign of life more often than every five minutes.
constexpr int kKeepaliveMilliseconds = 6 * 60 * 1000;
constexpr int kKeepaliveTimeoutMilliseconds = 20 * 1000;
// Lists of projects and key files come in one message.
constexpr int kMaxAnswerBytes = 64 << 20;

}  // namespace

std::unique_ptr<GrpcConnection> GrpcConnection::Create(const std::string& address, const TlsFiles& tls,
                                                       const RetryPlan& retry) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls.ca;
  options.pem_cert_chain = tls.certificate;
  options.pem_private_key = tls.key;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  // Retries are ours to decide, by the table of methods.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  return std::make_unique<GrpcConnection>(grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments),
                                          retry, Deadlines());
}

GrpcConnection::GrpcConnection(const std::shared_ptr<grpc::Channel>& channel, const RetryPlan& retry,
                               const Deadlines& deadlines)
    : channel_(channel),
      retry_(retry),
      deadlines_(deadlines),
      registers_(api::RegisterService::NewStub(channel)),
      projects_(api::ProjectService::NewStub(channel)),
      populations_(api::PopulationService::NewStub(channel)),
      key_files_(api::KeyFileService::NewStub(channel)),
      usage_(api::UsageService::NewStub(channel)),
      reservations_(api::ReservationService::NewStub(channel)),
      imports_(api::ImportService::NewStub(channel)),
      identities_(api::IdentityService::NewStub(channel)),
      corrections_(api::CorrectionService::NewStub(channel)),
      insight_(api::InsightService::NewStub(channel)),
      audit_(api::AuditService::NewStub(channel)),
      operators_(api::OperatorService::NewStub(channel)),
      seal_(api::SealService::NewStub(channel)) {}

absl::Duration GrpcConnection::DeadlineOf(std::string_view method) const {
  if (method == "/kobling.v1.OperatorService/Scrub") {
    return deadlines_.scrub;
  }
  // The first two make a whole key file; the others look at everything that a project has issued.
  const bool is_issue = method == "/kobling.v1.KeyFileService/IssueKeyFile" ||
                        method == "/kobling.v1.KeyFileService/ReproduceKeyFile" ||
                        method.starts_with("/kobling.v1.CorrectionService/");
  return is_issue ? deadlines_.issue : deadlines_.unary;
}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> GrpcConnection::Unary(std::string_view method, Stub& stub,
                                               grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&,
                                                                          Response*),
                                               const Request& request) {
  Backoff backoff(retry_, method);
  while (true) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + DeadlineOf(method)));
    Response response;
    const grpc::Status ended = (stub.*call)(&context, request, &response);
    // A server that ends, or opens after it was sealed, cancels what it has not begun.
    const absl::Status status = ended.error_code() == grpc::StatusCode::CANCELLED
                                    ? domain::MakeError(domain::Reason::kServerUnreachable)
                                    : FromGrpc(ended);
    if (status.ok()) {
      return response;
    }
    if (!backoff.WaitBeforeNext(status)) {
      return status;
    }
  }
}

absl::StatusOr<api::Register> GrpcConnection::AddRegister(const api::AddRegisterRequest& request) {
  return Unary("/kobling.v1.RegisterService/AddRegister", *registers_, &api::RegisterService::Stub::AddRegister,
               request);
}

absl::StatusOr<api::Register> GrpcConnection::UpdateRegister(const api::UpdateRegisterRequest& request) {
  return Unary("/kobling.v1.RegisterService/UpdateRegister", *registers_, &api::RegisterService::Stub::UpdateRegister,
               request);
}

absl::StatusOr<api::Register> GrpcConnection::GetRegister(const api::GetRegisterRequest& request) {
  return Unary("/kobling.v1.RegisterService/GetRegister", *registers_, &api::RegisterService::Stub::GetRegister,
               request);
}

absl::StatusOr<api::ListRegistersResponse> GrpcConnection::ListRegisters(const api::ListRegistersRequest& request) {
  return Unary("/kobling.v1.RegisterService/ListRegisters", *registers_, &api::RegisterService::Stub::ListRegisters,
               request);
}

absl::StatusOr<api::RecipientKey> GrpcConnection::SubmitRecipientKey(const api::SubmitRecipientKeyRequest& request) {
  return Unary("/kobling.v1.RegisterService/SubmitRecipientKey", *registers_,
               &api::RegisterService::Stub::SubmitRecipientKey, request);
}

absl::StatusOr<api::ListRecipientKeysResponse> GrpcConnection::ListRecipientKeys(
    const api::ListRecipientKeysRequest& request) {
  return Unary("/kobling.v1.RegisterService/ListRecipientKeys", *registers_,
               &api::RegisterService::Stub::ListRecipientKeys, request);
}

absl::StatusOr<api::RecipientKey> GrpcConnection::ApproveRecipientKey(const api::ApproveRecipientKeyRequest& request) {
  return Unary("/kobling.v1.RegisterService/ApproveRecipientKey", *registers_,
               &api::RegisterService::Stub::ApproveRecipientKey, request);
}

absl::StatusOr<api::RecipientKey> GrpcConnection::RevokeRecipientKey(const api::RevokeRecipientKeyRequest& request) {
  return Unary("/kobling.v1.RegisterService/RevokeRecipientKey", *registers_,
               &api::RegisterService::Stub::RevokeRecipientKey, request);
}

absl::StatusOr<api::Project> GrpcConnection::CreateProject(const api::CreateProjectRequest& request) {
  return Unary("/kobling.v1.ProjectService/CreateProject", *projects_, &api::ProjectService::Stub::CreateProject,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::GetProject(const api::GetProjectRequest& request) {
  return Unary("/kobling.v1.ProjectService/GetProject", *projects_, &api::ProjectService::Stub::GetProject, request);
}

absl::StatusOr<api::ListProjectsResponse> GrpcConnection::ListProjects(const api::ListProjectsRequest& request) {
  return Unary("/kobling.v1.ProjectService/ListProjects", *projects_, &api::ProjectService::Stub::ListProjects,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::UpdateProject(const api::UpdateProjectRequest& request) {
  return Unary("/kobling.v1.ProjectService/UpdateProject", *projects_, &api::ProjectService::Stub::UpdateProject,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::AddSource(const api::AddSourceRequest& request) {
  return Unary("/kobling.v1.ProjectService/AddSource", *projects_, &api::ProjectService::Stub::AddSource, request);
}

absl::StatusOr<api::Project> GrpcConnection::WithdrawSource(const api::WithdrawSourceRequest& request) {
  return Unary("/kobling.v1.ProjectService/WithdrawSource", *projects_, &api::ProjectService::Stub::WithdrawSource,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::MeetCondition(const api::MeetConditionRequest& request) {
  return Unary("/kobling.v1.ProjectService/MeetCondition", *projects_, &api::ProjectService::Stub::MeetCondition,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::PostponeDelivery(const api::PostponeDeliveryRequest& request) {
  return Unary("/kobling.v1.ProjectService/PostponeDelivery", *projects_, &api::ProjectService::Stub::PostponeDelivery,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::MarkReady(const api::MarkReadyRequest& request) {
  return Unary("/kobling.v1.ProjectService/MarkReady", *projects_, &api::ProjectService::Stub::MarkReady, request);
}

absl::StatusOr<api::Project> GrpcConnection::CancelProject(const api::CancelProjectRequest& request) {
  return Unary("/kobling.v1.ProjectService/CancelProject", *projects_, &api::ProjectService::Stub::CancelProject,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::ActivateProject(const api::ActivateProjectRequest& request) {
  return Unary("/kobling.v1.ProjectService/ActivateProject", *projects_, &api::ProjectService::Stub::ActivateProject,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::ConfirmRevision(const api::ConfirmRevisionRequest& request) {
  return Unary("/kobling.v1.ProjectService/ConfirmRevision", *projects_, &api::ProjectService::Stub::ConfirmRevision,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::RejectRevision(const api::RejectRevisionRequest& request) {
  return Unary("/kobling.v1.ProjectService/RejectRevision", *projects_, &api::ProjectService::Stub::RejectRevision,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::ReopenSource(const api::ReopenSourceRequest& request) {
  return Unary("/kobling.v1.ProjectService/ReopenSource", *projects_, &api::ProjectService::Stub::ReopenSource,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::CloseProject(const api::CloseProjectRequest& request) {
  return Unary("/kobling.v1.ProjectService/CloseProject", *projects_, &api::ProjectService::Stub::CloseProject,
               request);
}

absl::StatusOr<api::Project> GrpcConnection::DestroyProjectKey(const api::DestroyProjectKeyRequest& request) {
  return Unary("/kobling.v1.ProjectService/DestroyProjectKey", *projects_,
               &api::ProjectService::Stub::DestroyProjectKey, request);
}

absl::StatusOr<api::GetProjectHistoryResponse> GrpcConnection::GetProjectHistory(
    const api::GetProjectHistoryRequest& request) {
  return Unary("/kobling.v1.ProjectService/GetProjectHistory", *projects_,
               &api::ProjectService::Stub::GetProjectHistory, request);
}
absl::StatusOr<api::Project> GrpcConnection::WaiveUsage(const api::WaiveUsageRequest& request) {
  return Unary("/kobling.v1.ProjectService/WaiveUsage", *projects_, &api::ProjectService::Stub::WaiveUsage, request);
}

absl::StatusOr<api::ListPublicProjectsResponse> GrpcConnection::ListPublicProjects(
    const api::ListPublicProjectsRequest& request) {
  return Unary("/kobling.v1.ProjectService/ListPublicProjects", *projects_,
               &api::ProjectService::Stub::ListPublicProjects, request);
}

absl::StatusOr<api::ListSubmissionsResponse> GrpcConnection::ListSubmissions(
    const api::ListSubmissionsRequest& request) {
  return Unary("/kobling.v1.PopulationService/ListSubmissions", *populations_,
               &api::PopulationService::Stub::ListSubmissions, request);
}

absl::StatusOr<api::Submission> GrpcConnection::GetSubmission(const api::GetSubmissionRequest& request) {
  return Unary("/kobling.v1.PopulationService/GetSubmission", *populations_,
               &api::PopulationService::Stub::GetSubmission, request);
}

absl::StatusOr<api::Submission> GrpcConnection::WithdrawSubmission(const api::WithdrawSubmissionRequest& request) {
  return Unary("/kobling.v1.PopulationService/WithdrawSubmission", *populations_,
               &api::PopulationService::Stub::WithdrawSubmission, request);
}

absl::StatusOr<api::CompletePopulationResponse> GrpcConnection::CompletePopulation(
    const api::CompletePopulationRequest& request) {
  return Unary("/kobling.v1.PopulationService/CompletePopulation", *populations_,
               &api::PopulationService::Stub::CompletePopulation, request);
}

absl::StatusOr<api::MatchWindow> GrpcConnection::OpenMatch(const api::OpenMatchRequest& request) {
  return Unary("/kobling.v1.KeyFileService/OpenMatch", *key_files_, &api::KeyFileService::Stub::OpenMatch, request);
}

absl::StatusOr<api::ListMatchesResponse> GrpcConnection::ListMatches(const api::ListMatchesRequest& request) {
  return Unary("/kobling.v1.KeyFileService/ListMatches", *key_files_, &api::KeyFileService::Stub::ListMatches, request);
}

absl::StatusOr<api::MatchWindow> GrpcConnection::ReleaseMatch(const api::ReleaseMatchRequest& request) {
  return Unary("/kobling.v1.KeyFileService/ReleaseMatch", *key_files_, &api::KeyFileService::Stub::ReleaseMatch,
               request);
}

absl::StatusOr<api::KeyFile> GrpcConnection::IssueKeyFile(const api::IssueKeyFileRequest& request) {
  return Unary("/kobling.v1.KeyFileService/IssueKeyFile", *key_files_, &api::KeyFileService::Stub::IssueKeyFile,
               request);
}

absl::StatusOr<api::ListKeyFilesResponse> GrpcConnection::ListKeyFiles(const api::ListKeyFilesRequest& request) {
  return Unary("/kobling.v1.KeyFileService/ListKeyFiles", *key_files_, &api::KeyFileService::Stub::ListKeyFiles,
               request);
}

absl::StatusOr<api::KeyFile> GrpcConnection::GetKeyFile(const api::GetKeyFileRequest& request) {
  return Unary("/kobling.v1.KeyFileService/GetKeyFile", *key_files_, &api::KeyFileService::Stub::GetKeyFile, request);
}

absl::StatusOr<api::KeyFile> GrpcConnection::WithdrawKeyFile(const api::WithdrawKeyFileRequest& request) {
  return Unary("/kobling.v1.KeyFileService/WithdrawKeyFile", *key_files_, &api::KeyFileService::Stub::WithdrawKeyFile,
               request);
}

absl::StatusOr<api::ReproduceKeyFileResponse> GrpcConnection::ReproduceKeyFile(
    const api::ReproduceKeyFileRequest& request) {
  return Unary("/kobling.v1.KeyFileService/ReproduceKeyFile", *key_files_, &api::KeyFileService::Stub::ReproduceKeyFile,
               request);
}

absl::StatusOr<api::ListReservationListsResponse> GrpcConnection::ListReservationLists(
    const api::ListReservationListsRequest& request) {
  return Unary("/kobling.v1.ReservationService/ListReservationLists", *reservations_,
               &api::ReservationService::Stub::ListReservationLists, request);
}

absl::StatusOr<api::GetUsageStatusResponse> GrpcConnection::GetUsageStatus(const api::GetUsageStatusRequest& request) {
  return Unary("/kobling.v1.UsageService/GetUsageStatus", *usage_, &api::UsageService::Stub::GetUsageStatus, request);
}

absl::StatusOr<api::IdentityStatus> GrpcConnection::GetIdentityStatus(const api::GetIdentityStatusRequest& request) {
  return Unary("/kobling.v1.IdentityService/GetIdentityStatus", *identities_,
               &api::IdentityService::Stub::GetIdentityStatus, request);
}

absl::StatusOr<api::IdentityHistory> GrpcConnection::GetIdentityHistory(const api::GetIdentityHistoryRequest& request) {
  return Unary("/kobling.v1.IdentityService/GetIdentityHistory", *identities_,
               &api::IdentityService::Stub::GetIdentityHistory, request);
}

absl::StatusOr<api::ListCorrectionsResponse> GrpcConnection::ListCorrections(
    const api::ListCorrectionsRequest& request) {
  return Unary("/kobling.v1.CorrectionService/ListCorrections", *corrections_,
               &api::CorrectionService::Stub::ListCorrections, request);
}

absl::StatusOr<api::Correction> GrpcConnection::ProposeCorrection(const api::ProposeCorrectionRequest& request) {
  return Unary("/kobling.v1.CorrectionService/ProposeCorrection", *corrections_,
               &api::CorrectionService::Stub::ProposeCorrection, request);
}

absl::StatusOr<api::Correction> GrpcConnection::ConfirmCorrection(const api::ConfirmCorrectionRequest& request) {
  return Unary("/kobling.v1.CorrectionService/ConfirmCorrection", *corrections_,
               &api::CorrectionService::Stub::ConfirmCorrection, request);
}

absl::StatusOr<api::Correction> GrpcConnection::RejectCorrection(const api::RejectCorrectionRequest& request) {
  return Unary("/kobling.v1.CorrectionService/RejectCorrection", *corrections_,
               &api::CorrectionService::Stub::RejectCorrection, request);
}

absl::StatusOr<api::LookupResponse> GrpcConnection::Lookup(const api::LookupRequest& request) {
  return Unary("/kobling.v1.InsightService/Lookup", *insight_, &api::InsightService::Stub::Lookup, request);
}

absl::StatusOr<api::ListDisclosuresResponse> GrpcConnection::ListDisclosures(
    const api::ListDisclosuresRequest& request) {
  return Unary("/kobling.v1.AuditService/ListDisclosures", *audit_, &api::AuditService::Stub::ListDisclosures, request);
}

absl::StatusOr<api::SealStatus> GrpcConnection::GetSealStatus(const api::GetSealStatusRequest& request) {
  return Unary("/kobling.v1.SealService/GetSealStatus", *seal_, &api::SealService::Stub::GetSealStatus, request);
}
absl::StatusOr<api::Checkpoint> GrpcConnection::GetCheckpoint(const api::GetCheckpointRequest& request) {
  return Unary("/kobling.v1.AuditService/GetCheckpoint", *audit_, &api::AuditService::Stub::GetCheckpoint, request);
}
absl::StatusOr<api::EventProof> GrpcConnection::GetEventProof(const api::GetEventProofRequest& request) {
  return Unary("/kobling.v1.AuditService/GetEventProof", *audit_, &api::AuditService::Stub::GetEventProof, request);
}
absl::StatusOr<api::Dossier> GrpcConnection::GetDossier(const api::GetDossierRequest& request) {
  return Unary("/kobling.v1.AuditService/GetDossier", *audit_, &api::AuditService::Stub::GetDossier, request);
}

absl::StatusOr<api::ServerInfo> GrpcConnection::GetServerInfo(const api::GetServerInfoRequest& request) {
  return Unary("/kobling.v1.OperatorService/GetServerInfo", *operators_, &api::OperatorService::Stub::GetServerInfo,
               request);
}

absl::StatusOr<api::ScrubReport> GrpcConnection::Scrub(const api::ScrubRequest& request) {
  return Unary("/kobling.v1.OperatorService/Scrub", *operators_, &api::OperatorService::Stub::Scrub, request);
}

}  // namespace kobling::client
