#include "crypto/shamir.h"

#include <algorithm>

namespace kobling::crypto {
namespace {

constexpr unsigned kPolynomial = 0x11d;

// All bits set if the lowest bit is, else none.
constexpr unsigned MaskOfBit(unsigned value) { return 0u - (value & 1u); }

constexpr std::uint8_t Product(unsigned left, unsigned right) {
  unsigned product = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    product ^= left & MaskOfBit(right >> bit);
    left = (left << 1) ^ (MaskOfBit(left >> 7) & kPolynomial);
  }
  return static_cast<std::uint8_t>(product);
}

// The 254th power, which is the inverse of all but zero.
constexpr std::uint8_t Inverse(std::uint8_t value) {
  std::uint8_t power = 1;
  for (unsigned bit = 0; bit < 7; ++bit) {
    value = Product(value, value);
    power = Product(power, value);
  }
  return power;
}

static_assert(Product(0x80, 2) == 0x1d);
static_assert(Product(0x53, Inverse(0x53)) == 1 && Product(0xff, Inverse(0xff)) == 1);

}  // namespace

void ShareAt(std::uint8_t x, std::span<const std::uint8_t> coefficients, std::span<std::uint8_t, kSharedBytes> out) {
  std::ranges::fill(out, std::uint8_t{0});
  for (std::size_t row = coefficients.size() / kSharedBytes; row > 0; --row) {
    for (std::size_t i = 0; i < kSharedBytes; ++i) {
      out[i] = Product(out[i], x) ^ coefficients[(row - 1) * kSharedBytes + i];
    }
  }
}

void SecretOf(std::span<const SharePoint> points, std::span<std::uint8_t, kSharedBytes> out) {
  std::ranges::fill(out, std::uint8_t{0});
  for (const SharePoint& point : points) {
    // Lagrange's factor of this point at zero: the product of x' / (x' - x) over the other points.
    std::uint8_t factor = 1;
    for (const SharePoint& other : points) {
      if (other.x != point.x) {
        factor = Product(factor, Product(other.x, Inverse(other.x ^ point.x)));
      }
    }
    for (std::size_t i = 0; i < kSharedBytes; ++i) {
      out[i] ^= Product(point.y[i], factor);
    }
  }
}

}  // namespace kobling::crypto
