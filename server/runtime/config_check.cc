#include "server/runtime/config_check.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "crypto/kek_file.h"
#include "crypto/secret_memory.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/runtime/certificate_check.h"
#include "server/runtime/files.h"
#include "server/runtime/hardening.h"
#include "server/runtime/tls.h"

namespace kobling::server {
namespace {

using Outcome = ConfigCheck::Outcome;
using domain::DetailKey;

constexpr absl::Duration kExpiryWarning = absl::Hours(24 * 30);

ConfigCheck Checked(std::string subject, absl::Status status) {
  const Outcome outcome = status.ok() ? Outcome::kOk : Outcome::kError;
  return {.subject = std::move(subject), .outcome = outcome, .status = std::move(status)};
}

ConfigCheck CheckExpiry(const std::string& subject, std::string_view setting, const absl::StatusOr<absl::Time>& expiry,
                        absl::Time now) {
  if (!expiry.ok()) {
    return Checked(subject, expiry.status());
  }
  ConfigCheck check = Checked(
      absl::StrFormat("%s, in force until %s", subject, absl::FormatTime("%Y-%m-%d", *expiry, absl::UTCTimeZone())),
      absl::OkStatus());
  if (*expiry - now < kExpiryWarning) {
    check.outcome = Outcome::kWarning;
    check.status = domain::MakeError(
        domain::Reason::kConfiguration,
        {{DetailKey::kField, setting}, {DetailKey::kExpected, "certificates in force for 30 days or more"}});
  }
  return check;
}

absl::Status CheckDataFolder(const std::filesystem::path& folder) {
  // The store makes files of some megabytes when it is opened, and ends the process if it cannot.
  constexpr std::uint64_t kLeastFree = std::uint64_t{64} << 20;
  KOBLING_RETURN_IF_ERROR(CheckPrivateFolder(folder));
  KOBLING_RETURN_IF_ERROR(CheckFreeSpace(folder, kLeastFree));
  return CheckWritableFolder(folder);
}

// Who can write to the configuration decides where keys and callers' authority are.
absl::Status CheckConfigFile(const std::filesystem::path& file) {
  KOBLING_RETURN_IF_ERROR(CheckOnlyOwnerWrites(file.parent_path()));
  return CheckOnlyOwnerWrites(file);
}

// Opens it, so that a damaged file is found before the server needs it.
absl::Status CheckKek(const std::filesystem::path& file) {
  constexpr std::size_t kArenaBytes = 4096;
  KOBLING_RETURN_IF_ERROR(CheckSecretFile(file));
  KOBLING_ASSIGN_OR_RETURN(const auto arena, crypto::SecretArena::Create(kArenaBytes));
  return crypto::KekFile(file.string()).Load(*arena, std::nullopt).status();
}

// Sealed key files are deleted by their names, so that nothing else may live beside them.
absl::Status CheckFoldersApart(const ServerConfig& config) {
  for (const std::filesystem::path& other : {config.storage_directory, config.kek_file.parent_path(),
                                             config.tls.private_key.parent_path(), config.log_directory}) {
    std::error_code error;
    if (std::filesystem::equivalent(config.key_file_directory, other, error)) {
      return domain::MakeError(domain::Reason::kConfiguration,
                               {{DetailKey::kField, "key_files.directory"},
                                {DetailKey::kExpected, "a folder that is used for nothing else"}});
    }
  }
  return absl::OkStatus();
}

// It is made at start if it is not there. Others may read it.
absl::Status CheckPublishedFolder(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(CheckOnlyOwnerWrites(folder));
  return CheckWritableFolder(folder);
}

}  // namespace

std::vector<ConfigCheck> CheckConfig(const ServerConfig& config, const domain::Clock& clock) {
  const absl::Time now = clock.Now();
  std::vector<ConfigCheck> checks;
  checks.push_back(Checked("the configuration file", CheckConfigFile(config.file)));
  const absl::StatusOr<TlsTexts> texts = ReadTlsFiles(config.tls);
  checks.push_back(Checked("the files of [tls] can be read", texts.status()));
  if (texts.ok()) {
    checks.push_back(
        CheckExpiry("the server's certificate", "tls.certificate", CheckServerCertificate(*texts, now), now));
    checks.push_back(
        CheckExpiry("the callers' authority", "tls.client_ca", CheckClientAuthority(texts->client_ca, now), now));
  }
  checks.push_back(Checked("the folder of the key-encryption key", CheckPrivateFolder(config.kek_file.parent_path())));
  checks.push_back(Checked("the key-encryption key", CheckKek(config.kek_file)));
  checks.push_back(Checked("the storage folder", CheckDataFolder(config.storage_directory)));
  checks.push_back(Checked("the folder of key files", CheckDataFolder(config.key_file_directory)));
  checks.push_back(Checked("key files in a folder of their own", CheckFoldersApart(config)));
  checks.push_back(Checked("the folder of the published log", CheckPublishedFolder(config.log_directory)));
  checks.push_back(Checked("memory that may be locked, files that may be open", CheckProcessLimits()));
  checks.push_back(Checked("environment variables", CheckEnvironmentVariables(config.environment, std::getenv)));
  return checks;
}

absl::Status FirstError(const std::vector<ConfigCheck>& checks) {
  for (const ConfigCheck& check : checks) {
    if (check.outcome == Outcome::kError) {
      return check.status;
    }
  }
  return absl::OkStatus();
}

}  // namespace kobling::server
