// Tokens of real identity providers, over loopback: what other people's programs issue and sign is accepted here, and
// keys roll over while calls are made.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "domain/national_id_maker.h"
#include "server/tokens/base64url.h"
#include "server/tokens/token_verifier.h"
#include "tests/tokens/provider_process.h"

namespace kobling::tests {
namespace {

using nlohmann::json;
using server::IssuerKind;
using server::Role;
using server::TokenScheme;
using server::VerifiedToken;

constexpr std::string_view kServiceUrl = "https://kobling.example.org";
constexpr std::string_view kPath = "/kobling.v1.PopulationService/SubmitPopulation";

std::string Person() {
  const auto person = domain::MakeValid({.day = 2, .month = 3, .two_digit_year = 80, .individual = 101});
  const auto digits = person.value().digits();
  return {digits.begin(), digits.end()};
}

std::string CheckThatFails(const absl::Status& status) {
  for (const auto& [key, value] : domain::DetailsOf(status)) {
    if (key == "hint") {
      return value;
    }
  }
  return status.ok() ? "" : std::string(status.message());
}

class RealProvider : public testing::Test {
 protected:
  // One process for all tests: it starts slowly.
  static void SetUpTestSuite() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kobling-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    providers_ = new ProviderProcess(folder_);
    issuers_ = new json(providers_->Ask({{"do", "start"}}));
    if (issuers_->is_object()) {
      std::cout << "Node.js " << (*issuers_)["node"].get<std::string>() << '\n';
    }
  }
  static void TearDownTestSuite() {
    delete issuers_;
    delete providers_;
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void SetUp() override {
    ASSERT_TRUE(issuers_->is_object());
    server::TokenVerifierConfig config{.issuers = {{.kind = IssuerKind::kHelseId,
                                                    .issuer = (*issuers_)["helseid"],
                                                    .audience = "urn:kobling",
                                                    .key_file = folder_ / "helseid.json",
                                                    .scheme = TokenScheme::kDpop,
                                                    .types = {.at_jwt = true, .jwt = false},
                                                    .grants = {{.scope = "kobling:register", .role = Role::kRegister}}},
                                                   {.kind = IssuerKind::kMaskinporten,
                                                    .issuer = (*issuers_)["maskinporten"],
                                                    .audience = "urn:kobling",
                                                    .key_file = folder_ / "maskinporten.json",
                                                    .scheme = TokenScheme::kBearer,
                                                    .grants = {{.scope = "kobling:register", .role = Role::kRegister}}},
                                                   {.kind = IssuerKind::kIdPorten,
                                                    .issuer = (*issuers_)["idporten"],
                                                    .audience = "portal",
                                                    .key_file = folder_ / "idporten.json",
                                                    .scheme = TokenScheme::kBearer,
                                                    .roles_of_every_token = {Role::kInsightPortal}}},
                                       .service_url = std::string(kServiceUrl),
                                       .accepted_series = domain::AcceptedSeries::Trial()};
    auto verifier =
        server::TokenVerifier::Create(std::move(config), {.key_file_listener = [this](const server::KeyFileNews& news) {
                                        ++(news.status.ok() ? readings_ : broken_readings_);
                                      }});
    ASSERT_TRUE(verifier.ok()) << verifier.status();
    verifier_ = *std::move(verifier);
  }

  absl::StatusOr<VerifiedToken> Verify(const std::string& authorization, const std::optional<std::string>& proof = {},
                                       std::string_view path = kPath) {
    return verifier_->Verify({.authorization = authorization, .dpop = proof, .method_path = path}, absl::Now());
  }
  static json Bound(std::string algorithm, int count) {
    return providers_->Ask({{"do", "bound"},
                            {"algorithm", algorithm},
                            {"url", std::string(kServiceUrl) + std::string(kPath)},
                            {"count", count}});
  }
  static std::vector<std::string> Tokens(const char* issuer, const json& claims, int count) {
    const json answer = providers_->Ask({{"do", "tokens"}, {"issuer", issuer}, {"claims", claims}, {"count", count}});
    return answer.is_object() ? answer["tokens"].get<std::vector<std::string>>() : std::vector<std::string>();
  }
  static json MaskinportenClaims() {
    return {{"aud", "urn:kobling"},
            {"scope", "kobling:register"},
            {"client_id", "a-client"},
            {"consumer", {{"authority", "iso6523-actorid-upis"}, {"ID", "0192:310000000"}}}};
  }
  static json IdPortenClaims() {
    return {{"aud", "portal"}, {"sub", "a-pairwise-name"}, {"acr", "idporten-loa-high"}, {"pid", Person()}};
  }

  static std::filesystem::path folder_;
  static ProviderProcess* providers_;
  static json* issuers_;
  std::atomic<int> readings_ = 0;
  std::atomic<int> broken_readings_ = 0;
  std::unique_ptr<server::TokenVerifier> verifier_;
};

std::filesystem::path RealProvider::folder_;
ProviderProcess* RealProvider::providers_ = nullptr;
json* RealProvider::issuers_ = nullptr;

TEST_F(RealProvider, BoundTokenIsAcceptedWithItsProof) {
  for (const char* algorithm : {"PS256", "ES256"}) {
    const json call = Bound(algorithm, 2);
    ASSERT_TRUE(call.is_object());
    const std::string authorization = "DPoP " + call["token"].get<std::string>();
    const auto token = Verify(authorization, call["proofs"][0]);
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(token->issuer_kind, IssuerKind::kHelseId);
    EXPECT_EQ(token->parties.organisation->text(), "310000000");
    EXPECT_EQ(token->roles, server::RoleSet{Role::kRegister});
    EXPECT_TRUE(Verify(authorization, call["proofs"][1]).ok()) << "a token serves as long as it lives";
  }
}

TEST_F(RealProvider, BoundTokenIsRefusedWithoutItsOwnFreshProof) {
  const json call = Bound("PS256", 2);
  const json other = Bound("PS256", 1);
  ASSERT_TRUE(call.is_object() && other.is_object());
  const std::string token = call["token"];
  const std::string authorization = "DPoP " + token;
  EXPECT_EQ(CheckThatFails(Verify(authorization).status()), "dpop");
  EXPECT_EQ(CheckThatFails(Verify("Bearer " + token).status()), "scheme");
  EXPECT_EQ(CheckThatFails(Verify(authorization, other["proofs"][0]).status()), "dpop jkt");
  EXPECT_EQ(CheckThatFails(Verify(authorization, call["proofs"][0], "/kobling.v1.ProjectService/End").status()),
            "dpop htu");
  EXPECT_TRUE(Verify(authorization, call["proofs"][0]).ok());
  EXPECT_EQ(CheckThatFails(Verify(authorization, call["proofs"][0]).status()), "dpop jti");
}

TEST_F(RealProvider, MaskinportensAndIdPortensClaimsAreRead) {
  const auto tokens = Tokens("maskinporten", MaskinportenClaims(), 1);
  ASSERT_EQ(tokens.size(), 1U);
  const auto machine = Verify("Bearer " + tokens[0]);
  ASSERT_TRUE(machine.ok()) << machine.status();
  EXPECT_EQ(machine->parties.organisation->text(), "310000000");

  const auto id_tokens = Tokens("idporten", IdPortenClaims(), 1);
  ASSERT_EQ(id_tokens.size(), 1U);
  const auto citizen = Verify("Bearer " + id_tokens[0]);
  ASSERT_TRUE(citizen.ok()) << citizen.status();
  EXPECT_TRUE(citizen->parties.person.has_value());
  EXPECT_EQ(citizen->roles, server::RoleSet{Role::kInsightPortal});
}

TEST_F(RealProvider, ClaimsThatDoNotFitAreRefused) {
  const std::int64_t now = absl::ToUnixSeconds(absl::Now());
  struct Case {
    const char* issuer;
    json change;
    const char* check;
  };
  const Case cases[] = {
      {"maskinporten", {{"aud", "urn:other"}}, "aud"},
      {"maskinporten", {{"aud", nullptr}}, "aud"},
      {"maskinporten", {{"iss", "https://maskinporten.example"}}, "iss"},
      {"maskinporten", {{"exp", now - 31}}, "exp"},
      {"maskinporten", {{"exp", now + 3600}}, "life"},
      {"maskinporten", {{"nbf", now + 100}}, "nbf"},
      {"maskinporten", {{"scope", "kobling:other"}}, "scope"},
      {"maskinporten", {{"consumer", nullptr}}, "consumer"},
      {"maskinporten", {{"cnf", {{"jkt", "a"}}}}, "cnf"},
      {"idporten", {{"acr", "idporten-loa-substantial"}}, "acr"},
      {"idporten", {{"pid", nullptr}}, "pid"},
      {"idporten", {{"aud", "urn:kobling"}}, "aud"},
  };
  std::size_t refused = 0;
  for (const Case& one : cases) {
    json claims = std::string_view(one.issuer) == "idporten" ? IdPortenClaims() : MaskinportenClaims();
    claims.update(one.change);
    const auto tokens = Tokens(one.issuer, claims, 1);
    ASSERT_EQ(tokens.size(), 1U);
    const absl::Status status = Verify("Bearer " + tokens[0]).status();
    EXPECT_EQ(CheckThatFails(status), one.check) << one.change;
    refused += status.ok() ? 0 : 1;
  }
  std::cout << "cases " << std::size(cases) << ", refused " << refused << '\n';
}

TEST_F(RealProvider, ForgeriesOfAGoodTokenAreRefused) {
  const auto tokens = Tokens("maskinporten", MaskinportenClaims(), 1);
  ASSERT_EQ(tokens.size(), 1U);
  ASSERT_TRUE(Verify("Bearer " + tokens[0]).ok());
  const json forgeries = providers_->Ask({{"do", "forgeries"}, {"token", tokens[0]}});
  ASSERT_TRUE(forgeries.is_object());
  EXPECT_EQ(CheckThatFails(Verify("Bearer " + forgeries["unsigned"].get<std::string>()).status()), "alg");
  EXPECT_EQ(CheckThatFails(Verify("Bearer " + forgeries["symmetric"].get<std::string>()).status()), "alg");
  EXPECT_EQ(CheckThatFails(Verify("Bearer " + forgeries["ownKey"].get<std::string>()).status()), "signature");
}

// Calls that are good, made by several threads all the time.
class Load {
 public:
  using Call = std::function<absl::Status(const std::string& token)>;

