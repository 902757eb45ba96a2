#include "crypto/secret_memory.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
template <typename T>
concept ViewableAsBytes = std::is_convertible_v<const T&, std::span<const std::uint8_t>> ||
                          std::is_convertible_v<const T&, std::string_view> ||
                          requires(const T& value) { value.data(); };

static_assert(std::is_nothrow_move_constructible_v<SecretKey> && std::is_nothrow_move_assignable_v<SecretKey>);
static_assert(!std::is_copy_constructible_v<SecretKey> && !std::is_copy_assignable_v<SecretKey>);
static_assert(!std::is_default_constructible_v<SecretKey>);
static_assert(!std::equality_comparable<SecretKey> && !std::three_way_comparable<SecretKey>);
static_assert(!Streamable<SecretKey> && !ViewableAsBytes<SecretKey>);
static_assert(!std::is_copy_constructible_v<SecretBuffer> && !Streamable<SecretBuffer>);
// The word must be said: braces alone do not make one.
template <typename T>
concept ReadableWithBraces = requires(const T& key) { SecretBytes(key, {}); };
template <typename T>
concept ReadableWithTheWord = requires(const T& key) { SecretBytes(key, SecretAccess()); };
static_assert(!ReadableWithBraces<SecretKey> && ReadableWithTheWord<SecretKey>);

bool AllZero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::size_t LockedKibibytes() {
  std::size_t kibibytes = 0;
  FILE* status = std::fopen("/proc/self/status", "r");
  char line[256];
  while (std::fgets(line, sizeof(line), status) != nullptr) {
    if (std::sscanf(line, "VmLck: %zu", &kibibytes) == 1) {
      break;
    }
  }
  std::fclose(status);
  return kibibytes;
}

TEST(SecretArena, IsLockedWhileItLives) {
  const std::size_t before = LockedKibibytes();
  {
    const auto arena = SecretArena::Create(64 * 1024);
    ASSERT_TRUE(arena.ok()) << arena.status();
    EXPECT_GE((*arena)->capacity(), 64u * 1024);
    EXPECT_GE(LockedKibibytes(), before + 64);
  }
  EXPECT_EQ(LockedKibibytes(), before);
}

TEST(SecretArena, TheSmallestRequestIsRoundedUpAndNothingIsRefused) {
  const auto arena = SecretArena::Create(1);
  ASSERT_TRUE(arena.ok());
  EXPECT_EQ((*arena)->capacity() % 4096, 0u);
  EXPECT_EQ(ReasonOf(SecretArena::Create(0).status()), Reason::kConfiguration);
}

// What a child process that cannot lock more than the given amount of memory gets from Create(256 KiB). Root may lock
// without a limit, so that the child gives up being root.
int ReasonUnderLimit(rlim_t bytes, SecretArena::LockFunction lock) {
  const struct rlimit limit = {bytes, bytes};
  if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (::geteuid() == 0 && ::setuid(65534) != 0)) {
    return 1;
  }
  const auto arena = lock == nullptr ? SecretArena::Create(256 * 1024) : SecretArena::Create(256 * 1024, lock);
  if (arena.ok()) {
    return 2;
  }
  const bool names_the_limit = arena.status().message().find("LimitMEMLOCK") != absl::string_view::npos &&
                               arena.status().message().find("ulimit -l") != absl::string_view::npos;
  return ReasonOf(arena.status()) == Reason::kSecretMemoryUnlocked && names_the_limit ? 3 : 4;
}

TEST(SecretArenaDeathTest, IsRefusedWhereMemoryCannotBeLocked) {
  EXPECT_EXIT(std::_Exit(ReasonUnderLimit(64 * 1024, nullptr)), testing::ExitedWithCode(3), "");
  EXPECT_EXIT(std::_Exit(ReasonUnderLimit(0, nullptr)), testing::ExitedWithCode(3), "");
}

