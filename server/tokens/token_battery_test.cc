// What every token must be, whoever issued it, check by check.
#include "server/tokens/token_battery_testing.h"

namespace kobling::server {
namespace {

using nlohmann::json;

TEST_F(TokenBattery, WhatTheCallBrings) {
  const auto authorization = [](std::string value) { return [=](CallDraft& call) { call.authorization = value; }; };
  Run(bench_.HelseIdCall(),
      {{"an empty header", authorization(""), "authorization"},
       {"a scheme alone", authorization("DPoP"), "authorization"},
       {"another scheme", authorization("Basic YTpi"), "authorization"},
       {"a longer scheme", authorization("DPoPs a.b.c"), "authorization"},
       {"a shorter scheme", authorization("DPo a.b.c"), "authorization"},
       {"no token", authorization("DPoP "), "form"},
       {"two parts", Then([](std::string& text) { text.resize(text.rfind('.')); }), "form"},
       {"five parts, a JWE", Then([](std::string& text) { text += ".YQ.YQ"; }), "form"},
       {"two spaces", [](CallDraft& call) { call.scheme += ' '; }, "header"},
       {"a space at the end", Then([](std::string& text) { text += ' '; }), "signature"},
       {"more than 8 KiB", Claim("padding", std::string(8 * 1024, 'a')), "length"},
       {"a bearer token at an issuer of bound ones", [](CallDraft& call) { call.scheme = "Bearer"; }, "scheme"},
       {"the same without a proof",
        [](CallDraft& call) {
          call.scheme = "Bearer";
          call.proof.reset();
        },
        "scheme"},
       {"no proof", [](CallDraft& call) { call.proof.reset(); }, "dpop"}});
}

TEST_F(TokenBattery, TheHeaderOfTheToken) {
  const std::string good = R"("alg":"PS256","kid":"h-rsa","typ":"at+jwt")";
  Run(bench_.HelseIdCall(),
      {{"padding", Then([](std::string& text) { text.insert(text.find('.'), 1, '='); }), "header"},
       {"the other alphabet", Then([](std::string& text) { text[0] = '+'; }), "header"},
       {"no JSON", HeaderText("alg"), "header"},
       {"a list", HeaderText(R"(["PS256"])"), "header"},
       {"text after it", HeaderText("{" + good + "}{}"), "header"},
       {"a comment", HeaderText("{" + good + "/**/}"), "header"},
       {"a byte order mark", HeaderText("\xEF\xBB\xBF{" + good + "}"), "header"},
       {"no UTF-8", HeaderText("{" + good + ",\"x\":\"\xC0\"}"), "header"},
       {"a zero in a text", HeaderText("{" + good + ",\"x\":\"a\\u0000b\"}"), "header"},
       {"a zero in a name", HeaderText("{" + good + ",\"alg\\u0000\":1}"), "header"},
       {"alg twice", HeaderText("{" + good + ",\"alg\":\"PS256\"}"), "header"},
       {"alg twice, once escaped", HeaderText("{" + good + ",\"\\u0061lg\":\"none\"}"), "header"},
       {"kid twice", HeaderText("{\"kid\":\"h-ec\"," + good + "}"), "header"},
       {"too deep", HeaderText("{" + good + ",\"x\":" + Nested(8) + "}"), "header"},
       {"no alg", NoHeader("alg"), "alg"},
       {"alg is a number", Header("alg", 256), "alg"},
       {"alg is a list", Header("alg", {"PS256"}), "alg"},
       {"alg in small letters", Header("alg", "ps256"), "alg"},
       {"none", Algorithm(bench_.RsaKey(), "none"), "alg"},
       {"None", Header("alg", "None"), "alg"},
       {"none, the signature left", Header("alg", "none"), "alg"},
       {"an HMAC with the public key", Algorithm(bench_.RsaKey(), "HS256"), "alg"},
       {"RS384", Algorithm(bench_.RsaKey(), "RS384"), "alg"},
       {"EdDSA", Header("alg", "EdDSA"), "alg"},
       {"an encryption", Header("alg", "RSA-OAEP"), "alg"},
       {"typ of a proof", Header("typ", "dpop+jwt"), "typ"},
       {"typ of a client's assertion", Header("typ", "client-authentication+jwt"), "typ"},
       {"typ in capitals", Header("typ", "AT+JWT"), "typ"},
       {"typ is a number", Header("typ", 1), "typ"},
       {"no typ", NoHeader("typ"), "typ"},
       {"crit", Header("crit", {"exp"}), "crit"},
       {"crit, empty", Header("crit", json::array()), "crit"},
       {"crit with what libcjose would not know", HeaderText("{" + good + R"(,"crit":["b64"],"b64":false})"), "crit"},
       {"no kid", NoHeader("kid"), "kid"},
       {"kid is a number", Header("kid", 1), "kid"},
       {"an empty kid", Header("kid", ""), "kid"},
       {"an unknown kid", Header("kid", "h-other"), "kid"},
       {"another issuer's kid", Header("kid", "m-1"), "kid"}});
}

TEST_F(TokenBattery, TheSignature) {
  const json strangers_key = bench_.StrangersKey().PublicJwk("h-rsa");
  const auto by_stranger = [&](std::string member, json value) {
    return [=, this](CallDraft& call) {
      call.token.key = &bench_.StrangersKey();
      call.token.header[member] = value;
    };
  };
  Run(bench_.HelseIdCall(),
      {{"none", Then([](std::string& text) { text.resize(text.rfind('.') + 1); }), "signature"},
       {"one bit", Then([](std::string& text) { text[Part(text, 2) + 9] ^= 1; }), "signature"},
       {"no base64", Then([](std::string& text) { text[Part(text, 2) + 9] = '='; }), "signature"},
       {"one character more", Then([](std::string& text) { text += 'A'; }), "signature"},
       {"bytes more", Then([](std::string& text) { text += "AAAA"; }), "signature"},
       {"bytes less", Then([](std::string& text) { text.resize(text.size() - 4); }), "signature"},
       {"another payload",
        [this](CallDraft& call) {
          CallDraft other = bench_.HelseIdCall();
          other.token.claims["exp"] = seconds() + 291;
          call.token.then = [payload = other.token.Compact()](std::string& text) {
            text.replace(Part(text, 1), Part(text, 2) - Part(text, 1), payload, Part(payload, 1),
                         Part(payload, 2) - Part(payload, 1));
          };
        },
        "signature"},
       {"another header", Then([](std::string& text) {
          text.replace(0, text.find('.'), TestBase64Url(R"({"alg":"PS256","kid":"h-rsa","typ":"JWT"})"));
        }),
        "signature"},
       {"the other padding", Header("alg", "RS256"), "signature"},
       {"an EC algorithm on an RSA key", Header("alg", "ES256"), "alg"},
       {"an RSA algorithm on an EC key", Header("kid", "h-ec"), "alg"},
       {"a stranger's key", [this](CallDraft& call) { call.token.key = &bench_.StrangersKey(); }, "signature"},
       {"a stranger's key in the header", by_stranger("jwk", strangers_key), "signature"},
       {"a stranger's keys at an address", by_stranger("jku", "https://evil.example/keys"), "signature"},
       {"a stranger's certificate", by_stranger("x5c", {"MIIB"}), "signature"},
       {"a stranger's certificate at an address", by_stranger("x5u", "https://evil.example/c"), "signature"}});
}

TEST_F(TokenBattery, TheSignatureOfAnEcKey) {
  CallDraft call = bench_.HelseIdCall();
  Algorithm(bench_.EcKey(), "ES256")(call);
  call.token.header["kid"] = "h-ec";
  const auto longer = [](std::size_t bytes) {
    return Then([=](std::string& text) {
      // What libcjose halves: a byte more goes into the second number, which it then cuts.
      text.resize(text.rfind('.') + 1);
      text += TestBase64Url(std::string(bytes, '\x01'));
    });
  };
  Run(call,
      {{"a byte more", Then([](std::string& text) { text = text.substr(0, text.size() - 1) + "AA"; }), "signature"},
       {"64 other bytes", longer(64), "signature"},
       {"65 bytes", longer(65), "signature"},
       {"a curve that is not on the list", Algorithm(bench_.EcKey(), "ES384"), "alg"},
       {"zeros", Then([](std::string& text) { text.replace(Part(text, 2), std::string::npos, std::string(86, 'A')); }),
        "signature"}});
}

TEST_F(TokenBattery, WhoseAndHowLong) {
  Run(bench_.HelseIdCall(), {{"no JSON", ClaimsText("iss"), "claims"},
                             {"a list", ClaimsText("[]"), "claims"},
                             {"nothing", ClaimsText(""), "claims"},
                             {"too deep", TwiceInClaims("\"x\":" + Nested(8)), "claims"},
                             {"iss twice", TwiceInClaims(R"("iss":"https://evil.example")"), "claims"},
                             {"exp twice", TwiceInClaims(R"("exp":9999999999)"), "claims"},
                             {"scope twice", TwiceInClaims(R"("scope":"kobling:case")"), "claims"},
                             {"a member of cnf twice",
                              [](CallDraft& call) {
                                std::string text = call.token.claims.dump();
                                text.replace(text.find("{\"jkt\""), 1, R"({"jkt":"x",)");
                                call.token.claims_text = text;
                              },
                              "claims"},
                             {"no iss", NoClaim("iss"), "iss"},
                             {"another iss", Claim("iss", "https://evil.example"), "iss"},
                             {"iss with a slash", Claim("iss", std::string(TokenBench::kHelseId) + "/"), "iss"},
                             {"iss in capitals", Claim("iss", "HTTPS://HELSEID.EXAMPLE.ORG"), "iss"},
                             {"iss is a list", Claim("iss", {TokenBench::kHelseId}), "iss"},
                             {"an empty iss", Claim("iss", ""), "iss"},
                             {"no exp", NoClaim("exp"), "exp"},
                             {"exp is past", Claim("exp", seconds() - 30), "exp"},
                             {"exp is a text", Claim("exp", std::to_string(seconds() + 100)), "exp"},
                             {"exp is negative", Claim("exp", -1), "exp"},
                             {"exp is no whole number", Claim("exp", static_cast<double>(seconds()) + 100.5), "exp"},
                             {"exp is beyond all calendars", Claim("exp", 253402300800), "exp"},
                             {"exp is beyond all numbers", Claim("exp", 18446744073709551615ULL), "exp"},
                             {"no iat", NoClaim("iat"), "iat"},
                             {"iat is a text", Claim("iat", "1800000000"), "iat"},
                             {"iat is ahead", Claim("iat", seconds() + 31), "iat"},
                             {"nbf is ahead", Claim("nbf", seconds() + 31), "nbf"},
                             {"nbf is a text", Claim("nbf", "1800000000"), "nbf"},
                             {"nbf is null", Claim("nbf", nullptr), "nbf"},
                             {"a life too long", Claim("exp", seconds() + 591), "life"},
                             {"a life of nothing",
                              [this](CallDraft& call) {
                                call.token.claims["iat"] = seconds() + 20;
                                call.token.claims["exp"] = seconds() + 20;
                              },
                              "life"},
                             {"an end before the beginning",
                              [this](CallDraft& call) {
                                call.token.claims["iat"] = seconds() + 20;
                                call.token.claims["exp"] = seconds() + 10;
                              },
                              "life"},
                             {"no aud", NoClaim("aud"), "aud"},
                             {"another aud", Claim("aud", "urn:other"), "aud"},
                             {"aud begins alike", Claim("aud", "urn:kobling:test"), "aud"},
                             {"aud of nobody", Claim("aud", "unspecified"), "aud"},
                             {"two of aud", Claim("aud", {TokenBench::kAudience, "urn:other"}), "aud"},
                             {"ours twice", Claim("aud", {TokenBench::kAudience, TokenBench::kAudience}), "aud"},
                             {"an empty list", Claim("aud", json::array()), "aud"},
                             {"a list of lists", Claim("aud", {{TokenBench::kAudience}}), "aud"},
                             {"a number", Claim("aud", 1), "aud"},
                             {"jti is empty", Claim("jti", ""), "jti"},
                             {"jti is a number", Claim("jti", 1), "jti"},
                             {"sub is a number", Claim("sub", 1), "sub"}});
}

}  // namespace
}  // namespace kobling::server