  Load(int threads, Call call) : call_(std::move(call)) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, i](const std::stop_token& stop) { Run(stop, static_cast<unsigned>(i)); });
    }
  }
  void Add(const std::vector<std::string>& tokens) {
    const std::lock_guard lock(mutex_);
    tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  }
  void Stop() { threads_.clear(); }
  std::int64_t calls() const { return calls_; }
  std::vector<absl::Status> failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

 private:
  // The newest token as often as all earlier ones together.
  std::string Next(std::mt19937& random) const {
    const std::lock_guard lock(mutex_);
    if (tokens_.empty()) {
      return {};
    }
    return random() % 2 == 0 ? tokens_.back() : tokens_[random() % tokens_.size()];
  }
  void Run(const std::stop_token& stop, unsigned seed) {
    std::mt19937 random(seed);
    while (!stop.stop_requested()) {
      const std::string token = Next(random);
      if (token.empty()) {
        std::this_thread::yield();
        continue;
      }
      const absl::Status status = call_(token);
      ++calls_;
      if (!status.ok()) {
        const std::lock_guard lock(mutex_);
        failures_.push_back(status);
      }
    }
  }

  const Call call_;
  mutable std::mutex mutex_;
  std::vector<std::string> tokens_;     // guarded by mutex_
  std::vector<absl::Status> failures_;  // guarded by mutex_
  std::atomic<std::int64_t> calls_ = 0;
  std::vector<std::jthread> threads_;
};

