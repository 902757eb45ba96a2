#include "server/runtime/certificate_check.h"

#include <ctime>
#include <vector>

#include "domain/error.h"
#include "server/runtime/openssl_types.h"

namespace kobling::server {
namespace {

using domain::DetailKey;

absl::Status Fault(std::string_view setting, std::string_view expected) {
  return domain::MakeError(domain::Reason::kConfiguration,
                           {{DetailKey::kField, setting}, {DetailKey::kExpected, expected}});
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? absl::FromTM(parts, absl::UTCTimeZone()) : absl::InfinitePast();
}

absl::Time ExpiryOf(const X509& certificate) { return ToTime(X509_get0_notAfter(&certificate)); }

bool InForce(const X509& certificate, absl::Time now) {
  return ToTime(X509_get0_notBefore(&certificate)) <= now && now < ExpiryOf(certificate);
}

bool IsIssuedBy(X509& certificate, X509& issuer) {
  return X509_check_issued(&issuer, &certificate) == X509_V_OK &&
         X509_verify(&certificate, X509_get0_pubkey(&issuer)) == 1;
}

}  // namespace

absl::StatusOr<absl::Time> CheckServerCertificate(const TlsTexts& texts, absl::Time now) {
  const std::vector<Certificate> chain = ParseCertificates(texts.certificate_chain);
  if (chain.empty()) {
    return Fault("tls.certificate", "one or more whole certificates in PEM");
  }
  const PrivateKey key = ParsePrivateKey(texts.private_key);
  if (key == nullptr) {
    return Fault("tls.key", "a whole private key in PEM without passphrase");
  }
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    return Fault("tls.key", "the private key of tls.certificate");
  }
  if (X509_check_purpose(chain.front().get(), X509_PURPOSE_SSL_SERVER, 0) != 1) {
    return Fault("tls.certificate", "a certificate that a TLS server may use (extended key usage serverAuth)");
  }
  absl::Time expiry = absl::InfiniteFuture();
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (!InForce(*chain[i], now)) {
      return Fault("tls.certificate", "certificates that are in force now");
    }
    if (i + 1 < chain.size() && !IsIssuedBy(*chain[i], *chain[i + 1])) {
      return Fault("tls.certificate", "each certificate followed by that of its issuer");
    }
    expiry = std::min(expiry, ExpiryOf(*chain[i]));
  }
  return expiry;
}

absl::StatusOr<absl::Time> CheckClientAuthority(std::string_view client_ca, absl::Time now) {
  const std::vector<Certificate> authorities = ParseCertificates(client_ca);
  if (authorities.empty()) {
    return Fault("tls.client_ca", "one or more whole certificates in PEM");
  }
  absl::Time expiry = absl::InfinitePast();
  for (const Certificate& authority : authorities) {
    if (X509_check_ca(authority.get()) == 0) {
      return Fault("tls.client_ca", "certificates of authorities (basic constraint CA)");
    }
    if (InForce(*authority, now)) {
      expiry = std::max(expiry, ExpiryOf(*authority));
    }
  }
  if (expiry == absl::InfinitePast()) {
    return Fault("tls.client_ca", "at least one certificate that is in force now");
  }
  return expiry;
}

}  // namespace kobling::server
