#include "server/tokens/public_key.h"

#include <cjose/cjose.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "crypto/secret_memory.h"
#include "crypto/sha256.h"
#include "server/tokens/base64url.h"

namespace kobling::server {
namespace {

constexpr std::size_t kMinRsaBits = 2048;
// Nobody signs with longer ones, and each check would take the service long.
constexpr std::size_t kMaxRsaBits = 8192;
constexpr std::size_t kMaxExponentBytes = 4;
constexpr std::size_t kCoordinateBytes = 32;

// Members of a JWK that only the holder of the private key, or of a symmetric one, has.
constexpr std::string_view kPrivateMembers[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

// What libcjose leaves in OpenSSL's list of errors is taken off again: gRPC's TLS reads the same list on this thread.
class ErrorMark {
 public:
  ErrorMark() { ERR_set_mark(); }
  ~ErrorMark() { ERR_pop_to_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
};

struct ReleaseJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};

std::uint8_t* Bytes(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }

// A number as RFC 7518 writes it: in base64url, without zero bytes before it.
std::optional<std::string> Number(const Json& jwk, std::string_view name) {
  const std::string* text = jwk.FindText(name);
  std::optional<std::string> number = text == nullptr ? std::nullopt : Base64UrlDecode(*text);
  return number && !number->empty() && number->front() != '\0' ? number : std::nullopt;
}

// A coordinate as RFC 7518 writes it: as long as the curve's field, whatever its value.
std::optional<std::string> Coordinate(const Json& jwk, std::string_view name) {
  const std::string* text = jwk.FindText(name);
  std::optional<std::string> bytes = text == nullptr ? std::nullopt : Base64UrlDecode(*text);
  return bytes && bytes->size() == kCoordinateBytes ? bytes : std::nullopt;
}

std::size_t BitsOf(std::string_view number) {
  return (number.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(static_cast<std::uint8_t>(number.front())));
}

bool IsOdd(std::string_view number) { return (static_cast<std::uint8_t>(number.back()) & 1U) != 0; }

// The members in the order of RFC 7638. Their values are base64url, which needs no escapes.
std::string Thumbprint(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
  std::string text;
  for (const auto& [name, value] : members) {
    text += text.empty() ? "{\"" : ",\"";
    text += name;
    text += "\":\"";
    text += value;
    text += '"';
  }
  text += '}';
  return Base64UrlEncode(crypto::Sha256(BytesOf(text)));
}

}  // namespace

std::optional<SignatureAlgorithm> SignatureAlgorithmFromName(std::string_view name) {
  constexpr std::pair<std::string_view, SignatureAlgorithm> kNames[] = {{"RS256", SignatureAlgorithm::kRs256},
                                                                        {"PS256", SignatureAlgorithm::kPs256},
                                                                        {"ES256", SignatureAlgorithm::kEs256}};
  for (const auto& [known, algorithm] : kNames) {
    if (known == name) {
      return algorithm;
    }
  }
  return std::nullopt;
}

void PublicKey::Release::operator()(_cjose_jwk_int* key) const { cjose_jwk_release(key); }

PublicKey::PublicKey(Kind kind, Handle handle, std::string thumbprint, std::size_t signature_bytes)
    : kind_(kind), handle_(std::move(handle)), thumbprint_(std::move(thumbprint)), signature_bytes_(signature_bytes) {}

PublicKey::ParseResult PublicKey::FromJwk(const Json& jwk) {
  const std::string* type = jwk.FindText("kty");
  if (type == nullptr) {
    return {nullptr, "no kty"};
  }
  if (*type == "oct") {
    return {nullptr, "symmetric"};
  }
  if (std::any_of(std::begin(kPrivateMembers), std::end(kPrivateMembers),
                  [&](std::string_view name) { return jwk.Find(name) != nullptr; })) {
    return {nullptr, "private"};
  }
  if (*type == "RSA") {
    return RsaFromJwk(jwk);
  }
  return *type == "EC" ? P256FromJwk(jwk) : ParseResult{nullptr, "another kty"};
}

PublicKey::ParseResult PublicKey::RsaFromJwk(const Json& jwk) {
  std::optional<std::string> modulus = Number(jwk, "n");
  std::optional<std::string> exponent = Number(jwk, "e");
  if (!modulus || !exponent || !IsOdd(*modulus)) {
    return {nullptr, "malformed"};
  }
  if (BitsOf(*modulus) < kMinRsaBits || BitsOf(*modulus) > kMaxRsaBits) {
    return {nullptr, "RSA length"};
  }
  // With the exponent 1 every signature would fit.
  if (exponent->size() > kMaxExponentBytes || !IsOdd(*exponent) || *exponent == "\x01") {
    return {nullptr, "RSA exponent"};
  }
  cjose_jwk_rsa_keyspec numbers = {};
  numbers.n = Bytes(*modulus);
  numbers.nlen = modulus->size();
  numbers.e = Bytes(*exponent);
  numbers.elen = exponent->size();
  const ErrorMark mark;
  Handle handle(cjose_jwk_create_RSA_spec(&numbers, nullptr));
  if (handle == nullptr) {
    return {nullptr, "malformed"};
  }
  return {std::shared_ptr<const PublicKey>(new PublicKey(
              Kind::kRsa, std::move(handle),
              Thumbprint({{"e", *jwk.FindText("e")}, {"kty", "RSA"}, {"n", *jwk.FindText("n")}}), modulus->size())),
          {}};
}

PublicKey::ParseResult PublicKey::P256FromJwk(const Json& jwk) {
  const std::string* curve = jwk.FindText("crv");
  if (curve == nullptr || *curve != "P-256") {
    return {nullptr, "another curve"};
  }
  std::optional<std::string> x = Coordinate(jwk, "x");
  std::optional<std::string> y = Coordinate(jwk, "y");
  if (!x || !y) {
    return {nullptr, "malformed"};
  }
  cjose_jwk_ec_keyspec numbers = {};
  numbers.crv = CJOSE_JWK_EC_P_256;
  numbers.x = Bytes(*x);
  numbers.xlen = x->size();
  numbers.y = Bytes(*y);
  numbers.ylen = y->size();
  const ErrorMark mark;
  // Fails for a point that is not on the curve.
  Handle handle(cjose_jwk_create_EC_spec(&numbers, nullptr));
  if (handle == nullptr) {
    return {nullptr, "malformed"};
  }
  return {std::shared_ptr<const PublicKey>(new PublicKey(
              Kind::kP256, std::move(handle),
              Thumbprint({{"crv", "P-256"}, {"kty", "EC"}, {"x", *jwk.FindText("x")}, {"y", *jwk.FindText("y")}}),
              2 * kCoordinateBytes)),
          {}};
}

bool PublicKey::Suits(SignatureAlgorithm algorithm) const {
  return (kind_ == Kind::kP256) == (algorithm == SignatureAlgorithm::kEs256);
}

bool PublicKey::Signed(std::string_view compact_token, SignatureAlgorithm algorithm, std::string_view payload) const {
  const std::optional<std::string> signature = Base64UrlDecode(compact_token.substr(compact_token.rfind('.') + 1));
  // libcjose halves an EC signature of any length, so that bytes could be added to one.
  if (!Suits(algorithm) || !signature || signature->size() != signature_bytes_) {
    return false;
  }
  const ErrorMark mark;
  const std::unique_ptr<cjose_jws_t, ReleaseJws> jws(
      cjose_jws_import(compact_token.data(), compact_token.size(), nullptr));
  if (jws == nullptr) {
    return false;
  }
  const bool is_signed = cjose_jws_verify(jws.get(), handle_.get(), nullptr);
  std::uint8_t* text = nullptr;
  std::size_t size = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &text, &size, nullptr)) {
    return false;
  }
  const bool is_payload = payload == std::string_view(reinterpret_cast<const char*>(text), size);
  crypto::Wipe({text, size});  // libcjose's own copy of the claims
  return is_signed && is_payload;
}

}  // namespace kobling::server
