#include "domain/method_policy.h"

#include <algorithm>

namespace kobling::domain {
namespace {

constexpr RoleSet kCaseworker = {Role::kCaseworker};
constexpr RoleSet kKeyOfficer = {Role::kKeyOfficer};
constexpr RoleSet kRegister = {Role::kRegister};
constexpr RoleSet kStaff = {Role::kCaseworker, Role::kKeyOfficer, Role::kAuditor};
constexpr RoleSet kStaffAndRegister = kStaff.With(Role::kRegister);

constexpr MethodPolicy kMethods[] = {
    {"/kobling.v1.RegisterService/AddRegister", "register.add", kCaseworker, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.RegisterService/UpdateRegister", "register.update", kCaseworker, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.RegisterService/GetRegister", "register.show", kStaffAndRegister, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.RegisterService/ListRegisters", "register.list", kStaffAndRegister, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.RegisterService/SubmitRecipientKey", "recipient-key.submit", kRegister, Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.RegisterService/ListRecipientKeys",
     "recipient-key.list",
     {Role::kKeyOfficer, Role::kRegister, Role::kAuditor},
     Effect::kRead,
     Resend::kSafe},
    {"/kobling.v1.RegisterService/ApproveRecipientKey", "recipient-key.approve", kKeyOfficer, Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.RegisterService/RevokeRecipientKey", "recipient-key.revoke", kKeyOfficer, Effect::kChange,
     Resend::kSafe},

    {"/kobling.v1.ProjectService/CreateProject", "project.create", kCaseworker, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/GetProject", "project.show", kStaffAndRegister, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.ProjectService/ListProjects", "project.list", kStaffAndRegister, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.ProjectService/UpdateProject", "project.update", kCaseworker, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/AddSource", "project.add-source", kCaseworker, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/WithdrawSource", "project.withdraw-source", kCaseworker, Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.ProjectService/MeetCondition", "project.meet-condition", kCaseworker, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/PostponeDelivery", "project.postpone-delivery", kCaseworker, Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.ProjectService/MarkReady", "project.ready", kCaseworker, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/CancelProject", "project.cancel", kCaseworker, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/ActivateProject", "project.activate", kKeyOfficer, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/ConfirmRevision", "project.confirm-revision", kKeyOfficer, Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.ProjectService/RejectRevision",
     "project.reject-revision",
     {Role::kKeyOfficer, Role::kCaseworker},
     Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.ProjectService/ReopenSource", "project.reopen-source", kKeyOfficer, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/CloseProject", "project.close", kKeyOfficer, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/DestroyProjectKey", "project.destroy-key", kKeyOfficer, Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.ProjectService/GetProjectHistory", "project.history", kStaff, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.ProjectService/WaiveUsage", "project.waive-usage", kKeyOfficer, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.ProjectService/ListPublicProjects", "project.list-public", RoleSet::All(), Effect::kRead,
     Resend::kSafe},

    {"/kobling.v1.PopulationService/Submit", "population.submit", kRegister, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.PopulationService/ListSubmissions", "population.list", kStaffAndRegister, Effect::kRead,
     Resend::kSafe},
    {"/kobling.v1.PopulationService/GetSubmission", "population.show", kStaffAndRegister, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.PopulationService/WithdrawSubmission", "population.withdraw", kRegister, Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.PopulationService/CompletePopulation", "population.complete", kRegister, Effect::kChange,
     Resend::kSafe},

    {"/kobling.v1.KeyFileService/OpenMatch", "keyfile.open-match", kKeyOfficer, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.KeyFileService/Match", "keyfile.match", kRegister, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.KeyFileService/ListMatches",
     "keyfile.list-matches",
     {Role::kKeyOfficer, Role::kAuditor},
     Effect::kRead,
     Resend::kSafe},
    {"/kobling.v1.KeyFileService/ReleaseMatch", "keyfile.release-match", kKeyOfficer, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.KeyFileService/IssueKeyFile", "keyfile.issue", kKeyOfficer, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.KeyFileService/ListKeyFiles", "keyfile.list", kStaffAndRegister, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.KeyFileService/GetKeyFile", "keyfile.show", kStaffAndRegister, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.KeyFileService/ReproduceKeyFile",
     "keyfile.reproduce",
     {Role::kKeyOfficer, Role::kAuditor},
     Effect::kPersonRead,
     Resend::kNever},
    {"/kobling.v1.KeyFileService/WithdrawKeyFile", "keyfile.withdraw", kKeyOfficer, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.KeyFileService/FetchKeyFile", "keyfile.fetch", kRegister, Effect::kFetch, Resend::kSafe},

    {"/kobling.v1.CorrectionService/ListCorrections",
     "correction.list",
     {Role::kKeyOfficer, Role::kAuditor},
     Effect::kRead,
     Resend::kSafe},
    {"/kobling.v1.CorrectionService/ProposeCorrection", "correction.propose", kKeyOfficer, Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.CorrectionService/ConfirmCorrection", "correction.confirm", kKeyOfficer, Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.CorrectionService/RejectCorrection", "correction.reject", kKeyOfficer, Effect::kChange,
     Resend::kSafe},

    {"/kobling.v1.UsageService/Report", "usage.report", kRegister, Effect::kChange, Resend::kSafe},
    {"/kobling.v1.UsageService/GetUsageStatus", "usage.status", kStaffAndRegister, Effect::kRead, Resend::kSafe},

    {"/kobling.v1.ImportService/ImportSeries", "series.import", kRegister, Effect::kChange, Resend::kSafe},

    {"/kobling.v1.ReservationService/LoadReservations",
     "reservation.load",
     {Role::kRegister, Role::kIdentityFeed},
     Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.ReservationService/ListReservationLists", "reservation.list",
     kStaffAndRegister.With(Role::kIdentityFeed), Effect::kRead, Resend::kSafe},

    {"/kobling.v1.IdentityService/ImportEvents",
     "identity.import",
     {Role::kIdentityFeed},
     Effect::kChange,
     Resend::kSafe},
    {"/kobling.v1.IdentityService/GetIdentityStatus",
     "identity.status",
     {Role::kIdentityFeed, Role::kOperator, Role::kKeyOfficer, Role::kAuditor},
     Effect::kRead,
     Resend::kSafe},
    {"/kobling.v1.IdentityService/GetIdentityHistory",
     "identity.history",
     {Role::kIdentityFeed},
     Effect::kPersonRead,
     Resend::kNever},

    {"/kobling.v1.InsightService/Lookup",
     "insight.lookup",
     {Role::kInsightPortal},
     Effect::kPersonRead,
     Resend::kNever},

    {"/kobling.v1.AuditService/ListEvents",
     "audit.list",
     {Role::kAuditor, Role::kCaseworker, Role::kRegister},
     Effect::kRead,
     Resend::kSafe},
    {"/kobling.v1.AuditService/ListDisclosures", "audit.disclosures", kStaffAndRegister, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.AuditService/GetDossier", "audit.dossier", kStaff, Effect::kRead, Resend::kSafe},
    {"/kobling.v1.AuditService/GetCheckpoint", "audit.checkpoint", RoleSet::All(), Effect::kRead, Resend::kSafe},
    {"/kobling.v1.AuditService/GetEventProof",
     "audit.proof",
     {Role::kAuditor, Role::kCaseworker, Role::kRegister},
     Effect::kRead,
     Resend::kSafe},

    {"/grpc.health.v1.Health/Check", "server.health", RoleSet::All(), Effect::kRead, Resend::kSafe},
    {"/kobling.v1.OperatorService/GetServerInfo", "server.info", RoleSet::All(), Effect::kRead, Resend::kSafe},
    {"/kobling.v1.SealService/GetSealStatus", "server.seal-status", RoleSet::All(), Effect::kRead, Resend::kSafe},
    {"/kobling.v1.OperatorService/Scrub",
     "server.scrub",
     {Role::kOperator, Role::kAuditor},
     Effect::kRead,
     Resend::kSafe},
};

}  // namespace

std::span<const MethodPolicy> AllMethods() { return kMethods; }

const MethodPolicy* FindMethod(std::string_view method) {
  const auto found = std::find_if(std::begin(kMethods), std::end(kMethods),
                                  [&](const MethodPolicy& row) { return row.method == method; });
  return found == std::end(kMethods) ? nullptr : found;
}

}  // namespace kobling::domain
