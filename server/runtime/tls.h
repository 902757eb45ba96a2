// How callers reach the server: TLS 1.3, both sides with certificates, which can be replaced while the server runs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/clock.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "server/runtime/certificate_check.h"
#include "server/runtime/config.h"
#include "server/runtime/log.h"
#include "server/runtime/memory_file.h"

namespace kobling::server {

// The three files, read. Fails with FILE_NOT_FOUND, FILE_UNREADABLE, or FILE_MODE if the private key is open to others.
absl::StatusOr<TlsTexts> ReadTlsFiles(const TlsFiles& files);

// The server's credentials, and the watch over their files.
//
// gRPC can watch files itself, but takes whatever it finds: a half-written file ends all new connections. So the files
// are watched here, and what is in them reaches gRPC only when it would work: whole, matching, in force. What would not
// work is logged once and changes nothing. All three files are taken over together or not at all; gRPC notices within
// about a second. Connections that exist are not touched.
//
// TLS 1.3 only: this release of gRPC has no setting for it, so the rule is made through OpenSSL's configuration, and
// holds from the first Open for every TLS connection of the process.
//
// Must outlive the server that uses its credentials. Safe to use from several threads.
class ServerTls {
 public:
  // Fails with CONFIGURATION, FILE_NOT_FOUND, FILE_UNREADABLE or FILE_MODE, naming the file or setting, if the files
  // would not work. Looks at the files again every `interval`. The clock and the log must outlive it.
  static absl::StatusOr<std::unique_ptr<ServerTls>> Open(const TlsFiles& files, std::chrono::milliseconds interval,
                                                         const domain::Clock& clock, Log& log);
  ~ServerTls();
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;

  // For grpc::ServerBuilder. Client certificates are required and verified.
  const std::shared_ptr<grpc::ServerCredentials>& credentials() const { return credentials_; }

  // What the watch does at every interval. OK if the files are in use now, whether or not they are new.
  absl::Status Reload();

  // When the first certificate of those in use expires.
  absl::Time expiry() const;

 private:
  struct Loaded {
    TlsTexts texts;
    absl::Time expiry;
  };

  ServerTls(const TlsFiles& files, const domain::Clock& clock, Log& log, Loaded loaded, MemoryFile identity,
            MemoryFile client_ca);

  static absl::StatusOr<Loaded> Load(const TlsFiles& files, absl::Time now);
  // One file with key and certificates, so that they can be replaced in one step.
  static std::string IdentityText(const TlsTexts& texts) { return texts.private_key + "\n" + texts.certificate_chain; }
  void Watch(const std::stop_token& stop, std::chrono::milliseconds interval);

  const TlsFiles files_;
  const domain::Clock& clock_;
  Log& log_;
  mutable std::mutex mutex_;
  Loaded in_use_;                                         // guarded by mutex_
  absl::Status last_failure_;                             // guarded by mutex_; the same failure is logged once
  MemoryFile identity_;                                   // replaced under mutex_
  MemoryFile client_ca_;                                  // replaced under mutex_
  std::shared_ptr<grpc::ServerCredentials> credentials_;  // reads the memory files, so it goes before them
  std::condition_variable_any wake_;
  std::jthread watch_;
};

}  // namespace kobling::server
