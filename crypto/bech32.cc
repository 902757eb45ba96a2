#include "crypto/bech32.h"

#include <sodium.h>

#include <array>
#include <cstddef>

namespace kobling::crypto {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumCharacters = 6;

// The checksum's remainder over groups of five bits, fed one at a time.
class Checksum {
 public:
  explicit Checksum(std::string_view prefix) {
    for (char character : prefix) {
      Add(static_cast<unsigned char>(character) >> 5);
    }
    Add(0);
    for (char character : prefix) {
      Add(static_cast<unsigned char>(character) & 31u);
    }
  }

  void Add(std::uint32_t five_bits) {
    constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = remainder_ >> 25;
    remainder_ = ((remainder_ & 0x1ffffff) << 5) ^ five_bits;
    for (std::size_t i = 0; i < kGenerator.size(); ++i) {
      if (((top >> i) & 1) != 0) {
        remainder_ ^= kGenerator[i];
      }
    }
  }

  std::uint32_t remainder() const { return remainder_; }

 private:
  std::uint32_t remainder_ = 1;
};

char ToLower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}

bool IsOneCase(std::string_view text) {
  bool has_lower = false;
  bool has_upper = false;
  for (char character : text) {
    has_lower = has_lower || (character >= 'a' && character <= 'z');
    has_upper = has_upper || (character >= 'A' && character <= 'Z');
  }
  return !(has_lower && has_upper);
}

}  // namespace

std::string Bech32Encode(std::string_view prefix, std::span<const std::uint8_t> data) {
  std::string text;
  text.reserve(prefix.size() + 1 + (data.size() * 8 + 4) / 5 + kChecksumCharacters);
  text.append(prefix).push_back('1');
  Checksum checksum(prefix);
  const auto add_group = [&](std::uint32_t five_bits) {
    checksum.Add(five_bits);
    text.push_back(kAlphabet[five_bits]);
  };
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (std::uint8_t byte : data) {
    bits = (bits << 8) | byte;
    bit_count += 8;
    while (bit_count >= 5) {
      bit_count -= 5;
      add_group((bits >> bit_count) & 31);
    }
  }
  if (bit_count > 0) {
    add_group((bits << (5 - bit_count)) & 31);
  }
  for (std::size_t i = 0; i < kChecksumCharacters; ++i) {
    checksum.Add(0);
  }
  const std::uint32_t sum = checksum.remainder() ^ 1;
  for (std::size_t i = 0; i < kChecksumCharacters; ++i) {
    text.push_back(kAlphabet[(sum >> (5 * (kChecksumCharacters - 1 - i))) & 31]);
  }
  return text;
}

std::optional<std::vector<std::uint8_t>> Bech32Decode(std::string_view prefix, std::string_view text) {
  if (text.size() < prefix.size() + 1 + kChecksumCharacters || !IsOneCase(text) || text[prefix.size()] != '1') {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (ToLower(text[i]) != prefix[i]) {
      return std::nullopt;
    }
  }
  const std::string_view groups = text.substr(prefix.size() + 1);
  const std::size_t data_groups = groups.size() - kChecksumCharacters;
  Checksum checksum(prefix);
  std::vector<std::uint8_t> data;
  data.reserve(data_groups * 5 / 8);
  const auto refuse = [&data] {
    sodium_memzero(data.data(), data.size());
    return std::nullopt;
  };
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::size_t value = kAlphabet.find(ToLower(groups[i]));
    if (value == std::string_view::npos) {
      return refuse();
    }
    checksum.Add(static_cast<std::uint32_t>(value));
    if (i >= data_groups) {
      continue;
    }
    bits = (bits << 5) | static_cast<std::uint32_t>(value);
    bit_count += 5;
    if (bit_count >= 8) {
      bit_count -= 8;
      data.push_back(static_cast<std::uint8_t>((bits >> bit_count) & 0xff));
    }
  }
  const std::uint32_t padding_bits = bits & ((1u << bit_count) - 1);
  if (checksum.remainder() != 1 || bit_count >= 5 || padding_bits != 0) {
    return refuse();
  }
  return data;
}

}  // namespace kobling::crypto
