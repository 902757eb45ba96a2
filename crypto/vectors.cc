#include "crypto/vectors.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <array>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "crypto/bech32.h"
#include "crypto/derivations.h"
#include "crypto/key_wrap.h"
#include "crypto/merkle.h"
#include "domain/error.h"
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

// The product in GF(256) with the polynomial 0x11d, by its definition; here and not in crypto/shamir.cc, for the same
// reason.
std::uint8_t Product(unsigned left, unsigned right) {
  unsigned product = 0;
  for (; right != 0; right >>= 1) {
    product ^= (right & 1) != 0 ? left : 0;
    left = (left & 0x80) != 0 ? (left << 1) ^ 0x11d : left << 1;
  }
  return static_cast<std::uint8_t>(product);
}

// A KEK of counting bytes split so that any two of three shares open it.
Json ShareExamples(const KekId& kek_id) {
  const auto splitting_id = Counting<8>(0x10);
  const auto kek = Counting<SecretKey::kBytes>(kKek);
  const auto coefficients = Counting<SecretKey::kBytes>(0xd0);
  Json shares = Json::array();
  for (std::uint8_t number = 1; number <= 3; ++number) {
    std::vector<std::uint8_t> value;
    for (std::size_t i = 0; i < kek.size(); ++i) {
      value.push_back(static_cast<std::uint8_t>(kek[i] ^ Product(coefficients[i], number)));
    }
    std::vector<std::uint8_t> bytes(splitting_id.begin(), splitting_id.end());
    bytes.insert(bytes.end(), {2, 3, number});
    bytes.insert(bytes.end(), value.begin(), value.end());
    bytes.insert(bytes.end(), kek_id.begin(), kek_id.end());
    shares.push_back({{"number", number}, {"value", Hex(value)}, {"text", Bech32Encode("kobling-share-", bytes)}});
  }
  return Json({{"splitting_id", Hex(splitting_id)},
               {"needed", 2},
               {"count", 3},
               {"coefficients", Hex(coefficients)},
               {"shares", shares}});
}

// AES-256-GCM with a fixed nonce, by OpenSSL in the place of a module: nonce, ciphertext, authenticator.
absl::StatusOr<std::string> SealAsModule(std::span<const std::uint8_t> key, std::span<const std::uint8_t> plaintext,
                                         std::string_view associated_data) {
  const auto nonce = Counting<12>(0xe0);
  std::string sealed(plaintext.size() + 16, '\0');
  auto* const out = reinterpret_cast<std::uint8_t*>(sealed.data());
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  const bool done =
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(associated_data).data(),
                        static_cast<int>(associated_data.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), out, &size, plaintext.data(), static_cast<int>(plaintext.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), out + plaintext.size(), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, out + plaintext.size()) == 1;
  if (!done) {
    return domain::MakeError(domain::Reason::kInternal);
  }
  return std::string(nonce.begin(), nonce.end()) + sealed;
}

absl::StatusOr<Json> HsmExample(const KekId& kek_id) {
  const auto module_key = Counting<SecretKey::kBytes>(kIndexKey);
  std::string associated_data = "kobling/v1/kek-hsm";
  associated_data += '\0';
  associated_data.append(kek_id.begin(), kek_id.end());
  KOBLING_ASSIGN_OR_RETURN(const std::string sealed,
                           SealAsModule(module_key, Counting<SecretKey::kBytes>(kKek), associated_data));
  std::string file = "KBH1";
  file.append(kek_id.begin(), kek_id.end());
  file += sealed;
  return Json(
      {{"module_key", Hex(module_key)}, {"associated_data", Hex(Bytes(associated_data))}, {"file", Hex(Bytes(file))}});
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

absl::StatusOr<std::string> KekVectors(SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, ExampleKey(arena, kKek));
  const KekId id = KeyEncryptionKey(std::move(key)).id();
  std::string file = "KBK1";
  for (const std::uint8_t byte : Counting<SecretKey::kBytes>(kKek)) {
    file += static_cast<char>(byte);
  }
  file.append(id.begin(), id.end());
  Json vectors;
  vectors["kek"] = Hex(Counting<SecretKey::kBytes>(kKek));
  vectors["kek_id"] = Hex(id);
  vectors["file"] = Hex(Bytes(file));
  vectors["splitting"] = ShareExamples(id);
  KOBLING_ASSIGN_OR_RETURN(vectors["hsm"], HsmExample(id));
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
