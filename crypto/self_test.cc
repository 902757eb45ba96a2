#include "crypto/self_test.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "crypto/derivations.h"
#include "crypto/hmac_sha256.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "crypto/signing.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "domain/text.h"

namespace kobling::crypto {
namespace {

using ByteSpan = std::span<const std::uint8_t>;

ByteSpan Bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::string FromHex(std::string_view hexadecimal) { return absl::HexStringToBytes(domain::ToAbsl(hexadecimal)); }

// Success if the bytes are what the hexadecimal text says.
absl::Status Expect(std::string_view primitive, ByteSpan computed, std::string_view expected) {
  if (std::ranges::equal(computed, Bytes(FromHex(expected)))) {
    return absl::OkStatus();
  }
  return domain::MakeError(domain::Reason::kInternal, {{domain::DetailKey::kHint, "crypto self-test failed"},
                                                       {domain::DetailKey::kField, primitive}});
}

// FIPS 180-4 example, and RFC 6962's leaf of a text.
absl::Status TestSha256() {
  KOBLING_RETURN_IF_ERROR(Expect("SHA-256", Sha256(Bytes("abc")),
                                 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  return Expect("Merkle tree", LeafHash(Bytes("L123456")),
                "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
}

// RFC 4231, cases 2 (a short message) and 6 (a key longer than a block).
absl::Status TestHmac(SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(const HmacSha256 short_key, HmacSha256::Create(arena, Bytes("Jefe")));
  KOBLING_RETURN_IF_ERROR(Expect("HMAC-SHA-256", short_key.Mac(Bytes("what do ya want for nothing?")),
                                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  KOBLING_ASSIGN_OR_RETURN(const HmacSha256 long_key, HmacSha256::Create(arena, Bytes(std::string(131, '\xaa'))));
  return Expect("HMAC-SHA-256", long_key.Mac(Bytes("Test Using Larger Than Block-Size Key - Hash Key First")),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// RFC 5869, case 1.
absl::Status TestHkdf() {
  std::array<std::uint8_t, 42> derived;
  HkdfSha256({.key_material = Bytes(std::string(22, '\x0b')),
              .salt = Bytes(FromHex("000102030405060708090a0b0c")),
              .info = Bytes(FromHex("f0f1f2f3f4f5f6f7f8f9"))},
             derived);
  return Expect("HKDF-SHA-256", derived,
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

// RFC 7748, section 6.1: Alice's secret and Bob's public key.
absl::Status TestX25519() {
  const std::string secret = FromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const std::string other = FromHex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  std::array<std::uint8_t, crypto_scalarmult_curve25519_BYTES> shared{};
  // A refusal leaves the zeros, which are not the answer.
  if (crypto_scalarmult_curve25519(shared.data(), Bytes(secret).data(), Bytes(other).data()) != 0) {
    shared.fill(0);
  }
  return Expect("X25519", shared, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

// RFC 8439, section 2.8.2, and draft-irtf-cfrg-xchacha-03, appendix A.3: the same text, key and associated data.
absl::Status TestChaCha20Poly1305() {
  constexpr std::string_view kText =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  const std::string key = FromHex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const std::string data = FromHex("50515253c0c1c2c3c4c5c6c7");
  std::array<std::uint8_t, kText.size() + crypto_aead_chacha20poly1305_ietf_ABYTES> sealed{};
  const auto authenticator = std::span(sealed).last<crypto_aead_chacha20poly1305_ietf_ABYTES>();

  const std::string nonce = FromHex("070000004041424344454647");
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, Bytes(kText).data(), kText.size(),
                                            Bytes(data).data(), data.size(), nullptr, Bytes(nonce).data(),
                                            Bytes(key).data());
  KOBLING_RETURN_IF_ERROR(Expect("ChaCha20-Poly1305", authenticator, "1ae10b594f09e26a7e902ecbd0600691"));

  const std::string long_nonce = FromHex("404142434445464748494a4b4c4d4e4f5051525354555657");
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data(), nullptr, Bytes(kText).data(), kText.size(),
                                             Bytes(data).data(), data.size(), nullptr, Bytes(long_nonce).data(),
                                             Bytes(key).data());
  KOBLING_RETURN_IF_ERROR(Expect("XChaCha20-Poly1305", authenticator, "c0875924c1c7987947deafd8780acf49"));

  std::array<std::uint8_t, kText.size()> opened{};
  sealed[0] ^= 1;
  const int altered = crypto_aead_xchacha20poly1305_ietf_decrypt(opened.data(), nullptr, nullptr, sealed.data(),
                                                                 sealed.size(), Bytes(data).data(), data.size(),
                                                                 Bytes(long_nonce).data(), Bytes(key).data());
  const auto verdict = static_cast<std::uint8_t>(altered == 0 ? 1 : 0);
  return Expect("XChaCha20-Poly1305", {&verdict, 1}, "00");
}

// RFC 7693, appendix A.
absl::Status TestBlake2b() {
  std::array<std::uint8_t, 64> digest{};
  crypto_generichash_blake2b(digest.data(), digest.size(), Bytes("abc").data(), 3, nullptr, 0);
  return Expect("BLAKE2b", digest,
                "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

// RFC 8032, section 7.1, test 2.
absl::Status TestEd25519(SecretArena& arena) {
  const std::string seed = FromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  KOBLING_ASSIGN_OR_RETURN(const SigningKey key, SigningKey::FromSeed(arena, Bytes(seed).first<32>()));
  constexpr std::array<std::uint8_t, 1> kMessage = {0x72};
  Signature signature = key.Sign(kMessage);
  KOBLING_RETURN_IF_ERROR(Expect("Ed25519", signature,
                                 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
  std::array<std::uint8_t, 2> verdicts{};
  verdicts[0] = VerifySignature(key.public_key(), kMessage, signature) ? 1 : 0;
  signature[0] ^= 1;
  verdicts[1] = VerifySignature(key.public_key(), kMessage, signature) ? 1 : 0;
  return Expect("Ed25519", verdicts, "0100");
}

// The project's own, from docs/formats/vectors/derivations.json: a synthetic person under keys of counting bytes.
absl::Status TestDerivations(SecretArena& arena) {
  std::array<std::uint8_t, 3 * SecretKey::kBytes> counting;
  for (std::size_t i = 0; i < counting.size(); ++i) {
    counting[i] = static_cast<std::uint8_t>(i);
  }
  const std::span<const std::uint8_t, 3 * SecretKey::kBytes> keys = counting;
  KOBLING_ASSIGN_OR_RETURN(const SecretKey index_key, SecretKey::CopyOf(arena, keys.subspan<0, 32>()));
  KOBLING_ASSIGN_OR_RETURN(const SecretKey person_key, SecretKey::CopyOf(arena, keys.subspan<32, 32>()));
  KOBLING_ASSIGN_OR_RETURN(const SecretKey project_key, SecretKey::CopyOf(arena, keys.subspan<64, 32>()));
  KOBLING_ASSIGN_OR_RETURN(const IdentityIndex index, IdentityIndex::Create(arena, index_key));
  KOBLING_ASSIGN_OR_RETURN(const PersonPseudonymizer pseudonymizer, PersonPseudonymizer::Create(arena, person_key));
  KOBLING_ASSIGN_OR_RETURN(const LinkagePrf linkage, LinkagePrf::Create(arena, project_key));
  KOBLING_ASSIGN_OR_RETURN(const domain::NationalId identifier, domain::NationalId::FromPacked(1839012345));
  KOBLING_RETURN_IF_ERROR(Expect("tag", index.TagOf(identifier).bytes, "ec7c3e771a685fa4d48de68231c0fde6"));
  const Uid uid = pseudonymizer.UidOf(identifier);
  KOBLING_RETURN_IF_ERROR(Expect("uid", uid.bytes, "686eb7152207f063577bfe2cb4d2dabe"));
  return Expect("lopenummer", linkage.Of(uid).bits(), "4ea59b30bde67d88f4da");
}

}  // namespace

absl::Status SelfTest(SecretArena& arena) {
  KOBLING_RETURN_IF_ERROR(TestSha256());
  KOBLING_RETURN_IF_ERROR(TestHmac(arena));
  KOBLING_RETURN_IF_ERROR(TestHkdf());
  KOBLING_RETURN_IF_ERROR(TestX25519());
  KOBLING_RETURN_IF_ERROR(TestChaCha20Poly1305());
  KOBLING_RETURN_IF_ERROR(TestBlake2b());
  KOBLING_RETURN_IF_ERROR(TestEd25519(arena));
  return TestDerivations(arena);
}

}  // namespace kobling::crypto
