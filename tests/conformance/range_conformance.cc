// The order of keys, scans and deletion of ranges.
#include <algorithm>

#include "tests/conformance/key_value_store_conformance.h"

namespace kobling::tests {
namespace {

using storage::Family;
using storage::KeyRange;
using storage::WriteBatch;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) {
    text.push_back(static_cast<char>(byte));
  }
  return text;
}

// In the order that the store must keep: unsigned bytes, a prefix before what continues it.
std::vector<std::string> OrderedKeys() {
  return {Bytes({0x00}),       Bytes({0x00, 0x00}), Bytes({0x00, 0xff}), Bytes({0x01}),
          Bytes({0x7f}),       Bytes({0x7f, 0xff}), Bytes({0x80}),       Bytes({0x80, 0x00}),
          Bytes({0xfe, 0xff}), Bytes({0xff}),       Bytes({0xff, 0x00}), Bytes({0xff, 0xff})};
}

TEST_P(KeyValueStoreConformance, KeysAreOrderedAsUnsignedBytes) {
  std::vector<std::string> keys = OrderedKeys();
  std::reverse(keys.begin(), keys.end());
  std::swap(keys[2], keys[7]);
  for (const std::string& key : keys) {
    Put(Family::kEvents, key, "value of " + key);
  }
  Settle();
  EXPECT_THAT(KeysOf(store(), Family::kEvents), ElementsAreArray(OrderedKeys()));
  for (const auto& [key, value] : RowsOf(store(), Family::kEvents)) {
    EXPECT_EQ(value, "value of " + key);
  }
}

TEST_P(KeyValueStoreConformance, EveryRangeOfBinaryKeysIsScannedExactly) {
  const std::vector<std::string> keys = OrderedKeys();
  WriteBatch batch;
  for (const std::string& key : keys) {
    batch.Put(Family::kEvents, key, "");
  }
  Commit(batch);
  Settle();
  std::vector<std::string> bounds = keys;
  bounds.push_back("");
  bounds.push_back(Bytes({0x80, 0x00, 0x00}));
  for (const std::string& begin : bounds) {
    for (const std::string& end : bounds) {
      std::vector<std::string> expected;
      std::copy_if(keys.begin(), keys.end(), std::back_inserter(expected),
                   [&](const std::string& key) { return key >= begin && (end.empty() || key < end); });
      EXPECT_EQ(KeysOf(store(), Family::kEvents, {begin, end}), expected);
    }
  }
}

TEST_P(KeyValueStoreConformance, PrefixRangeHoldsWhatStartsWithThePrefix) {
  WriteBatch batch;
  for (const std::string& key : OrderedKeys()) {
    batch.Put(Family::kEvents, key, "");
  }
  Commit(batch);
  Settle();
  const auto keys_with = [this](std::string_view prefix) {
    return KeysOf(store(), Family::kEvents, KeyRange::Prefix(prefix));
  };
  EXPECT_THAT(keys_with(Bytes({0x00})), ElementsAre(Bytes({0x00}), Bytes({0x00, 0x00}), Bytes({0x00, 0xff})));
  EXPECT_THAT(keys_with(Bytes({0x7f})), ElementsAre(Bytes({0x7f}), Bytes({0x7f, 0xff})));
  EXPECT_THAT(keys_with(Bytes({0xff})), ElementsAre(Bytes({0xff}), Bytes({0xff, 0x00}), Bytes({0xff, 0xff})));
  EXPECT_THAT(keys_with(Bytes({0xfe, 0xff})), ElementsAre(Bytes({0xfe, 0xff})));
  EXPECT_THAT(keys_with(Bytes({0x02})), IsEmpty());
  EXPECT_THAT(keys_with(""), ElementsAreArray(OrderedKeys()));
}

TEST_P(KeyValueStoreConformance, DeleteRangeDeletesFromBeginUpToButWithoutEnd) {
  const std::vector<std::string> keys = OrderedKeys();
  struct Case {
    KeyRange range;
    std::size_t first;
    std::size_t last;
  };
  const std::size_t all = keys.size();
  const std::vector<Case> cases = {
      {{keys[3], keys[6]}, 3, 6}, {{"", keys[4]}, 0, 4},      {{keys[9], ""}, 9, all},        {{"", ""}, 0, all},
      {{keys[5], keys[5]}, 5, 5}, {{keys[8], keys[2]}, 8, 8}, {{Bytes({0x02}), "\x03"}, 4, 4}};
  for (const Case& deletion : cases) {
    WriteBatch fill;
    for (const std::string& key : keys) {
      fill.Put(Family::kSets, key, "");
      fill.Put(Family::kKeys, key, "");
    }
    Commit(fill);
    WriteBatch batch;
    batch.DeleteRange(Family::kSets, deletion.range);
    Commit(batch);
    Settle();
    std::vector<std::string> expected(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(deletion.first));
    expected.insert(expected.end(), keys.begin() + static_cast<std::ptrdiff_t>(deletion.last), keys.end());
    EXPECT_EQ(KeysOf(store(), Family::kSets), expected);
    EXPECT_EQ(KeysOf(store(), Family::kKeys), keys);
  }
}

TEST_P(KeyValueStoreConformance, DeleteRangeWithoutEndReachesTheGreatestKey) {
  const std::string greatest(storage::kMaxKeyBytes, '\xff');
  Put(Family::kSets, greatest, "1");
  WriteBatch batch;
  batch.DeleteRange(Family::kSets, {greatest, ""});
  Commit(batch);
  Settle();
  EXPECT_THAT(RowsOf(store(), Family::kSets), IsEmpty());
  EXPECT_EQ(ValueOf(store(), Family::kSets, greatest), std::nullopt);
}

TEST_P(KeyValueStoreConformance, RowsPutAfterADeletedRangeAreThere) {
  for (const std::string_view value : {"first", "second", "third"}) {
    WriteBatch batch;
    batch.DeleteRange(Family::kSets, KeyRange::Prefix("chunk/"));
    batch.Put(Family::kSets, "chunk/1", std::string(value));
    Commit(batch);
  }
  Settle();
  EXPECT_EQ(RowsOf(store(), Family::kSets), (Rows{{"chunk/1", "third"}}));
}

}  // namespace
}  // namespace kobling::tests