TEST(SecretArenaDeathTest, IsMadeWhereTheLimitSuffices) {
  EXPECT_EXIT(std::_Exit(ReasonUnderLimit(1024 * 1024, nullptr)), testing::ExitedWithCode(2), "");
}

TEST(SecretArenaDeathTest, ALockThatOnlyClaimsToHaveWorkedIsNoticed) {
  const auto claims = [](const void*, std::size_t) { return 0; };
  EXPECT_EXIT(std::_Exit(ReasonUnderLimit(64 * 1024, claims)), testing::ExitedWithCode(3), "");
}

TEST(SecretArena, ALockThatFailsIsNoticed) {
  const auto arena = SecretArena::Create(4096, [](const void*, std::size_t) { return -1; });
  EXPECT_EQ(ReasonOf(arena.status()), Reason::kSecretMemoryUnlocked);
}

TEST(SecretArena, SlotsAreAlignedAndDoNotOverlap) {
  const auto arena = NewTestArena();
  std::vector<SecretBuffer> buffers;
  std::vector<std::uint8_t*> starts;
  for (const std::size_t size : {1, 32, 33, 64, 31, 100}) {
    auto buffer = SecretBuffer::Allocate(*arena, size);
    ASSERT_TRUE(buffer.ok());
    const auto bytes = buffer->bytes(SecretAccess());
    EXPECT_EQ(bytes.size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % SecretArena::kSlotBytes, 0u);
    EXPECT_TRUE(AllZero(bytes));
    std::fill(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(size));
    buffers.push_back(std::move(buffer).value());
  }
  for (const SecretBuffer& buffer : buffers) {
    for (const std::uint8_t byte : buffer.bytes(SecretAccess())) {
      EXPECT_EQ(byte, buffer.bytes(SecretAccess()).size());
    }
  }
  EXPECT_EQ(arena->bytes_in_use(), 32u + 32 + 64 + 64 + 32 + 128);
}

TEST(SecretArena, WhenFullSaysSoAndGoesOnWhenAKeyIsGone) {
  const auto arena = NewTestArena();
  std::vector<SecretKey> keys;
  while (keys.size() < arena->capacity() / SecretKey::kBytes) {
    auto key = SecretKey::Generate(*arena);
    ASSERT_TRUE(key.ok());
    keys.push_back(std::move(key).value());
  }
  EXPECT_EQ(arena->bytes_in_use(), arena->capacity());
  EXPECT_EQ(ReasonOf(SecretKey::Generate(*arena).status()), Reason::kConfiguration);
  keys.pop_back();
  EXPECT_TRUE(SecretKey::Generate(*arena).ok());
}

// Runs of all sizes, given back in any order: the space is never lost to fragments once everything is back.
TEST(SecretArena, GivenBackSpaceIsJoinedAgain) {
  const auto arena = NewTestArena();
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    std::vector<SecretBuffer> buffers;
    for (int i = 0; i < 200; ++i) {
      if (auto buffer = SecretBuffer::Allocate(*arena, 1 + random() % 200); buffer.ok()) {
        ASSERT_TRUE(AllZero(buffer->bytes(SecretAccess())));
        std::ranges::fill(buffer->bytes(SecretAccess()), 0xff);
        buffers.push_back(std::move(buffer).value());
      }
      if (!buffers.empty() && random() % 3 == 0) {
        std::swap(buffers[random() % buffers.size()], buffers.back());
        buffers.pop_back();
      }
    }
    buffers.clear();
    EXPECT_EQ(arena->bytes_in_use(), 0u);
    EXPECT_TRUE(SecretBuffer::Allocate(*arena, arena->capacity()).ok());
  }
}

