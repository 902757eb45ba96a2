// The simplest key-value store there is, a std::map per family: what tests compare stores with.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/key_value_store.h"

namespace kobling::tests {

class StoreModel {
 public:
  std::optional<std::string> Get(storage::Family family, const std::string& key) const;
  std::vector<std::pair<std::string, std::string>> Scan(storage::Family family, const storage::KeyRange& range) const;
  // Whether all requirements of the batch hold.
  bool Holds(const storage::WriteBatch& batch) const;
  void Apply(const storage::WriteBatch& batch);

  friend bool operator==(const StoreModel&, const StoreModel&) = default;

 private:
  std::map<std::string, std::string>& MapOf(storage::Family family) { return maps_[static_cast<std::size_t>(family)]; }
  const std::map<std::string, std::string>& MapOf(storage::Family family) const {
    return maps_[static_cast<std::size_t>(family)];
  }

  std::array<std::map<std::string, std::string>, storage::kFamilyCount> maps_;
};

}  // namespace kobling::tests