// A token with the name of a key that there is not.
std::string MadeUp(const json& claims) {
  const auto part = [](const json& value) {
    const std::string text = value.dump();
    return server::Base64UrlEncode(server::BytesOf(text));
  };
  return part({{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "made-up"}}) + '.' + part(claims) + ".AAAA";
}

TEST_F(RealProvider, KeysRollOverUnderLoadWithoutAFailedCall) {
  constexpr int kRollovers = 12;
  constexpr std::int64_t kCallsOfAKey = 200;
  constexpr const char* kAlgorithms[] = {"RS256", "ES256", "PS256", "ES256"};
  const json claims = MaskinportenClaims();
  Load load(2, [this](const std::string& token) { return Verify("Bearer " + token).status(); });
  load.Add(Tokens("maskinporten", claims, 3));
  std::set<std::string> names;
  // Somebody who makes names of keys up, so that every state of the file is looked at, the broken ones too.
  std::atomic<std::int64_t> strangers = 0;
  std::jthread stranger([&, token = MadeUp({{"iss", (*issuers_)["maskinporten"]}})](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      EXPECT_EQ(CheckThatFails(Verify("Bearer " + token).status()), "kid");
      ++strangers;
    }
  });
  for (int number = 0; number < kRollovers; ++number) {
    const json rolled = providers_->Ask(
        {{"do", "rollOver"}, {"issuer", "maskinporten"}, {"algorithm", kAlgorithms[number % 4]}, {"number", number}});
    ASSERT_TRUE(rolled.is_object());
    names.insert(rolled["kid"].get<std::string>());
    load.Add(Tokens("maskinporten", claims, 3));
    // Each key is used many times before the next one comes.
    const std::int64_t before = load.calls();
    while (load.calls() < before + kCallsOfAKey && load.failures().empty()) {
      std::this_thread::yield();
    }
  }
  load.Stop();
  stranger = {};
  std::cout << "rollovers " << names.size() << ", calls " << load.calls() << ", failed " << load.failures().size()
            << ", key files read " << readings_ << ", broken ones " << broken_readings_
            << ", calls with names that were made up " << strangers << '\n';
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kRollovers));
  EXPECT_GE(load.calls(), kCallsOfAKey * kRollovers);
  ASSERT_EQ(load.failures().size(), 0U) << load.failures().front();
  EXPECT_GE(readings_, kRollovers) << "the keys did not roll over while calls were made";
  EXPECT_GT(broken_readings_, 0);
}

}  // namespace
}  // namespace kobling::tests