TEST(SecretArena, ManyThreadsMayUseIt) {
  const auto arena = NewTestArena();
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      threads.emplace_back([&arena, &wrong, t] {
        const std::vector<std::uint8_t> mine(32, static_cast<std::uint8_t>(t + 1));
        for (int i = 0; i < 5'000; ++i) {
          const auto key = SecretKey::CopyOf(*arena, std::span<const std::uint8_t>(mine).first<32>());
          wrong[t] += key.ok() && std::ranges::equal(SecretBytes(*key, SecretAccess()), mine) ? 0 : 1;
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
  EXPECT_EQ(arena->bytes_in_use(), 0u);
}

TEST(SecretKey, IsWipedWhenItIsDestroyed) {
  const auto arena = NewTestArena();
  std::span<const std::uint8_t> slot;
  {
    const SecretKey key = CountingKey(*arena, 1);
    slot = SecretBytes(key, SecretAccess());
    ASSERT_FALSE(AllZero(slot));
  }
  // The region stays mapped as long as the arena lives, so that the slot can still be looked at.
  EXPECT_TRUE(AllZero(slot));
  const auto next = SecretKey::Zero(*arena);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(SecretBytes(*next, SecretAccess()).data(), slot.data());
  EXPECT_TRUE(AllZero(SecretBytes(*next, SecretAccess())));
}

TEST(SecretKey, IsWipedWhenAnotherTakesItsPlace) {
  const auto arena = NewTestArena();
  SecretKey first = CountingKey(*arena, 1);
  SecretKey second = CountingKey(*arena, 2);
  const std::span<const std::uint8_t> first_slot = SecretBytes(first, SecretAccess());
  const std::span<const std::uint8_t> second_slot = SecretBytes(second, SecretAccess());
  first = std::move(second);
  EXPECT_TRUE(AllZero(first_slot));
  EXPECT_EQ(SecretBytes(first, SecretAccess()).data(), second_slot.data());
  EXPECT_EQ(SecretBytes(first, SecretAccess())[0], 2);
  EXPECT_EQ(arena->bytes_in_use(), SecretKey::kBytes);
}

TEST(SecretKey, MovingDoesNotMoveTheBytes) {
  const auto arena = NewTestArena();
  SecretKey key = CountingKey(*arena, 1);
  const std::uint8_t* const slot = SecretBytes(key, SecretAccess()).data();
  const SecretKey moved = std::move(key);
  EXPECT_EQ(SecretBytes(moved, SecretAccess()).data(), slot);
  EXPECT_EQ(arena->bytes_in_use(), SecretKey::kBytes);
}

TEST(SecretKey, GeneratedKeysDiffer) {
  const auto arena = NewTestArena();
  const auto first = SecretKey::Generate(*arena);
  const auto second = SecretKey::Generate(*arena);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_FALSE(EqualInConstantTime(SecretBytes(*first, SecretAccess()), SecretBytes(*second, SecretAccess())));
}

TEST(Wipe, LeavesZeros) {
  std::vector<std::uint8_t> memory(100, 0xff);
  Wipe(memory);
  EXPECT_TRUE(AllZero(memory));
}

TEST(EqualInConstantTime, IsEquality) {
  EXPECT_TRUE(EqualInConstantTime(AsBytes("same"), AsBytes("same")));
  EXPECT_TRUE(EqualInConstantTime(AsBytes(""), AsBytes("")));
  EXPECT_FALSE(EqualInConstantTime(AsBytes("same"), AsBytes("sane")));
  EXPECT_FALSE(EqualInConstantTime(AsBytes("same"), AsBytes("sam")));
}

int CoreDumpsOff() {
  if (!DisableCoreDumps().ok()) {
    return 1;
  }
  struct rlimit limit = {1, 1};
  ::getrlimit(RLIMIT_CORE, &limit);
  return limit.rlim_cur == 0 && limit.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE) == 0 ? 3 : 2;
}

TEST(DisableCoreDumpsDeathTest, LimitsTheSizeToNothingAndMakesTheProcessUndumpable) {
  EXPECT_EXIT(std::_Exit(CoreDumpsOff()), testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace kobling::crypto
