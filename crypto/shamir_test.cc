#include "crypto/shamir.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "crypto/age_test_support.h"

namespace kobling::crypto {
namespace {

using Value = std::array<std::uint8_t, kSharedBytes>;

// Multiplication in the field by its definition: polynomials over GF(2) modulo 0x11d.
std::uint8_t Product(unsigned left, unsigned right) {
  unsigned product = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    product ^= ((right >> bit) & 1) != 0 ? left << bit : 0;
  }
  for (unsigned bit = 15; bit >= 8; --bit) {
    product ^= ((product >> bit) & 1) != 0 ? 0x11du << (bit - 8) : 0;
  }
  return static_cast<std::uint8_t>(product);
}

Bytes Coefficients(std::size_t rows, std::uint64_t seed) { return PatternBytes(rows * kSharedBytes, seed); }

Value At(std::uint8_t x, const Bytes& coefficients) {
  Value value;
  ShareAt(x, coefficients, value);
  return value;
}

// The numbers from 1 to `count` in all combinations of `size`.
std::vector<std::vector<std::uint8_t>> Subsets(std::size_t size, std::uint8_t count) {
  std::vector<std::vector<std::uint8_t>> subsets;
  for (unsigned bits = 0; bits < (1u << count); ++bits) {
    std::vector<std::uint8_t> subset;
    for (std::uint8_t number = 1; number <= count; ++number) {
      if (((bits >> (number - 1)) & 1) != 0) {
        subset.push_back(number);
      }
    }
    if (subset.size() == size) {
      subsets.push_back(subset);
    }
  }
  return subsets;
}

Value Opened(const std::vector<std::uint8_t>& numbers, const Bytes& coefficients) {
  std::vector<Value> values;
  for (const std::uint8_t number : numbers) {
    values.push_back(At(number, coefficients));
  }
  std::vector<SharePoint> points;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    points.push_back({.x = numbers[i], .y = values[i]});
  }
  Value secret;
  SecretOf(points, secret);
  return secret;
}

TEST(Shamir, SharesAreThePolynomialsValues) {
  // Every product of two bytes, as the polynomial right + left * x at all x.
  for (unsigned left = 0; left < 256; ++left) {
    Bytes coefficients(2 * kSharedBytes, 0);
    for (std::size_t i = 0; i < kSharedBytes; ++i) {
      coefficients[i] = 0x5a;
      coefficients[kSharedBytes + i] = static_cast<std::uint8_t>(left);
    }
    for (unsigned x = 1; x < 256; ++x) {
      ASSERT_EQ(At(static_cast<std::uint8_t>(x), coefficients)[7], 0x5a ^ Product(left, x)) << left << " " << x;
    }
  }
}

TEST(Shamir, AnySharesInWhateverOrderGiveTheSecret) {
  for (std::uint8_t needed = 2; needed <= 6; ++needed) {
    const Bytes coefficients = Coefficients(needed, needed);
    const Value secret = At(0, coefficients);
    EXPECT_TRUE(std::equal(secret.begin(), secret.end(), coefficients.begin()));
    for (std::vector<std::uint8_t> subset : Subsets(needed, 7)) {
      EXPECT_EQ(Opened(subset, coefficients), secret);
      std::reverse(subset.begin(), subset.end());
      EXPECT_EQ(Opened(subset, coefficients), secret);
    }
  }
}

TEST(Shamir, TooFewSharesGoWithEverySecretEquallyWell) {
  // For one byte: whatever two shares of three are, each of the 256 secrets has just one third share that leads to it.
  const Bytes coefficients = Coefficients(3, 1);
  Value third = At(3, coefficients);
  const Value first = At(1, coefficients);
  const Value second = At(2, coefficients);
  std::array<int, 256> seen = {};
  for (unsigned byte = 0; byte < 256; ++byte) {
    third[0] = static_cast<std::uint8_t>(byte);
    const std::vector<SharePoint> points = {{.x = 1, .y = first}, {.x = 2, .y = second}, {.x = 3, .y = third}};
    Value secret;
    SecretOf(points, secret);
    ++seen[secret[0]];
  }
  for (const int count : seen) {
    EXPECT_EQ(count, 1);
  }
}

// libgfshare is by other people, has another way to multiply, and draws its numbers from all of 1 to 255.
TEST(Shamir, TheStockProgramOpensOurSharesAndWeOpenItsOwn) {
  const TemporaryFolder folder;
  const Bytes coefficients = Coefficients(3, 7);
  const Value secret = At(0, coefficients);
  std::vector<std::string> command = {"gfcombine", "-o", (folder / "combined").string()};
  for (const std::uint8_t x : std::to_array<std::uint8_t>({5, 1, 255})) {
    std::string digits = std::to_string(1000 + x).substr(1);
    const std::filesystem::path file = folder / ("share." + digits);
    WriteWholeFile(file, At(x, coefficients));
    command.push_back(file.string());
  }
  ASSERT_EQ(RunProgram(command), 0);
  EXPECT_EQ(ReadWholeFile(folder / "combined"), Bytes(secret.begin(), secret.end()));

  WriteWholeFile(folder / "theirs", secret);
  ASSERT_EQ(RunProgram({"gfsplit", "-n", "4", "-m", "6", (folder / "theirs").string(), (folder / "theirs").string()}),
            0);
  std::vector<std::uint8_t> numbers;
  std::vector<Bytes> values;
  for (int x = 1; x < 256 && values.size() < 4; ++x) {
    const std::filesystem::path file = folder / ("theirs." + std::to_string(1000 + x).substr(1));
    if (std::filesystem::exists(file)) {
      numbers.push_back(static_cast<std::uint8_t>(x));
      values.push_back(ReadWholeFile(file));
    }
  }
  std::vector<SharePoint> points;
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(values[i].size(), kSharedBytes);
    points.push_back({.x = numbers[i], .y = std::span(values[i]).first<kSharedBytes>()});
  }
  ASSERT_EQ(points.size(), 4u);
  Value opened;
  SecretOf(points, opened);
  EXPECT_EQ(opened, secret);
}

}  // namespace
}  // namespace kobling::crypto
