#include "client/certificate_testing.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <memory>

namespace kobling::client {
namespace {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

void Need(bool is_true) {
  if (!is_true) {
    std::abort();
  }
}

std::string TextIn(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

TestCertificate MakeTestCertificate(absl::Time begin, absl::Time end) {
  const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, Freed<X509_free>> certificate(X509_new());
  Need(key != nullptr && certificate != nullptr);
  X509* const x509 = certificate.get();
  Need(X509_set_version(x509, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1);
  Need(ASN1_TIME_set(X509_getm_notBefore(x509), absl::ToTimeT(begin)) != nullptr);
  Need(ASN1_TIME_set(X509_getm_notAfter(x509), absl::ToTimeT(end)) != nullptr);
  X509_NAME* const name = X509_get_subject_name(x509);
  Need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                                  0) == 1);
  Need(X509_set_issuer_name(x509, name) == 1 && X509_set_pubkey(x509, key.get()) == 1);
  const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> host(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost"));
  Need(host != nullptr && X509_add_ext(x509, host.get(), -1) == 1);
  Need(X509_sign(x509, key.get(), EVP_sha256()) > 0);
  const Bio certificate_text(BIO_new(BIO_s_mem()));
  const Bio key_text(BIO_new(BIO_s_mem()));
  Need(PEM_write_bio_X509(certificate_text.get(), x509) == 1);
  Need(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {TextIn(certificate_text), TextIn(key_text)};
}

}  // namespace kobling::client
