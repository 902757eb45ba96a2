#include "crypto/sealed_box.h"

#include <gtest/gtest.h>

#include <thread>
#include <type_traits>
#include <vector>

#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<RecordSealer>);

constexpr AssociatedData kRow = {"family set, key 7, version 1"};

void ExpectCorrupt(const absl::StatusOr<std::string>& opened) {
  EXPECT_EQ(domain::ReasonOf(opened.status()), domain::Reason::kRecordCorrupt);
}

TEST(RecordSealer, WhatWasSealedOpensAgain) {
  const auto arena = NewTestArena();
  const RecordSealer sealer(CountingKey(*arena, 1));
  for (const std::size_t size : {0, 1, 63, 64, 65, 1024, 8192, 100'000}) {
    const std::string plaintext(size, 'p');
    const std::string sealed = sealer.Seal(plaintext, kRow);
    EXPECT_EQ(sealed.size(), size + RecordSealer::kOverhead);
    const auto opened = sealer.Open(sealed, kRow);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, plaintext);
  }
}

// Sealed outside this code: see docs/formats/vectors/derivations.json.
TEST(RecordSealer, OpensTheDocumentedExample) {
  const auto arena = NewTestArena();
  const RecordSealer sealer(CountingKey(*arena, 0xc0));
  const std::string sealed =
      FromHex("e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7857465dd47b984579414fac0811e584c4c3759970ec3f1");
  const auto opened = sealer.Open(sealed, {"example row"});
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(*opened, "example");
}

TEST(RecordSealer, AnyChangedByteIsNoticed) {
  const auto arena = NewTestArena();
  const RecordSealer sealer(CountingKey(*arena, 1));
  const std::string sealed = sealer.Seal("plaintext of a row", kRow);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    ExpectCorrupt(sealer.Open(changed, kRow));
  }
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    ExpectCorrupt(sealer.Open(std::string_view(sealed).substr(0, length), kRow));
  }
  ExpectCorrupt(sealer.Open(sealed + '\0', kRow));
}

TEST(RecordSealer, ARowDoesNotOpenInAnotherPlaceOrUnderAnotherKey) {
  const auto arena = NewTestArena();
  const RecordSealer sealer(CountingKey(*arena, 1));
  const RecordSealer other(CountingKey(*arena, 2));
  const std::string sealed = sealer.Seal("plaintext", kRow);
  ExpectCorrupt(sealer.Open(sealed, {"family set, key 8, version 1"}));
  ExpectCorrupt(sealer.Open(sealed, {""}));
  ExpectCorrupt(other.Open(sealed, kRow));
}

TEST(RecordSealer, TheSameRowIsNeverSealedToTheSameBytes) {
  const auto arena = NewTestArena();
  const RecordSealer sealer(CountingKey(*arena, 1));
  const std::string first = sealer.Seal("plaintext", kRow);
  const std::string second = sealer.Seal("plaintext", kRow);
  EXPECT_NE(first.substr(0, 24), second.substr(0, 24));
  EXPECT_NE(first.substr(24), second.substr(24));
  EXPECT_EQ(first.find("plaintext"), std::string::npos);
}

TEST(RecordSealer, ManyThreadsMayUseOneKey) {
  const auto arena = NewTestArena();
  const RecordSealer sealer(CountingKey(*arena, 1));
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (int& count : wrong) {
      threads.emplace_back([&sealer, &count] {
        for (int i = 0; i < 1'000; ++i) {
          const std::string plaintext = "row " + std::to_string(i);
          const auto opened = sealer.Open(sealer.Seal(plaintext, kRow), kRow);
          count += opened.ok() && *opened == plaintext ? 0 : 1;
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace kobling::crypto
