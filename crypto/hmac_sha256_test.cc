#include "crypto/hmac_sha256.h"

#include <gtest/gtest.h>

#include <thread>
#include <type_traits>
#include <vector>

#include "crypto/crypto_testing.h"

namespace kobling::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<HmacSha256> && !std::is_copy_assignable_v<HmacSha256>);
static_assert(!std::is_copy_constructible_v<HmacSha256::Stream>);

HmacSha256 Prepared(SecretArena& arena, std::string_view key) {
  auto mac = HmacSha256::Create(arena, AsBytes(key));
  EXPECT_TRUE(mac.ok());
  return std::move(mac).value();
}

// HMAC as RFC 2104 writes it down.
Digest PlainHmac(std::string_view key, std::string_view message) {
  std::string block(key);
  if (block.size() > 64) {
    const Digest hashed = Sha256(AsBytes(key));
    block.assign(hashed.begin(), hashed.end());
  }
  block.resize(64, '\0');
  std::string inner = block;
  std::string outer = block;
  for (std::size_t i = 0; i < 64; ++i) {
    inner[i] = static_cast<char>(inner[i] ^ 0x36);
    outer[i] = static_cast<char>(outer[i] ^ 0x5c);
  }
  return Sha256({AsBytes(outer), Sha256({AsBytes(inner), AsBytes(message)})});
}

struct MacVector {
  std::string key;
  std::string message;
  std::string_view mac;  // hexadecimal; case 5 is cut to 128 bits
};

TEST(HmacSha256, AgreesWithRfc4231) {
  const std::vector<MacVector> vectors = {
      {std::string(20, '\x0b'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {FromHex("0102030405060708090a0b0c0d0e0f10111213141516171819"), std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(20, '\x0c'), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. "
       "The key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  const auto arena = NewTestArena();
  for (const MacVector& vector : vectors) {
    const HmacSha256 mac = Prepared(*arena, vector.key);
    EXPECT_EQ(ToHex(mac.Mac(AsBytes(vector.message))).substr(0, vector.mac.size()), vector.mac);
    HmacSha256::Stream stream = mac.Start();
    stream.Update(AsBytes(vector.message));
    EXPECT_EQ(ToHex(stream.Finish()).substr(0, vector.mac.size()), vector.mac);
  }
}

// 55 and 56, 119 and 120 bytes are where the padding takes another block.
TEST(HmacSha256, AgreesWithTheDefinitionForEveryLengthOfMessageAndKey) {
  const auto arena = NewTestArena();
  std::string message;
  for (std::size_t length = 0; length <= 200; ++length) {
    const std::string key(length, static_cast<char>('a' + length % 26));
    EXPECT_EQ(Prepared(*arena, key).Mac(AsBytes(message)), PlainHmac(key, message)) << length;
    message += static_cast<char>(length);
  }
}

TEST(HmacSha256, TheSameKeyInAndOutsideTheArenaGivesTheSameCode) {
  const auto arena = NewTestArena();
  const SecretKey key = CountingKey(*arena, 1);
  const auto prepared = HmacSha256::Create(*arena, key);
  ASSERT_TRUE(prepared.ok());
  EXPECT_EQ(prepared->Mac(AsBytes("message")), MacOnce(SecretBytes(key, SecretAccess()), AsBytes("message")));
}

TEST(HmacSha256, AStreamGivesTheCodeOfTheWholeMessageHoweverItIsCut) {
  const auto arena = NewTestArena();
  const HmacSha256 mac = Prepared(*arena, "key");
  const std::string message(150, 'm');
  for (std::size_t cut = 0; cut <= message.size(); ++cut) {
    HmacSha256::Stream stream = mac.Start();
    stream.Update(AsBytes(std::string_view(message).substr(0, cut)));
    HmacSha256::Stream moved = std::move(stream);
    moved.Update(AsBytes(std::string_view(message).substr(cut)));
    EXPECT_EQ(moved.Finish(), mac.Mac(AsBytes(message))) << cut;
  }
}

TEST(HmacSha256, ManyThreadsMayUseOneKey) {
  const auto arena = NewTestArena();
  const HmacSha256 mac = Prepared(*arena, "key");
  const Digest expected = PlainHmac("key", "message");
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (int& count : wrong) {
      threads.emplace_back([&mac, &expected, &count] {
        for (int i = 0; i < 20'000; ++i) {
          count += mac.Mac(AsBytes("message")) == expected ? 0 : 1;
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(HmacSha256, AFullArenaIsAnError) {
  const auto arena = NewTestArena();
  std::vector<HmacSha256> keys;
  for (std::size_t i = 0; i < arena->capacity() / 64; ++i) {
    keys.push_back(Prepared(*arena, "key"));
  }
  EXPECT_FALSE(HmacSha256::Create(*arena, AsBytes("key")).ok());
  keys.pop_back();
  EXPECT_TRUE(HmacSha256::Create(*arena, AsBytes("key")).ok());
}

struct HkdfVector {
  std::string key_material;
  std::string salt;
  std::string info;
  std::string_view derived;
};

std::string CountingBytes(int first, int last) {
  std::string bytes;
  for (int byte = first; byte <= last; ++byte) {
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

TEST(HkdfSha256, AgreesWithRfc5869) {
  const std::vector<HkdfVector> vectors = {
      {std::string(22, '\x0b'), CountingBytes(0x00, 0x0c), CountingBytes(0xf0, 0xf9),
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {CountingBytes(0x00, 0x4f), CountingBytes(0x60, 0xaf), CountingBytes(0xb0, 0xff),
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
       "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {std::string(22, '\x0b'), "", "",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  for (const HkdfVector& vector : vectors) {
    std::vector<std::uint8_t> derived(vector.derived.size() / 2);
    HkdfSha256({AsBytes(vector.key_material), AsBytes(vector.salt), AsBytes(vector.info)}, derived);
    EXPECT_EQ(ToHex(derived), vector.derived);
  }
}

}  // namespace
}  // namespace kobling::crypto
