#include "server/tokens/key_set.h"

#include <gmock/gmock.h>

#include "domain/error.h"
#include "server/tokens/token_maker_testing.h"

namespace kobling::server {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

absl::StatusOr<KeySet> Parse(const json& keys) { return ParseKeySet(json{{"keys", keys}}.dump(), "keys.json"); }

const TestKey& Ec() {
  static const TestKey key = TestKey::Ec("P-256");
  return key;
}
const TestKey& Rsa() {
  static const TestKey key = TestKey::Rsa(2048);
  return key;
}

// Why the set refuses a key that stands beside a good one.
std::string_view WhyIgnored(const json& key) {
  const absl::StatusOr<KeySet> set = Parse(json::array({Ec().PublicJwk("good"), key}));
  EXPECT_TRUE(set.ok());
  EXPECT_LE(set->by_id.size() + set->ignored.size(), 2U);
  return set->ignored.empty() ? std::string_view() : set->ignored.front();
}

json With(json key, const char* name, json value) {
  key[name] = std::move(value);
  return key;
}
json Without(json key, const char* name) {
  key.erase(name);
  return key;
}

TEST(KeySet, TakesTheKeysOfSignatures) {
  const auto set = Parse(json::array({Rsa().PublicJwk("a"), Ec().PublicJwk("b")}));
  ASSERT_TRUE(set.ok());
  ASSERT_EQ(set->by_id.size(), 2U);
  EXPECT_THAT(set->ignored, IsEmpty());
  const SignatureAlgorithms rsa = set->by_id.at("a").algorithms;
  EXPECT_TRUE(rsa.contains(SignatureAlgorithm::kRs256) && rsa.contains(SignatureAlgorithm::kPs256));
  EXPECT_FALSE(rsa.contains(SignatureAlgorithm::kEs256));
  EXPECT_EQ(set->by_id.at("b").algorithms, SignatureAlgorithms{SignatureAlgorithm::kEs256});
  EXPECT_EQ(set->by_id.at("b").key->thumbprint(), Ec().Thumbprint());
}

TEST(KeySet, IgnoresWhatIsNotForOurSignatures) {
  const json rsa = Rsa().PublicJwk("x");
  const json ec = Ec().PublicJwk("x");
  EXPECT_EQ(WhyIgnored(rsa), "") << "the key as it is";
  EXPECT_EQ(WhyIgnored(Without(rsa, "use")), "");
  EXPECT_EQ(WhyIgnored(With(rsa, "key_ops", {"verify"})), "");
  EXPECT_EQ(WhyIgnored(With(rsa, "alg", "PS256")), "");

  EXPECT_EQ(WhyIgnored({{"kty", "oct"}, {"kid", "x"}, {"k", "AQ"}}), "symmetric");
  EXPECT_EQ(WhyIgnored(With(rsa, "d", "AQ")), "private");
  EXPECT_EQ(WhyIgnored(With(ec, "d", "AQ")), "private");
  EXPECT_EQ(WhyIgnored(Without(rsa, "kid")), "no kid");
  EXPECT_EQ(WhyIgnored(With(rsa, "kid", "")), "no kid");
  EXPECT_EQ(WhyIgnored(With(rsa, "use", "enc")), "not for signatures");
  EXPECT_EQ(WhyIgnored(With(rsa, "use", 1)), "not for signatures");
  EXPECT_EQ(WhyIgnored(With(rsa, "key_ops", {"encrypt"})), "not for signatures");
  EXPECT_EQ(WhyIgnored(With(rsa, "key_ops", "verify")), "not for signatures");
  EXPECT_EQ(WhyIgnored(With(rsa, "alg", "RS512")), "another alg");
  EXPECT_EQ(WhyIgnored(With(rsa, "alg", "ES256")), "another alg");
  EXPECT_EQ(WhyIgnored(With(rsa, "alg", 1)), "another alg");
  EXPECT_EQ(WhyIgnored(With(ec, "kid", "good")), "") << "it is the good one";
  EXPECT_EQ(WhyIgnored(With(rsa, "kid", "good")), "kid twice");
  EXPECT_EQ(WhyIgnored(With(rsa, "kty", "OKP")), "another kty");
  EXPECT_EQ(WhyIgnored(Without(rsa, "kty")), "no kty");
  EXPECT_EQ(WhyIgnored("a"), "no kty");
  EXPECT_EQ(WhyIgnored(TestKey::Ec("P-384").PublicJwk("x")), "another curve");
  EXPECT_EQ(WhyIgnored(TestKey::Rsa(2047).PublicJwk("x")), "RSA length");
}

TEST(KeySet, KeyThatIsListedOncePerAlgorithmHasThemAll) {
  const auto set =
      Parse(json::array({With(Rsa().PublicJwk("a"), "alg", "RS256"), With(Rsa().PublicJwk("a"), "alg", "PS256")}));
  ASSERT_TRUE(set.ok());
  EXPECT_THAT(set->ignored, IsEmpty());
  EXPECT_EQ(set->by_id.at("a").algorithms,
            (SignatureAlgorithms{SignatureAlgorithm::kRs256, SignatureAlgorithm::kPs256}));
}

TEST(KeySet, SecondKeyUnderANameDoesNotReplaceTheFirst) {
  const auto set = Parse(json::array({Ec().PublicJwk("a"), Rsa().PublicJwk("a")}));
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->by_id.at("a").key->thumbprint(), Ec().Thumbprint());
  EXPECT_THAT(set->ignored, ElementsAre("kid twice"));
}

TEST(KeySet, IsRefusedWithoutAKeyThatCanBeUsed) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"keys":{}})"),
        std::string(R"({"keys":[]})"), json{{"keys", {{{"kty", "oct"}, {"kid", "a"}}}}}.dump(),
        R"({"keys":[],)" + json{{"keys", {Ec().PublicJwk("a")}}}.dump().substr(1)}) {
    EXPECT_EQ(domain::ReasonOf(ParseKeySet(text, "keys.json").status()), domain::Reason::kTokenKeys) << text;
  }
}

}  // namespace
}  // namespace kobling::server
