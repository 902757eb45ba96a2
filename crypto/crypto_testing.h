// Small things that the tests of this folder share.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "crypto/secret_memory.h"

namespace kobling::crypto {

// An arena of one page. Ends the program if memory cannot be locked, which is then said.
std::unique_ptr<SecretArena> NewTestArena();

// A key of 32 bytes that count upwards from the given one.
SecretKey CountingKey(SecretArena& arena, std::uint8_t first);

std::string FromHex(std::string_view hexadecimal);
std::string ToHex(std::span<const std::uint8_t> bytes);
std::span<const std::uint8_t> AsBytes(std::string_view text);

}  // namespace kobling::crypto
