#include "crypto/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "domain/ids.h"

namespace kobling::crypto {
namespace {

TEST(FillRandom, FillsEveryByte) {
  std::vector<std::uint8_t> seen(1000, 0);
  for (int round = 0; round < 10; ++round) {
    std::vector<std::uint8_t> random(1000, 0);
    FillRandom(random);
    for (std::size_t i = 0; i < random.size(); ++i) {
      seen[i] |= random[i];
    }
  }
  // A byte that stays zero in ten rounds has a chance of 2^-80.
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0);
}

TEST(NewRequestId, IsARequestIdOfVersionFour) {
  for (int i = 0; i < 100; ++i) {
    const std::string id = NewRequestId();
    EXPECT_TRUE(domain::RequestId::Parse(id).ok());
    ASSERT_EQ(id.size(), 36u);
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos);
  }
}

TEST(NewRequestId, IsNewEveryTime) {
  std::set<std::string> ids;
  for (int i = 0; i < 10'000; ++i) {
    ids.insert(NewRequestId());
  }
  EXPECT_EQ(ids.size(), 10'000u);
}

}  // namespace
}  // namespace kobling::crypto
