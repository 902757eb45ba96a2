// Random operations against the simplest store there is, a std::map per family.
#include <array>
#include <random>

#include "tests/conformance/key_value_store_conformance.h"
#include "tests/conformance/store_model.h"
#include "tests/conformance/test_length.h"

namespace kobling::tests {
namespace {

using domain::Reason;
using storage::Family;
using storage::kAllFamilies;
using storage::KeyRange;
using storage::kFamilyCount;
using storage::Reader;
using storage::WriteBatch;

constexpr int kOperations = 10'000;

// Draws operations. Few different keys, so that they meet each other.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  std::size_t Below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }

  Family AnyFamily() { return kAllFamilies[Below(kFamilyCount)]; }

  std::string AnyKey() {
    static constexpr std::array<char, 5> kBytes = {'\x00', '\x01', '\x7f', '\x80', '\xff'};
    std::string key(1 + Below(3), '\0');
    for (char& byte : key) {
      byte = kBytes[Below(kBytes.size())];
    }
    return key;
  }

  std::string AnyValue() {
    const std::size_t size = Below(50) == 0 ? Below(100'000) : Below(40);
    return std::string(size, static_cast<char>(Below(256)));
  }

  KeyRange AnyRange() {
    KeyRange range;
    if (Below(8) != 0) {
      range.begin = AnyKey();
    }
    if (Below(8) != 0) {
      range.end = AnyKey();
    }
    return range;
  }

  WriteBatch AnyBatch(const StoreModel& model) {
    WriteBatch batch;
    for (std::size_t changes = Below(8); changes > 0; --changes) {
      switch (Below(8)) {
        case 0:
          batch.Delete(AnyFamily(), AnyKey());
          break;
        case 1:
          batch.DeleteRange(AnyFamily(), AnyRange());
          break;
        default:
          batch.Put(AnyFamily(), AnyKey(), AnyValue());
          break;
      }
    }
    for (std::size_t requirements = Below(4); requirements > 1; --requirements) {
      const Family family = AnyFamily();
      const std::string key = AnyKey();
      const std::optional<std::string> value = model.Get(family, key);
      if (Below(10) == 0) {
        batch.RequireValue(family, key, AnyValue());
      } else if (value.has_value()) {
        batch.RequireValue(family, key, *value);
      } else {
        batch.RequireAbsent(family, key);
      }
    }
    return batch;
  }

 private:
  std::mt19937_64 random_;
};

void ExpectSameValues(const Reader& reader, const StoreModel& model, Dice& dice) {
  const Family family = dice.AnyFamily();
  std::vector<std::string> keys(dice.Below(20));
  std::vector<std::optional<std::string>> expected;
  for (std::string& key : keys) {
    key = dice.AnyKey();
    expected.push_back(model.Get(family, key));
  }
  EXPECT_EQ(ValuesOf(reader, family, keys), expected);
}

void ExpectSameRows(const Reader& reader, const StoreModel& model) {
  for (const Family family : kAllFamilies) {
    EXPECT_EQ(RowsOf(reader, family), model.Scan(family, {}));
  }
}

TEST_P(KeyValueStoreConformance, RandomOperationsGiveWhatAMapGives) {
  for (const std::uint64_t seed : Seeds(2, 40)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StartClean();
    Dice dice(seed);
    StoreModel model;
    std::unique_ptr<Reader> snapshot;
    StoreModel as_of_snapshot;
    for (int i = 0; i < kOperations && !HasFailure(); ++i) {
      const std::size_t operation = dice.Below(1'000);
      if (operation < 350) {
        const WriteBatch batch = dice.AnyBatch(model);
        const absl::Status committed = store().Commit(batch);
        if (model.Holds(batch)) {
          EXPECT_TRUE(committed.ok()) << committed;
          model.Apply(batch);
        } else {
          EXPECT_THAT(committed, FailsWith(Reason::kPreconditionFailed));
        }
      } else if (operation < 600) {
        const Family family = dice.AnyFamily();
        const std::string key = dice.AnyKey();
        EXPECT_EQ(ValueOf(store(), family, key), model.Get(family, key));
      } else if (operation < 700) {
        ExpectSameValues(store(), model, dice);
      } else if (operation < 900) {
        const Family family = dice.AnyFamily();
        const KeyRange range = dice.AnyRange();
        EXPECT_EQ(RowsOf(store(), family, range), model.Scan(family, range));
      } else if (operation < 960 && snapshot != nullptr) {
        ExpectSameValues(*snapshot, as_of_snapshot, dice);
      } else if (operation < 990) {
        snapshot = *store().TakeSnapshot();
        as_of_snapshot = model;
      } else if (operation < 994 && snapshot != nullptr) {
        ExpectSameRows(*snapshot, as_of_snapshot);
      } else if (operation < 996) {
        EXPECT_THAT(store().Purge(dice.AnyFamily()), IsOk());
      } else if (operation < 998) {
        snapshot.reset();
        Settle();
      } else {
        ExpectSameRows(store(), model);
      }
    }
    snapshot.reset();
    Settle();
    ExpectSameRows(store(), model);
    if (HasFailure()) {
      return;
    }
  }
}

}  // namespace
}  // namespace kobling::tests
