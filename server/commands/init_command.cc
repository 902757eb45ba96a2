// koblingd init
#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

#include "absl/strings/str_format.h"
#include "crypto/kek_file.h"
#include "crypto/secret_memory.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/commands/commands.h"
#include "server/runtime/certificate_authority.h"
#include "server/runtime/files.h"
#include "server/runtime/hardening.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
namespace fs = std::filesystem;

constexpr int kServerCertificateDays = 825;

absl::Status Missing(std::string_view option) {
  return MakeError(Reason::kUsage, {{DetailKey::kField, option}, {DetailKey::kExpected, "to be given in production"}});
}

// What the installation is to be, before anything is made.
absl::StatusOr<NewConfig> Decide(const InitRequest& request) {
  NewConfig config{.environment = request.environment == NameOf(Environment::kProduction) ? Environment::kProduction
                                                                                          : Environment::kTrial,
                   .listen = request.listen,
                   .controller = request.controller,
                   .trust_domain = request.trust_domain};
  if (config.environment == Environment::kProduction && config.controller.empty()) {
    return Missing("--controller");
  }
  if (config.environment == Environment::kProduction && config.trust_domain.empty()) {
    return Missing("--trust-domain");
  }
  if (config.controller.empty()) {
    config.controller = "A trial of Kobling";
  }
  if (config.trust_domain.empty()) {
    config.trust_domain = "trial.kobling.example";
  }
  return config;
}

absl::Status TakeFolder(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) {
    return MakeNewFolder(folder, 0750);
  }
  if (!fs::is_directory(folder, error) || !fs::is_empty(folder, error) || error) {
    return MakeError(Reason::kFileExists, {{DetailKey::kFile, folder.string()},
                                           {DetailKey::kExpected, "a folder that is empty or not there"}});
  }
  error.clear();
  fs::permissions(folder, fs::perms(0750), error);
  return error ? MakeError(Reason::kFileUnwritable, {{DetailKey::kFile, folder.string()}}) : absl::OkStatus();
}

absl::Status MakeKek(const ServerConfig& config) {
  constexpr std::size_t kArenaBytes = 4096;
  KOBLING_ASSIGN_OR_RETURN(const std::unique_ptr<crypto::SecretArena> arena, crypto::SecretArena::Create(kArenaBytes));
  return crypto::CreateKekFile(config.kek_file.string(), *arena);
}

// This machine's names for itself, and what else was asked for.
std::vector<std::string> HostsOf(const InitRequest& request, const ServerConfig& config) {
  std::vector<std::string> hosts = {"localhost", "127.0.0.1", "::1"};
  std::vector<std::string> more = request.hosts;
  if (config.listen.host != "0.0.0.0" && config.listen.host != "::") {
    more.push_back(config.listen.host);
  }
  for (std::string& host : more) {
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) {
      hosts.push_back(std::move(host));
    }
  }
  return hosts;
}

absl::Status MakeTrialCertificates(const InitRequest& request, const ServerConfig& config,
                                   const fs::path& public_folder, const domain::Clock& clock) {
  KOBLING_ASSIGN_OR_RETURN(CertificateAuthority authority,
                           CertificateAuthority::Create(config.environment, AuthorityFolder(config.file), clock));
  KOBLING_ASSIGN_OR_RETURN(const IssuedCertificate server,
                           authority.IssueServerCertificate(HostsOf(request, config), kServerCertificateDays));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(config.tls.certificate, server.certificate, 0600));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(config.tls.private_key, server.private_key, 0600));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(config.tls.client_ca, authority.certificate(), 0600));
  return WriteNewFile(public_folder / "ca.pem", authority.certificate(), 0644);
}

void PrintResult(const ServerConfig& config, const SigningKeyInfo& key, std::ostream& out) {
  const fs::path folder = config.file.parent_path();
  const bool trial = config.environment == Environment::kTrial;
  out << absl::StrFormat("Made a %s installation in %s\n", NameOf(config.environment), folder.string())
      << "  koblingd.toml  the configuration\n"
      << "  case-rules.toml  what a case may be: kinds of sources, authorities, deadlines\n"
      << "  keys/kek       the key-encryption key: keep a copy in another place; without it all data are lost\n"
      << "  data/          the database\n"
      << "  key-files/     sealed key files\n"
      << "  tls/           the server's certificate and key, and the authority of the callers\n"
      << (trial ? "  ca/            the trial's own certificate authority\n" : "")
      << "  published-log/ the event log for auditors, with signed checkpoints\n"
      << "  public/        to hand out: the public keys that key files and the log are signed under\n"
      << "Fingerprint of the signing key: " << key.fingerprint << "\n\nNext:\n";
  const std::string file = config.file.string();
  if (trial) {
    out << "  koblingd certificate issue --config " << file << " --role caseworker --id NAME --out FOLDER\n";
  } else {
    out << "  Put server.pem, server.key and client-ca.pem into tls/ (docs/operations.md).\n";
  }
  out << "  koblingd config check --config " << file << "\n  koblingd serve --config " << file << '\n';
}

}  // namespace

fs::path AuthorityFolder(const fs::path& config) { return config.parent_path() / "ca"; }

absl::Status Init(const InitRequest& request, const CommandContext& context) {
  KOBLING_RETURN_IF_ERROR(HardenProcess());
  KOBLING_ASSIGN_OR_RETURN(const NewConfig decided, Decide(request));
  std::error_code error;
  const fs::path folder = fs::absolute(request.folder, error).lexically_normal();
  const std::string text = MakeConfigText(decided);
  KOBLING_ASSIGN_OR_RETURN(const ServerConfig config, ParseConfig(text, folder / "koblingd.toml"));

  KOBLING_RETURN_IF_ERROR(TakeFolder(folder));
  for (const char* name : {"keys", "data", "key-files", "tls"}) {
    KOBLING_RETURN_IF_ERROR(MakeNewFolder(folder / name, 0700));
  }
  KOBLING_RETURN_IF_ERROR(MakeNewFolder(folder / "published-log", 0750));
  const fs::path public_folder = folder / "public";
  KOBLING_RETURN_IF_ERROR(MakeNewFolder(public_folder, 0755));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(config.file, text, 0640));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(config.case_rules_file, std::string(DefaultCaseRulesText()), 0640));
  KOBLING_RETURN_IF_ERROR(MakeKek(config));
  if (config.environment == Environment::kTrial) {
    KOBLING_RETURN_IF_ERROR(MakeTrialCertificates(request, config, public_folder, context.clock));
  }
  KOBLING_ASSIGN_OR_RETURN(const SigningKeyInfo key, context.service.Initialise(config));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(public_folder / "kobling.pub", key.public_key, 0644));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(public_folder / "log.vkey", key.log_verifier_key + '\n', 0644));
  PrintResult(config, key, context.out);
  return absl::OkStatus();
}

}  // namespace kobling::server
