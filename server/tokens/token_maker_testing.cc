#include "server/tokens/token_maker_testing.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <utility>
#include <vector>

namespace kobling::server {
namespace {

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string NumberOf(const EVP_PKEY* key, const char* parameter, int length = 0) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, parameter, &number), 1) << parameter;
  std::string bytes(static_cast<std::size_t>(length == 0 ? BN_num_bytes(number) : length), '\0');
  BN_bn2binpad(number, Bytes(bytes), static_cast<int>(bytes.size()));
  BN_free(number);
  return TestBase64Url(bytes);
}

// From DER to two numbers of the same length, one after the other.
std::string ToFixedLength(const std::string& der, int length) {
  const unsigned char* in = Bytes(std::string_view(der));
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size()));
  EXPECT_NE(pair, nullptr);
  std::string bytes(static_cast<std::size_t>(2 * length), '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), Bytes(bytes), length);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), Bytes(bytes) + length, length);
  ECDSA_SIG_free(pair);
  return bytes;
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::string mac(32, '\0');
  EXPECT_NE(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(), Bytes(mac), nullptr),
            nullptr);
  return mac;
}

}  // namespace

std::string TestBase64Url(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8U) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) {
      text += kAlphabet[(buffer >> static_cast<unsigned>(bits - 6)) & 63U];
    }
  }
  if (bits > 0) {
    text += kAlphabet[(buffer << static_cast<unsigned>(6 - bits)) & 63U];
  }
  return text;
}

std::string TestSha256(std::string_view text) {
  std::string digest(32, '\0');
  EXPECT_EQ(EVP_Digest(text.data(), text.size(), Bytes(digest), nullptr, EVP_sha256(), nullptr), 1);
  return digest;
}

TestKey TestKey::Rsa(int bits) { return TestKey(EVP_RSA_gen(static_cast<unsigned>(bits))); }

TestKey TestKey::Ec(const char* curve) { return TestKey(EVP_EC_gen(curve)); }

nlohmann::json TestKey::BareJwk() const {
  if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA) {
    return {{"kty", "RSA"},
            {"n", NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N)},
            {"e", NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E)}};
  }
  const int length = (EVP_PKEY_get_bits(key_.get()) + 7) / 8;
  return {{"kty", "EC"},
          {"crv", length == 32 ? "P-256" : "P-384"},
          {"x", NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, length)},
          {"y", NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, length)}};
}

nlohmann::json TestKey::PublicJwk(std::string_view id) const {
  nlohmann::json jwk = BareJwk();
  jwk["kid"] = id;
  jwk["use"] = "sig";
  return jwk;
}

// nlohmann's objects are ordered by name, as RFC 7638 wants them.
std::string TestKey::Thumbprint() const { return TestBase64Url(TestSha256(BareJwk().dump())); }

std::string TestKey::PublicPem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(PEM_write_bio_PUBKEY(bio, key_.get()), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string TestKey::Sign(std::string_view algorithm, std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* digest = algorithm.ends_with("384") ? EVP_sha384() : EVP_sha256();
  EVP_PKEY_CTX* options = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &options, digest, nullptr, key_.get()), 1);
  if (algorithm.starts_with("PS")) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST), 1);
  }
  std::size_t size = 0;
  EXPECT_EQ(EVP_DigestSign(context.get(), nullptr, &size, Bytes(text), text.size()), 1);
  std::string signature(size, '\0');
  EXPECT_EQ(EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(text), text.size()), 1);
  signature.resize(size);
  if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_EC) {
    signature = ToFixedLength(signature, (EVP_PKEY_get_bits(key_.get()) + 7) / 8);
  }
  return TestBase64Url(signature);
}

std::string SignedDraft::Compact() const {
  const std::string text =
      TestBase64Url(header_text.value_or(header.dump())) + '.' + TestBase64Url(claims_text.value_or(claims.dump()));
  std::string signature;
  if (algorithm == "HS256") {
    signature = TestBase64Url(Hmac(key->PublicPem(), text));
  } else if (algorithm != "none") {
    signature = key->Sign(algorithm, text);
  }
  std::string compact = text + '.' + signature;
  if (then) {
    then(compact);
  }
  return compact;
}

}  // namespace kobling::server
