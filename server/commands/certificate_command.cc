// koblingd certificate issue
#include <ostream>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/commands/commands.h"
#include "server/runtime/certificate_authority.h"
#include "server/runtime/files.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
namespace fs = std::filesystem;

absl::StatusOr<Caller> CallerOfRequest(const IssueRequest& request) {
  const std::optional<Role> role = RoleFromName(request.role);
  if (!role) {
    return MakeError(Reason::kUsage,
                     {{DetailKey::kField, "--role"},
                      {DetailKey::kExpected,
                       "caseworker, key-officer, register, insight-portal, auditor, operator or identity-feed"}});
  }
  KOBLING_ASSIGN_OR_RETURN(domain::ActorId id, domain::ActorId::Parse(request.id));
  if (*role == Role::kRegister) {
    KOBLING_RETURN_IF_ERROR(domain::RegisterId::Parse(request.id).status());
  }
  return Caller{.role = *role, .id = std::move(id)};
}

// Several callers' certificates may lie in one folder, with the one authority that they share.
absl::Status PutAuthority(const fs::path& path, const std::string& certificate) {
  if (const absl::StatusOr<std::string> present = ReadSmallFile(path); present.ok() && *present == certificate) {
    return absl::OkStatus();
  }
  return WriteNewFile(path, certificate, 0600);
}

absl::Status RefuseExisting(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) ? MakeError(Reason::kFileExists, {{DetailKey::kFile, path.string()}})
                                 : absl::OkStatus();
}

}  // namespace

absl::Status IssueCertificate(const IssueRequest& request, const CommandContext& context) {
  KOBLING_ASSIGN_OR_RETURN(const Caller caller, CallerOfRequest(request));
  KOBLING_ASSIGN_OR_RETURN(const ServerConfig config, LoadConfig(request.config));
  KOBLING_ASSIGN_OR_RETURN(CertificateAuthority authority,
                           CertificateAuthority::Open(config.environment, AuthorityFolder(config.file), context.clock));

  const fs::path certificate_path = request.out / (caller.id.text() + ".pem");
  const fs::path key_path = request.out / (caller.id.text() + ".key");
  std::error_code error;
  if (!fs::exists(request.out, error)) {
    KOBLING_RETURN_IF_ERROR(MakeNewFolder(request.out, 0700));
  }
  KOBLING_RETURN_IF_ERROR(PutAuthority(request.out / "ca.pem", authority.certificate()));
  KOBLING_RETURN_IF_ERROR(RefuseExisting(certificate_path));
  KOBLING_RETURN_IF_ERROR(RefuseExisting(key_path));
  KOBLING_ASSIGN_OR_RETURN(const IssuedCertificate issued,
                           authority.IssueClientCertificate(caller, config.trust_domain, request.days));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(key_path, issued.private_key, 0600));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(certificate_path, issued.certificate, 0600));
  context.out << certificate_path.string() << '\n'
              << key_path.string() << '\n'
              << (request.out / "ca.pem").string() << '\n';
  return absl::OkStatus();
}

}  // namespace kobling::server
