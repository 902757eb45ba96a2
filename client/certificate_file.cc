#include "client/certificate_file.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

absl::Status Unusable(const PemFile& file, Setting setting, std::string_view hint) {
  return MakeError(Reason::kProfile,
                   {{DetailKey::kField, NameOf(setting)}, {DetailKey::kFile, file.path}, {DetailKey::kHint, hint}});
}

Bio Open(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// A key that is locked with a password is not asked for one.
int NoPassword(char*, int, int, void*) { return -1; }

std::vector<Certificate> ParseAll(const std::string& text) {
  std::vector<Certificate> found;
  const Bio bio = Open(text);
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)) {
    found.emplace_back(next);
  }
  // The end of the text counts as an error.
  ERR_clear_error();
  return found;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm broken = {};
  return ASN1_TIME_to_tm(time, &broken) == 1 ? absl::FromTimeT(timegm(&broken)) : absl::InfinitePast();
}

std::string DayOf(absl::Time time) { return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone()); }

}  // namespace

absl::StatusOr<absl::Time> CheckCertificate(const PemFile& certificate, absl::Time now) {
  const std::vector<Certificate> found = ParseAll(certificate.text);
  if (found.empty()) {
    return Unusable(certificate, Setting::kCertificate, "there is no certificate in this file");
  }
  const absl::Time begin = TimeOf(X509_get0_notBefore(found.front().get()));
  const absl::Time end = TimeOf(X509_get0_notAfter(found.front().get()));
  if (now > end) {
    return Unusable(certificate, Setting::kCertificate, "your certificate expired on " + DayOf(end));
  }
  if (now < begin) {
    return Unusable(certificate, Setting::kCertificate,
                    "your certificate is not valid before " + DayOf(begin) + "; is this machine's clock right?");
  }
  return end;
}

absl::Status CheckKey(const PemFile& key, const PemFile& certificate) {
  const Bio bio = Open(key.text);
  const PrivateKey parsed(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  const std::vector<Certificate> certificates = ParseAll(certificate.text);
  if (parsed == nullptr) {
    return Unusable(key, Setting::kKey, "there is no private key in this file, or a password locks it");
  }
  const bool belong_together =
      !certificates.empty() && X509_check_private_key(certificates.front().get(), parsed.get()) == 1;
  ERR_clear_error();
  return belong_together ? absl::OkStatus()
                         : Unusable(key, Setting::kKey, "the key is not that of the certificate " + certificate.path);
}

bool IsIssuedBy(const PemFile& certificate, const PemFile& ca) {
  const std::vector<Certificate> chain = ParseAll(certificate.text);
  const std::vector<Certificate> authorities = ParseAll(ca.text);
  const bool issued = std::any_of(chain.begin(), chain.end(), [&](const Certificate& link) {
    return std::any_of(authorities.begin(), authorities.end(), [&](const Certificate& authority) {
      EVP_PKEY* const key = X509_get0_pubkey(authority.get());
      return X509_check_issued(authority.get(), link.get()) == X509_V_OK && key != nullptr &&
             X509_verify(link.get(), key) == 1;
    });
  });
  ERR_clear_error();
  return issued;
}

absl::Status CheckAuthorities(const PemFile& ca, absl::Time now) {
  const std::vector<Certificate> found = ParseAll(ca.text);
  if (found.empty()) {
    return Unusable(ca, Setting::kCa, "there is no certificate in this file");
  }
  absl::Time last_end = absl::InfinitePast();
  for (const Certificate& certificate : found) {
    last_end = std::max(last_end, TimeOf(X509_get0_notAfter(certificate.get())));
  }
  return now > last_end ? Unusable(ca, Setting::kCa, "the authority's certificate expired on " + DayOf(last_end))
                        : absl::OkStatus();
}

absl::StatusOr<TlsFiles> ReadTlsFiles(const Profile& profile, absl::Time now) {
  PemFile ca;
  PemFile certificate;
  PemFile key;
  KOBLING_ASSIGN_OR_RETURN(ca.path, profile.Require(Setting::kCa));
  KOBLING_ASSIGN_OR_RETURN(certificate.path, profile.Require(Setting::kCertificate));
  KOBLING_ASSIGN_OR_RETURN(key.path, profile.Require(Setting::kKey));
  KOBLING_ASSIGN_OR_RETURN(ca.text, ReadSmallFile(ca.path));
  KOBLING_ASSIGN_OR_RETURN(certificate.text, ReadSmallFile(certificate.path));
  KOBLING_ASSIGN_OR_RETURN(key.text, ReadSecretFile(key.path));
  KOBLING_RETURN_IF_ERROR(CheckAuthorities(ca, now));
  KOBLING_RETURN_IF_ERROR(CheckCertificate(certificate, now).status());
  KOBLING_RETURN_IF_ERROR(CheckKey(key, certificate));
  return TlsFiles{.ca = std::move(ca.text), .certificate = std::move(certificate.text), .key = std::move(key.text)};
}

}  // namespace kobling::client
