// What the tokens of each issuer must say, check by check.
#include "server/tokens/token_battery_testing.h"

namespace kobling::server {
namespace {

using nlohmann::json;

TEST_F(TokenBattery, WhatHelseIdSays) {
  const std::string parent = "helseid://claims/client/claims/orgnr_parent";
  const std::string child = "helseid://claims/client/claims/orgnr_child";
  const std::string supplier = "helseid://claims/client/claims/orgnr_supplier";
  const std::string pid = "helseid://claims/identity/pid";
  const std::string level = "helseid://claims/identity/security_level";
  const auto case_work = [=](json person, json security_level) {
    return [=](CallDraft& call) {
      call.token.claims["scope"] = {"kobling:case"};
      call.token.claims[pid] = person;
      call.token.claims[level] = security_level;
    };
  };
  Run(bench_.HelseIdCall(),
      {{"no scope", NoClaim("scope"), "scope"},
       {"a scope that grants nothing", Claim("scope", "openid"), "scope"},
       {"a client_id that is called like a scope",
        [](CallDraft& call) {
          call.token.claims["scope"] = "openid";
          call.token.claims["client_id"] = "kobling:register";
        },
        "scope"},
       {"a scope that ends alike", Claim("scope", "x-kobling:register"), "scope"},
       {"two spaces", Claim("scope", "openid  kobling:register"), "scope"},
       {"a tabulator", Claim("scope", "openid\tkobling:register"), "scope"},
       {"an empty scope", Claim("scope", ""), "scope"},
       {"two scopes in one element", Claim("scope", {"openid kobling:register"}), "scope"},
       {"a number in the list", Claim("scope", {"kobling:register", 1}), "scope"},
       {"an object", Claim("scope", {{"kobling:register", true}}), "scope"},
       {"no organisation", NoClaim(parent), "orgnr_parent"},
       {"a wrong check digit", Claim(parent, "310000001"), "orgnr_parent"},
       {"an organisation of eight digits", Claim(parent, "31000000"), "orgnr_parent"},
       {"a number", Claim(parent, 310000000), "orgnr_parent"},
       {"two organisations", Claim(parent, {TokenBench::kOrganisation, TokenBench::kOtherOrganisation}),
        "orgnr_parent"},
       {"only the client_id",
        [=](CallDraft& call) {
          call.token.claims.erase(parent);
          call.token.claims["client_id"] = TokenBench::kOrganisation;
        },
        "orgnr_parent"},
       {"a wrong child", Claim(child, "310000001"), "orgnr_child"},
       {"a wrong supplier", Claim(supplier, "310000001"), "orgnr_supplier"},
       {"a caseworker without a level", case_work(bench_.Person(), nullptr), "security_level"},
       {"a caseworker on level 3", case_work(bench_.Person(), "3"), "security_level"},
       {"a level as a number", case_work(bench_.Person(), 4), "security_level"},
       {"a caseworker who is nobody", case_work(nullptr, "4"), "pid"},
       {"a caseworker with a mistyped number", case_work(std::string(11, '1'), "4"), "pid"},
       {"a machine with a mistyped person",
        [=](CallDraft& call) {
          call.token.claims[pid] = "1";
          call.token.claims[level] = "4";
        },
        "pid"},
       {"no cnf", NoClaim("cnf"), "cnf"},
       {"cnf is a text", Claim("cnf", bench_.ClientKey().Thumbprint()), "cnf"},
       {"cnf without jkt", Claim("cnf", {{"x5t#S256", "a"}}), "cnf"},
       {"an empty jkt", Claim("cnf", {{"jkt", ""}}), "cnf"},
       {"jkt of another key", Claim("cnf", {{"jkt", bench_.EcKey().Thumbprint()}}), "dpop jkt"}});
}

TEST_F(TokenBattery, WhatMaskinportenSays) {
  const auto consumer = [](std::string authority, json id) {
    return Claim("consumer", {{"authority", authority}, {"ID", id}});
  };
  const json other = {{"authority", "iso6523-actorid-upis"}, {"ID", "0192:311000004"}};
  Run(bench_.MaskinportenCall(),
      {{"no consumer", NoClaim("consumer"), "consumer"},
       {"a text", Claim("consumer", "0192:310000000"), "consumer"},
       {"another authority", consumer("iso6523", "0192:310000000"), "consumer"},
       {"no authority", Claim("consumer", {{"ID", "0192:310000000"}}), "consumer"},
       {"no ID", Claim("consumer", {{"authority", "iso6523-actorid-upis"}}), "consumer"},
       {"another register of organisations", consumer("iso6523-actorid-upis", "9908:310000000"), "consumer"},
       {"no register of organisations", consumer("iso6523-actorid-upis", "310000000"), "consumer"},
       {"a wrong check digit", consumer("iso6523-actorid-upis", "0192:310000009"), "consumer"},
       {"a number", consumer("iso6523-actorid-upis", 310000000), "consumer"},
       {"a client_id and no more",
        [](CallDraft& call) {
          call.token.claims.erase("consumer");
          call.token.claims["client_id"] = TokenBench::kOrganisation;
        },
        "consumer"},
       {"a supplier without a source", Claim("supplier", other), "delegation_source"},
       {"a source without a supplier", Claim("delegation_source", "https://altinn.example"), "supplier"},
       {"a supplier who is none",
        [](CallDraft& call) {
          call.token.claims["supplier"] = {{"authority", "iso6523-actorid-upis"}, {"ID", "0192:1"}};
          call.token.claims["delegation_source"] = "https://altinn.example";
        },
        "supplier"},
       {"an empty source",
        [=](CallDraft& call) {
          call.token.claims["supplier"] = other;
          call.token.claims["delegation_source"] = "";
        },
        "delegation_source"},
       {"a scope of nobody", Claim("scope", "kobling:other"), "scope"},
       {"no aud", NoClaim("aud"), "aud"},
       {"an open aud", Claim("aud", "unspecified"), "aud"},
       {"a life that is too long for this issuer", Claim("exp", seconds() + 121), "life"},
       {"as a bound token", [](CallDraft& call) { call.scheme = "DPoP"; }, "scheme"},
       {"with a proof that nobody asked for", [this](CallDraft& call) { call.proof = bench_.HelseIdCall().proof; },
        "dpop"},
       {"bound to a key", Claim("cnf", {{"jkt", bench_.ClientKey().Thumbprint()}}), "cnf"},
       {"no typ", NoHeader("typ"), "typ"},
       {"HelseID's key under HelseID's name", Header("kid", "h-rsa"), "kid"}});
}

TEST_F(TokenBattery, WhatIdPortenSays) {
  Run(bench_.IdPortenCall(), {{"no acr", NoClaim("acr"), "acr"},
                              {"a low acr", Claim("acr", "idporten-loa-low"), "acr"},
                              {"acr below the configured one", Claim("acr", "idporten-loa-substantial"), "acr"},
                              {"the same, by its old name", Claim("acr", "Level3"), "acr"},
                              {"acr in capitals", Claim("acr", "LEVEL4"), "acr"},
                              {"acr is a number", Claim("acr", 4), "acr"},
                              {"acr is a list", Claim("acr", {"Level4"}), "acr"},
                              {"no pid", NoClaim("pid"), "pid"},
                              {"pid is empty", Claim("pid", ""), "pid"},
                              {"pid of ten digits", Claim("pid", bench_.Person().substr(1)), "pid"},
                              {"pid with a space", Claim("pid", bench_.Person() + " "), "pid"},
                              {"pid of two persons", Claim("pid", {bench_.Person(), bench_.Person()}), "pid"},
                              {"an owner who is none", Claim("client_orgno", "310000001"), "client_orgno"},
                              {"a malformed scope", Claim("scope", "a  b"), "scope"},
                              {"aud of another client", Claim("aud", "another-portal"), "aud"},
                              {"our other audience", Claim("aud", TokenBench::kAudience), "aud"},
                              {"bound to a key", Claim("cnf", {{"jkt", "a"}}), "cnf"}});
}

}  // namespace
}  // namespace kobling::server
