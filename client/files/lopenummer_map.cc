#include "client/files/lopenummer_map.h"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <compare>
#include <cstring>
#include <new>

#include "domain/error.h"

namespace kobling::client {
namespace {

constexpr int kIdentifierShift = 16;
constexpr std::uint64_t kIdentifierMask = (std::uint64_t{1} << 37) - 1;
constexpr std::uint64_t kCopied = std::uint64_t{1} << 60;
constexpr std::uint64_t kRemoved = std::uint64_t{1} << 61;  // the slot stays, since others were placed past it
constexpr std::uint64_t kTaken = std::uint64_t{1} << 62;
constexpr std::uint64_t kUsed = std::uint64_t{1} << 63;

std::uint64_t IdentifierOf(std::uint64_t word) { return (word >> kIdentifierShift) & kIdentifierMask; }

bool IsRowOf(std::uint64_t word, std::uint64_t packed_identifier) {
  return IdentifierOf(word) == packed_identifier && (word & kRemoved) == 0;
}

// A løpenummer as numbers, which compare faster than bytes.
struct Sortable {
  std::uint64_t first;
  std::uint16_t rest;
  friend auto operator<=>(const Sortable&, const Sortable&) = default;
};

}  // namespace

LopenummerMap::LopenummerMap(std::uint64_t rows) : capacity_(rows + rows / 4 + 16), most_rows_(rows) {
  // Fresh pages from the system are zero, and a zero word is a free slot.
  void* memory = ::mmap(nullptr, capacity_ * sizeof(Slot), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::bad_alloc();
  }
  ::madvise(memory, capacity_ * sizeof(Slot), MADV_DONTDUMP);
  ::madvise(memory, capacity_ * sizeof(Slot), MADV_HUGEPAGE);
  slots_ = static_cast<Slot*>(memory);
}

LopenummerMap::~LopenummerMap() {
  ::explicit_bzero(static_cast<void*>(slots_), capacity_ * sizeof(Slot));
  ::munmap(slots_, capacity_ * sizeof(Slot));
}

// Mixing twice spreads identifiers that are alike; the upper half, scaled to the capacity, is the place.
std::uint64_t LopenummerMap::Home(std::uint64_t packed_identifier) const {
  const std::uint64_t mixed = packed_identifier * 0x9E37'79B9'7F4A'7C15u;
  const std::uint64_t spread = ((mixed ^ (mixed >> 32)) * 0xBF58'476D'1CE4'E5B9u) >> 32;
  return (spread * capacity_) >> 32;
}

domain::Lopenummer LopenummerMap::Read(const Slot& slot) {
  domain::Lopenummer::Bits bits;
  std::memcpy(bits.data(), slot.first_bits.data(), slot.first_bits.size());
  const auto rest = static_cast<std::uint16_t>(slot.word);
  std::memcpy(bits.data() + slot.first_bits.size(), &rest, sizeof(rest));
  return domain::Lopenummer(bits);
}

void LopenummerMap::Write(Slot& slot, std::uint64_t packed_identifier, const domain::Lopenummer& lopenummer) {
  std::uint16_t rest = 0;
  std::memcpy(slot.first_bits.data(), lopenummer.bits().data(), slot.first_bits.size());
  std::memcpy(&rest, lopenummer.bits().data() + slot.first_bits.size(), sizeof(rest));
  slot.word = kTaken | ((packed_identifier & kIdentifierMask) << kIdentifierShift) | rest;
}

absl::Status LopenummerMap::Insert(std::uint64_t packed_identifier, const domain::Lopenummer& lopenummer) {
  std::uint64_t place = Home(packed_identifier);
  while ((slots_[place].word & kTaken) != 0 && !IsRowOf(slots_[place].word, packed_identifier)) {
    place = place + 1 == capacity_ ? 0 : place + 1;
  }
  Slot& slot = slots_[place];
  const bool is_there = (slot.word & kTaken) != 0;
  const bool may_change = (slot.word & kCopied) != 0 && Read(slot) != lopenummer;
  if (is_there ? !may_change : rows_ == most_rows_) {
    return domain::MakeError(domain::Reason::kKeyFileRows, {{domain::DetailKey::kRow, rows_ + 1}});
  }
  Write(slot, packed_identifier, lopenummer);
  rows_ += is_there ? 0 : 1;
  return absl::OkStatus();
}

std::optional<LopenummerMap::Place> LopenummerMap::Find(std::uint64_t packed_identifier) const {
  for (std::uint64_t place = Home(packed_identifier);; place = place + 1 == capacity_ ? 0 : place + 1) {
    const std::uint64_t word = slots_[place].word;
    if ((word & kTaken) == 0) {
      return std::nullopt;
    }
    if (IsRowOf(word, packed_identifier)) {
      return Place{place};
    }
  }
}

void LopenummerMap::RemoveCopied(std::uint64_t packed_identifier) {
  const std::optional<Place> place = Find(packed_identifier);
  if (place.has_value() && (slots_[static_cast<std::uint64_t>(*place)].word & kCopied) != 0) {
    slots_[static_cast<std::uint64_t>(*place)].word |= kRemoved;
  }
}

absl::Status LopenummerMap::CopyTo(LopenummerMap& other) const {
  for (std::uint64_t place = 0; place < capacity_; ++place) {
    const Slot& slot = slots_[place];
    if ((slot.word & kTaken) != 0 && (slot.word & kRemoved) == 0) {
      const std::uint64_t identifier = IdentifierOf(slot.word);
      if (absl::Status status = other.Insert(identifier, Read(slot)); !status.ok()) {
        return status;
      }
      other.slots_[static_cast<std::uint64_t>(*other.Find(identifier))].word |= kCopied;
    }
  }
  return absl::OkStatus();
}

domain::Lopenummer LopenummerMap::At(Place place) const { return Read(slots_[static_cast<std::uint64_t>(place)]); }

void LopenummerMap::MarkUsed(Place place) { slots_[static_cast<std::uint64_t>(place)].word |= kUsed; }

std::vector<domain::Lopenummer> LopenummerMap::Used() const {
  std::vector<Sortable> used;
  for (std::uint64_t place = 0; place < capacity_; ++place) {
    const Slot& slot = slots_[place];
    if ((slot.word & kUsed) != 0) {
      std::uint64_t first = 0;
      std::memcpy(&first, slot.first_bits.data(), sizeof(first));
      used.push_back({__builtin_bswap64(first), __builtin_bswap16(static_cast<std::uint16_t>(slot.word))});
    }
  }
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  std::vector<domain::Lopenummer> lopenumre;
  lopenumre.reserve(used.size());
  for (const Sortable& one : used) {
    const std::uint64_t first = __builtin_bswap64(one.first);
    const std::uint16_t rest = __builtin_bswap16(one.rest);
    domain::Lopenummer::Bits bits;
    std::memcpy(bits.data(), &first, sizeof(first));
    std::memcpy(bits.data() + sizeof(first), &rest, sizeof(rest));
    lopenumre.emplace_back(bits);
  }
  return lopenumre;
}

}  // namespace kobling::client
