#include "crypto/vectors.h"

#include <sodium.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "crypto/derivations.h"
#include "crypto/key_wrap.h"
#include "crypto/merkle.h"
#include "domain/status_macros.h"
#include "domain/text.h"

namespace kobling::crypto {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::uint64_t, 4> kIdentifiers = {
    1839012345,   // 01839012345, synthetic
    55858570106,  // synthetic D-number
    30108299939,  // example published by Skatteetaten
    81234567802,  // FH-number published as an example
};

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string Hex(std::span<const std::uint8_t> bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

// Bytes that count upwards from the first: the keys and nonces of the examples.
template <std::size_t size>
std::array<std::uint8_t, size> Counting(std::uint8_t first) {
  std::array<std::uint8_t, size> bytes;
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

absl::StatusOr<SecretKey> ExampleKey(SecretArena& arena, std::uint8_t first) {
  return SecretKey::CopyOf(arena, Counting<SecretKey::kBytes>(first));
}

// XChaCha20-Poly1305 called here directly, with a fixed nonce, so that the examples do not depend on the code that they
// are examples for: nonce, ciphertext, authenticator.
std::string SealWithCountingNonce(std::uint8_t key_first, std::span<const std::uint8_t> plaintext,
                                  std::string_view associated_data) {
  const auto key = Counting<crypto_aead_xchacha20poly1305_ietf_KEYBYTES>(key_first);
  const auto nonce = Counting<crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>(0xe0);
  std::string sealed(plaintext.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<std::uint8_t*>(sealed.data()), nullptr, plaintext.data(),
                                             plaintext.size(), Bytes(associated_data).data(), associated_data.size(),
                                             nullptr, nonce.data(), key.data());
  return std::string(nonce.begin(), nonce.end()) + sealed;
}

constexpr std::uint8_t kIndexKey = 0x00;
constexpr std::uint8_t kPersonKey = 0x20;
constexpr std::uint8_t kProjectKey = 0x40;
constexpr std::uint8_t kSubjectKey = 0x60;
constexpr std::uint8_t kDigestKey = 0x80;
constexpr std::uint8_t kKek = 0xa0;
constexpr std::uint8_t kIdentKey = 0xc0;

absl::StatusOr<Json> PersonExamples(SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(const SecretKey index_key, ExampleKey(arena, kIndexKey));
  KOBLING_ASSIGN_OR_RETURN(const SecretKey person_key, ExampleKey(arena, kPersonKey));
  KOBLING_ASSIGN_OR_RETURN(const SecretKey project_key, ExampleKey(arena, kProjectKey));
  KOBLING_ASSIGN_OR_RETURN(const SecretKey subject_key, ExampleKey(arena, kSubjectKey));
  KOBLING_ASSIGN_OR_RETURN(const IdentityIndex index, IdentityIndex::Create(arena, index_key));
  KOBLING_ASSIGN_OR_RETURN(const PersonPseudonymizer pseudonymizer, PersonPseudonymizer::Create(arena, person_key));
  KOBLING_ASSIGN_OR_RETURN(const LinkagePrf linkage, LinkagePrf::Create(arena, project_key));
  KOBLING_ASSIGN_OR_RETURN(const SubjectReferencer referencer, SubjectReferencer::Create(arena, subject_key));
  Json examples = Json::array();
  for (const std::uint64_t packed : kIdentifiers) {
    KOBLING_ASSIGN_OR_RETURN(const domain::NationalId identifier, domain::NationalId::FromPacked(packed));
    const auto digits = identifier.digits();
    const Uid uid = pseudonymizer.UidOf(identifier);
    const domain::Lopenummer lopenummer = linkage.Of(uid);
    std::array<char, domain::Lopenummer::kLength> text;
    lopenummer.CopyText(text);
    examples.push_back({{"identifier", std::string(digits.begin(), digits.end())},
                        {"tag", Hex(index.TagOf(identifier).bytes)},
                        {"uid", Hex(uid.bytes)},
                        {"lopenummer_bits", Hex(lopenummer.bits())},
                        {"lopenummer", std::string(text.begin(), text.end())},
                        {"subject", Hex(referencer.Of(uid).bytes)}});
  }
  return examples;
}

absl::StatusOr<Json> DigestExamples(SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(const SecretKey key, ExampleKey(arena, kDigestKey));
  KOBLING_ASSIGN_OR_RETURN(const KeyedDigest digest, KeyedDigest::Create(arena, key));
  return Json::array({
      {{"purpose", "set"}, {"data", ""}, {"digest", Hex(digest.Of("set", {}))}},
      {{"purpose", "request"}, {"data", Hex(Bytes("abc"))}, {"digest", Hex(digest.Of("request", Bytes("abc")))}},
  });
}

absl::StatusOr<Json> WrapExample(SecretArena& arena) {
  constexpr std::string_view kAssociatedData("kobling/v1/wrap\0project\0P0041\0\0\0\0\1", 34);
  KOBLING_ASSIGN_OR_RETURN(SecretKey kek_key, ExampleKey(arena, kKek));
  const KeyEncryptionKey kek(std::move(kek_key));
  const auto project_key = Counting<SecretKey::kBytes>(kProjectKey);
  const Digest check = MacOnce(project_key, Bytes(std::string_view("kobling/v1/check\0", 17)));
  std::string wrapped = "KBW1";
  wrapped.append(kek.id().begin(), kek.id().end());
  wrapped += SealWithCountingNonce(kKek, project_key, kAssociatedData);
  wrapped.append(check.begin(), check.begin() + 8);
  return Json({{"kek_id", Hex(kek.id())},
               {"kind", "project"},
               {"id", "P0041"},
               {"version", 1},
               {"associated_data", Hex(Bytes(kAssociatedData))},
               {"wrapped", Hex(Bytes(wrapped))}});
}

}  // namespace

absl::StatusOr<std::string> DerivationVectors(SecretArena& arena) {
  Json vectors;
  vectors["keys"] = {{"index", Hex(Counting<32>(kIndexKey))},     {"person", Hex(Counting<32>(kPersonKey))},
                     {"project", Hex(Counting<32>(kProjectKey))}, {"subject", Hex(Counting<32>(kSubjectKey))},
                     {"digest", Hex(Counting<32>(kDigestKey))},   {"kek", Hex(Counting<32>(kKek))},
                     {"ident", Hex(Counting<32>(kIdentKey))}};
  KOBLING_ASSIGN_OR_RETURN(vectors["persons"], PersonExamples(arena));
  KOBLING_ASSIGN_OR_RETURN(vectors["digests"], DigestExamples(arena));
  KOBLING_ASSIGN_OR_RETURN(vectors["wrapped_key"], WrapExample(arena));
  vectors["sealed_row"] = {
      {"associated_data", "example row"},
      {"plaintext", "example"},
      {"sealed", Hex(Bytes(SealWithCountingNonce(kIdentKey, Bytes("example"), "example row")))}};
  return vectors.dump(2) + "\n";
}

std::string EventsTreeVectors() {
  constexpr std::array<std::string_view, 8> kLeaves = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  Json trees = Json::array();
  MerkleFrontier frontier;
  trees.push_back({{"size", 0}, {"root", Hex(frontier.Root())}, {"frontier", Hex(Bytes(frontier.Serialize()))}});
  for (const std::string_view leaf : kLeaves) {
    const Digest hash = LeafHash(Bytes(absl::HexStringToBytes(domain::ToAbsl(leaf))));
    frontier.Append(hash);
    trees.push_back({{"size", frontier.size()},
                     {"last_leaf", leaf},
                     {"last_leaf_hash", Hex(hash)},
                     {"root", Hex(frontier.Root())},
                     {"frontier", Hex(Bytes(frontier.Serialize()))}});
  }
  return Json({{"trees", trees}}).dump(2) + "\n";
}

}  // namespace kobling::crypto
