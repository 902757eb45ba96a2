#include "crypto/signing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>

#include "crypto/crypto_testing.h"

namespace kobling::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<SigningKey> && !std::is_copy_assignable_v<SigningKey>);

SigningKey KeyOf(SecretArena& arena, std::string_view seed) {
  const std::string bytes = FromHex(seed);
  auto key = SigningKey::FromSeed(arena, AsBytes(bytes).first<32>());
  EXPECT_TRUE(key.ok());
  return std::move(key).value();
}

struct SigningVector {
  std::string_view seed;
  std::string_view public_key;
  std::string_view message;
  std::string_view signature;
};

TEST(SigningKey, AgreesWithRfc8032) {
  const SigningVector vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
       "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
  };
  const auto arena = NewTestArena();
  for (const SigningVector& vector : vectors) {
    const SigningKey key = KeyOf(*arena, vector.seed);
    EXPECT_EQ(ToHex(key.public_key()), vector.public_key);
    const std::string message = FromHex(vector.message);
    const Signature signature = key.Sign(AsBytes(message));
    EXPECT_EQ(ToHex(signature), vector.signature);
    EXPECT_TRUE(VerifySignature(key.public_key(), AsBytes(message), signature));
  }
}

TEST(SigningKey, AWrappedSeedGivesTheSameKeyAgain) {
  const auto arena = NewTestArena();
  const SecretKey seed = CountingKey(*arena, 7);
  const auto first = SigningKey::FromSeed(*arena, seed);
  const auto second = SigningKey::FromSeed(*arena, SecretBytes(seed, SecretAccess()));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->public_key(), second->public_key());
  EXPECT_EQ(first->Sign(AsBytes("message")), second->Sign(AsBytes("message")));
}

TEST(SigningKey, GeneratedKeysDiffer) {
  const auto arena = NewTestArena();
  const auto first = SigningKey::Generate(*arena);
  const auto second = SigningKey::Generate(*arena);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->public_key(), second->public_key());
  EXPECT_TRUE(VerifySignature(first->public_key(), AsBytes("message"), first->Sign(AsBytes("message"))));
  EXPECT_FALSE(VerifySignature(second->public_key(), AsBytes("message"), first->Sign(AsBytes("message"))));
}

TEST(VerifySignature, RefusesAnyChangedBit) {
  const auto arena = NewTestArena();
  const auto key = SigningKey::Generate(*arena);
  ASSERT_TRUE(key.ok());
  const std::string message = "message";
  const Signature signature = key->Sign(AsBytes(message));
  ASSERT_TRUE(VerifySignature(key->public_key(), AsBytes(message), signature));
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Signature changed = signature;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1u << bit % 8));
    EXPECT_FALSE(VerifySignature(key->public_key(), AsBytes(message), changed)) << bit;
  }
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    std::string changed = message;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(VerifySignature(key->public_key(), AsBytes(changed), signature)) << bit;
  }
}

TEST(VerifySignature, RefusesThePublicKeyOfSmallOrder) {
  // With the neutral element as public key, R = neutral element and S = 0 would satisfy the bare equation for any
  // message.
  SigningPublicKey neutral{};
  neutral[0] = 1;
  Signature forged{};
  forged[0] = 1;
  EXPECT_FALSE(VerifySignature(neutral, AsBytes("anything"), forged));
}

TEST(SigningKey, LeavesNoSecretBehind) {
  const auto arena = NewTestArena();
  const std::size_t before = arena->bytes_in_use();
  { const auto key = SigningKey::Generate(*arena); }
  EXPECT_EQ(arena->bytes_in_use(), before);
  const auto whole = SecretBuffer::Allocate(*arena, arena->capacity());
  ASSERT_TRUE(whole.ok());
  const auto bytes = whole->bytes(SecretAccess());
  EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; }));
}

}  // namespace
}  // namespace kobling::crypto
