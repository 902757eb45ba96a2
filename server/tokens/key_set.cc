#include "server/tokens/key_set.h"

#include <algorithm>
#include <utility>

#include "domain/error.h"
#include "server/tokens/strict_json.h"

namespace kobling::server {
namespace {

absl::Status Unusable(const std::filesystem::path& file, std::string_view hint) {
  return domain::MakeError(domain::Reason::kTokenKeys,
                           {{domain::DetailKey::kFile, file.string()}, {domain::DetailKey::kHint, hint}});
}

// Whether the key is meant for checking signatures, as far as the set says what it is meant for.
bool IsForSignatures(const Json& jwk) {
  if (jwk.Find("use") != nullptr) {
    const std::string* use = jwk.FindText("use");
    if (use == nullptr || *use != "sig") {
      return false;
    }
  }
  const Json* operations = jwk.Find("key_ops");
  return operations == nullptr ||
         (operations->array() != nullptr &&
          std::any_of(operations->array()->begin(), operations->array()->end(), [](const Json& operation) {
            return operation.text() != nullptr && *operation.text() == "verify";
          }));
}

// The algorithms that the key may be used with: the one that it names, or all that suit it.
SignatureAlgorithms AlgorithmsOf(const Json& jwk, const PublicKey& key) {
  SignatureAlgorithms algorithms;
  const std::string* name = jwk.FindText("alg");
  const std::optional<SignatureAlgorithm> named = name == nullptr ? std::nullopt : SignatureAlgorithmFromName(*name);
  for (const SignatureAlgorithm algorithm :
       {SignatureAlgorithm::kRs256, SignatureAlgorithm::kPs256, SignatureAlgorithm::kEs256}) {
    if (key.Suits(algorithm) && (jwk.Find("alg") == nullptr || named == algorithm)) {
      algorithms.Add({algorithm});
    }
  }
  return algorithms;
}

// Puts a key into the set; the answer says why it was not put there, and is empty if it was.
std::string_view Add(const Json& jwk, KeySet& set) {
  PublicKey::ParseResult parsed = PublicKey::FromJwk(jwk);
  if (parsed.key == nullptr) {
    return parsed.why_not;
  }
  const std::string* id = jwk.FindText("kid");
  if (id == nullptr || id->empty()) {
    return "no kid";
  }
  if (!IsForSignatures(jwk)) {
    return "not for signatures";
  }
  const SignatureAlgorithms algorithms = AlgorithmsOf(jwk, *parsed.key);
  if (algorithms == SignatureAlgorithms()) {
    return "another alg";
  }
  const auto [place, is_new] = set.by_id.try_emplace(*id, IssuerKey{parsed.key, algorithms});
  if (is_new) {
    return {};
  }
  // Some issuers list a key once for each algorithm. Two keys under one name are another matter.
  if (place->second.key->thumbprint() != parsed.key->thumbprint()) {
    return "kid twice";
  }
  place->second.algorithms.Add(algorithms);
  return {};
}

}  // namespace

absl::StatusOr<KeySet> ParseKeySet(std::string_view text, const std::filesystem::path& file) {
  const std::optional<Json> json = Json::ParseObject(text);
  const Json* keys = json ? json->Find("keys") : nullptr;
  if (keys == nullptr || keys->array() == nullptr) {
    return Unusable(file, "not a JWK Set");
  }
  KeySet set;
  for (const Json& jwk : *keys->array()) {
    if (const std::string_view why_not = Add(jwk, set); !why_not.empty()) {
      set.ignored.push_back(why_not);
    }
  }
  if (set.by_id.empty()) {
    return Unusable(file, "no key for signatures");
  }
  return set;
}

}  // namespace kobling::server
