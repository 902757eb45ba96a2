#include "server/tokens/public_key.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "server/tokens/base64url.h"
#include "server/tokens/token_maker_testing.h"

namespace kobling::server {
namespace {

using nlohmann::json;

PublicKey::ParseResult Parse(const json& jwk) { return PublicKey::FromJwk(*Json::ParseObject(jwk.dump())); }

// RFC 7515, appendix A.2 and A.3: the same payload, signed with RS256 and ES256.
constexpr std::string_view kPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const json kRsaKey = {
    {"kty", "RSA"},
    {"n",
     "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ"
     "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2"
     "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD"
     "TW9gb54h4FRWyuXpoQ"},
    {"e", "AQAB"}};
constexpr std::string_view kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUA"
    "r7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO"
    "--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN"
    "_IoypGlUPQGe77Rw";
const json kEcKey = {{"kty", "EC"},
                     {"crv", "P-256"},
                     {"x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},
                     {"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}};
constexpr std::string_view kEcSignature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

std::string Compact(std::string_view header, std::string_view signature) {
  return TestBase64Url(header) + '.' + std::string(kPayload) + '.' + std::string(signature);
}

TEST(PublicKey, ChecksTheSignaturesOfTheStandard) {
  const std::string payload = *Base64UrlDecode(kPayload);
  const auto rsa = Parse(kRsaKey).key;
  const auto ec = Parse(kEcKey).key;
  ASSERT_NE(rsa, nullptr);
  ASSERT_NE(ec, nullptr);
  const std::string by_rsa = Compact(R"({"alg":"RS256"})", kRsaSignature);
  const std::string by_ec = Compact(R"({"alg":"ES256"})", kEcSignature);
  EXPECT_TRUE(rsa->Signed(by_rsa, SignatureAlgorithm::kRs256, payload));
  EXPECT_TRUE(ec->Signed(by_ec, SignatureAlgorithm::kEs256, payload));
  EXPECT_FALSE(rsa->Signed(by_rsa, SignatureAlgorithm::kEs256, payload));
  EXPECT_FALSE(ec->Signed(by_rsa, SignatureAlgorithm::kRs256, payload));
  EXPECT_FALSE(rsa->Signed(by_ec, SignatureAlgorithm::kEs256, payload));
  EXPECT_FALSE(rsa->Signed(by_rsa, SignatureAlgorithm::kRs256, payload + " ")) << "another text was signed";
}

TEST(PublicKey, EcSignatureWithAByteMoreIsNone) {
  const auto ec = Parse(kEcKey).key;
  const std::string payload = *Base64UrlDecode(kPayload);
  const std::string signature = *Base64UrlDecode(kEcSignature);
  for (const std::string& changed : {signature + '\0', signature + "ab", signature.substr(0, 63), std::string()}) {
    EXPECT_FALSE(ec->Signed(Compact(R"({"alg":"ES256"})", TestBase64Url(changed)), SignatureAlgorithm::kEs256, payload))
        << changed.size();
  }
}

TEST(PublicKey, ThumbprintsAreThoseOfTheStandards) {
  // RFC 9449, section 4.1 and 6.1.
  EXPECT_EQ(Parse({{"kty", "EC"},
                   {"x", "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"},
                   {"y", "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"},
                   {"crv", "P-256"}})
                .key->thumbprint(),
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
  for (const TestKey& key : {TestKey::Rsa(2048), TestKey::Rsa(3072), TestKey::Ec("P-256")}) {
    json jwk = key.PublicJwk("a");
    jwk["x5t"] = "not part of it";
    EXPECT_EQ(Parse(jwk).key->thumbprint(), key.Thumbprint());
  }
}

struct Wrong {
  const char* what;
  json jwk;
  const char* why_not;
};

json Changed(json jwk, const char* name, json value) {
  jwk[name] = std::move(value);
  return jwk;
}

TEST(PublicKey, NumbersMustBeThoseOfAKey) {
  const std::string modulus = *Base64UrlDecode(kRsaKey["n"].get<std::string>());
  std::string even = modulus;
  even.back() = static_cast<char>(even.back() & 0x7E);
  std::string short_one = modulus;
  short_one.front() = '\x7F';
  const std::string x = *Base64UrlDecode(kEcKey["x"].get<std::string>());
  const std::string longest(1024, '\xFF');
  ASSERT_NE(Parse(Changed(kRsaKey, "n", TestBase64Url(longest))).key, nullptr);
  const Wrong wrongs[] = {
      {"zeros before the modulus", Changed(kRsaKey, "n", TestBase64Url('\0' + modulus)), "malformed"},
      {"an even modulus", Changed(kRsaKey, "n", TestBase64Url(even)), "malformed"},
      {"no modulus", Changed(kRsaKey, "n", nullptr), "malformed"},
      {"an empty modulus", Changed(kRsaKey, "n", ""), "malformed"},
      {"padding", Changed(kRsaKey, "n", kRsaKey["n"].get<std::string>() + "=="), "malformed"},
      {"2047 bits", Changed(kRsaKey, "n", TestBase64Url(short_one)), "RSA length"},
      {"8193 bits", Changed(kRsaKey, "n", TestBase64Url('\x01' + longest)), "RSA length"},
      {"exponent 1", Changed(kRsaKey, "e", "AQ"), "RSA exponent"},
      {"exponent 2", Changed(kRsaKey, "e", "Ag"), "RSA exponent"},
      {"an exponent of five bytes", Changed(kRsaKey, "e", "AQAAAAE"), "RSA exponent"},
      {"exponent 0", Changed(kRsaKey, "e", "AA"), "malformed"},
      {"a short coordinate", Changed(kEcKey, "x", "f83OJ3D2"), "malformed"},
      {"a zero before a coordinate", Changed(kEcKey, "x", TestBase64Url('\0' + x)), "malformed"},
      {"not on the curve", Changed(kEcKey, "y", kEcKey["x"]), "malformed"},
      {"no y", Changed(kEcKey, "y", nullptr), "malformed"},
      {"no curve", Changed(kEcKey, "crv", nullptr), "another curve"},
      {"another curve's name", Changed(kEcKey, "crv", "secp256k1"), "another curve"},
      {"a part of the private key", Changed(kRsaKey, "qi", "AQ"), "private"},
      {"other primes", Changed(kRsaKey, "oth", json::array()), "private"},
  };
  for (const Wrong& wrong : wrongs) {
    const PublicKey::ParseResult result = Parse(wrong.jwk);
    EXPECT_EQ(result.key, nullptr) << wrong.what;
    EXPECT_EQ(result.why_not, wrong.why_not) << wrong.what;
  }
}

TEST(PublicKey, LeavesTheErrorsOfTheThreadAsTheyWere) {
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 1);
  const unsigned long before = ERR_peek_error();
  EXPECT_EQ(Parse(Changed(kEcKey, "y", kEcKey["x"])).key, nullptr);
  const auto rsa = Parse(kRsaKey).key;
  EXPECT_FALSE(rsa->Signed(Compact(R"({"alg":"RS256"})", TestBase64Url(std::string(256, 'a'))),
                           SignatureAlgorithm::kRs256, *Base64UrlDecode(kPayload)));
  EXPECT_EQ(ERR_get_error(), before) << "somebody has yet to read it";
  EXPECT_EQ(ERR_get_error(), 0U) << "TLS would take it for its own";
}

}  // namespace
}  // namespace kobling::server
