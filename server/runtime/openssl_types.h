// Owners of OpenSSL's objects, and PEM text in and out. For the .cc files of this folder.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kobling::server {

template <auto kFree>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using Bio = std::unique_ptr<BIO, OpenSslFree<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;

// The certificates of a PEM text in their order; empty if there is none or if one of them is damaged.
std::vector<Certificate> ParseCertificates(std::string_view pem);

// Null if the text holds no unencrypted private key.
PrivateKey ParsePrivateKey(std::string_view pem);

// Empty if OpenSSL fails.
std::string ToPem(X509& certificate);
std::string ToPem(EVP_PKEY& key);

// The names of kind URI in the certificate's subject alternative name.
std::vector<std::string> UriNames(const X509& certificate);

}  // namespace kobling::server
