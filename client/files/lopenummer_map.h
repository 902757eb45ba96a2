// A key file in memory: which løpenummer stands for an identifier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "domain/lopenummer.h"

namespace kobling::client {

// An open-addressing table of sixteen bytes a slot, at most four fifths full: twenty bytes a row. Its size is fixed
// when it is made. Its memory is left out of core dumps and wiped at the end. Reads may run in parallel with each other
// only.
class LopenummerMap {
 public:
  explicit LopenummerMap(std::uint64_t rows);
  LopenummerMap(const LopenummerMap&) = delete;
  LopenummerMap& operator=(const LopenummerMap&) = delete;
  ~LopenummerMap();

  // Puts a row in, or gives one that was copied from another map another number. Fails with KEY_FILE_ROWS if the
  // identifier is there otherwise or has that very number, or if there are more rows than announced.
  [[nodiscard]] absl::Status Insert(std::uint64_t packed_identifier, const domain::Lopenummer& lopenummer);

  // Takes out a row that was copied from another map, if it is there; Find does not find it any more. One that was
  // put in or given another number since stays.
  void RemoveCopied(std::uint64_t packed_identifier);
  // Puts every row into another map, as a copied one. Fails as Insert.
  [[nodiscard]] absl::Status CopyTo(LopenummerMap& other) const;

  // A place in the table, valid as long as the table.
  enum class Place : std::uint64_t {};
  std::optional<Place> Find(std::uint64_t packed_identifier) const;
  domain::Lopenummer At(Place place) const;

  // Remembers that the løpenummer was written to an output.
  void MarkUsed(Place place);
  // The marked løpenumre, each once, in order.
  std::vector<domain::Lopenummer> Used() const;

  // Rows that were inserted, those taken out again included.
  std::uint64_t rows() const { return rows_; }

 private:
  // The last two bytes of the løpenummer, then the identifier (37 bits), then the flags: one word to compare.
  struct alignas(16) Slot {
    std::array<std::uint8_t, 8> first_bits;
    std::uint64_t word;
  };
  static domain::Lopenummer Read(const Slot& slot);
  static void Write(Slot& slot, std::uint64_t packed_identifier, const domain::Lopenummer& lopenummer);
  std::uint64_t Home(std::uint64_t packed_identifier) const;

  std::uint64_t capacity_;
  std::uint64_t most_rows_;
  std::uint64_t rows_ = 0;
  Slot* slots_;
};

}  // namespace kobling::client
