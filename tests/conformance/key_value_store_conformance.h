// The suite that every backend of storage/key_value_store.h passes. A backend's test program links kobling::conformance
// and says how its stores are made:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, KeyValueStoreConformance, testing::Values(Candidate{.make = ..., ...}),
//   NameOfParam);
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/key_value_store.h"
#include "tests/conformance/store_reading.h"

namespace kobling::tests {

// One place where a store can live. The first Open gives a clean store; each later one, after the store before it was
// destroyed, gives what that one had committed. The suite never cleans up.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual absl::StatusOr<std::unique_ptr<storage::KeyValueStore>> Open() = 0;
};

// Whether each test closes and opens the store between writing and reading. kNever is for stores that are not durable,
// and for reading from memory what was just written.
enum class Reopening : std::uint8_t { kNever, kBeforeReading };

struct Candidate {
  std::function<std::unique_ptr<Backend>()> make;
  Reopening reopening = Reopening::kNever;
  std::string name;
};
std::ostream& operator<<(std::ostream& out, const Candidate& candidate);

class KeyValueStoreConformance : public testing::TestWithParam<Candidate> {
 protected:
  void SetUp() override;

  // Begins again with a clean store.
  void StartClean();
  storage::KeyValueStore& store() { return *store_; }
  // Called between writing and reading: closes and opens the store if the candidate says so.
  void Settle();
  // Commits and expects success.
  void Commit(const storage::WriteBatch& batch);
  void Put(storage::Family family, std::string_view key, std::string value);

 private:
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<storage::KeyValueStore> store_;
};

}  // namespace kobling::tests
