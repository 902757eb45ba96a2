#include "server/runtime/tls.h"

#include <openssl/conf.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "server/runtime/files.h"
#include "server/runtime/openssl_types.h"

namespace kobling::server {
namespace {

constexpr absl::Duration kExpiryWarning = absl::Hours(24 * 30);

// gRPC sets its own lowest version, TLS 1.2, on every context, but leaves the switch that takes TLS 1.2 out alone.
constexpr std::string_view kTlsPolicy = R"(openssl_conf = kobling
[kobling]
ssl_conf = tls
[tls]
system_default = policy
[policy]
MinProtocol = TLSv1.3
Protocol = -TLSv1.2
CipherString = DEFAULT:@SECLEVEL=2
)";

using Configuration = std::unique_ptr<CONF, OpenSslFree<NCONF_free>>;

absl::Status RequireTls13() {
  // The machine's own configuration first, so that it does not come later and undo ours.
  if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr) != 1) {
    return domain::MakeError(domain::Reason::kInternal);
  }
  const Bio bio(BIO_new_mem_buf(kTlsPolicy.data(), static_cast<int>(kTlsPolicy.size())));
  const Configuration configuration(NCONF_new(nullptr));
  long fault_line = 0;
  if (bio == nullptr || configuration == nullptr || NCONF_load_bio(configuration.get(), bio.get(), &fault_line) != 1 ||
      CONF_modules_load(configuration.get(), nullptr, 0) != 1) {
    return domain::MakeError(domain::Reason::kInternal);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TlsTexts> ReadTlsFiles(const TlsFiles& files) {
  KOBLING_RETURN_IF_ERROR(CheckSecretFile(files.private_key));
  TlsTexts texts;
  KOBLING_ASSIGN_OR_RETURN(texts.certificate_chain, ReadSmallFile(files.certificate));
  KOBLING_ASSIGN_OR_RETURN(texts.private_key, ReadSmallFile(files.private_key));
  KOBLING_ASSIGN_OR_RETURN(texts.client_ca, ReadSmallFile(files.client_ca));
  return texts;
}

absl::StatusOr<ServerTls::Loaded> ServerTls::Load(const TlsFiles& files, absl::Time now) {
  Loaded loaded;
  KOBLING_ASSIGN_OR_RETURN(loaded.texts, ReadTlsFiles(files));
  KOBLING_ASSIGN_OR_RETURN(const absl::Time own_expiry, CheckServerCertificate(loaded.texts, now));
  KOBLING_ASSIGN_OR_RETURN(const absl::Time authority_expiry, CheckClientAuthority(loaded.texts.client_ca, now));
  loaded.expiry = std::min(own_expiry, authority_expiry);
  return loaded;
}

absl::StatusOr<std::unique_ptr<ServerTls>> ServerTls::Open(const TlsFiles& files, std::chrono::milliseconds interval,
                                                           const domain::Clock& clock, Log& log) {
  KOBLING_RETURN_IF_ERROR(RequireTls13());
  KOBLING_ASSIGN_OR_RETURN(Loaded loaded, Load(files, clock.Now()));
  KOBLING_ASSIGN_OR_RETURN(MemoryFile identity, MemoryFile::Create(IdentityText(loaded.texts)));
  KOBLING_ASSIGN_OR_RETURN(MemoryFile client_ca, MemoryFile::Create(loaded.texts.client_ca));
  std::unique_ptr<ServerTls> tls(
      new ServerTls(files, clock, log, std::move(loaded), std::move(identity), std::move(client_ca)));
  if (tls->expiry() - clock.Now() < kExpiryWarning) {
    log.Warning("a certificate expires soon", {Field("expiry", tls->expiry())});
  }
  tls->watch_ =
      std::jthread([self = tls.get(), interval](const std::stop_token& stop) { self->Watch(stop, interval); });
  return tls;
}

ServerTls::ServerTls(const TlsFiles& files, const domain::Clock& clock, Log& log, Loaded loaded, MemoryFile identity,
                     MemoryFile client_ca)
    : files_(files),
      clock_(clock),
      log_(log),
      in_use_(std::move(loaded)),
      identity_(std::move(identity)),
      client_ca_(std::move(client_ca)) {
  constexpr unsigned kRefreshSeconds = 1;
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(identity_.path(), identity_.path(),
                                                                           client_ca_.path(), kRefreshSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  credentials_ = grpc::experimental::TlsServerCredentials(options);
}

ServerTls::~ServerTls() = default;

absl::Time ServerTls::expiry() const {
  const std::lock_guard lock(mutex_);
  return in_use_.expiry;
}

absl::Status ServerTls::Reload() {
  absl::StatusOr<Loaded> loaded = Load(files_, clock_.Now());
  const std::lock_guard lock(mutex_);
  if (loaded.ok() && loaded->texts == in_use_.texts) {
    last_failure_ = absl::OkStatus();
    return absl::OkStatus();
  }
  absl::Status status = loaded.status();
  if (status.ok()) {
    status = client_ca_.Replace(loaded->texts.client_ca);
  }
  if (status.ok()) {
    status = identity_.Replace(IdentityText(loaded->texts));
  }
  if (status.ok()) {
    in_use_ = *std::move(loaded);
    log_.Info("certificates replaced", {Field("expiry", in_use_.expiry)});
  } else if (status != last_failure_) {
    log_.Warning("new certificates ignored, the old ones stay in use", {Field("error", status)});
  }
  last_failure_ = status;
  return status;
}

void ServerTls::Watch(const std::stop_token& stop, std::chrono::milliseconds interval) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, interval, [] { return false; });
    if (!stop.stop_requested()) {
      // A failure is logged by Reload, and the next round tries again.
      Reload().IgnoreError();
    }
  }
}

}  // namespace kobling::server
