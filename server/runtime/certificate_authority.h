// The certificate authority of a trial: it makes the certificates of a server and its callers, so that a trial needs
// nothing from anybody. Production takes its certificates from an authority that the organisation already runs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "domain/clock.h"
#include "server/access/caller.h"
#include "server/runtime/config.h"

namespace kobling::server {

// A certificate and its key, in PEM.
struct IssuedCertificate {
  std::string certificate;
  std::string private_key;
};

// Keys are ECDSA P-256. The folder (0700) holds ca.pem, ca.key and index, all 0600. The index has a line for each
// client certificate ever issued, and is what keeps one id from holding roles that conflict. One process at a time.
class CertificateAuthority {
 public:
  // A new authority in a folder that does not exist yet, good for ten years. `clock` must outlive it. Fails with
  // CONFIGURATION in production, with FILE_EXISTS or with FILE_UNWRITABLE.
  static absl::StatusOr<CertificateAuthority> Create(Environment environment, const std::filesystem::path& folder,
                                                     const domain::Clock& clock);

  // The authority in this folder. Fails with CONFIGURATION in production, with FILE_NOT_FOUND, or with FILE_MODE.
  static absl::StatusOr<CertificateAuthority> Open(Environment environment, const std::filesystem::path& folder,
                                                   const domain::Clock& clock);

  // The certificate to give to whoever shall trust this authority.
  const std::string& certificate() const { return authority_.certificate; }

  // For a TLS server that is reached under these host names and IP addresses, at least one.
  absl::StatusOr<IssuedCertificate> IssueServerCertificate(const std::vector<std::string>& hosts, int days);

  // For a caller; its only name is spiffe://<trust domain>/<role>/<id>. Fails with CONFIGURATION, and issues nothing,
  // if the id already has a certificate with a conflicting role.
  absl::StatusOr<IssuedCertificate> IssueClientCertificate(const Caller& caller, const std::string& trust_domain,
                                                           int days);

 private:
  CertificateAuthority(std::filesystem::path folder, IssuedCertificate authority, const domain::Clock& clock)
      : folder_(std::move(folder)), authority_(std::move(authority)), clock_(&clock) {}

  absl::Status EnterInIndex(const Caller& caller, absl::Time expiry) const;

  std::filesystem::path folder_;
  IssuedCertificate authority_;
  const domain::Clock* clock_;
};

}  // namespace kobling::server
