// Where the directory finds an identifier: an open-addressing table in memory from tag to identifier number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "crypto/derivations.h"

namespace kobling::storage {

// A slot keeps the first 96 bits of a tag beside the number, 16 bytes in all: with 10^7 identifiers in the table and
// 10^9 look-ups of unknown ones, the chance of a single false hit is about 10^-13. Not thread-safe.
class DirectoryIndex {
 public:
  static constexpr std::uint32_t kAbsent = 0xffffffff;

  DirectoryIndex() = default;

  // numbers[i] becomes the number of tags[i], or kAbsent. Slots are fetched ahead, since each is a cache miss.
  void Find(std::span<const crypto::Tag> tags, std::span<std::uint32_t> numbers) const;

  // The tag must be absent and the number must not be kAbsent.
  void Insert(const crypto::Tag& tag, std::uint32_t number);

  // Makes room for so many entries in all, so that inserting them moves nothing.
  void Reserve(std::size_t entries);

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t high = 0;
    std::uint32_t low = 0;
    std::uint32_t number = kAbsent;
  };
  static Slot SlotFor(const crypto::Tag& tag, std::uint32_t number);
  void Place(const Slot& slot);

  std::vector<Slot> slots_;  // a power of two, at most three quarters full
  std::size_t size_ = 0;
};

}  // namespace kobling::storage
