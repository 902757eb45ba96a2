// Where keys live: one locked region of memory that is never swapped, never dumped, and wiped after use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/secret_access.h"

namespace kobling::crypto {

// One guarded, locked region, cut into slots of 32 bytes. One region and not one per key: each guarded allocation costs
// four memory mappings, so that some 16,000 keys would exhaust the mappings of a process and end it.
//
// Long-lived: an arena must outlive every key in it. Safe to use from several threads.
class SecretArena {
 public:
  // Locks memory: zero on success, as mlock(2). Tests replace it to see that a lock which did not happen is noticed.
  using LockFunction = int (*)(const void* address, std::size_t bytes);

  static constexpr std::size_t kSlotBytes = 32;

  // Makes a region of at least the given size, rounded up to whole pages. Fails with SECRET_MEMORY_UNLOCKED if the
  // memory could not be locked, which is checked twice: by the answer of the lock itself, and by the count of locked
  // memory that the kernel keeps for this process. (libsodium's own allocation succeeds when its lock fails.)
  static absl::StatusOr<std::unique_ptr<SecretArena>> Create(std::size_t bytes);
  static absl::StatusOr<std::unique_ptr<SecretArena>> Create(std::size_t bytes, LockFunction lock);

  ~SecretArena();
  SecretArena(const SecretArena&) = delete;
  SecretArena& operator=(const SecretArena&) = delete;

  std::size_t capacity() const { return capacity_; }
  std::size_t bytes_in_use() const;

 private:
  friend class SecretBuffer;

  SecretArena(std::uint8_t* region, std::size_t capacity);

  // A zeroed run of whole slots, or nullptr if no run is long enough. Release wipes it.
  std::uint8_t* Take(std::size_t bytes);
  void Release(std::uint8_t* run, std::size_t bytes);

  std::uint8_t* const region_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::map<std::size_t, std::size_t> free_runs_;  // offset -> length; neighbours are always merged. Guarded by mutex_.
  std::size_t in_use_ = 0;                        // guarded by mutex_
};

// A few bytes in an arena: what the secret types are made of. Wiped and given back when it is destroyed. Move-only; a
// moved-from buffer is empty and may only be destroyed or assigned to.
class SecretBuffer {
 public:
  // All zero. Fails with CONFIGURATION, naming the arena's size, when the arena is full.
  static absl::StatusOr<SecretBuffer> Allocate(SecretArena& arena, std::size_t bytes);

  SecretBuffer(SecretBuffer&& other) noexcept;
  SecretBuffer& operator=(SecretBuffer&& other) noexcept;
  SecretBuffer(const SecretBuffer&) = delete;
  SecretBuffer& operator=(const SecretBuffer&) = delete;
  ~SecretBuffer();

  std::span<std::uint8_t> bytes(SecretAccess) { return {data_, size_}; }
  std::span<const std::uint8_t> bytes(SecretAccess) const { return {data_, size_}; }

 private:
  SecretBuffer(SecretArena* arena, std::uint8_t* data, std::size_t size) : arena_(arena), data_(data), size_(size) {}

  SecretArena* arena_;
  std::uint8_t* data_;
  std::size_t size_;
};

// A 256-bit key. It cannot be copied, compared or printed, and its bytes can only be read by naming SecretAccess.
class SecretKey {
 public:
  static constexpr std::size_t kBytes = 32;

  // A new random key. Fails only when the arena is full.
  static absl::StatusOr<SecretKey> Generate(SecretArena& arena);

  // A key with these bytes. The caller wipes its own copy of them. Fails only when the arena is full.
  static absl::StatusOr<SecretKey> CopyOf(SecretArena& arena, std::span<const std::uint8_t, kBytes> bytes);

  // A new key, all zero, for code that computes a key in place with MutableSecretBytes.
  static absl::StatusOr<SecretKey> Zero(SecretArena& arena);

 private:
  friend std::span<const std::uint8_t, kBytes> SecretBytes(const SecretKey& key, SecretAccess access);
  friend std::span<std::uint8_t, kBytes> MutableSecretBytes(SecretKey& key, SecretAccess access);

  explicit SecretKey(SecretBuffer buffer) : buffer_(std::move(buffer)) {}

  SecretBuffer buffer_;
};

// The bytes of a key that was not moved from, valid as long as the key is.
std::span<const std::uint8_t, SecretKey::kBytes> SecretBytes(const SecretKey& key, SecretAccess access);
std::span<std::uint8_t, SecretKey::kBytes> MutableSecretBytes(SecretKey& key, SecretAccess access);

// Overwrites memory with zeros in a way that the compiler may not leave out. For copies of secrets outside an arena.
void Wipe(std::span<std::uint8_t> memory);

// True if both hold the same bytes. Takes the same time wherever they differ.
[[nodiscard]] bool EqualInConstantTime(std::span<const std::uint8_t> left, std::span<const std::uint8_t> right);

// No core dump of this process is written from here on, and no other process of the same user can read its memory.
// Called once at start. Fails with SECRET_MEMORY_UNLOCKED.
absl::Status DisableCoreDumps();

}  // namespace kobling::crypto
