// The certificates of a profile, looked at before anything is sent: a server that is not shown a certificate in force
// only closes the connection, and gives no reason that a person could use.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/grpc_connection.h"
#include "client/profile.h"

namespace kobling::client {

// One PEM text and the file that it came from, for messages.
struct PemFile {
  std::string path;
  std::string text;
};

// The end of the certificate's validity. Fails with PROFILE, naming the file, if the text does not begin with a
// certificate, or if it is not in force at `now`.
absl::StatusOr<absl::Time> CheckCertificate(const PemFile& certificate, absl::Time now);

// Whether one of the authorities has signed the certificate. Both texts have been checked.
bool IsIssuedBy(const PemFile& certificate, const PemFile& ca);

// Fails with PROFILE if there is no private key in the text, or if it is not that of the certificate.
absl::Status CheckKey(const PemFile& key, const PemFile& certificate);

// Fails with PROFILE if there is no certificate in the text, or if none is in force at `now`.
absl::Status CheckAuthorities(const PemFile& ca, absl::Time now);

// Reads the three files and makes all of these checks. Fails also as Profile::Require and ReadSmallFile.
absl::StatusOr<TlsFiles> ReadTlsFiles(const Profile& profile, absl::Time now);

}  // namespace kobling::client
