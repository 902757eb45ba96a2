#include "storage/number_set.h"

#include <algorithm>

namespace kobling::storage {

NumberSet MakeNumberSet(std::span<std::uint32_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  NumberSet set;
  set.addMany(numbers.size(), numbers.data());
  set.runOptimize();
  set.shrinkToFit();
  return set;
}

}  // namespace kobling::storage
