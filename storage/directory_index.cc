#include "storage/directory_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace kobling::storage {

DirectoryIndex::Slot DirectoryIndex::SlotFor(const crypto::Tag& tag, std::uint32_t number) {
  Slot slot;
  std::memcpy(&slot.high, tag.bytes.data(), sizeof slot.high);
  std::memcpy(&slot.low, tag.bytes.data() + sizeof slot.high, sizeof slot.low);
  slot.number = number;
  return slot;
}

void DirectoryIndex::Find(std::span<const crypto::Tag> tags, std::span<std::uint32_t> numbers) const {
  if (slots_.empty()) {
    std::fill(numbers.begin(), numbers.end(), kAbsent);
    return;
  }
  constexpr std::size_t kAhead = 16;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (i + kAhead < tags.size()) {
      __builtin_prefetch(&slots_[SlotFor(tags[i + kAhead], 0).high & mask]);
    }
    const Slot wanted = SlotFor(tags[i], 0);
    std::size_t at = wanted.high & mask;
    while (slots_[at].number != kAbsent && (slots_[at].high != wanted.high || slots_[at].low != wanted.low)) {
      at = (at + 1) & mask;
    }
    numbers[i] = slots_[at].number;
  }
}

void DirectoryIndex::Place(const Slot& slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = slot.high & mask;
  while (slots_[at].number != kAbsent) {
    at = (at + 1) & mask;
  }
  slots_[at] = slot;
}

void DirectoryIndex::Insert(const crypto::Tag& tag, std::uint32_t number) {
  Reserve(size_ + 1);
  Place(SlotFor(tag, number));
  ++size_;
}

void DirectoryIndex::Reserve(std::size_t entries) {
  const std::size_t needed = std::bit_ceil(std::max<std::size_t>(1024, entries + entries / 3 + 1));
  if (needed <= slots_.size()) {
    return;
  }
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(needed));
  for (const Slot& slot : old) {
    if (slot.number != kAbsent) {
      Place(slot);
    }
  }
}

}  // namespace kobling::storage
