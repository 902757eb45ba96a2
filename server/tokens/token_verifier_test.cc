#include "server/tokens/token_verifier.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <sstream>
#include <thread>
#include <type_traits>

#include "crypto/fingerprint.h"
#include "domain/error.h"
#include "server/tokens/token_bench_testing.h"

namespace kobling::server {
namespace {

using testing::ElementsAre;

std::string DigitsOf(const domain::NationalId& person) {
  const auto digits = person.digits();
  return {digits.begin(), digits.end()};
}

class Tokens : public testing::Test {
 protected:
  // Changes the configuration of one issuer.
  template <typename Change>
  void Reconfigure(IssuerKind kind, Change change) {
    TokenVerifierConfig config = bench_.config();
    for (TokenIssuerConfig& issuer : config.issuers) {
      if (issuer.kind == kind) {
        change(issuer);
      }
    }
    bench_.Use(config);
  }

  VerifiedToken Verified(const CallDraft& call) {
    absl::StatusOr<VerifiedToken> token = bench_.Verify(call);
    EXPECT_TRUE(token.ok()) << token.status();
    return *std::move(token);
  }

  TokenBench bench_;
};

TEST_F(Tokens, HelseIdTokenNamesOrganisationAndRole) {
  CallDraft call = bench_.HelseIdCall();
  call.token.claims["helseid://claims/client/claims/orgnr_child"] = "311000004";
  call.token.claims["helseid://claims/client/claims/orgnr_supplier"] = "312000008";
  const VerifiedToken token = Verified(call);
  EXPECT_EQ(token.issuer_kind, IssuerKind::kHelseId);
  EXPECT_EQ(token.parties.organisation->text(), "310000000");
  EXPECT_EQ(token.parties.child->text(), "311000004");
  EXPECT_EQ(token.parties.supplier->text(), "312000008");
  EXPECT_FALSE(token.parties.person.has_value());
  EXPECT_EQ(token.roles, RoleSet{Role::kRegister});
  EXPECT_THAT(token.scopes, ElementsAre("kobling:register")) << "scopes that we do not know are not kept";
  EXPECT_EQ(token.token_fingerprint, crypto::FingerprintOf("4f9a1b"));
  EXPECT_FALSE(token.subject_fingerprint.has_value());
  EXPECT_EQ(token.expires, bench_.now() + absl::Seconds(290));
}

TEST_F(Tokens, HelseIdTokenNamesThePersonOnLevelFour) {
  CallDraft call = bench_.HelseIdCall();
  call.token.claims["scope"] = "openid kobling:case";
  call.token.claims["helseid://claims/identity/pid"] = bench_.Person();
  call.token.claims["helseid://claims/identity/security_level"] = "4";
  const VerifiedToken token = Verified(call);
  ASSERT_TRUE(token.parties.person.has_value());
  EXPECT_TRUE(DigitsOf(*token.parties.person) == bench_.Person());
  EXPECT_EQ(token.roles, RoleSet{Role::kCaseworker});
}

TEST_F(Tokens, PersonOnALowerLevelIsNobodyWhereNobodyIsNeeded) {
  CallDraft call = bench_.HelseIdCall();
  call.token.claims["helseid://claims/identity/pid"] = bench_.Person();
  call.token.claims["helseid://claims/identity/security_level"] = "3";
  EXPECT_FALSE(Verified(call).parties.person.has_value());
}

TEST_F(Tokens, MaskinportenTokenNamesConsumerAndSupplier) {
  const VerifiedToken plain = Verified(bench_.MaskinportenCall());
  EXPECT_EQ(plain.issuer_kind, IssuerKind::kMaskinporten);
  EXPECT_EQ(plain.parties.organisation->text(), "310000000");
  EXPECT_FALSE(plain.parties.supplier.has_value());
  EXPECT_EQ(plain.roles, RoleSet{Role::kRegister});

  CallDraft call = bench_.MaskinportenCall();
  call.token.claims["supplier"] = {{"authority", "iso6523-actorid-upis"}, {"ID", "0192:312000008"}};
  call.token.claims["delegation_source"] = "https://altinn.example";
  const VerifiedToken delegated = Verified(call);
  EXPECT_EQ(delegated.parties.organisation->text(), "310000000");
  EXPECT_EQ(delegated.parties.supplier->text(), "312000008");
  EXPECT_EQ(delegated.parties.delegation_source, "https://altinn.example");
}

TEST_F(Tokens, IdPortenTokenNamesTheCitizen) {
  CallDraft call = bench_.IdPortenCall();
  const VerifiedToken token = Verified(call);
  EXPECT_EQ(token.issuer_kind, IssuerKind::kIdPorten);
  ASSERT_TRUE(token.parties.person.has_value());
  EXPECT_TRUE(DigitsOf(*token.parties.person) == bench_.Person());
  EXPECT_FALSE(token.parties.organisation.has_value());
  EXPECT_EQ(token.roles, RoleSet{Role::kInsightPortal});
  EXPECT_EQ(token.subject_fingerprint, crypto::FingerprintOf("c5Kf-a-pairwise-name"));
  call.token.claims["client_orgno"] = "310000000";
  EXPECT_EQ(Verified(call).parties.organisation->text(), "310000000");
}

TEST_F(Tokens, AssuranceLevelsHaveOldNamesToo) {
  CallDraft call = bench_.IdPortenCall();
  call.token.claims["acr"] = "Level4";
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  Reconfigure(IssuerKind::kIdPorten,
              [](TokenIssuerConfig& issuer) { issuer.minimum_level = AssuranceLevel::kSubstantial; });
  for (const char* acr : {"idporten-loa-substantial", "Level3", "idporten-loa-high", "Level4"}) {
    call.token.claims["acr"] = acr;
    EXPECT_EQ(bench_.CheckThatFails(call), "") << acr;
  }
  call.token.claims["acr"] = "idporten-loa-low";
  EXPECT_EQ(bench_.CheckThatFails(call), "acr");
}

TEST_F(Tokens, EveryAlgorithmOfTheListIsAccepted) {
  CallDraft call = bench_.HelseIdCall();
  for (const char* algorithm : {"RS256", "PS256"}) {
    call.token.algorithm = algorithm;
    call.token.header["alg"] = algorithm;
    call.proof->claims["jti"] = algorithm;
    EXPECT_EQ(bench_.CheckThatFails(call), "") << algorithm;
  }
  call.token.key = &bench_.EcKey();
  call.token.algorithm = "ES256";
  call.token.header["alg"] = "ES256";
  call.token.header["kid"] = "h-ec";
  call.proof->claims["jti"] = "ES256";
  EXPECT_EQ(bench_.CheckThatFails(call), "");

  // The client's key may be an RSA key as well.
  call.token.claims["cnf"]["jkt"] = bench_.StrangersKey().Thumbprint();
  call.proof->key = &bench_.StrangersKey();
  call.proof->header["jwk"] = bench_.StrangersKey().BareJwk();
  for (const char* algorithm : {"RS256", "PS256"}) {
    call.proof->algorithm = algorithm;
    call.proof->header["alg"] = algorithm;
    call.proof->claims["jti"] = algorithm;
    EXPECT_EQ(bench_.CheckThatFails(call), "") << algorithm;
  }
}

TEST_F(Tokens, KeyThatNamesItsAlgorithmSignsWithThatAlone) {
  nlohmann::json key = bench_.RsaKey().PublicJwk("h-rsa");
  key["alg"] = "RS256";
  WriteKeyFile(bench_.folder() / "helseid.json", nlohmann::json::array({key}));
  bench_.Use(bench_.config());
  EXPECT_EQ(bench_.CheckThatFails(bench_.HelseIdCall()), "alg");
}

TEST_F(Tokens, WithdrawnKeyServesAsLongAsItsTokensCanLive) {
  CallDraft call = bench_.MaskinportenCall();
  WriteKeyFile(bench_.folder() / "maskinporten.json", nlohmann::json::array({bench_.StrangersKey().PublicJwk("m-2")}));
  CallDraft newer = bench_.MaskinportenCall();
  newer.token.key = &bench_.StrangersKey();
  newer.token.header["kid"] = "m-2";
  EXPECT_EQ(bench_.CheckThatFails(newer), "");
  bench_.Pass(std::chrono::minutes(2));
  EXPECT_EQ(bench_.CheckThatFails(call), "") << "by now it lives on the skew alone";
  bench_.Pass(std::chrono::seconds(1));
  EXPECT_EQ(bench_.CheckThatFails(call), "kid");
}

TEST_F(Tokens, TimesMayDifferByTheSkewAndNoMore) {
  CallDraft call = bench_.MaskinportenCall();
  call.token.claims["exp"] = bench_.seconds() - 29;
  call.token.claims["iat"] = bench_.seconds() - 120;
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  call.token.claims["exp"] = bench_.seconds() - 30;
  EXPECT_EQ(bench_.CheckThatFails(call), "exp");
  call = bench_.MaskinportenCall();
  call.token.claims["iat"] = bench_.seconds() + 30;
  call.token.claims["nbf"] = bench_.seconds() + 30;
  EXPECT_EQ(bench_.CheckThatFails(call), "");
}

TEST_F(Tokens, ProofsMayBeTenSecondsOldAndFiveAhead) {
  CallDraft call = bench_.HelseIdCall();
  int name = 0;
  for (const int offset : {-10, 0, 5}) {
    call.proof->claims["iat"] = bench_.seconds() + offset;
    call.proof->claims["jti"] = std::to_string(++name);
    EXPECT_EQ(bench_.CheckThatFails(call), "") << offset;
  }
}

TEST_F(Tokens, TypesAreAcceptedAsConfigured) {
  CallDraft call = bench_.MaskinportenCall();
  for (const char* type : {"at+jwt", "application/at+jwt", "JWT"}) {
    call.token.header["typ"] = type;
    EXPECT_EQ(bench_.CheckThatFails(call), "") << type;
  }
  Reconfigure(IssuerKind::kMaskinporten, [](TokenIssuerConfig& issuer) { issuer.types.jwt = false; });
  EXPECT_EQ(bench_.CheckThatFails(call), "typ");
  call.token.header["typ"] = "at+jwt";
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  Reconfigure(IssuerKind::kMaskinporten, [](TokenIssuerConfig& issuer) { issuer.types.at_jwt = false; });
  EXPECT_EQ(bench_.CheckThatFails(call), "typ");
  call.token.header["typ"] = "application/at+jwt";
  EXPECT_EQ(bench_.CheckThatFails(call), "typ");
  call.token.header.erase("typ");
  EXPECT_EQ(bench_.CheckThatFails(call), "typ");
  Reconfigure(IssuerKind::kMaskinporten, [](TokenIssuerConfig& issuer) { issuer.types.absent = true; });
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  for (const nlohmann::json& other : {nlohmann::json(), nlohmann::json(1), nlohmann::json("dpop+jwt")}) {
    call.token.header["typ"] = other;
    EXPECT_EQ(bench_.CheckThatFails(call), "typ") << other << " is not absent";
  }
}

TEST_F(Tokens, AudienceIsOpenOnlyWhereConfigured) {
  Reconfigure(IssuerKind::kMaskinporten, [](TokenIssuerConfig& issuer) { issuer.audience_may_be_unspecified = true; });
  CallDraft call = bench_.MaskinportenCall();
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  call.token.claims["aud"] = "unspecified";
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  call.token.claims["aud"] = {"unspecified"};
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  call.token.claims["aud"] = "urn:other";
  EXPECT_EQ(bench_.CheckThatFails(call), "aud");
  call.token.claims["aud"] = {"unspecified", "urn:other"};
  EXPECT_EQ(bench_.CheckThatFails(call), "aud");
  call.token.claims["aud"] = nullptr;
  EXPECT_EQ(bench_.CheckThatFails(call), "aud");
  call.token.claims.erase("aud");
  EXPECT_EQ(bench_.CheckThatFails(call), "");
}

TEST_F(Tokens, SeveralAudiencesAreAcceptedOnlyWhereConfigured) {
  CallDraft call = bench_.MaskinportenCall();
  call.token.claims["aud"] = {TokenBench::kAudience};
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  call.token.claims["aud"] = {"urn:other", TokenBench::kAudience};
  EXPECT_EQ(bench_.CheckThatFails(call), "aud");
  Reconfigure(IssuerKind::kMaskinporten, [](TokenIssuerConfig& issuer) { issuer.several_audiences = true; });
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  call.token.claims["aud"] = {"urn:other", "urn:third"};
  EXPECT_EQ(bench_.CheckThatFails(call), "aud");
  Reconfigure(IssuerKind::kMaskinporten, [](TokenIssuerConfig& issuer) {
    issuer.several_audiences = true;
    issuer.audience_may_be_unspecified = true;
  });
  EXPECT_EQ(bench_.CheckThatFails(call), "aud");
  call.token.claims["aud"] = {"unspecified", "urn:other"};
  EXPECT_EQ(bench_.CheckThatFails(call), "aud") << "a token for some is not one for all";
}

TEST_F(Tokens, SchemesHaveNoCase) {
  CallDraft call = bench_.HelseIdCall();
  call.scheme = "dpop";
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  call = bench_.MaskinportenCall();
  call.scheme = "BEARER";
  EXPECT_EQ(bench_.CheckThatFails(call), "");
}

TEST_F(Tokens, LongestTokenIsEightKibibytes) {
  CallDraft call = bench_.MaskinportenCall();
  const std::size_t room = 8 * 1024 - call.token.Compact().size();
  call.token.claims["x"] = "";
  std::size_t longest = 0;
  for (std::size_t padding = room / 4 * 3 - 16; padding < room; ++padding) {
    call.token.claims["x"] = std::string(padding, 'x');
    const std::size_t size = call.token.Compact().size();
    EXPECT_EQ(bench_.CheckThatFails(call), size <= 8 * 1024 ? "" : "length") << size;
    longest = std::max(longest, size);
    if (size > 8 * 1024) {
      break;
    }
  }
  EXPECT_GT(longest, 8U * 1024);
}

TEST_F(Tokens, MissingTokenIsSaidToBeMissing) {
  const auto token = bench_.verifier().Verify({.authorization = {}, .dpop = {}, .method_path = "/a.B/C"}, bench_.now());
  EXPECT_EQ(domain::ReasonOf(token.status()), domain::Reason::kTokenMissing);
}

TEST_F(Tokens, HeaderThatCameTwiceIsRefused) {
  const std::string_view values[] = {"DPoP a.b.c", "DPoP a.b.c"};
  EXPECT_EQ(domain::ReasonOf(SingleHeader("authorization", values).status()), domain::Reason::kTokenRefused);
  EXPECT_EQ(*SingleHeader("authorization", std::span(values).first(1)), values[0]);
  EXPECT_EQ(*SingleHeader("authorization", {}), std::nullopt);
}

TEST_F(Tokens, ProofIsAcceptedOnce) {
  CallDraft call = bench_.HelseIdCall();
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  EXPECT_EQ(bench_.CheckThatFails(call), "dpop jti");
  // Another proof with the same name is the same proof.
  call.proof->claims["iat"] = bench_.seconds() + 1;
  EXPECT_EQ(bench_.CheckThatFails(call), "dpop jti");
  call.proof->claims["jti"] = "proof-2";
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  // Just before it is forgotten; by then its time has long passed, so that only the wall clock keeps it out after that.
  bench_.Pass(std::chrono::seconds(59));
  call.proof->claims["iat"] = bench_.seconds();
  EXPECT_EQ(bench_.CheckThatFails(call), "dpop jti");
  bench_.Pass(std::chrono::seconds(1));
  EXPECT_EQ(bench_.CheckThatFails(call), "");
}

TEST_F(Tokens, NamesOfProofsBelongToTheirKey) {
  CallDraft call = bench_.HelseIdCall();
  EXPECT_EQ(bench_.CheckThatFails(call), "");
  call.token.claims["cnf"]["jkt"] = bench_.EcKey().Thumbprint();
  call.proof->key = &bench_.EcKey();
  call.proof->header["jwk"] = bench_.EcKey().BareJwk();
  EXPECT_EQ(bench_.CheckThatFails(call), "");
}

TEST_F(Tokens, ProofsAreRefusedWhenNoMoreCanBeRemembered) {
  TokenVerifierConfig config = bench_.config();
  config.remembered_proofs = 2;
  bench_.Use(config);
  CallDraft call = bench_.HelseIdCall();
  for (const auto& [name, check] : std::initializer_list<std::pair<const char*, const char*>>{
           {"a", ""}, {"b", ""}, {"c", "dpop jti, too many at once"}, {"a", "dpop jti"}}) {
    call.proof->claims["jti"] = name;
    EXPECT_EQ(bench_.CheckThatFails(call), check) << name;
  }
  bench_.Pass(std::chrono::seconds(60));
  call.proof->claims["iat"] = bench_.seconds();
  call.proof->claims["jti"] = "c";
  EXPECT_EQ(bench_.CheckThatFails(call), "");
}

TEST_F(Tokens, FingerprintsAreNotMadeOfIdentifiers) {
  CallDraft call = bench_.IdPortenCall();
  call.token.claims["sub"] = "no:" + bench_.Person();
  call.token.claims["jti"] = bench_.Person();
  const VerifiedToken token = Verified(call);
  EXPECT_FALSE(token.subject_fingerprint.has_value());
  EXPECT_FALSE(token.token_fingerprint.has_value());
}

template <typename T>
concept Streamable = requires(std::ostream& stream, const T& value) {
  stream << value;
};
static_assert(!Streamable<domain::NationalId> && !Streamable<VerifiedToken> && !Streamable<TokenParties>);

TEST_F(Tokens, RefusalsHoldNoValueOfTheToken) {
  const std::string person = bench_.Person();
  std::vector<CallDraft> calls = {bench_.IdPortenCall(), bench_.HelseIdCall(), bench_.MaskinportenCall()};
  calls[0].token.claims["acr"] = person;
  calls[1].token.claims["helseid://claims/client/claims/orgnr_parent"] = person;
  calls[2].token.claims["scope"] = person;
  calls.push_back(bench_.IdPortenCall());
  calls.back().token.claims["pid"] = person + "1";
  calls.push_back(bench_.IdPortenCall());
  calls.back().token.header["kid"] = person;
  calls.push_back(bench_.HelseIdCall());
  calls.back().proof->claims["htu"] = person;
  for (const CallDraft& call : calls) {
    const absl::Status status = bench_.Verify(call).status();
    ASSERT_FALSE(status.ok());
    std::ostringstream printed;
    printed << status;
    EXPECT_EQ(printed.str().find(person.substr(0, 9)), std::string::npos);
    EXPECT_EQ(printed.str().find("[removed]"), std::string::npos) << "a value was there, and was scrubbed";
    EXPECT_EQ(domain::DetailsOf(status).size(), 1U);
  }
}

Caller CallerOf(Role role, const char* id) { return {.role = role, .id = *domain::ActorId::Parse(id)}; }

bool Disagrees(const absl::Status& status) { return domain::ReasonOf(status) == domain::Reason::kTokenOtherCaller; }

TEST_F(Tokens, TokenAndCertificateMustBeOfOneCaller) {
  const CallerOrganisations organisations = {{"NPR", *OrganisationNumber::Parse("310000000")},
                                             {"KPR", *OrganisationNumber::Parse("311000004")}};
  for (const VerifiedToken& token : {Verified(bench_.HelseIdCall()), Verified(bench_.MaskinportenCall())}) {
    EXPECT_TRUE(CheckAgreement(token, CallerOf(Role::kRegister, "NPR"), organisations).ok());
    EXPECT_TRUE(Disagrees(CheckAgreement(token, CallerOf(Role::kRegister, "KPR"), organisations)));
    EXPECT_TRUE(Disagrees(CheckAgreement(token, CallerOf(Role::kRegister, "SYSVAK"), organisations)));
    EXPECT_TRUE(Disagrees(CheckAgreement(token, CallerOf(Role::kCaseworker, "NPR"), organisations)));
    EXPECT_TRUE(Disagrees(CheckAgreement(token, CallerOf(Role::kRegister, "NPR"), {})));
  }
}

TEST_F(Tokens, CitizensTokenIsThePortals) {
  const CallerOrganisations organisations = {{"portal", *OrganisationNumber::Parse("310000000")},
                                             {"other", *OrganisationNumber::Parse("311000004")}};
  CallDraft call = bench_.IdPortenCall();
  EXPECT_TRUE(CheckAgreement(Verified(call), CallerOf(Role::kInsightPortal, "portal"), organisations).ok());
  EXPECT_TRUE(CheckAgreement(Verified(call), CallerOf(Role::kInsightPortal, "portal"), {}).ok());
  EXPECT_TRUE(Disagrees(CheckAgreement(Verified(call), CallerOf(Role::kRegister, "portal"), organisations)));
  call.token.claims["client_orgno"] = "310000000";
  EXPECT_TRUE(CheckAgreement(Verified(call), CallerOf(Role::kInsightPortal, "portal"), organisations).ok());
  EXPECT_TRUE(Disagrees(CheckAgreement(Verified(call), CallerOf(Role::kInsightPortal, "other"), organisations)));
}

TEST_F(Tokens, TokenWithoutOrganisationAgreesWithNobodyElse) {
  VerifiedToken token = Verified(bench_.MaskinportenCall());
  token.parties.organisation.reset();
  EXPECT_TRUE(Disagrees(CheckAgreement(token, CallerOf(Role::kRegister, "NPR"), {})));
}

TEST_F(Tokens, AreVerifiedByManyThreadsAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 20;
  CallDraft call = bench_.HelseIdCall();
  std::vector<std::string> names;
  for (int i = 0; i < kCalls; ++i) {
    names.push_back(std::to_string(i));
  }
  std::atomic<int> accepted = 0;
  std::atomic<int> replayed = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, copy = call]() mutable {
        for (const std::string& name : names) {
          copy.proof->claims["jti"] = name;
          const std::string check = bench_.CheckThatFails(copy);
          (check.empty() ? accepted : replayed) += check.empty() || check == "dpop jti" ? 1 : kThreads * kCalls;
        }
      });
    }
  }
  EXPECT_EQ(accepted, kCalls) << "each proof once, whoever comes first";
  EXPECT_EQ(replayed, (kThreads - 1) * kCalls);
}

}  // namespace
}  // namespace kobling::server
