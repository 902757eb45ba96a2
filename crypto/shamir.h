// Shamir's sharing of 32 secret bytes over GF(256): any k points of a polynomial of degree k - 1 give its value at
// zero, and k - 1 of them say nothing about it.
//
// The field is that of x^8 + x^4 + x^3 + x^2 + 1 (0x11d), as in libgfshare, so that the stock program `gfcombine` opens
// our shares too. No branch and no address depends on a secret byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kobling::crypto {

inline constexpr std::size_t kSharedBytes = 32;

// One point of the 32 polynomials. x is public and not zero, y is secret.
struct SharePoint {
  std::uint8_t x;
  std::span<const std::uint8_t, kSharedBytes> y;
};

// The values at x of 32 polynomials. Their coefficients stand in rows of 32 bytes, the constants first.
void ShareAt(std::uint8_t x, std::span<const std::uint8_t> coefficients, std::span<std::uint8_t, kSharedBytes> out);

// The values at zero of the polynomials through these points, as many as the polynomials have coefficients and with
// different x.
void SecretOf(std::span<const SharePoint> points, std::span<std::uint8_t, kSharedBytes> out);

}  // namespace kobling::crypto
