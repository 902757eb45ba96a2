// Which identifier stands for a person in a project: whose uid makes the løpenummer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "storage/number_set.h"

namespace kobling::storage {

// What one correction settled: of each person, all of these that were given out are retired but the one that stays.
struct Retirement {
  NumberSet retired;
  NumberSet staying;
  std::uint64_t map_version = 0;  // that it was proposed on
};

// What a project has given out at some moment: the representatives of all its key files, and what corrections have
// settled since.
struct IssuedNumbers {
  NumberSet issued;
  std::vector<Retirement> retirements = {};
};

// The representatives of some identifiers, as they were when the table was made. Nearly every identifier stands for
// itself, so that only the others are kept.
class RepresentativeTable {
 public:
  using Entry = std::pair<std::uint32_t, std::uint32_t>;  // identifier, representative

  RepresentativeTable() = default;
  // An identifier that is not in `others` represents itself. `others` must be sorted, each identifier once.
  RepresentativeTable(std::uint64_t map_version, std::vector<Entry> others)
      : map_version_(map_version), others_(std::move(others)) {}

  // Of the map that it was made of.
  std::uint64_t map_version() const { return map_version_; }

  std::uint32_t Of(std::uint32_t identifier) const;

  // The representatives of all identifiers of the set.
  NumberSet AllOf(const NumberSet& identifiers) const;

  std::span<const Entry> others() const { return others_; }

 private:
  std::uint64_t map_version_ = 0;
  std::vector<Entry> others_;
};

}  // namespace kobling::storage
