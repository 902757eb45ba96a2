#include "tests/conformance/store_model.h"

namespace kobling::tests {

using storage::Family;
using storage::KeyRange;
using storage::WriteBatch;

std::optional<std::string> StoreModel::Get(Family family, const std::string& key) const {
  const auto found = MapOf(family).find(key);
  return found == MapOf(family).end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::pair<std::string, std::string>> StoreModel::Scan(Family family, const KeyRange& range) const {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& row : MapOf(family)) {
    if (row.first >= range.begin && (range.end.empty() || row.first < range.end)) {
      rows.emplace_back(row);
    }
  }
  return rows;
}

bool StoreModel::Holds(const WriteBatch& batch) const {
  for (const WriteBatch::Requirement& requirement : batch.requirements()) {
    if (Get(requirement.family, requirement.key) != requirement.value) {
      return false;
    }
  }
  return true;
}

void StoreModel::Apply(const WriteBatch& batch) {
  for (const WriteBatch::Change& change : batch.changes()) {
    switch (change.kind) {
      case WriteBatch::Kind::kPut:
        MapOf(change.family)[change.key] = change.value;
        break;
      case WriteBatch::Kind::kDelete:
        MapOf(change.family).erase(change.key);
        break;
      case WriteBatch::Kind::kDeleteRange:
        for (const auto& row : Scan(change.family, {change.key, change.value})) {
          MapOf(change.family).erase(row.first);
        }
        break;
    }
  }
}

}  // namespace kobling::tests
