#include "crypto/crypto_testing.h"

#include <array>
#include <cstdlib>
#include <iostream>

#include "absl/strings/escaping.h"
#include "domain/text.h"

namespace kobling::crypto {
namespace {

template <typename Value>
Value OrEnd(absl::StatusOr<Value> value) {
  if (!value.ok()) {
    std::cerr << value.status() << '\n';
    std::abort();
  }
  return std::move(value).value();
}

}  // namespace

std::unique_ptr<SecretArena> NewTestArena() { return OrEnd(SecretArena::Create(4096)); }

SecretKey CountingKey(SecretArena& arena, std::uint8_t first) {
  std::array<std::uint8_t, SecretKey::kBytes> bytes;
  for (std::uint8_t& byte : bytes) {
    byte = first++;
  }
  return OrEnd(SecretKey::CopyOf(arena, bytes));
}

std::string FromHex(std::string_view hexadecimal) { return absl::HexStringToBytes(domain::ToAbsl(hexadecimal)); }

std::string ToHex(std::span<const std::uint8_t> bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::span<const std::uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace kobling::crypto
