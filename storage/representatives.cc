#include "storage/representatives.h"

#include <algorithm>

namespace kobling::storage {

std::uint32_t RepresentativeTable::Of(std::uint32_t identifier) const {
  const auto found = std::lower_bound(others_.begin(), others_.end(), Entry(identifier, 0));
  return found != others_.end() && found->first == identifier ? found->second : identifier;
}

NumberSet RepresentativeTable::AllOf(const NumberSet& identifiers) const {
  NumberSet result = identifiers;
  std::vector<std::uint32_t> represented;
  std::vector<std::uint32_t> representatives;
  for (const auto& [identifier, representative] : others_) {
    if (identifiers.contains(identifier)) {
      represented.push_back(identifier);
      representatives.push_back(representative);
    }
  }
  result -= MakeNumberSet(represented);
  result |= MakeNumberSet(representatives);
  return result;
}

}  // namespace kobling::storage
