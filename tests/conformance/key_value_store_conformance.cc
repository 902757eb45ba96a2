#include "tests/conformance/key_value_store_conformance.h"

#include <utility>

namespace kobling::tests {

using storage::Family;

std::ostream& operator<<(std::ostream& out, const Candidate& candidate) { return out << candidate.name; }

void KeyValueStoreConformance::SetUp() { StartClean(); }

void KeyValueStoreConformance::StartClean() {
  store_.reset();
  backend_ = GetParam().make();
  auto opened = backend_->Open();
  ASSERT_TRUE(opened.ok()) << opened.status();
  store_ = *std::move(opened);
}

void KeyValueStoreConformance::Settle() {
  if (GetParam().reopening == Reopening::kNever) {
    return;
  }
  store_.reset();
  auto opened = backend_->Open();
  ASSERT_TRUE(opened.ok()) << opened.status();
  store_ = *std::move(opened);
}

void KeyValueStoreConformance::Commit(const storage::WriteBatch& batch) {
  const absl::Status committed = store().Commit(batch);
  ASSERT_TRUE(committed.ok()) << committed;
}

void KeyValueStoreConformance::Put(Family family, std::string_view key, std::string value) {
  storage::WriteBatch batch;
  batch.Put(family, key, std::move(value));
  Commit(batch);
}

}  // namespace kobling::tests
