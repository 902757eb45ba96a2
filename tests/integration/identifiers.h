// Invented persons for the tests that cross folders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kobling::tests {

// Hands out synthetic identifiers (month + 80), never the same twice. The seed decides where in the number space it
// begins and so which persons they are.
class Identifiers {
 public:
  explicit Identifiers(std::uint64_t seed);

  // Eleven digits.
  std::string Next();
  std::vector<std::string> Next(std::size_t count);

 private:
  std::uint64_t place_;
};

// The rows one after the other, as a batch holds them.
std::string Packed(const std::vector<std::string>& rows);

}  // namespace kobling::tests
