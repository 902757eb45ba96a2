#include "tests/conformance/test_length.h"

#include <cstdlib>
#include <random>
#include <string_view>

namespace kobling::tests {

bool LongTests() {
  const char* setting = std::getenv("KOBLING_LONG_TESTS");
  return setting != nullptr && std::string_view(setting) == "1";
}

std::vector<std::uint64_t> Seeds(std::size_t few, std::size_t many) {
  if (const char* seed = std::getenv("KOBLING_TEST_SEED"); seed != nullptr) {
    return {std::strtoull(seed, nullptr, 10)};
  }
  std::vector<std::uint64_t> seeds(LongTests() ? many : few);
  std::random_device random;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    seeds[i] = LongTests() ? random() : i + 1;
  }
  return seeds;
}

}  // namespace kobling::tests
