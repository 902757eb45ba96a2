// How long the random tests of storage run.
//
//   KOBLING_LONG_TESTS=1     many rounds with new seeds (minutes); otherwise few rounds with the same seeds (seconds)
//   KOBLING_TEST_SEED=1234   only this seed, to repeat a failure; every failure prints its seed
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kobling::tests {

bool LongTests();

// The seeds to run a test with: `few` fixed ones, or `many` new ones in a long run.
std::vector<std::uint64_t> Seeds(std::size_t few, std::size_t many);

}  // namespace kobling::tests
