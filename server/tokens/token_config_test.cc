#include "server/tokens/token_config.h"

#include <gtest/gtest.h>

#include <functional>

#include "domain/error.h"
#include "server/tokens/organisation_number.h"
#include "server/tokens/token_bench_testing.h"

namespace kobling::server {
namespace {

std::string FieldOf(const absl::Status& status) {
  for (const auto& [key, value] : domain::DetailsOf(status)) {
    if (key == "field") {
      return value;
    }
  }
  return "";
}

TEST(TokenConfig, WhatContradictsItselfIsRefused) {
  const TokenBench bench;
  const TokenVerifierConfig good = bench.config();
  ASSERT_TRUE(CheckTokenConfig(good).ok());
  struct Wrong {
    const char* what;
    std::function<void(TokenVerifierConfig&)> change;
    const char* field;
  };
  // The issuers are HelseID, Maskinporten and ID-porten.
  const Wrong wrongs[] = {
      {"no issuers", [](auto& config) { config.issuers.clear(); }, "issuers"},
      {"an issuer twice", [](auto& config) { config.issuers[1].issuer = config.issuers[0].issuer; }, "issuer"},
      {"a nameless issuer", [](auto& config) { config.issuers[1].issuer.clear(); }, "issuer"},
      {"no audience", [](auto& config) { config.issuers[1].audience.clear(); }, "audience"},
      {"no key file", [](auto& config) { config.issuers[1].key_file.clear(); }, "key_file"},
      {"no type", [](auto& config) { config.issuers[1].types = {.at_jwt = false, .jwt = false, .absent = false}; },
       "types"},
      {"HelseID without types", [](auto& config) { config.issuers[0].types.absent = true; }, "types"},
      {"no life", [](auto& config) { config.issuers[0].max_life = absl::ZeroDuration(); }, "max_life"},
      {"a long life", [](auto& config) { config.issuers[0].max_life = absl::Minutes(61); }, "max_life"},
      {"HelseID for anybody", [](auto& config) { config.issuers[0].audience_may_be_unspecified = true; },
       "audience_may_be_unspecified"},
      {"ID-porten for anybody", [](auto& config) { config.issuers[2].audience_may_be_unspecified = true; },
       "audience_may_be_unspecified"},
      {"a role without a scope", [](auto& config) { config.issuers[1].roles_of_every_token = {Role::kRegister}; },
       "roles_of_every_token"},
      {"no grants", [](auto& config) { config.issuers[1].grants.clear(); }, "grants"},
      {"a scope of two words", [](auto& config) { config.issuers[1].grants[0].scope = "a b"; }, "grants"},
      {"an empty scope", [](auto& config) { config.issuers[1].grants[0].scope = ""; }, "grants"},
      {"a grant twice", [](auto& config) { config.issuers[1].grants.push_back(config.issuers[1].grants[0]); },
       "grants"},
      {"a person of Maskinporten's", [](auto& config) { config.issuers[1].grants[0].person = PersonNeed::kRequired; },
       "grants"},
      {"a citizen who is a register",
       [](auto& config) { config.issuers[2].grants = {{.scope = "a", .role = Role::kRegister}}; }, "grants"},
      {"a citizen who is an auditor", [](auto& config) { config.issuers[2].roles_of_every_token = {Role::kAuditor}; },
       "grants"},
      {"a citizen who is nobody", [](auto& config) { config.issuers[2].roles_of_every_token = {}; }, "grants"},
      {"no address", [](auto& config) { config.service_url.clear(); }, "service_url"},
      {"an address without TLS", [](auto& config) { config.service_url = "http://kobling.example.org"; },
       "service_url"},
      {"an address with a slash", [](auto& config) { config.service_url += '/'; }, "service_url"},
      {"no memory", [](auto& config) { config.remembered_proofs = 0; }, "remembered_proofs"},
  };
  for (const Wrong& wrong : wrongs) {
    TokenVerifierConfig config = good;
    wrong.change(config);
    const absl::Status status = CheckTokenConfig(config);
    EXPECT_EQ(domain::ReasonOf(status), domain::Reason::kConfiguration) << wrong.what;
    EXPECT_EQ(FieldOf(status), wrong.field) << wrong.what;
    EXPECT_EQ(TokenVerifier::Create(config, {}).status(), status) << wrong.what;
  }
}

TEST(TokenConfig, BearerIssuersAloneNeedNoAddress) {
  const TokenBench bench;
  TokenVerifierConfig config = bench.config();
  config.issuers.erase(config.issuers.begin());
  config.service_url.clear();
  EXPECT_TRUE(CheckTokenConfig(config).ok());
}

TEST(TokenConfig, IssuerWithoutKeysStopsTheVerifier) {
  const TokenBench bench;
  WriteKeyFile(bench.folder() / "maskinporten.json", nlohmann::json::array());
  EXPECT_EQ(domain::ReasonOf(TokenVerifier::Create(bench.config(), {}).status()), domain::Reason::kTokenKeys);
}

TEST(OrganisationNumber, HasNineDigitsAndACheckDigit) {
  for (const char* text : {"310000000", "311000004", "312000008"}) {
    const auto number = OrganisationNumber::Parse(text);
    ASSERT_TRUE(number.ok()) << text;
    EXPECT_EQ(number->text(), text);
  }
  for (const char* text : {"", "310000001", "130000000", "31000000", "3100000000", "31000000a", " 310000000",
                           "310000000 ", "310 000 000", "000000000", "0192:310000000"}) {
    const auto number = OrganisationNumber::Parse(text);
    EXPECT_EQ(domain::ReasonOf(number.status()), domain::Reason::kFieldMalformed) << text;
  }
  EXPECT_EQ(*OrganisationNumber::Parse("310000000"), *OrganisationNumber::Parse("310000000"));
  EXPECT_NE(*OrganisationNumber::Parse("310000000"), *OrganisationNumber::Parse("311000004"));
}

}  // namespace
}  // namespace kobling::server
