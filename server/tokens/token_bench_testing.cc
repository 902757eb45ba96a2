#include "server/tokens/token_bench_testing.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "domain/error.h"
#include "domain/national_id_maker.h"

namespace kobling::server {
namespace {

using nlohmann::json;

std::string HintOf(const absl::Status& status) {
  for (const auto& [key, value] : domain::DetailsOf(status)) {
    if (key == "hint") {
      return value;
    }
  }
  return "";
}

}  // namespace

std::string CallDraft::Authorization() const { return authorization.value_or(scheme + ' ' + token.Compact()); }

std::optional<std::string> CallDraft::Proof(std::string_view access_token) const {
  if (!proof) {
    return std::nullopt;
  }
  SignedDraft draft = *proof;
  if (draft.claims.contains("ath") && draft.claims["ath"].is_null()) {
    draft.claims["ath"] = TestBase64Url(TestSha256(access_token));
  }
  return draft.Compact();
}

const TestKey& TokenBench::RsaKey() {
  static const TestKey key = TestKey::Rsa(2048);
  return key;
}
const TestKey& TokenBench::EcKey() {
  static const TestKey key = TestKey::Ec("P-256");
  return key;
}
const TestKey& TokenBench::ClientKey() {
  static const TestKey key = TestKey::Ec("P-256");
  return key;
}
const TestKey& TokenBench::StrangersKey() {
  static const TestKey key = TestKey::Rsa(2048);
  return key;
}

std::string TokenBench::Person() {
  for (int individual = 0;; ++individual) {
    const auto person = domain::MakeValid({.day = 1, .month = 1, .two_digit_year = 90, .individual = individual});
    if (person) {
      const std::array<char, domain::NationalId::kLength> digits = person->digits();
      return {digits.begin(), digits.end()};
    }
  }
}

TokenBench::TokenBench() : now_(absl::FromUnixSeconds(1'800'000'000)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "kobling-XXXXXX").string();
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
  WriteKeyFile(folder_ / "helseid.json", json::array({RsaKey().PublicJwk("h-rsa"), EcKey().PublicJwk("h-ec")}));
  WriteKeyFile(folder_ / "maskinporten.json", json::array({RsaKey().PublicJwk("m-1")}));
  WriteKeyFile(folder_ / "idporten.json", json::array({EcKey().PublicJwk("i-1")}));
  Use(config());
}

TokenBench::~TokenBench() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

TokenVerifierConfig TokenBench::config() const {
  return {
      .issuers = {{.kind = IssuerKind::kHelseId,
                   .issuer = std::string(kHelseId),
                   .audience = std::string(kAudience),
                   .key_file = folder_ / "helseid.json",
                   .grants = {{.scope = "kobling:register", .role = Role::kRegister},
                              {.scope = "kobling:case", .role = Role::kCaseworker, .person = PersonNeed::kRequired}}},
                  {.kind = IssuerKind::kMaskinporten,
                   .issuer = std::string(kMaskinporten),
                   .audience = std::string(kAudience),
                   .key_file = folder_ / "maskinporten.json",
                   .scheme = TokenScheme::kBearer,
                   .grants = {{.scope = "kobling:register", .role = Role::kRegister},
                              {.scope = "kobling:feed", .role = Role::kIdentityFeed}},
                   .max_life = absl::Minutes(2)},
                  {.kind = IssuerKind::kIdPorten,
                   .issuer = std::string(kIdPorten),
                   .audience = "portal",
                   .key_file = folder_ / "idporten.json",
                   .scheme = TokenScheme::kBearer,
                   .roles_of_every_token = {Role::kInsightPortal}}},
      .service_url = std::string(kServiceUrl),
      .accepted_series = domain::AcceptedSeries::Trial()};
}

void TokenBench::Use(const TokenVerifierConfig& config) {
  auto verifier =
      TokenVerifier::Create(config, {.steady_now = [this] { return steady_now_; }, .key_file_listener = {}});
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  verifier_ = *std::move(verifier);
}

CallDraft TokenBench::HelseIdCall() const {
  return {.token = {.key = &RsaKey(),
                    .algorithm = "PS256",
                    .header = {{"alg", "PS256"}, {"typ", "at+jwt"}, {"kid", "h-rsa"}},
                    .claims = {{"iss", kHelseId},
                               {"aud", kAudience},
                               {"iat", seconds() - 10},
                               {"nbf", seconds() - 10},
                               {"exp", seconds() + 290},
                               {"jti", "4f9a1b"},
                               {"client_id", "a-client"},
                               {"scope", {"kobling:register", "openid"}},
                               {"cnf", {{"jkt", ClientKey().Thumbprint()}}},
                               {"helseid://claims/client/claims/orgnr_parent", kOrganisation}},
                    .header_text = {},
                    .claims_text = {},
                    .then = {}},
          .scheme = "DPoP",
          .proof = SignedDraft{.key = &ClientKey(),
                               .algorithm = "ES256",
                               .header = {{"alg", "ES256"}, {"typ", "dpop+jwt"}, {"jwk", ClientKey().BareJwk()}},
                               .claims = {{"htm", "POST"},
                                          {"htu", std::string(kServiceUrl) + "/kobling.v1.ProjectService/GetProject"},
                                          {"iat", seconds()},
                                          {"jti", "proof-1"},
                                          {"ath", nullptr}},
                               .header_text = {},
                               .claims_text = {},
                               .then = {}},
          .authorization = {}};
}

CallDraft TokenBench::MaskinportenCall() const {
  return {.token = {.key = &RsaKey(),
                    .algorithm = "RS256",
                    .header = {{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "m-1"}},
                    .claims = {{"iss", kMaskinporten},
                               {"aud", kAudience},
                               {"iat", seconds()},
                               {"exp", seconds() + 120},
                               {"jti", "7c1"},
                               {"client_id", "a-client"},
                               {"scope", "kobling:register kobling:other"},
                               {"consumer",
                                {{"authority", "iso6523-actorid-upis"}, {"ID", "0192:" + std::string(kOrganisation)}}}},
                    .header_text = {},
                    .claims_text = {},
                    .then = {}},
          .scheme = "Bearer",
          .proof = {},
          .authorization = {}};
}

CallDraft TokenBench::IdPortenCall() const {
  return {.token = {.key = &EcKey(),
                    .algorithm = "ES256",
                    .header = {{"alg", "ES256"}, {"typ", "JWT"}, {"kid", "i-1"}},
                    .claims = {{"iss", kIdPorten},
                               {"aud", "portal"},
                               {"iat", seconds()},
                               {"exp", seconds() + 120},
                               {"jti", "b2"},
                               {"sub", "c5Kf-a-pairwise-name"},
                               {"acr", "idporten-loa-high"},
                               {"amr", {"BankID"}},
                               {"pid", Person()}},
                    .header_text = {},
                    .claims_text = {},
                    .then = {}},
          .scheme = "Bearer",
          .proof = {},
          .authorization = {}};
}

absl::StatusOr<VerifiedToken> TokenBench::Verify(const CallDraft& call) {
  const std::string authorization = call.Authorization();
  const std::size_t space = std::min(authorization.find(' ') + 1, authorization.size());
  const std::optional<std::string> proof = call.Proof(std::string_view(authorization).substr(space));
  return verifier_->Verify({.authorization = authorization, .dpop = proof, .method_path = call.path}, now_);
}

std::string TokenBench::CheckThatFails(const CallDraft& call) {
  const absl::Status status = Verify(call).status();
  if (status.ok()) {
    return "";
  }
  const auto reason = domain::ReasonOf(status);
  if (reason != domain::Reason::kTokenRefused) {
    return reason ? std::string(domain::InfoOf(*reason).name) : "no reason";
  }
  return HintOf(status);
}

void TokenBench::Pass(std::chrono::seconds time) {
  now_ += absl::FromChrono(time);
  steady_now_ += time;
}

void WriteKeyFile(const std::filesystem::path& path, const nlohmann::json& keys) {
  const std::filesystem::path beside = path.string() + ".new";
  std::ofstream stream(beside, std::ios::binary | std::ios::trunc);
  stream << json{{"keys", keys}}.dump();
  stream.close();
  EXPECT_TRUE(stream.good()) << beside;
  std::filesystem::permissions(beside, std::filesystem::perms(0644));
  std::filesystem::rename(beside, path);
}

}  // namespace kobling::server
