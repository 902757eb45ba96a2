// Bech32 (BIP 173) without its length limit: how age writes its keys, with a checksum that catches typing errors.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kobling::crypto {

// `prefix` in lower case, '1', then data and checksum; all in lower case. Upper-casing the text gives an equal value.
// The text of a secret key is secret too: the caller wipes it (this function leaves no other copy).
std::string Bech32Encode(std::string_view prefix, std::span<const std::uint8_t> data);

// The data of `text` if its prefix is `prefix`, written in one case throughout, and its checksum and padding bits are
// right. `prefix` is in lower case. Data of a secret key is secret: the caller wipes it (this function leaves no other
// copy).
std::optional<std::vector<std::uint8_t>> Bech32Decode(std::string_view prefix, std::string_view text);

}  // namespace kobling::crypto
