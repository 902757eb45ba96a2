// What the tests of the typed stores share: keys, synthetic people, and a look at every byte that was stored.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/derivations.h"
#include "crypto/sealed_box.h"
#include "crypto/secret_memory.h"
#include "domain/national_id.h"
#include "domain/national_id_maker.h"
#include "storage/key_value_store.h"

namespace kobling::storage {

// A key of 32 bytes that count upwards from the given one.
inline crypto::SecretKey TestKey(crypto::SecretArena& arena, std::uint8_t first) {
  std::array<std::uint8_t, crypto::SecretKey::kBytes> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(first + i);
  }
  return crypto::SecretKey::CopyOf(arena, bytes).value();
}

inline std::unique_ptr<crypto::SecretArena> TestArena() { return crypto::SecretArena::Create(4096).value(); }

// So many different synthetic identifiers, the same ones every time.
inline std::vector<domain::NationalId> SyntheticPeople(std::size_t count) {
  std::vector<domain::NationalId> people;
  domain::NationalIdParts parts;
  for (parts.two_digit_year = 0; parts.two_digit_year < 100; ++parts.two_digit_year) {
    for (parts.month = 1; parts.month <= 12; ++parts.month) {
      for (parts.individual = 0; parts.individual < 1000; ++parts.individual) {
        if (people.size() == count) {
          return people;
        }
        if (const auto made = domain::MakeValid(parts); made.has_value()) {
          people.push_back(*made);
        }
      }
    }
  }
  ADD_FAILURE() << "more people than the generator has";
  return people;
}

// All rows of a family.
inline std::vector<std::pair<std::string, std::string>> RowsOf(const Reader& store, Family family) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto rows = store.Scan(family, KeyRange::All()).value();
  for (; rows->Valid(); rows->Next()) {
    all.emplace_back(rows->key(), rows->value());
  }
  return all;
}

// Every stored byte, keys and values, one after the other.
inline std::string EverythingIn(const Reader& store) {
  std::string bytes;
  for (const Family family : kAllFamilies) {
    for (const auto& [key, value] : RowsOf(store, family)) {
      bytes += key + '|' + value + '|';
    }
  }
  return bytes;
}

inline void PutRow(KeyValueStore& store, Family family, const std::string& key, std::string value) {
  WriteBatch batch;
  batch.Put(family, key, std::move(value));
  ASSERT_TRUE(store.Commit(batch).ok());
}

inline void DeleteRow(KeyValueStore& store, Family family, const std::string& key) {
  WriteBatch batch;
  batch.Delete(family, key);
  ASSERT_TRUE(store.Commit(batch).ok());
}

}  // namespace kobling::storage
