#include "tests/conformance/store_reading.h"

#include <gtest/gtest.h>

namespace kobling::tests {

using storage::Family;
using storage::KeyRange;
using storage::Reader;

std::optional<std::string> ValueOf(const Reader& reader, Family family, std::string_view key) {
  auto value = reader.Get(family, key);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? *std::move(value) : std::nullopt;
}

std::vector<std::optional<std::string>> ValuesOf(const Reader& reader, Family family,
                                                 const std::vector<std::string>& keys) {
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  auto values = reader.MultiGet(family, views);
  EXPECT_TRUE(values.ok()) << values.status();
  return values.ok() ? *std::move(values) : std::vector<std::optional<std::string>>();
}

Rows RowsOf(const Reader& reader, Family family, const KeyRange& range) {
  Rows rows;
  auto scan = reader.Scan(family, range);
  EXPECT_TRUE(scan.ok()) << scan.status();
  if (scan.ok()) {
    for (; (*scan)->Valid(); (*scan)->Next()) {
      rows.emplace_back((*scan)->key(), (*scan)->value());
    }
    EXPECT_TRUE((*scan)->status().ok()) << (*scan)->status();
  }
  return rows;
}

std::vector<std::string> KeysOf(const Reader& reader, Family family, const KeyRange& range) {
  std::vector<std::string> keys;
  for (auto& [key, value] : RowsOf(reader, family, range)) {
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace kobling::tests
