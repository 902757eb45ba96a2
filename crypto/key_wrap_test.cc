#include "crypto/key_wrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

static_assert(!std::is_copy_constructible_v<KeyEncryptionKey>);

constexpr KeyLabel kProjectKey = {.kind = "project", .id = "P0041", .version = 1};

bool SameKey(const SecretKey& left, const SecretKey& right) {
  return EqualInConstantTime(SecretBytes(left, SecretAccess()), SecretBytes(right, SecretAccess()));
}

class KeyWrapTest : public testing::Test {
 protected:
  std::string Wrapped(const SecretKey& key, const KeyLabel& label) const {
    auto wrapped = kek_.Wrap(key, label);
    EXPECT_TRUE(wrapped.ok());
    return *wrapped;
  }
  void ExpectUnusable(std::string_view wrapped, const KeyLabel& label) const {
    const std::size_t before = arena_->bytes_in_use();
    const auto key = kek_.Unwrap(wrapped, label, *arena_);
    EXPECT_EQ(ReasonOf(key.status()), Reason::kKeyUnusable);
    EXPECT_EQ(arena_->bytes_in_use(), before);
  }

  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  KeyEncryptionKey kek_ = KeyEncryptionKey(CountingKey(*arena_, 0xa0));
  SecretKey key_ = CountingKey(*arena_, 0x40);
};

TEST_F(KeyWrapTest, AWrappedKeyComesBack) {
  const std::string wrapped = Wrapped(key_, kProjectKey);
  EXPECT_EQ(wrapped.size(), KeyEncryptionKey::kWrappedBytes);
  const auto key = kek_.Unwrap(wrapped, kProjectKey, *arena_);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_TRUE(SameKey(*key, key_));
}

// Wrapped outside this code: see docs/formats/vectors/derivations.json.
TEST_F(KeyWrapTest, TheDocumentedExampleUnwraps) {
  constexpr std::string_view kWrapped =
      "4b4257310245191e691f782be0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f786cd3bd327e65e93458e"
      "7d48861928d32193619b5e74c976907f6dc0982fdc377818cc852e0864afd6b32c834cc63905464b0dfe33c506c4";
  const auto key = kek_.Unwrap(FromHex(kWrapped), kProjectKey, *arena_);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_TRUE(SameKey(*key, key_));
  EXPECT_EQ(ToHex(kek_.id()), "0245191e691f782b");
}

TEST_F(KeyWrapTest, WrappingTwiceGivesDifferentBytesAndNeitherHoldsTheKey) {
  const std::string first = Wrapped(key_, kProjectKey);
  const std::string second = Wrapped(key_, kProjectKey);
  EXPECT_NE(first.substr(12, 72), second.substr(12, 72));
  const auto bytes = SecretBytes(key_, SecretAccess());
  EXPECT_EQ(first.find(std::string(bytes.begin(), bytes.begin() + 8)), std::string::npos);
}

TEST_F(KeyWrapTest, AnyChangedByteMakesItUnusable) {
  const std::string wrapped = Wrapped(key_, kProjectKey);
  for (std::size_t i = 0; i < wrapped.size(); ++i) {
    for (const char flip : {'\x01', '\x80'}) {
      std::string changed = wrapped;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      SCOPED_TRACE(i);
      ExpectUnusable(changed, kProjectKey);
    }
  }
}

TEST_F(KeyWrapTest, AnyOtherLengthIsUnusable) {
  const std::string wrapped = Wrapped(key_, kProjectKey);
  for (std::size_t length = 0; length < wrapped.size(); ++length) {
    ExpectUnusable(std::string_view(wrapped).substr(0, length), kProjectKey);
  }
  ExpectUnusable(wrapped + '\0', kProjectKey);
}

TEST_F(KeyWrapTest, AKeyDoesNotUnwrapAsAnother) {
  const std::string wrapped = Wrapped(key_, kProjectKey);
  ExpectUnusable(wrapped, {.kind = "project", .id = "P0042", .version = 1});
  ExpectUnusable(wrapped, {.kind = "project", .id = "P0041", .version = 2});
  ExpectUnusable(wrapped, {.kind = "project", .id = "P0041", .version = 0x01000000});
  ExpectUnusable(wrapped, {.kind = "person", .id = "P0041", .version = 1});
  ExpectUnusable(wrapped, {.kind = "project", .id = "", .version = 1});
  // The border between kind and id is part of the label.
  ExpectUnusable(wrapped, {.kind = "projectP", .id = "0041", .version = 1});
  ExpectUnusable(wrapped, {.kind = "", .id = "projectP0041", .version = 1});
}

TEST_F(KeyWrapTest, ALabelWithAZeroByteIsRefused) {
  const std::string_view with_zero("project\0P0041", 13);
  EXPECT_EQ(ReasonOf(kek_.Wrap(key_, {.kind = with_zero, .id = "", .version = 1}).status()), Reason::kInternal);
  EXPECT_EQ(ReasonOf(kek_.Wrap(key_, {.kind = "", .id = with_zero, .version = 1}).status()), Reason::kInternal);
  // So two different labels never have the same words, and Unwrap needs no such rule.
  const std::string wrapped = Wrapped(key_, {.kind = "project", .id = "P0041", .version = 0});
  ExpectUnusable(wrapped, {.kind = with_zero, .id = "", .version = 0});
}

TEST_F(KeyWrapTest, AnotherKekDoesNotUnwrapAndItsIdSaysSo) {
  const KeyEncryptionKey other(CountingKey(*arena_, 0xa1));
  const std::string wrapped = Wrapped(key_, kProjectKey);
  EXPECT_NE(other.id(), kek_.id());
  const auto needed = KekIdOf(wrapped);
  ASSERT_TRUE(needed.ok());
  EXPECT_EQ(*needed, kek_.id());
  EXPECT_EQ(ReasonOf(other.Unwrap(wrapped, kProjectKey, *arena_).status()), Reason::kKeyUnusable);
  // Not even with its own id written over that of the right one.
  std::string relabelled = wrapped;
  std::copy(other.id().begin(), other.id().end(), relabelled.begin() + 4);
  EXPECT_EQ(ReasonOf(other.Unwrap(relabelled, kProjectKey, *arena_).status()), Reason::kKeyUnusable);
  EXPECT_EQ(ReasonOf(KekIdOf("KBW2" + wrapped.substr(4)).status()), Reason::kKeyUnusable);
}

TEST_F(KeyWrapTest, RewrappingUnderANewKekKeepsTheKey) {
  const KeyEncryptionKey next(CountingKey(*arena_, 0xb0));
  const auto unwrapped = kek_.Unwrap(Wrapped(key_, kProjectKey), kProjectKey, *arena_);
  ASSERT_TRUE(unwrapped.ok());
  const auto rewrapped = next.Wrap(*unwrapped, kProjectKey);
  ASSERT_TRUE(rewrapped.ok());
  const auto key = next.Unwrap(*rewrapped, kProjectKey, *arena_);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(SameKey(*key, key_));
}

TEST_F(KeyWrapTest, AFullArenaIsAnErrorOfItsOwn) {
  const std::string wrapped = Wrapped(key_, kProjectKey);
  const auto rest = SecretBuffer::Allocate(*arena_, arena_->capacity() - arena_->bytes_in_use());
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(ReasonOf(kek_.Unwrap(wrapped, kProjectKey, *arena_).status()), Reason::kConfiguration);
}

}  // namespace
}  // namespace kobling::crypto
