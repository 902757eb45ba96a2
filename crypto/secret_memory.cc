#include "crypto/secret_memory.h"

#include <sodium.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kRaiseTheLimit =
    "raise the limit of locked memory: ulimit -l, or LimitMEMLOCK= in the systemd unit";

// mlock by its number: the sanitizers replace the function of that name with one that does nothing.
int LockPages(const void* address, std::size_t bytes) {
  if (::madvise(const_cast<void*>(address), bytes, MADV_DONTDUMP) != 0) {
    return -1;
  }
  return static_cast<int>(::syscall(SYS_mlock, address, bytes));
}

// How much memory of this process the kernel has locked, in bytes; zero if it does not say.
std::size_t LockedBytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == "VmLck:") {
      std::size_t kibibytes = 0;
      status >> kibibytes;
      return kibibytes * 1024;
    }
  }
  return 0;
}

std::size_t RoundedUp(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

absl::StatusOr<std::unique_ptr<SecretArena>> SecretArena::Create(std::size_t bytes) {
  return Create(bytes, &LockPages);
}

absl::StatusOr<std::unique_ptr<SecretArena>> SecretArena::Create(std::size_t bytes, LockFunction lock) {
  if (sodium_init() < 0) {
    return MakeError(Reason::kInternal, {{DetailKey::kHint, "libsodium could not be initialised"}});
  }
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (bytes == 0 || bytes > std::numeric_limits<std::size_t>::max() / 2) {
    return MakeError(Reason::kConfiguration, {{DetailKey::kField, "secret memory"}, {DetailKey::kLimit, bytes}});
  }
  // Whole pages, so that the region begins at a page and every slot is aligned.
  const std::size_t capacity = RoundedUp(bytes, page);
  const std::size_t locked_before = LockedBytes();
  auto* region = static_cast<std::uint8_t*>(sodium_malloc(capacity));
  if (region == nullptr) {
    return MakeError(Reason::kSecretMemoryUnlocked,
                     {{DetailKey::kLimit, capacity}, {DetailKey::kHint, kRaiseTheLimit}});
  }
  auto arena = std::unique_ptr<SecretArena>(new SecretArena(region, capacity));
  if (lock(region, capacity) != 0 || LockedBytes() < locked_before + capacity) {
    return MakeError(Reason::kSecretMemoryUnlocked,
                     {{DetailKey::kLimit, capacity}, {DetailKey::kHint, kRaiseTheLimit}});
  }
  sodium_memzero(region, capacity);
  return arena;
}

SecretArena::SecretArena(std::uint8_t* region, std::size_t capacity) : region_(region), capacity_(capacity) {
  free_runs_.emplace(0, capacity);
}

SecretArena::~SecretArena() { sodium_free(region_); }

std::size_t SecretArena::bytes_in_use() const {
  const std::lock_guard lock(mutex_);
  return in_use_;
}

std::uint8_t* SecretArena::Take(std::size_t bytes) {
  const std::size_t length = RoundedUp(bytes, kSlotBytes);
  const std::lock_guard lock(mutex_);
  const auto run = std::find_if(free_runs_.begin(), free_runs_.end(),
                                [length](const auto& free_run) { return free_run.second >= length; });
  if (run == free_runs_.end()) {
    return nullptr;
  }
  const auto [offset, available] = *run;
  free_runs_.erase(run);
  if (available > length) {
    free_runs_.emplace(offset + length, available - length);
  }
  in_use_ += length;
  return region_ + offset;
}

void SecretArena::Release(std::uint8_t* data, std::size_t bytes) {
  std::size_t length = RoundedUp(bytes, kSlotBytes);
  sodium_memzero(data, length);
  auto offset = static_cast<std::size_t>(data - region_);
  const std::lock_guard lock(mutex_);
  in_use_ -= length;
  const auto next = free_runs_.lower_bound(offset);
  if (next != free_runs_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == offset) {
      offset = previous->first;
      length += previous->second;
      free_runs_.erase(previous);
    }
  }
  if (next != free_runs_.end() && offset + length == next->first) {
    length += next->second;
    free_runs_.erase(next);
  }
  free_runs_.emplace(offset, length);
}

absl::StatusOr<SecretBuffer> SecretBuffer::Allocate(SecretArena& arena, std::size_t bytes) {
  std::uint8_t* data = arena.Take(bytes);
  if (data == nullptr) {
    return MakeError(Reason::kConfiguration,
                     {{DetailKey::kField, "secret memory"}, {DetailKey::kLimit, arena.capacity()}});
  }
  return SecretBuffer(&arena, data, bytes);
}

SecretBuffer::SecretBuffer(SecretBuffer&& other) noexcept
    : arena_(std::exchange(other.arena_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

SecretBuffer& SecretBuffer::operator=(SecretBuffer&& other) noexcept {
  SecretBuffer taken(std::move(other));
  std::swap(arena_, taken.arena_);
  std::swap(data_, taken.data_);
  std::swap(size_, taken.size_);
  return *this;
}

SecretBuffer::~SecretBuffer() {
  if (arena_ != nullptr) {
    arena_->Release(data_, size_);
  }
}

absl::StatusOr<SecretKey> SecretKey::Generate(SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kBytes));
  randombytes_buf(buffer.bytes(SecretAccess()).data(), kBytes);
  return SecretKey(std::move(buffer));
}

absl::StatusOr<SecretKey> SecretKey::CopyOf(SecretArena& arena, std::span<const std::uint8_t, kBytes> bytes) {
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kBytes));
  std::copy(bytes.begin(), bytes.end(), buffer.bytes(SecretAccess()).begin());
  return SecretKey(std::move(buffer));
}

absl::StatusOr<SecretKey> SecretKey::Zero(SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kBytes));
  return SecretKey(std::move(buffer));
}

std::span<const std::uint8_t, SecretKey::kBytes> SecretBytes(const SecretKey& key, SecretAccess access) {
  return key.buffer_.bytes(access).first<SecretKey::kBytes>();
}

std::span<std::uint8_t, SecretKey::kBytes> MutableSecretBytes(SecretKey& key, SecretAccess access) {
  return key.buffer_.bytes(access).first<SecretKey::kBytes>();
}

void Wipe(std::span<std::uint8_t> memory) { sodium_memzero(memory.data(), memory.size()); }

bool EqualInConstantTime(std::span<const std::uint8_t> left, std::span<const std::uint8_t> right) {
  return left.size() == right.size() && sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

absl::Status DisableCoreDumps() {
  const struct rlimit none = {0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return MakeError(Reason::kSecretMemoryUnlocked, {{DetailKey::kHint, "core dumps could not be switched off"}});
  }
  return absl::OkStatus();
}

}  // namespace kobling::crypto
