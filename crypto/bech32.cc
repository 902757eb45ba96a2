#include "crypto/bech32.h"

#include <sodium.h>

#include <array>
#include <cstddef>

namespace kobling::crypto {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumCharacters = Bech32Length(0, 0) - 1;

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
  std::string text(Bech32Length(prefix.size(), data.size()), '\0');
  Bech32EncodeTo(prefix, data, text);
  return text;
}

void Bech32EncodeTo(std::string_view prefix, std::span<const std::uint8_t> data, std::span<char> text) {
  std::size_t size = prefix.copy(text.data(), text.size());
  text[size++] = '1';
  Checksum checksum(prefix);
  const auto add_group = [&](std::uint32_t five_bits) {
    checksum.Add(five_bits);
    text[size++] = kAlphabet[five_bits];
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
    text[size++] = kAlphabet[(sum >> (5 * (kChecksumCharacters - 1 - i))) & 31];
  }
}

std::optional<std::vector<std::uint8_t>> Bech32Decode(std::string_view prefix, std::string_view text) {
  const std::size_t least = Bech32Length(prefix.size(), 0);
  std::vector<std::uint8_t> data(text.size() < least ? 0 : (text.size() - least) * 5 / 8);
  if (!Bech32DecodeTo(prefix, text, data)) {
    return std::nullopt;
  }
  return data;
}

bool Bech32DecodeTo(std::string_view prefix, std::string_view text, std::span<std::uint8_t> data) {
  const auto refuse = [data] {
    sodium_memzero(data.data(), data.size());
    return false;
  };
  if (text.size() != Bech32Length(prefix.size(), data.size()) || !IsOneCase(text) || text[prefix.size()] != '1') {
    return refuse();
  }
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (ToLower(text[i]) != prefix[i]) {
      return refuse();
    }
  }
  const std::string_view groups = text.substr(prefix.size() + 1);
  const std::size_t data_groups = groups.size() - kChecksumCharacters;
  Checksum checksum(prefix);
  std::size_t size = 0;
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
      data[size++] = static_cast<std::uint8_t>((bits >> bit_count) & 0xff);
    }
  }
  // The length says that there are fewer bits over than make a group.
  const std::uint32_t padding_bits = bits & ((1u << bit_count) - 1);
  return checksum.remainder() == 1 && padding_bits == 0 ? true : refuse();
}

}  // namespace kobling::crypto
