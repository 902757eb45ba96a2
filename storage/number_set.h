// A set of identifier numbers: what a submission, a population, a match, a key file and a usage report are.
#pragma once

#include <cstdint>
#include <span>

#include "roaring/roaring.hh"

namespace kobling::storage {

using NumberSet = ::Roaring;

// The set of the numbers. Sorts the span in place, which is what makes it fast.
NumberSet MakeNumberSet(std::span<std::uint32_t> numbers);

}  // namespace kobling::storage
