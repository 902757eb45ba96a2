// Bech32 (BIP 173) without its length limit: how age writes its keys, with a checksum that catches typing errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kobling::crypto {

// How long the text of that many bytes is.
constexpr std::size_t Bech32Length(std::size_t prefix_characters, std::size_t data_bytes) {
  return prefix_characters + 1 + (data_bytes * 8 + 4) / 5 + 6;
}

// `prefix` in lower case, '1', then data and checksum; all in lower case. Upper-casing the text gives an equal value.
// The text of a secret key is secret too: the caller wipes it (this function leaves no other copy).
std::string Bech32Encode(std::string_view prefix, std::span<const std::uint8_t> data);

// The same text in memory of the caller's, which has exactly its length.
void Bech32EncodeTo(std::string_view prefix, std::span<const std::uint8_t> data, std::span<char> text);

// The data of `text` if its prefix is `prefix`, written in one case throughout, and its checksum and padding bits are
// right. `prefix` is in lower case. Data of a secret key is secret: the caller wipes it (this function leaves no other
// copy).
std::optional<std::vector<std::uint8_t>> Bech32Decode(std::string_view prefix, std::string_view text);

// The same data in memory of the caller's. False if `text` is not right or not of exactly so much data; `data` is wiped
// then.
bool Bech32DecodeTo(std::string_view prefix, std::string_view text, std::span<std::uint8_t> data);

}  // namespace kobling::crypto
