#include "crypto/self_test.h"

#include <gtest/gtest.h>

#include "crypto/crypto_testing.h"

namespace kobling::crypto {
namespace {

TEST(SelfTest, PassesOnThisMachineAndGivesItsMemoryBack) {
  const auto arena = NewTestArena();
  const absl::Status status = SelfTest(*arena);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(arena->bytes_in_use(), 0u);
}

TEST(SelfTest, AFullArenaFailsIt) {
  const auto arena = NewTestArena();
  const auto whole = SecretBuffer::Allocate(*arena, arena->capacity());
  ASSERT_TRUE(whole.ok());
  EXPECT_FALSE(SelfTest(*arena).ok());
}

}  // namespace
}  // namespace kobling::crypto
