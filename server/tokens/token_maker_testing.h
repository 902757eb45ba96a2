// An issuer of tokens and a client with proofs, for tests: made with OpenSSL alone, so that nothing of what is tested
// makes what it is tested with.
#pragma once

#include <openssl/evp.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace kobling::server {

// A key pair. Its texts are those of the standards, written by this file's own code.
class TestKey {
 public:
  static TestKey Rsa(int bits);
  static TestKey Ec(const char* curve);  // "P-256", "P-384"

  // The public key as a JWK, with this `kid`.
  nlohmann::json PublicJwk(std::string_view id) const;
  // The public key as a JWK without more members than RFC 7638 has.
  nlohmann::json BareJwk() const;
  std::string Thumbprint() const;
  // What a tricked verifier would take for the secret of an HMAC.
  std::string PublicPem() const;

  // The signature of the text as JWS has it, in base64url: for RS256, RS384, PS256, ES256 and ES384.
  std::string Sign(std::string_view algorithm, std::string_view text) const;

 private:
  explicit TestKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}
  std::shared_ptr<EVP_PKEY> key_;
};

std::string TestBase64Url(std::string_view bytes);
std::string TestSha256(std::string_view text);

// What is to be signed, and how; a test changes what it is about. A text in place of a JSON value is taken as it is.
struct SignedDraft {
  const TestKey* key;
  std::string algorithm;  // as the signature is made; header["alg"] says what it is said to be
  nlohmann::json header;
  nlohmann::json claims;
  std::optional<std::string> header_text;
  std::optional<std::string> claims_text;
  // Changes the compact text at the end.
  std::function<void(std::string&)> then;

  std::string Compact() const;
};

}  // namespace kobling::server
