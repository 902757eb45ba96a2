#include "crypto/sha256.h"

#include <gtest/gtest.h>

#include "crypto/crypto_testing.h"

namespace kobling::crypto {
namespace {

TEST(Sha256, AgreesWithThePublishedExamples) {
  EXPECT_EQ(ToHex(Sha256(AsBytes(""))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ToHex(Sha256(AsBytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ToHex(Sha256(AsBytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(ToHex(Sha256(AsBytes(std::string(1'000'000, 'a')))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PartsAreHashedAsIfTheyWereOne) {
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopqabcdbcdecdefdefgefghfghi";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string_view view = text;
    EXPECT_EQ(Sha256({AsBytes(view.substr(0, cut)), AsBytes(view.substr(cut))}), Sha256(AsBytes(text)));
    Sha256Hasher hasher;
    hasher.Update(AsBytes(view.substr(0, cut)));
    hasher.Update(AsBytes(view.substr(cut)));
    EXPECT_EQ(hasher.Finish(), Sha256(AsBytes(text)));
  }
}

}  // namespace
}  // namespace kobling::crypto
