#include "server/runtime/openssl_types.h"

#include <openssl/err.h>

#include <limits>

namespace kobling::server {
namespace {

Bio ReadFrom(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return nullptr;
  }
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string Contents(BIO& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

// A key with a passphrase is refused rather than asked for at a terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::vector<Certificate> ParseCertificates(std::string_view pem) {
  std::vector<Certificate> certificates;
  const Bio bio = ReadFrom(pem);
  if (bio == nullptr) {
    return certificates;
  }
  ERR_clear_error();
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)}) {
    certificates.push_back(std::move(next));
  }
  // The end of the text is the one failure that is expected.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) {
    certificates.clear();
  }
  return certificates;
}

PrivateKey ParsePrivateKey(std::string_view pem) {
  const Bio bio = ReadFrom(pem);
  PrivateKey key(bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  return key;
}

std::string ToPem(X509& certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  return bio != nullptr && PEM_write_bio_X509(bio.get(), &certificate) == 1 ? Contents(*bio) : std::string();
}

std::string ToPem(EVP_PKEY& key) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  const bool written =
      bio != nullptr && PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  return written ? Contents(*bio) : std::string();
}

std::vector<std::string> UriNames(const X509& certificate) {
  std::vector<std::string> uris;
  const std::unique_ptr<GENERAL_NAMES, OpenSslFree<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) {
      const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
      uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                        static_cast<std::size_t>(ASN1_STRING_length(uri)));
    }
  }
  return uris;
}

}  // namespace kobling::server
