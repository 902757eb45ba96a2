// What a proof of possession must be, check by check.
#include "server/tokens/token_battery_testing.h"

namespace kobling::server {
namespace {

using nlohmann::json;

// The proof of a call, likewise.
Change Proof(std::function<void(SignedDraft&)> change) {
  return [=](CallDraft& call) { change(*call.proof); };
}
Change ProofHeader(std::string name, json value) {
  return Proof([=](SignedDraft& proof) { proof.header[name] = value; });
}
Change ProofClaim(std::string name, json value) {
  return Proof([=](SignedDraft& proof) { proof.claims[name] = value; });
}
Change NoProofClaim(std::string name) {
  return Proof([=](SignedDraft& proof) { proof.claims.erase(name); });
}

TEST_F(TokenBattery, TheProof) {
  const json bare = bench_.ClientKey().BareJwk();
  const auto with = [&](const char* name, json value) {
    json jwk = bare;
    jwk[name] = std::move(value);
    return ProofHeader("jwk", jwk);
  };
  const auto signed_by = [](const TestKey& key, std::string algorithm) {
    return Proof([&key, algorithm](SignedDraft& proof) {
      proof.key = &key;
      proof.algorithm = algorithm;
      proof.header["alg"] = algorithm;
      proof.header["jwk"] = key.BareJwk();
    });
  };
  static const TestKey kShort = TestKey::Rsa(1024);
  static const TestKey kP384 = TestKey::Ec("P-384");
  const std::string url = std::string(TokenBench::kServiceUrl) + "/kobling.v1.ProjectService/GetProject";
  Run(bench_.HelseIdCall(),
      {{"nothing", Proof([](SignedDraft& proof) { proof.then = [](std::string& text) { text.clear(); }; }),
        "dpop form"},
       {"two proofs in one",
        Proof([](SignedDraft& proof) { proof.then = [](std::string& text) { text += "," + text; }; }), "dpop form"},
       {"more than 8 KiB", ProofClaim("padding", std::string(8 * 1024, 'a')), "dpop length"},
       {"no JSON", Proof([](SignedDraft& proof) { proof.claims_text.emplace("x"); }), "dpop claims"},
       {"jti twice", Proof([](SignedDraft& proof) { proof.claims_text.emplace(R"({"jti":"a","jti":"b"})"); }),
        "dpop claims"},
       {"a header that is no object", Proof([](SignedDraft& proof) { proof.header_text.emplace("1"); }), "dpop header"},
       {"no alg", Proof([](SignedDraft& proof) { proof.header.erase("alg"); }), "dpop alg"},
       {"none", ProofHeader("alg", "none"), "dpop alg"},
       {"HS256", ProofHeader("alg", "HS256"), "dpop alg"},
       {"crit", ProofHeader("crit", {"x"}), "dpop crit"},
       {"no typ", Proof([](SignedDraft& proof) { proof.header.erase("typ"); }), "dpop typ"},
       {"typ of a token", ProofHeader("typ", "JWT"), "dpop typ"},
       {"typ is a number", ProofHeader("typ", 1), "dpop typ"},
       {"no jwk", Proof([](SignedDraft& proof) { proof.header.erase("jwk"); }), "dpop jwk"},
       {"jwk is a text", ProofHeader("jwk", bare.dump()), "dpop jwk"},
       {"the private key", with("d", "AQ"), "dpop jwk"},
       {"the private key, as a number", with("d", 1), "dpop jwk"},
       {"a prime", with("p", "AQ"), "dpop jwk"},
       {"a symmetric key", ProofHeader("jwk", {{"kty", "oct"}, {"k", "AQ"}}), "dpop jwk"},
       {"a symmetric part", with("k", "AQ"), "dpop jwk"},
       {"a point that is not on the curve", with("y", bare["x"]), "dpop jwk"},
       {"another curve", signed_by(kP384, "ES384"), "dpop alg"},
       {"another curve, called the right one", Proof([](SignedDraft& proof) { proof.header["jwk"] = kP384.BareJwk(); }),
        "dpop jwk"},
       {"a short RSA key", signed_by(kShort, "PS256"), "dpop jwk"},
       {"another key", signed_by(bench_.StrangersKey(), "PS256"), "dpop jkt"},
       {"another key's signature", Proof([this](SignedDraft& proof) { proof.key = &bench_.EcKey(); }),
        "dpop signature"},
       {"an algorithm that does not suit the key", ProofHeader("alg", "PS256"), "dpop signature"},
       {"one bit",
        Proof([](SignedDraft& proof) { proof.then = [](std::string& text) { text[text.size() - 9] ^= 1; }; }),
        "dpop signature"},
       {"no htm", NoProofClaim("htm"), "dpop htm"},
       {"htm of another method", ProofClaim("htm", "GET"), "dpop htm"},
       {"htm in small letters", ProofClaim("htm", "post"), "dpop htm"},
       {"no htu", NoProofClaim("htu"), "dpop htu"},
       {"htu of another method", [](CallDraft& call) { call.path = "/kobling.v1.ProjectService/EndProject"; },
        "dpop htu"},
       {"htu of another service", ProofClaim("htu", "https://evil.example/kobling.v1.ProjectService/GetProject"),
        "dpop htu"},
       {"htu without the method", ProofClaim("htu", TokenBench::kServiceUrl), "dpop htu"},
       {"htu with a query", ProofClaim("htu", url + "?x"), "dpop htu"},
       {"htu with a slash", ProofClaim("htu", url + "/"), "dpop htu"},
       {"htu by http", ProofClaim("htu", std::string("http").append(url, 5, std::string::npos)), "dpop htu"},
       {"htu is a list", ProofClaim("htu", {url}), "dpop htu"},
       {"no iat", NoProofClaim("iat"), "dpop iat"},
       {"iat 11 seconds ago", ProofClaim("iat", seconds() - 11), "dpop iat"},
       {"iat 6 seconds ahead", ProofClaim("iat", seconds() + 6), "dpop iat"},
       {"iat is a text", ProofClaim("iat", std::to_string(seconds())), "dpop iat"},
       {"no ath", NoProofClaim("ath"), "dpop ath"},
       {"ath of another token", ProofClaim("ath", TestBase64Url(TestSha256("a"))), "dpop ath"},
       {"ath in hexadecimal", ProofClaim("ath", "00"), "dpop ath"},
       {"no jti", NoProofClaim("jti"), "dpop jti"},
       {"an empty jti", ProofClaim("jti", ""), "dpop jti"},
       {"jti is a number", ProofClaim("jti", 1), "dpop jti"},
       {"a jti as long as a book", ProofClaim("jti", std::string(257, 'a')), "dpop jti"}});
}

}  // namespace
}  // namespace kobling::server
